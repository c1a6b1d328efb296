"""Count keys by pattern: one slow pass of SCAN over everything, in a thread of its own, never in a scrape.

SCAN alone: unlike TYPE, GET or MEMORY USAGE it needs no permission on any key, counts no hit, and leaves
the order of eviction as it is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from exporters.catalogue import redis as catalogue
from exporters.catalogue import self_
from exporters.collectors.base import Family
from exporters.collectors.redis.address import Address
from exporters.collectors.redis.connection import Session, open_session
from exporters.collectors.redis.info import databases, parse_info
from exporters.collectors.selfstats import SelfStats
from exporters.globs import compile_globs

COLLECTOR = "redis.keyspace"
BATCH = 200  # a server of 1,000,000 keys is held up for a quarter of a millisecond
PAUSES_PER_BATCH = 9  # times the batch itself: at most a tenth of the time is spent on the pass
SMALL = 20_000  # keys that are counted without a pause, in some 50 ms
RETRY_SECONDS = 5.0
COMMAND_SECONDS = 5.0  # longer than this is no answer
JOIN_SECONDS = 0.5


class StoppedError(Exception):
    """The exporter ends while a pass is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One complete pass.

    Attributes:
        counts: by database, the keys that match no pattern, then those of each pattern.
        ended: Unix time.
        ended_here: the same by ``time.monotonic()``, which no one sets back.
        seconds: how long it took.
    """

    counts: dict[int, list[int]]
    ended: float
    ended_here: float
    seconds: float


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
    ) -> None:
        self.patterns = tuple(patterns)
        self._address = address
        self._match = compile_globs(patterns).match
        self._interval = interval
        self._stats = stats
        self._log = log
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
        if self._ok is None:
            return {}
        return {COLLECTOR: (self._ok, self._last.seconds if self._last else 0.0)}

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
        yield Family(catalogue.KEYSPACE_PASS_TIMESTAMP, [()], [last.ended])
        yield Family(catalogue.KEYSPACE_PASS_SECONDS, [()], [last.seconds])
        age = time.monotonic() - last.ended_here
        yield Family(self_.CACHE_AGE, [(self._stats.backend, COLLECTOR)], [age])

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            self._seen = 0.0
            try:
                self._last = self._pass()
                self._ok = True
                pause = self._interval
            except StoppedError:
                return
            except Exception as error:  # the thread must outlive whatever a server answers
                if self._stop.is_set():
                    return
                self._stats.failed(COLLECTOR, type(error).__name__)
                if self._ok is not False:
                    self._log.warning("%s: pass broken off: %s: %s", COLLECTOR, type(error).__name__, error)
                self._ok = False
                pause = min(self._interval, RETRY_SECONDS)
            self._coverage = self._seen

    def _pass(self) -> Pass:
        started = time.monotonic()
        self._session = session = open_session(self._address, self._deadline(), self._stats)
        try:
            keyspace = session.ask([("INFO", "keyspace")], self._deadline())[0].value
            if isinstance(keyspace, Exception):
                raise keyspace
            held = databases(parse_info(keyspace))
            total = sum(keys for keys, _ in held.values())
            counts = {number: [0] * (1 + len(self.patterns)) for number in sorted({0, *held})}
            seen = 0
            for number in held:
                for batch in self._scan(session, number, paced=total > SMALL):
                    self._count(batch, counts[number])
                    seen += len(batch)
                    self._seen = min(1.0, seen / total)
        finally:
            session.close()
        if total == 0:
            self._seen = 1.0
        ended = time.monotonic()
        return Pass(counts=counts, ended=time.time(), ended_here=ended, seconds=ended - started)

    def _scan(self, session: Session, number: int, *, paced: bool) -> Iterator[list[bytes]]:
        """Every key of a database, in batches; time spent on a batch is slept off after it."""
        cursor = b"0"
        select: list[tuple[str | int | bytes, ...]] = [("SELECT", number)]
        while True:
            before = time.monotonic()
            replies = session.ask([*select, ("SCAN", cursor, "COUNT", BATCH)], self._deadline())
            for reply in replies:
                if isinstance(reply.value, Exception):
                    raise reply.value
            cursor, keys = replies[-1].value
            yield keys
            if cursor == b"0":
                return
            select = []
            if self._stop.wait((time.monotonic() - before) * PAUSES_PER_BATCH if paced else 0):
                raise StoppedError

    def _count(self, keys: list[bytes], counts: list[int]) -> None:
        match = self._match
        for key in keys:
            found = match(key)
            counts[(found.lastindex or 0) if found else 0] += 1

    def _deadline(self) -> float:
        if self._stop.is_set():
            raise StoppedError
        return time.monotonic() + COMMAND_SECONDS
