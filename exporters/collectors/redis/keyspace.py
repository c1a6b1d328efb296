"""Count keys by pattern: one slow pass of SCAN over everything, in a thread of its own, never in a scrape.

SCAN alone: unlike TYPE and GET it needs no permission on any key, counts no hit, and leaves the order of
eviction as it is. Only where the configuration asks for it, some keys are also asked for their memory.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import ResponseError

from exporters.catalogue import redis as catalogue
from exporters.catalogue import redis_detail, self_
from exporters.collectors.backoff import PAUSE_SHARE
from exporters.collectors.base import Family
from exporters.collectors.redis import sample
from exporters.collectors.redis.address import Address
from exporters.collectors.redis.connection import Command, Reply, Session, open_session
from exporters.collectors.redis.info import databases, parse_info
from exporters.collectors.selfstats import SelfStats
from exporters.globs import compile_globs

COLLECTOR = "redis.keyspace"
BATCH = 200  # a server of 1,000,000 keys is held up for a quarter of a millisecond
PAUSES_PER_BATCH = 9  # times the batch itself: at most a tenth of the time is spent on the pass
SMALL = 20_000  # keys that are counted without a pause, in some 50 ms
RETRY_SECONDS = 5.0
COMMAND_SECONDS = 5.0  # longer than this is no answer
LOOKS: tuple[Command, ...] = (("INFO", "keyspace"), ("INFO", "stats"))
JOIN_SECONDS = 0.5


class StoppedError(Exception):
    """The exporter ends while a pass is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One complete pass.

    Attributes:
        counts: by database, the keys that match no pattern, then those of each pattern.
        errors: by database, by how many these may be off.
        memory: by database and pattern, estimated bytes and how sure that is; empty if none was asked for.
        ended: Unix time.
        ended_here: the same by ``time.monotonic()``, which no one sets back.
        seconds: how long it took.
    """

    counts: dict[int, list[int]]
    errors: dict[int, int]
    ended: float
    ended_here: float
    seconds: float
    memory: dict[tuple[int, int], sample.Estimate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """What Redis says of its keys at one moment.

    Attributes:
        held: keys by database.
        gone: keys that ever expired or were evicted, of the whole server.
    """

    held: Mapping[int, int]
    gone: int

    def error(self, before: Look, number: int, counted: int) -> int:
        """By how many a count between the two looks may be off: by what came, or by what went meanwhile.

        Whatever was deleted is known by what is missing in the end alone.
        """
        gone = self.gone - before.gone if self.gone >= before.gone else self.gone
        there = self.held.get(number, 0)
        came = there - before.held.get(number, 0) + gone
        return max(gone, came, abs(counted - there))


class KeyCounter:
    """The thread that passes over the keys, and what its last pass found."""

    def __init__(
        self,
        *,
        address: Callable[[], Address],
        patterns: Sequence[str],
        interval: float,
        stats: SelfStats,
        log: logging.Logger,
        sampled: int = 0,
    ) -> None:
        self.patterns = tuple(patterns)
        self._address = address
        self._match = compile_globs(patterns).match
        self._interval = interval
        self._stats = stats
        self._log = log
        self._sampled = sampled
        self._sample_ok: bool | None = None
        self._last: Pass | None = None
        self._ok: bool | None = None
        self._seen = 0.0  # by the pass under way, as a share of the keys there are
        self._coverage: float | None = None
        self._stop = threading.Event()
        self._session: Session | None = None
        self._thread = threading.Thread(target=self._run, name=COLLECTOR, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, also in the middle of a pass."""
        self._stop.set()
        if self._session is not None:
            self._session.close()
        self._thread.join(JOIN_SECONDS)

    @property
    def outcome(self) -> dict[str, tuple[bool, float]]:
        """Whether the last pass came to its end, and the seconds of the last one that did."""
        seconds = self._last.seconds if self._last else 0.0
        found = {COLLECTOR: self._ok, sample.COLLECTOR: self._sample_ok}
        return {name: (ok, seconds) for name, ok in found.items() if ok is not None}

    def families(self) -> Iterator[Family]:
        """The counts of the last complete pass; every pattern is there, as 0 where nothing matches."""
        if self._coverage is not None:
            yield Family(catalogue.KEYSPACE_COVERAGE, [()], [self._coverage])
        last = self._last
        if last is None:
            return
        labels = [(f"db{number}", pattern) for number in last.counts for pattern in self.patterns]
        values = [count for counts in last.counts.values() for count in counts[1:]]
        yield Family(catalogue.KEYS, labels, values)
        unmatched = [counts[0] for counts in last.counts.values()]
        yield Family(catalogue.UNMATCHED_KEYS, [(f"db{number}",) for number in last.counts], unmatched)
        errors = list(last.errors.values())
        yield Family(redis_detail.COUNT_ERROR, [(f"db{number}",) for number in last.errors], errors)
        yield from sample.families(
            ((f"db{number}", self.patterns[pattern - 1]), found)
            for (number, pattern), found in last.memory.items()
        )
        yield Family(catalogue.KEYSPACE_PASS_TIMESTAMP, [()], [last.ended])
        yield Family(catalogue.KEYSPACE_PASS_SECONDS, [()], [last.seconds])
        age = time.monotonic() - last.ended_here
        yield Family(self_.CACHE_AGE, [(self._stats.backend, COLLECTOR)], [age])

    def _run(self) -> None:
        pause, failing = 0.0, None
        while not self._stop.wait(pause):
            self._seen = 0.0
            try:
                self._last = self._pass()
                self._ok = True
                pause = self._interval
                failing = None
            except StoppedError:
                return
            except Exception as error:  # the thread must outlive whatever a server answers
                if self._stop.is_set():
                    return
                self._stats.failed(COLLECTOR, type(error).__name__)
                if self._ok is not False:
                    self._log.warning("%s: pass broken off: %s: %s", COLLECTOR, type(error).__name__, error)
                self._ok = False
                failing = failing or time.monotonic()
                pause = min(self._interval, max(RETRY_SECONDS, PAUSE_SHARE * (time.monotonic() - failing)))
            self._coverage = self._seen

    def _pass(self) -> Pass:
        started = time.monotonic()
        self._session = session = open_session(self._address, self._deadline(), self._stats)
        try:
            before = self._look(session)
            total = sum(before.held.values())
            paced = total > SMALL
            counts = {number: [0] * (1 + len(self.patterns)) for number in sorted({0, *before.held})}
            draws = {number: sample.Draw(self._sampled) for number in counts}
            seen = 0
            for number in before.held:
                for batch in self._scan(session, number, paced=paced):
                    self._count(batch, counts[number], draws[number])
                    seen += len(batch)
                    self._seen = min(1.0, seen / total)
            after = self._look(session)
            memory = self._memory(session, counts, draws, paced=paced) if self._sampled else {}
        finally:
            session.close()
        if total == 0:
            self._seen = 1.0
        errors = {number: after.error(before, number, sum(found)) for number, found in counts.items()}
        ended = time.monotonic()
        return Pass(
            counts=counts,
            errors=errors,
            memory=memory,
            ended=time.time(),
            ended_here=ended,
            seconds=ended - started,
        )

    def _look(self, session: Session) -> Look:
        keyspace, stats = (parse_info(value) for value in _values(session.ask(LOOKS, self._deadline())))
        held = {number: keys for number, (keys, _) in databases(keyspace).items()}
        return Look(held, int(stats.get("expired_keys", 0)) + int(stats.get("evicted_keys", 0)))

    def _scan(self, session: Session, number: int, *, paced: bool) -> Iterator[list[bytes]]:
        """Every key of a database, in batches; time spent on a batch is slept off after it."""
        cursor = b"0"
        select: list[Command] = [("SELECT", number)]
        while True:
            before = time.monotonic()
            asked = [*select, ("SCAN", cursor, "COUNT", BATCH)]
            cursor, keys = _values(session.ask(asked, self._deadline()))[-1]
            yield keys
            if cursor == b"0":
                return
            select = []
            self._rest(before, paced=paced)

    def _memory(
        self, session: Session, counts: dict[int, list[int]], draws: dict[int, sample.Draw], *, paced: bool
    ) -> dict[tuple[int, int], sample.Estimate]:
        """Estimates by database and pattern; none without the right to ask, which costs no count."""
        measured: dict[tuple[int, int], list[float]] = {
            (number, pattern): [] for number in counts for pattern in range(1, 1 + len(self.patterns))
        }
        try:
            for number, draw in draws.items():
                _values(session.ask([("SELECT", number)], self._deadline()))
                for pattern, keys in draw.batches():
                    before = time.monotonic()
                    found = sample.sizes(lambda asked: session.ask(asked, self._deadline()), keys)
                    measured[number, pattern] += found
                    self._rest(before, paced=paced)
        except ResponseError as error:
            self._stats.failed(sample.COLLECTOR, type(error).__name__)
            if self._sample_ok is not False:
                self._log.warning("%s: %s: %s", sample.COLLECTOR, type(error).__name__, error)
            self._sample_ok = False
            return {}
        self._sample_ok = True
        return {
            (number, pattern): sample.estimate(found, counts[number][pattern])
            for (number, pattern), found in measured.items()
        }

    def _rest(self, before: float, *, paced: bool) -> None:
        if self._stop.wait((time.monotonic() - before) * PAUSES_PER_BATCH if paced else 0):
            raise StoppedError

    def _count(self, keys: list[bytes], counts: list[int], draw: sample.Draw) -> None:
        match, sampled = self._match, self._sampled > 0
        for key in keys:
            found = match(key)
            pattern = (found.lastindex or 0) if found else 0
            counts[pattern] += 1
            if sampled and pattern:
                draw.offer(pattern, key)

    def _deadline(self) -> float:
        if self._stop.is_set():
            raise StoppedError
        return time.monotonic() + COMMAND_SECONDS


def _values(replies: Sequence[Reply]) -> list[Any]:
    """What the replies say.

    Raises:
        ResponseError: one is an error.
    """
    for reply in replies:
        if isinstance(reply.value, Exception):
            raise reply.value
    return [reply.value for reply in replies]
