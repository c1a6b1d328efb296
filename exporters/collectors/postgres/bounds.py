"""Keep the number of series bounded, over time too: who is shown changes seldom."""

from __future__ import annotations

from exporters.collectors.postgres.model import Row, Rows, text

ENTRY_SHARE = 0.8


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
