"""What became of a collector that was tried once, for a person who asks."""

from __future__ import annotations

from collections.abc import Iterable
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
    REFUSED = "refused"
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


def off(collector: str, options: Iterable[str], joined_by: str) -> Outcome:
    """Of one that is not asked, since these options of its kind of server are not set."""
    kind = collector.partition(".")[0]
    needed = joined_by.join(f"{kind}.{option}" for option in options)
    detail = f"needs {needed} in the configuration file"
    return Outcome(collector=collector, state=State.OFF, detail=detail)
