"""Count keys by pattern in a thread of its own, never in a scrape; meanwhile the last pass stands."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

from exporters.catalogue import redis as catalogue
from exporters.catalogue import redis_detail, self_
from exporters.collectors.backoff import PAUSE_SHARE
from exporters.collectors.base import Family
from exporters.collectors.failures import Failures
from exporters.collectors.names import Names
from exporters.collectors.redis import ages, prefixes, sample
from exporters.collectors.redis.address import Address
from exporters.collectors.redis.codes import explained
from exporters.collectors.redis.connection import Session, open_session
from exporters.collectors.redis.estimate import Estimate
from exporters.collectors.redis.passes import COMMAND_SECONDS, Found, Pass, StoppedError, Walk
from exporters.collectors.redis.settings import ESTIMATED, RedisSettings
from exporters.collectors.selfstats import SelfStats
from exporters.overlaps import overlaps, said
from exporters.patterns import Patterns

COLLECTOR = "redis.keyspace"
OPTIONS = ("key_patterns",)
RETRY_SECONDS = 5.0
JOIN_SECONDS = 0.5
OFTEN = 2  # passes in a row that are broken off, after which the next must come to its end to be believed


class KeyCounter:
    """The thread that passes over the keys, and what its last pass found."""

    def __init__(
        self,
        settings: RedisSettings,
        *,
        address: Callable[[], Address],
        stats: SelfStats,
        log: logging.Logger,
    ) -> None:
        self._settings = settings
        self._address = address
        self._patterns = Patterns(settings.key_patterns)
        self._stats = stats
        self._log = log
        self._failures = Failures(stats, log, explained)
        self._samples: dict[str, bool] = {}
        self._lookups = 0
        self._idle_kept = True
        self._last: Pass | None = None
        self._ok: bool | None = None
        self._walk: Walk | None = None  # under way
        self._broken_off = 0  # passes in a row that had begun
        self._coverage: float | None = None
        self._prefixes = Names(settings.top_prefixes)
        self._begins: dict[str, tuple[dict[str, int], int]] = {}
        if found := overlaps(settings.key_patterns):
            level = logging.WARNING if any(pair.covered for pair in found) else logging.INFO
            log.log(level, "%s: %s", COLLECTOR, said(found))
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
        """Whether the last pass came to its end, and the seconds of the last one that did.

        Nothing of a failure while the next pass is under way, which may take hours: a server that was
        restarted once does not fail for so long. One whose passes are broken off again and again does.
        """
        seconds = self._last.seconds if self._last else 0.0
        walk, ok = self._walk, self._ok
        if not ok and walk and walk.seen and self._broken_off < OFTEN:
            ok = None
        found = {COLLECTOR: ok, **self._samples}
        return {name: (ok, seconds) for name, ok in found.items() if ok is not None}

    def families(self) -> Iterator[Family]:
        """The counts of the last complete pass; every pattern is there, as 0 where nothing matches."""
        if self._coverage is not None:
            yield Family(catalogue.KEYSPACE_COVERAGE, [()], [self._coverage])
        last = self._last
        if last is None:
            return
        names = self._settings.key_patterns
        found = {f"db{number}": each for number, each in last.found.items()}
        labels = [(db, pattern) for db in found for pattern in names]
        yield Family(catalogue.KEYS, labels, [count for each in found.values() for count in each.counts[1:]])
        if self._settings.keys == ESTIMATED:
            limits = [limit for each in found.values() for limit in _limits(each)[1:]]
            yield Family(redis_detail.KEYS_LOW, labels, [limit.low for limit in limits])
            yield Family(redis_detail.KEYS_HIGH, labels, [limit.high for limit in limits])
        of_databases = [(db,) for db in found]
        yield Family(catalogue.UNMATCHED_KEYS, of_databases, [each.counts[0] for each in found.values()])
        if self._settings.top_prefixes:
            yield from prefixes.families(self._begins, self._prefixes)
        yield Family(redis_detail.COUNT_ERROR, of_databases, [each.error for each in found.values()])
        yield from sample.families(
            ((f"db{number}", names[pattern - 1]), memory) for (number, pattern), memory in last.memory.items()
        )
        if last.ages:
            named = {
                (number, pattern): (f"db{number}", name)
                for number in last.found
                for pattern, name in enumerate(names, start=1)
            }
            yield from ages.families(last.ages, named, self._lookups)
        yield Family(catalogue.KEYSPACE_PASS_TIMESTAMP, [()], [last.ended])
        yield Family(catalogue.KEYSPACE_PASS_SECONDS, [()], [last.seconds])
        age = time.monotonic() - last.ended_here
        which = [(self._stats.backend, COLLECTOR)]
        yield Family(self_.CACHE_AGE, which, [age])
        yield Family(self_.CACHE_RENEWAL, which, [self._settings.scan_interval + last.seconds])

    def _run(self) -> None:
        pause, failing = 0.0, None
        while not self._stop.wait(pause):
            try:
                self._last = self._pass()
                self._failures.tell(COLLECTOR, "")
                self._ok = True
                self._broken_off = 0
                pause = self._settings.scan_interval
                failing = None
            except StoppedError:
                return
            except Exception as error:  # the thread must outlive whatever a server answers
                if self._stop.is_set():
                    return
                self._failures.tell(COLLECTOR, type(error).__name__, f": {error}")
                self._ok = False
                failing = failing or time.monotonic()
                waited = PAUSE_SHARE * (time.monotonic() - failing)
                pause = min(self._settings.scan_interval, max(RETRY_SECONDS, waited))
            walk, self._walk = self._walk, None
            self._coverage = walk.seen if walk else 0.0
            if not self._ok and self._coverage:
                self._broken_off += 1

    def _pass(self) -> Pass:
        deadline = time.monotonic() + COMMAND_SECONDS
        self._session = session = open_session(self._address, deadline, self._stats)
        try:
            self._walk = Walk(session, self._settings, self._patterns, self._stop)
            found = self._walk.run()
        finally:
            session.close()
        begins = {
            f"db{number}": (each.begins.counts(each.each), each.counts[0])
            for number, each in found.found.items()
        }
        self._prefixes.seat(
            {f"{db} {head}": count for db, (counts, _) in begins.items() for head, count in counts.items()}
        )
        self._begins = begins
        if self._last is None and found.how != self._settings.keys:
            self._log.info("%s: a cluster's keys are not estimated; counts them %s", COLLECTOR, found.how)
        if not self._settings.lacking(sample.OPTIONS):
            self._tell(sample.COLLECTOR, found.denied)
        if found.ages:
            self._lookups += found.ages.lookups
            self._tell(ages.COLLECTOR, found.ages.denied)
            if self._idle_kept and not found.ages.kept:
                self._log.info("%s: an LFU policy evicts, so Redis keeps no idle times", ages.COLLECTOR)
            self._idle_kept = found.ages.kept
        return found

    def _tell(self, part: str, denied: Exception | None) -> None:
        self._failures.tell(part, type(denied).__name__ if denied else "", f": {denied}")
        self._samples[part] = denied is None


def _limits(found: Found) -> list[Estimate]:
    """Of each count, also of those that are no estimates."""
    return found.limits or [
        Estimate(count, max(0, count - found.error), count + found.error) for count in found.counts
    ]
