"""One pass of SCAN over the keys of a Redis: over all of them slowly or at once, or over some of them.

SCAN alone: unlike TYPE and GET it needs no permission on any key, counts no hit, and leaves the order of
eviction as it is. Only where the configuration asks for it, some keys are also asked for their memory.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import not_
from typing import Any

from redis.exceptions import ResponseError

from exporters.collectors.redis import ages, sample
from exporters.collectors.redis.connection import Command, Reply, Session
from exporters.collectors.redis.estimate import Estimate, draw, estimate
from exporters.collectors.redis.info import databases, parse_info
from exporters.collectors.redis.prefixes import Prefixes
from exporters.collectors.redis.settings import ACTIVE, ESTIMATED, PACED, RedisSettings
from exporters.patterns import NOTHING, Patterns

BATCH = 50  # keys at least, for which Redis is held up for a twentieth of a millisecond
# At most, while it takes no longer than this: fewer commands meet one, and a processor wakes less often.
WIDEST, SWIFT_SECONDS = 200, 0.0002
ACTIVE_BATCH = 1000  # a millisecond
# Times as long as Redis was held up it rests: of a thousand commands one meets a pass (measured in
# docs/performance.md), so that nearly all of the slowest hundredth are slow for other reasons.
SPARED = 1000
LEAST_REST = 0.005  # for every 50 keys
# A pass over a million keys may take six hours. Redis hangs up on who is silent beyond its `timeout`.
LONGEST_REST = 1.0
SMALL = 20_000  # keys that are counted one by one and without a pause, in some 50 ms
COMMAND_SECONDS = 5.0  # longer than this is no answer
LOOKS: tuple[Command, ...] = tuple(("INFO", part) for part in ("keyspace", "stats", "cluster", "memory"))


class StoppedError(Exception):
    """The exporter ends while a pass is under way."""


@dataclass(frozen=True, slots=True)
class Look:
    """What Redis says of its keys at one moment.

    Attributes:
        held: keys by database.
        gone: keys that ever expired or were evicted, of the whole server.
        idle_kept: it notes when a key was used; under an LFU policy it notes how often instead.
        cluster: keys lie in a table for each slot, of which a cursor drawn by chance does not choose fairly.
    """

    held: Mapping[int, int]
    gone: int
    cluster: bool
    idle_kept: bool

    def error(self, before: Look, number: int, counted: int) -> int:
        """By how many a count between the two looks may be off: by what came, or by what went meanwhile.

        Whatever was deleted is known by what is missing in the end alone.
        """
        gone = self.gone - before.gone if self.gone >= before.gone else self.gone
        there = self.held.get(number, 0)
        came = there - before.held.get(number, 0) + gone
        return max(gone, came, abs(counted - there))


@dataclass(slots=True)
class Found:
    """What a pass found in a database.

    Attributes:
        counts: keys that match no pattern, then those of each pattern.
        error: by how many these may be off.
        limits: the same keys, each count with its limits, if some keys were looked at for all.
        begins: what those of no pattern begin with.
        each: for how many keys one that was looked at stands.
    """

    counts: list[int]
    error: float = 0
    limits: list[Estimate] = field(default_factory=list)
    begins: Prefixes = field(default_factory=Prefixes)
    each: float = 1

    def of(self, pattern: int) -> tuple[int, float]:
        """How many keys a pattern has, and how far the truth may be away if that is estimated."""
        return self.counts[pattern], self.limits[pattern].error if self.limits else 0

    def estimated(self, met: int, held: int) -> None:
        """Make counts of some keys counts of all of them."""
        self.each = held / met if met else 1
        of = {count: estimate(count, met, held) for count in set(self.counts)}
        self.limits = [of[count] for count in self.counts]
        self.counts = [int(each.count) for each in self.limits]
        self.error = max(each.error for each in self.limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One complete pass.

    Attributes:
        found: by database.
        memory: by database and pattern, estimated bytes and how sure that is; empty if none was asked for.
        denied: why the memory could not be asked.
        ages: None if they are not asked for.
        how: `paced`, `active` or `estimated`; a cluster is not estimated.
        ended: Unix time.
        ended_here: the same by ``time.monotonic()``, which no one sets back.
        seconds: how long it took.
    """

    found: Mapping[int, Found]
    memory: Mapping[tuple[int, int], sample.Estimate]
    denied: ResponseError | None
    ages: ages.Ages | None
    how: str
    ended: float
    ended_here: float
    seconds: float


