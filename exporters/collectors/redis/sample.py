"""How much memory the keys of a pattern take, from a few of them drawn by chance while they are counted.

MEMORY USAGE alone: it counts no hit and leaves the order of eviction as it is.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from exporters.catalogue import redis_detail as catalogue
from exporters.collectors.base import Family
from exporters.collectors.redis.connection import Command, Reply

COLLECTOR = "redis.sample"
OPTIONS = ("key_patterns", "sample_keys")
BATCH = 50
WITHIN = 1.96  # standard errors that hold 95 of 100 estimates
Ask = Callable[[Sequence[Command]], list[Reply]]
Estimate = tuple[float, float]


class Draw:
    """At most so many keys of each pattern, each with the same chance however many there are.

    Which key is the next to be kept is drawn beforehand, so that the many between cost nothing.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: dict[int, list[bytes]] = {}
        self._seen: dict[int, int] = {}
        self._next: dict[int, int] = {}
        self._weight: dict[int, float] = {}
        self._chance = random.Random()  # noqa: S311  no secret

    def offer(self, keys: Sequence[bytes], numbers: Sequence[int], counts: Mapping[int, int]) -> None:
        """Keys that were met, the number of the pattern of each, and of how many keys each pattern is."""
        for pattern, count in counts.items():
            first = self._seen.get(pattern, 0)
            self._seen[pattern] = first + count
            if self._next.setdefault(pattern, 0) < first + count:
                among = [key for key, number in zip(keys, numbers, strict=True) if number == pattern]
                self._keep(pattern, among, first)

    def _keep(self, pattern: int, keys: Sequence[bytes], first: int) -> None:
        """Those of a pattern whose turn it is; the first of them is its so many-th."""
        kept = self._kept.setdefault(pattern, [])
        while (turn := self._next[pattern]) < first + len(keys):
            key = keys[turn - first]
            if len(kept) < self.size:
                kept.append(key)
            else:
                kept[self._chance.randrange(self.size)] = key
            self._next[pattern] = turn + 1 + (self._skipped(pattern) if len(kept) == self.size else 0)

    def _skipped(self, pattern: int) -> int:
        """How many are passed over before the next is kept: the reservoir of algorithm L (Li, 1994)."""
        root = math.log(1 - self._chance.random()) / self.size
        weight = self._weight[pattern] = self._weight.get(pattern, 1) * math.exp(root)
        return math.floor(math.log(1 - self._chance.random()) / math.log1p(-weight)) if weight < 1 else 0

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
