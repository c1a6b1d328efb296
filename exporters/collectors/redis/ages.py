"""Which keys of a pattern never expire, and for how long nobody has used them, from a few drawn by chance.

TTL and OBJECT IDLETIME leave the order of eviction as it is, but Redis counts each as a hit or a miss. So the
configuration must ask for it, and how many there were is told.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import ResponseError

from exporters.catalogue import redis_detail as catalogue
from exporters.collectors.base import Family
from exporters.collectors.redis.connection import Reply
from exporters.collectors.redis.sample import Ask

COLLECTOR = "redis.ages"
OPTIONS = ("key_patterns", "sample_ages")
FOR_EVER, GONE = -1, -2  # as TTL says it
Place = tuple[int, int]  # a database and a pattern


@dataclass(slots=True)
class Ages:
    """What was found in a pass.

    Attributes:
        kept: Redis keeps idle times; it does not where it evicts by how often keys are used.
        untimed: by place, the share of keys without a time to live.
        idle: by place, seconds for which half of the keys or more were not used.
        lookups: that Redis counted for it as hits or misses.
        denied: why nothing could be asked.
    """

    kept: bool = True
    untimed: dict[Place, float] = field(default_factory=dict)
    idle: dict[Place, float] = field(default_factory=dict)
    lookups: int = 0
    denied: ResponseError | None = None

    def ask(self, ask: Ask, keys: Sequence[bytes]) -> tuple[list[float], list[float]]:
        """Times to live and idle times of keys; of one that is gone nothing.

        Raises:
            ResponseError: the user may not ask.
        """
        lives = self._values(ask([("TTL", key) for key in keys]))
        rests = self._values(ask([("OBJECT", "IDLETIME", key) for key in keys])) if self.kept else []
        return [life for life in lives if life != GONE], [rest for rest in rests if rest is not None]

    def found(self, place: Place, lives: Sequence[float], rests: Sequence[float]) -> None:
        """Say what it comes down to of a database and pattern."""
        if lives:
            self.untimed[place] = sum(life == FOR_EVER for life in lives) / len(lives)
        if rests:
            self.idle[place] = statistics.median(rests)

    def _values(self, replies: Sequence[Reply]) -> list[Any]:
        for reply in replies:
            if isinstance(reply.value, Exception):
                raise reply.value
            self.lookups += 1
        return [reply.value for reply in replies]


def families(ages: Ages, name: Mapping[Place, tuple[str, str]], lookups: int) -> Iterator[Family]:
    """By database and pattern; what no key was there for, or Redis does not keep, is left out."""
    for metric, found in ((catalogue.UNTIMED, ages.untimed), (catalogue.IDLE, ages.idle)):
        yield Family(metric, _labels(found, name), list(found.values()))
    yield Family(catalogue.OWN_LOOKUPS, [()], [lookups])


def _labels(places: Iterable[Place], name: Mapping[Place, tuple[str, str]]) -> list[tuple[str, str]]:
    return [name[place] for place in places]