class Walk:
    """A pass under way, on a connection of its own.

    Attributes:
        seen: as a share of the keys there are.
    """

    def __init__(
        self,
        session: Session,
        settings: RedisSettings,
        patterns: Patterns,
        stop: threading.Event,
        chance: random.Random | None = None,
    ) -> None:
        self.seen = 0.0
        self._session = session
        self._settings = settings
        self._patterns = patterns
        self._stop = stop
        self._chance = chance or random.Random()  # noqa: S311  no secret
        self._paced = False
        self._way = 0.0  # seconds there and back, which hold nobody up
        self._held = 0.0  # seconds since the last rest for which Redis was held up
        self._met = 0

    def run(self) -> Pass:
        """To the end.

        Raises:
            StoppedError: the exporter ends.
            RedisError: the server does not answer, or refuses SCAN.
        """
        started = time.monotonic()
        before = self._look()
        how = PACED if before.cluster and self._settings.keys == ESTIMATED else self._settings.keys
        total = sum(before.held.values())
        self._paced = how == PACED and total > SMALL
        if self._paced:
            self._way = min(self._session.ask([("SELECT", 0)], self._deadline())[0].seconds for _ in range(3))
        batch = ACTIVE_BATCH if how == ACTIVE else BATCH
        size = 1 + len(self._settings.key_patterns)
        found = {number: Found([0] * size) for number in sorted({0, *before.held})}
        drawn = max(self._settings.sample_keys, self._settings.sample_ages)
        draws = {number: sample.Draw(drawn) for number in found}
        for number, held in before.held.items():
            if how == ESTIMATED and held > SMALL:
                met = list(self._drawn(number))
                self._count(met, found[number], draws[number], total)
                found[number].estimated(len(met), held)
            else:
                for keys in self._scan(number, batch):
                    self._count(keys, found[number], draws[number], total)
        after = self._look()
        for number, each in found.items():
            each.error = each.error if each.limits else after.error(before, number, sum(each.counts))
        lacking = self._settings.lacking
        memory, denied = self._memory(found, draws) if not lacking(sample.OPTIONS) else ({}, None)
        aged = self._ages(draws, ages.Ages(kept=after.idle_kept)) if not lacking(ages.OPTIONS) else None
        if total == 0:
            self.seen = 1.0
        ended = time.monotonic()
        return Pass(
            found=found,
            memory=memory,
            denied=denied,
            ages=aged,
            how=how,
            ended=time.time(),
            ended_here=ended,
            seconds=ended - started,
        )

    def _look(self) -> Look:
        keyspace, stats, cluster, memory = (
            parse_info(value) for value in values(self._session.ask(LOOKS, self._deadline()))
        )
        held = {number: keys for number, (keys, _) in databases(keyspace).items()}
        gone = int(stats.get("expired_keys", 0)) + int(stats.get("evicted_keys", 0))
        idle_kept = "lfu" not in memory.get("maxmemory_policy", "")
        return Look(held, gone, cluster.get("cluster_enabled") == "1", idle_kept)

    def _scan(self, number: int, batch: int) -> Iterator[list[bytes]]:
        """Every key of a database, in batches."""
        asked: list[Command] = [("SELECT", number), ("SCAN", b"0", "COUNT", batch)]
        self._session.send(asked, self._deadline())
        while asked:
            replies = self._received(len(asked))
            *_, (cursor, keys) = values(replies)
            done = batch
            if self._paced:
                batch = min(WIDEST, 2 * done) if self._held <= SWIFT_SECONDS else BATCH
            asked = [] if cursor == b"0" else [("SCAN", cursor, "COUNT", batch)]
            if asked and not self._paced:
                self._session.send(asked, self._deadline())  # the server works while these are counted
            yield keys
            if asked and self._paced:
                self._rest(done)
                self._session.send(asked, self._deadline())

    def _drawn(self, number: int) -> set[bytes]:
        """Some keys of a database."""
        values(self._session.ask([("SELECT", number)], self._deadline()))

        def ask(cursor: int, count: int) -> list[bytes]:
            ((_, keys),) = values(self._session.ask([("SCAN", cursor, "COUNT", count)], self._deadline()))
            return list(keys)

        return draw(ask, self._chance)

    def _count(self, keys: Sequence[bytes], found: Found, drawn: sample.Draw, total: int) -> None:
        numbers = self._patterns.find(keys)
        counts = Counter(numbers)
        for number, count in counts.items():
            found.counts[number] += count
        if self._settings.top_prefixes:
            found.begins.offer(compress(keys, map(not_, numbers)))
        if drawn.size:
            del counts[NOTHING]  # which a Counter allows where there is none
            drawn.offer(keys, numbers, counts)
        self._met += len(keys)
        self.seen = min(1.0, self._met / total)

    def _memory(
        self, found: Mapping[int, Found], draws: Mapping[int, sample.Draw]
    ) -> tuple[dict[tuple[int, int], sample.Estimate], ResponseError | None]:
        """Estimates by database and pattern; none without the right to ask, which costs no count."""
        measured: dict[tuple[int, int], list[float]] = {
            (number, pattern): [] for number, each in found.items() for pattern in range(1, len(each.counts))
        }
        try:
            for number, drawn in draws.items():
                values(self._session.ask([("SELECT", number)], self._deadline()))
                for pattern, keys in drawn.batches(self._settings.sample_keys):
                    measured[number, pattern] += sample.sizes(self._ask, keys)
                    self._rest()
        except ResponseError as error:
            return {}, error
        return {
            (number, pattern): sample.estimate(sizes, *found[number].of(pattern))
            for (number, pattern), sizes in measured.items()
        }, None

    def _ages(self, draws: Mapping[int, sample.Draw], found: ages.Ages) -> ages.Ages:
        """Of some keys of each pattern; nothing without the right to ask, which costs no count."""
        lives: dict[tuple[int, int], list[float]] = {}
        rests: dict[tuple[int, int], list[float]] = {}
        try:
            for number, drawn in draws.items():
                values(self._session.ask([("SELECT", number)], self._deadline()))
                for pattern, keys in drawn.batches(self._settings.sample_ages):
                    life, rest = found.ask(self._ask, keys)
                    lives.setdefault((number, pattern), []).extend(life)
                    rests.setdefault((number, pattern), []).extend(rest)
                    self._rest()
        except ResponseError as error:
            found.denied = error
            return found
        for place, life in lives.items():
            found.found(place, life, rests[place])
        return found

    def _ask(self, commands: Sequence[Command]) -> list[Reply]:
        self._session.send(commands, self._deadline())
        return self._received(len(commands))

    def _received(self, count: int) -> list[Reply]:
        replies = self._session.receive(count, self._deadline())
        self._held += max(0.0, sum(reply.seconds for reply in replies) - self._way)
        return replies

    def _rest(self, keys: int = BATCH) -> None:
        held, self._held = self._held, 0.0
        if self._stop.wait(rest(held, keys) if self._paced else 0):
            raise StoppedError

    def _deadline(self) -> float:
        if self._stop.is_set():
            raise StoppedError
        return time.monotonic() + COMMAND_SECONDS


def rest(held: float, keys: int) -> float:
    """Seconds without a question, after one for so many keys held Redis up for so long."""
    return max(LEAST_REST * keys / BATCH, min(SPARED * held, LONGEST_REST))


def values(replies: Sequence[Reply]) -> list[Any]:
    """What the replies say.

    Raises:
        ResponseError: one is an error.
    """
    for reply in replies:
        if isinstance(reply.value, Exception):
            raise reply.value
    return [reply.value for reply in replies]
