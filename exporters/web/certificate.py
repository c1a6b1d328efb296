"""From when until when a certificate holds, which the standard library tells of a peer's alone."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

NAME = r"(?:X509 |TRUSTED )?CERTIFICATE-----"
PEM = re.compile(rf"-----BEGIN {NAME}([\sA-Za-z0-9+/=]+)-----END {NAME}")
VERSION = 0xA0  # the tag of an element that one of the first version lacks
VALIDITY = 3  # elements stand before it
FORMS = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """Both in Unix time."""

    ends: float
    begins: float

    def left(self, now: float) -> float:
        """The share of it that is left; below 0 when it has ended."""
        return (self.ends - now) / max(1.0, self.ends - self.begins)


def first_to_end(pem: str) -> Term | None:
    """That of the certificate which ends first; None if it cannot be told."""
    try:
        return min(_term(base64.b64decode(body)) for body in PEM.findall(pem))
    except (ValueError, IndexError, KeyError):
        return None


def _term(der: bytes) -> Term:
    (_, certificate), *_ = _elements(der)
    (_, signed), *_ = _elements(certificate)
    parts = [content for tag, content in _elements(signed) if tag != VERSION]
    begins, ends = (
        datetime.strptime(text.decode(), FORMS[tag]).replace(tzinfo=UTC).timestamp()
        for tag, text in _elements(parts[VALIDITY])
    )
    return Term(ends, begins)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each."""
    while data:
        length, start = data[1], 2
        if length > 0x7F:  # so many bytes hold it
            start += length & 0x7F
            length = int.from_bytes(data[2:start])
        yield data[0], data[start : start + length]
        data = data[start + length :]
