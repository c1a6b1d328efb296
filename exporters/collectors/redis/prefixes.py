"""What the keys of no pattern begin with, so that the list of patterns can be completed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from exporters.catalogue import redis_detail as catalogue
from exporters.collectors.base import Family
from exporters.collectors.names import OTHER, Names

LONGEST = 40
MOST_TRACKED = 2000  # of a database; keys come in no order of their names, so that frequent ones come soon
LEAST = 10  # keys that begin alike; fewer are names, and perhaps of people
# Neither a number nor what stands after the first colon is part of it; without a colon, other signs divide.
COLON = re.compile(rb"[^0-9:]{0,%d}:?" % LONGEST)
SIGN = re.compile(rb"[^/|#.]*[/|#.]|[^_-]*[_-]")
SPECIAL = re.compile(r"([*?\[\\])")


def prefix(key: bytes) -> bytes:
    """The beginning of a key that others may share; empty if it begins with a number."""
    found = COLON.match(key)
    head = found[0] if found else b""
    if head.endswith(b":"):
        return head
    sign = SIGN.match(head)
    return sign[0] if sign else head


def as_pattern(head: bytes) -> str:
    """The glob for the keys that begin so, as the configuration takes it."""
    text = SPECIAL.sub(r"\\\1", head.decode("utf-8", "replace"))
    return re.sub("\ufffd+", "*", text) + "*"


class Prefixes:
    """Of one database, how many keys of no pattern begin alike."""

    def __init__(self) -> None:
        self._counts: Counter[bytes] = Counter()

    def offer(self, keys: Iterable[bytes]) -> None:
        """Keys of no pattern that were met."""
        met = Counter(map(prefix, keys))
        if len(self._counts) + len(met) <= MOST_TRACKED:
            self._counts.update(met)
            return
        for head, count in met.items():
            if head in self._counts or len(self._counts) < MOST_TRACKED:
                self._counts[head] += count

    def counts(self, each: float = 1) -> dict[str, int]:
        """By pattern how many, where each key that was met stands for so many."""
        found: Counter[str] = Counter()
        for head, count in self._counts.items():
            if count >= LEAST:
                found[as_pattern(head)] += round(count * each)
        return dict(found)


def families(by_database: Mapping[str, tuple[Mapping[str, int], int]], names: Names) -> Iterator[Family]:
    """The prefixes that have a place, and by database the rest.

    Args:
        by_database: the prefixes of a database, and how many keys of no pattern it has.
        names: which have a place, over all databases.
    """
    labels: list[tuple[str, str]] = []
    values: list[float] = []
    for db, (counts, unmatched) in by_database.items():
        shown = {head: count for head, count in counts.items() if f"{db} {head}" in names}
        labels += [(db, head) for head in (*shown, OTHER)]
        values += [*shown.values(), max(0, unmatched - sum(shown.values()))]
    yield Family(catalogue.UNMATCHED_PREFIX, labels, values)
