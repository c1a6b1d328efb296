"""What became of a collector that was tried once, for a person who asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How it went; the value is how it is said."""

    WORKS = "works"
    OFF = "off"
    PRIVILEGE = "lacks privilege"
    EXTENSION = "extension missing"
    VERSION = "version too old"
    FAILS = "fails"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One collector.

    Attributes:
        collector: such as ``postgres.activity``.
        detail: what is lacking or why it fails, without a secret.
        mend: lines to be run or written at the server, in their order.
        seconds: that the answer took; None without one.
    """

    collector: str
    state: State
    detail: str = ""
    mend: tuple[str, ...] = ()
    seconds: float | None = None
