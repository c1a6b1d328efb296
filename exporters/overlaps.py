"""Which globs share keys: where a key fits several, it counts for the first, and the others lack it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exporters.globs import ANYTHING, Token, tokens
from exporters.patterns import Head

SHOWN = 5


class Overlap(NamedTuple):
    """Two patterns that some key fits.

    Attributes:
        first, later: in the order of the configuration; a key that fits both counts for the first.
        covered: every key of the later one fits the first too, so it counts none.
    """

    first: str
    later: str
    covered: bool

    def __str__(self) -> str:
        what = "takes every key of" if self.covered else "comes before"
        return f"'{self.first}' {what} '{self.later}'"


def overlaps(patterns: Sequence[str]) -> list[Overlap]:
    """Every pair that shares keys."""
    read = [(pattern, Head.of(pattern), tokens(pattern)) for pattern in patterns]
    found = []
    for number, (later, below, second) in enumerate(read):
        for first, above, one in read[:number]:
            # Most patterns begin with a word of their own.
            if above.text.startswith(below.text) or below.text.startswith(above.text):
                covered = above.whole and below.text.startswith(above.text)
                if covered or _meet(one, second):
                    found.append(Overlap(first, later, covered))
    return found


def said(found: Sequence[Overlap]) -> str:
    """The pairs, and what they mean, in a line; of many the first few."""
    shown = "; ".join(map(str, sorted(found, key=lambda pair: not pair.covered)[:SHOWN]))
    more = f"; {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"patterns overlap, and a key counts for the first that fits: {shown}{more}"


def _meet(one: Sequence[Token], other: Sequence[Token]) -> bool:
    """Some text fits both: the two are read side by side, in every way that their stars allow."""
    todo = [(0, 0)]
    reached = set(todo)
    while todo:
        here, there = todo.pop()
        if here == len(one) and there == len(other):
            return True
        for step in _steps(one, other, here, there):
            if step not in reached:
                reached.add(step)
                todo.append(step)
    return False


def _steps(one: Sequence[Token], other: Sequence[Token], here: int, there: int) -> list[tuple[int, int]]:
    steps = []
    mine = one[here : here + 1]
    yours = other[there : there + 1]
    if mine == [ANYTHING]:
        steps.append((here + 1, there))
        if yours and yours[0]:
            steps.append((here, there + 1))
    if yours == [ANYTHING]:
        steps.append((here, there + 1))
        if mine and mine[0]:
            steps.append((here + 1, there))
    if mine and yours and mine[0] and yours[0] and mine[0] & yours[0]:
        steps.append((here + 1, there + 1))
    return steps
