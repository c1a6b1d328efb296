"""Which names may be values of a label: so many, for as long as they are there, and all others are not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from exporters.collectors.base import Family

SLOT_SECONDS = 3600.0
OTHER = "other"


class Names:
    """The names that appear as themselves; all the others together are `other`.

    A name keeps its place until it was not seen for an hour, so that clients which make up a new name for
    each connection begin few series.
    """

    def __init__(self, cap: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._cap = cap
        self._clock = clock
        self._seen: dict[str, float] = {}

    def fold(self, sizes: Mapping[str, float]) -> dict[str, str]:
        """What each name is shown as."""
        self.seat(sizes)
        return {name: name if name in self else OTHER for name in sizes}

    def __contains__(self, name: object) -> bool:
        return name in self._seen

    def seat(self, sizes: Mapping[str, float]) -> None:
        """Give the free places to the largest."""
        now = self._clock()
        self._seen = {name: at for name, at in self._seen.items() if now - at < SLOT_SECONDS}
        for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
            if name in self._seen or len(self._seen) < self._cap:
                self._seen[name] = now


def within(families: Iterable[Family], label: str, names: Names) -> list[Family]:
    """The families without the samples whose label is none of these names; each says how many it lost.

    Names that are new get a place if there is one. Families without that label are left as they are.
    """
    kept, chosen = [], dict[int, tuple[list[int], list[tuple[str, ...]]]]()
    for family in families:
        of_metric = [one.name for one in family.metric.labels]
        if label not in of_metric:
            kept.append(family)
            continue
        position, key = of_metric.index(label), id(family.labels)  # shared lists stay shared
        if key not in chosen:
            names.seat(dict.fromkeys((row[position] for row in family.labels), 0))
            inside = [number for number, row in enumerate(family.labels) if row[position] in names]
            chosen[key] = inside, [family.labels[number] for number in inside]
        inside, labels = chosen[key]
        lost = len(family.labels) - len(inside)
        if lost:
            values = [family.values[number] for number in inside]
            kept.append(Family(family.metric, labels, values, family.dropped + lost))
        else:
            kept.append(family)
    return kept
