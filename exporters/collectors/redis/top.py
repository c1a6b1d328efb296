"""Keep a label bounded: the largest by name, the rest as `other`, without a counter ever jumping."""

from __future__ import annotations

from collections.abc import Mapping

OTHER = "other"
Row = tuple[float, ...]


class Top:
    """The names with the highest counts; who is in stays in until another counts twice as much.

    `other` adds up the growth of those who are outside at the time, so it grows steadily when a name
    moves in or out, where a plain sum of the rest would fall and look like a restart.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._inside: set[str] = set()
        self._last: dict[str, Row] = {}
        self._other: Row = ()

    def fold(self, rows: Mapping[str, Row]) -> dict[str, Row]:
        """The rows of the names inside, and `other` if anything was ever outside.

        Args:
            rows: by name its counters, since the server's start; the first one ranks.
        """
        if any(name not in rows or rows[name][0] < last[0] for name, last in self._last.items()):
            self._forget()  # the server started again, or its statistics were reset
        self._choose(rows)
        for name, row in rows.items():
            if name not in self._inside:
                before = self._last.get(name, (0.0,) * len(row))
                grown = tuple(now - then for now, then in zip(row, before, strict=True))
                self._other = tuple(map(sum, zip(self._other, grown, strict=True))) if self._other else grown
        self._last = dict(rows)
        folded = {name: row for name, row in rows.items() if name in self._inside}
        if self._other:
            folded[OTHER] = self._other
        return folded

    def _forget(self) -> None:
        self._inside = set()
        self._last = {}
        self._other = ()

    def _choose(self, rows: Mapping[str, Row]) -> None:
        for name in sorted(rows, key=lambda name: (-rows[name][0], name)):
            if name in self._inside:
                continue
            if len(self._inside) < self.size:
                self._inside.add(name)
                continue
            least = min(self._inside, key=lambda name: rows[name][0])
            if rows[name][0] <= 2 * rows[least][0]:
                return
            self._inside.remove(least)
            self._inside.add(name)
