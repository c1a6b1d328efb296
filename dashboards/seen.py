"""What was looked at on a running server, and whether it is right: a line of a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Things = dict[str, list[str]]
"""What differs of things, by their names, such as `rule ApiDown`."""


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


def counted(what: str, things: Things) -> Iterator[Seen]:
    """A line with how many things are as in the files, and one for each difference of a thing.

    Args:
        what: the things are.
        things: the differences of each, by its name.
    """
    right = sum(not faults for faults in things.values())
    well = right == len(things) > 0
    yield Seen(what=what, seen=f"{right} of {len(things)} as in the files", well=well)
    for name, faults in things.items():
        for fault in faults:
            yield Seen(what=name, seen=fault, well=False)
