"""How much memory the keys of a pattern take, from a few of them drawn by chance while they are counted.

MEMORY USAGE alone: it counts no hit and leaves the order of eviction as it is.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence

from exporters.catalogue import redis_detail as catalogue
from exporters.collectors.base import Family
from exporters.collectors.redis.connection import Command, Reply

COLLECTOR = "redis.sample"
BATCH = 50
WITHIN = 1.96  # standard errors that hold 95 of 100 estimates
Ask = Callable[[Sequence[Command]], list[Reply]]
Estimate = tuple[float, float]


class Draw:
    """At most so many keys of each pattern, each with the same chance however many there are."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: dict[int, list[bytes]] = {}
        self._seen: dict[int, int] = {}
        self._chance = random.Random()  # noqa: S311  no secret

    def offer(self, pattern: int, key: bytes) -> None:
        """A key that was met."""
        kept = self._kept.setdefault(pattern, [])
        seen = self._seen[pattern] = self._seen.get(pattern, 0) + 1
        if len(kept) < self.size:
            kept.append(key)
        elif (place := self._chance.randrange(seen)) < self.size:
            kept[place] = key

    def batches(self, most: int) -> Iterator[tuple[int, list[bytes]]]:
        """So many of the keys drawn of each pattern, a few at a time, each few of one pattern."""
        for pattern, kept in self._kept.items():
            keys = kept if most >= len(kept) else self._chance.sample(kept, most)
            for start in range(0, len(keys), BATCH):
                yield pattern, keys[start : start + BATCH]


def sizes(ask: Ask, keys: Sequence[bytes]) -> list[float]:
    """Bytes of each key that is still there.

    Raises:
        ResponseError: the user may not ask.
    """
    found = []
    for reply in ask([("MEMORY", "USAGE", key) for key in keys]):
        if isinstance(reply.value, Exception):
            raise reply.value
        if reply.value is not None:
            found.append(float(reply.value))
    return found


def estimate(measured: Sequence[float], count: int, unsure: float = 0) -> Estimate:
    """Bytes of `count` keys, and half the width of the interval that holds the truth in 95 of 100 cases.

    Args:
        measured: bytes of some of these keys.
        count: of all of them.
        unsure: how far that count may be off in as many cases.
    """
    if not measured:
        return 0.0, 0.0
    mean = statistics.fmean(measured)
    if len(measured) >= count:
        return mean * count, mean * unsure
    if len(measured) == 1:
        return mean * count, mean * (count + unsure)
    spread = statistics.stdev(measured) / math.sqrt(len(measured)) * math.sqrt(1 - len(measured) / count)
    return mean * count, math.hypot(WITHIN * spread * count, mean * unsure)


def families(estimates: Iterable[tuple[tuple[str, str], Estimate]]) -> Iterator[Family]:
    """By database and pattern the memory and how sure that is."""
    rows = list(estimates)
    labels = [labels for labels, _ in rows]
    yield Family(catalogue.PATTERN_MEMORY, labels, [memory for _, (memory, _) in rows])
    yield Family(catalogue.PATTERN_MEMORY_ERROR, labels, [error for _, (_, error) in rows])
