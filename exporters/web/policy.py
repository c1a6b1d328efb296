"""What a connection must bring; without OpenSSL, which most exporters do not need."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    from exporters.web.certificate import Term
    from exporters.web.logins import Logins


class Verdict(enum.Enum):
    """May a client read the pages?"""

    YES = enum.auto()
    NO = enum.auto()
    LATER = enum.auto()  # too many wait for an answer


@dataclass(frozen=True, slots=True)
class Policy:
    """What a connection must bring.

    Attributes:
        context: how TLS is spoken; None if it is not.
        logins: who has a password; None if nobody needs one.
        term: of the certificate, or of one that it is shown with and that ends first; None if unknown.
    """

    context: ssl.SSLContext | None = None
    logins: Logins | None = None
    term: Term | None = None

    @property
    def protections(self) -> set[str]:
        """What it keeps up."""
        found = set()
        if self.context:
            found.add("TLS")
            if self.context.verify_mode.name == "CERT_REQUIRED":
                found.add("certificates of clients")
        if self.logins:
            found.add("users")
        return found
