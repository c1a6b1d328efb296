"""What was looked at on a running server, and whether it is right: a line of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One line of the report.

    Attributes:
        what: was looked at.
        seen: what was there.
        well: whether that is right.
    """

    what: str
    seen: str
    well: bool


def compared(what: str, faults: Mapping[str, str], *, of: str = "as in the files") -> Seen:
    """One line for many things, each by its name with its fault, or with none."""
    wrong = [f"{name}: {fault}" for name, fault in faults.items() if fault]
    seen = f"{len(faults) - len(wrong)} of {len(faults)} {of}"
    return Seen(what=what, seen="; ".join([seen, *wrong]), well=not wrong and bool(faults))
