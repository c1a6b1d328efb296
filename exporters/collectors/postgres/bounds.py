"""Keep the number of series bounded, over time too: who is shown changes seldom."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from exporters.collectors.postgres.model import Row, Rows, text

ENTRY_SHARE = 0.8
SLOT_SECONDS = 3600.0
OTHER = "other"


class TopN:
    """The first `size` of a ranking, never more, and what the operator wants to see in any case.

    Who fell out of the ranking comes back only well inside it. Two rows that change places at the edge
    would otherwise begin and end series with each scrape.

    Args:
        size: how many are shown for their place.
        key: how many leading columns say what a row is about.
    """

    def __init__(self, size: int, key: int) -> None:
        self._size = size
        self._key = key
        self._shown: frozenset[Row] | None = None

    def choose(self, rows: Rows) -> list[Row]:
        """The rows to show, without their last two columns: the place from 1, and 1 if the row is wanted."""
        ranked = [row for row in rows if int(text(row[-2])) <= self._size]
        inside = self._size if len(ranked) < self._size else max(1, int(self._size * ENTRY_SHARE))
        shown = frozenset(
            row[: self._key]
            for row in ranked
            if self._shown is None or int(text(row[-2])) <= inside or row[: self._key] in self._shown
        )
        self._shown = shown
        return [row[:-2] for row in rows if row[-1] == "1" or row[: self._key] in shown]


class Names:
    """The names that appear as themselves; all the others together are `other`.

    A name keeps its place until it was not seen for an hour, so that clients which make up a new name for
    each connection begin few series.
    """

    def __init__(self, cap: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._cap = cap
        self._clock = clock
        self._seen: dict[str, float] = {}

    def fold(self, sizes: Mapping[str, int]) -> dict[str, str]:
        """What each name is shown as; where places are free the largest get them."""
        now = self._clock()
        self._seen = {name: at for name, at in self._seen.items() if now - at < SLOT_SECONDS}
        for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
            if name in self._seen or len(self._seen) < self._cap:
                self._seen[name] = now
        return {name: name if name in self._seen else OTHER for name in sizes}
