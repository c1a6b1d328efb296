"""What any of several looks saw: what is there now and then, such as a new connection, one look may miss."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from dashboards.model import Panel
from dashboards.prove.model import Proof
from dashboards.prove.times import Span

Wanted = Callable[[Panel], bool]


def seen(look: Callable[[Span, Wanted], Sequence[Proof]], spans: Iterable[Span]) -> list[Proof]:
    """All that there is in the first time, and in each other one what was not well in those before it.

    Args:
        look: asks for a time, of the panels those that are wanted.
        spans: the times, of which no more are taken once all is well.
    """
    found: dict[tuple[str, str, str], Proof] = {}
    for span in spans:
        missing = {each.title for each in found.values() if not each.well}
        for proof in look(span, _titled(missing) if found else _any):
            key = (proof.board, proof.what, proof.title)
            found[key] = proof.with_range_of(found[key]) if key in found else proof
        if found and all(each.well for each in found.values()):
            break
    return list(found.values())


def _any(_: Panel) -> bool:
    return True


def _titled(titles: Collection[str]) -> Wanted:
    return lambda panel: panel.title in titles


def past(seconds: float, *, start: float, end: float, every: float) -> Iterator[Span]:
    """The time that ends now, then those that ended before: a server tells of them as if it were then.

    Args:
        seconds: of each time; less where it would start too early.
        start: Unix time before which none starts.
        end: Unix time, after that, before which none ends.
        every: seconds from one end to the next.
    """
    at = time.time()
    while at >= end:
        yield Span(start=max(start, at - seconds), end=at)
        at -= every


def coming(seconds: float, *, start: float, within: float, every: float) -> Iterator[Span]:
    """The times that end later, each as it ends, until so many seconds are over."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        time.sleep(every)
        at = time.time()
        yield Span(start=max(start, at - seconds), end=at)
