"""Watch one PostgreSQL: one session, one round trip a scrape, and no answer that is not this scrape's own."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from exporters.catalogue import postgres as catalogue
from exporters.catalogue import self_
from exporters.collectors.base import Family
from exporters.collectors.failures import Failures
from exporters.collectors.postgres.codes import explained
from exporters.collectors.postgres.collectors import collectors
from exporters.collectors.postgres.connect import ConnectionFailed
from exporters.collectors.postgres.model import UNKNOWN, Server
from exporters.collectors.postgres.options import PostgresSettings
from exporters.collectors.postgres.pipeline import Answer, Connection, Question
from exporters.collectors.postgres.run import Run
from exporters.collectors.postgres.server import EXTENSION, SERVER, read_extension, read_process, read_server
from exporters.collectors.selfstats import SelfStats
from exporters.conninfo import describe
from exporters.errors import ExporterError

UP = "postgres.up"

# A server that is alive answers the first question at once, whatever the others take.
FIRST_ANSWER_SECONDS = 1.5
# One statement may take this much of the time there is, so that a slow one leaves some to those after it.
STATEMENT_SHARE = 0.75
# Kept of the time there is, to have the server end what it does for us.
CANCEL_SECONDS, CANCEL_SHARE = 0.2, 0.2
CLOSE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Times:
    """When the first answer must be there, when the last, and when everything must be done."""

    first_by: float
    work_until: float
    deadline: float

    @classmethod
    def until(cls, deadline: float) -> Times:
        """Divide what is left."""
        now = time.monotonic()
        work_until = deadline - min(CANCEL_SECONDS, CANCEL_SHARE * max(0.0, deadline - now))
        return cls(min(work_until, now + FIRST_ANSWER_SECONDS), work_until, deadline)


class PostgresBackend:
    """Watches one PostgreSQL; connects by itself, again when it must.

    Attributes:
        found: see `Partial`.
    """

    name = "postgres"

    def __init__(self, settings: PostgresSettings, log: logging.Logger) -> None:
        self.found: Callable[[Sequence[Family]], None] = lambda _: None
        self._settings = settings
        self._log = log
        self._stats = SelfStats(self.name)
        self._first = Run(SERVER)
        self._extension = Run(EXTENSION)
        self._runs = [Run(collector) for collector in collectors(settings)]
        self._waited_for: deque[Run] = deque()
        self._connection: Connection | None = None
        self._server = UNKNOWN
        self._where = "the server"
        self._failures = Failures(self._stats, log, explained)
        self._is_blind_told = False
        self._resting: set[str] = set()
        self._lock = threading.Lock()
        self._begun = -math.inf
        self._closed = False

    def collect(self, deadline: float) -> list[Family]:
        """Everything known of the server now; without a fresh answer in time ``pg_up`` is 0. Never raises."""
        with self._lock:
            times = Times.until(deadline)
            self._first.begin()
            self._begun = time.monotonic()
            try:
                self._scrape(times)
            except Exception as error:  # whatever a server, a network or a secret's file has in store
                self._hang_up(None if isinstance(error, ConnectionFailed) else times.deadline)
                self._broke(error)
            if self._first.ok:
                self._failures.tell(UP, "")
            if self._closed:
                self._hang_up()
            return self._families()

    def so_far(self, since: float) -> list[Family]:
        """What a collection that began since then has found; before its first answer ``pg_up`` is 0."""
        return self._families() if self._begun >= since else [Family(catalogue.UP, [()], [0])]

    def close(self) -> None:
        """Hang up; a collection under way does so when it ends."""
        self._closed = True
        if self._lock.acquire(timeout=CLOSE_SECONDS):
            try:
                self._hang_up()
            finally:
                self._lock.release()

    def _scrape(self, times: Times) -> None:
        if time.monotonic() >= times.work_until:
            raise TimeoutError  # before anything is asked: a quick server would have answered, too late
        reused = self._connection is not None
        try:
            self._round(times)
        except ConnectionFailed:
            if not reused or self._first.ok:
                raise
            self._hang_up()  # it was closed since the last scrape: look whether the server is back
            self._round(times)

    def _round(self, times: Times) -> None:
        """One round trip; on a new connection one more before it, since who answers decides what to ask."""
        if self._connection is None:
            self._connection = self._connect(times.first_by)
            self._ask(self._connection, [self._first, self._extension], times)
            if self._first.ok:
                due = [run for run in self._due() if run is not self._extension]
                self._ask(self._connection, due, times)
        else:
            self._ask(self._connection, [self._first, *self._due()], times)

    def _connect(self, deadline: float) -> Connection:
        conninfo = self._settings.conninfo()
        self._where = describe(conninfo)
        try:
            connection = Connection(conninfo, deadline)
        except (ConnectionFailed, TimeoutError):
            self._stats.connected(ok=False)
            raise
        self._stats.connected(ok=True)
        return connection

    def _due(self) -> list[Run]:
        """In their order, but last those that failed before: one that is always slow starves no other."""
        now = time.monotonic()
        due = [self._extension]
        for run in self._runs:
            if run.due(now) and run.collector.question(self._server):
                due.append(run)
            elif run.due(now):
                # Nothing to be asked of this server; or it is not known whether there is.
                run.end([], 0.0, ok=self._extension.ok or not self._waits_for_extension(run))
                run.forget()
                run.back_off.reset()
        return sorted(due, key=lambda run: run.failed)

    def _waits_for_extension(self, run: Run) -> bool:
        """Whether it has nothing to ask only because nobody knows where the extension lives."""
        return bool(run.collector.needs.statements) and not run.collector.off

    def _ask(self, connection: Connection, runs: Sequence[Run], times: Times) -> None:
        for run in runs:
            run.begin()
        left_ms = int((times.work_until - time.monotonic()) * 1000 * STATEMENT_SHARE)
        answers = connection.ask(
            [Question(run.collector.question(self._server), run.collector.parameters) for run in runs],
            statement_timeout_ms=max(1, min(self._settings.statement_timeout_ms, left_ms)),
            lock_timeout_ms=self._settings.lock_timeout_ms,
            first_by=times.first_by if runs[0] is self._first else times.work_until,
            deadline=times.work_until,
        )
        self._waited_for = deque(runs)
        for answer in answers:
            self._take(connection, self._waited_for.popleft(), answer)

    def _take(self, connection: Connection, run: Run, answer: Answer) -> None:
        code, families = answer.code, list[Family]()
        if not code:
            try:
                families = run.collector.parse(answer.rows)
                if run is self._first:
                    self._meet(read_server(answer.rows))
                    connection.answered_by(read_process(answer.rows))
                elif run is self._extension:
                    self._server = replace(self._server, **read_extension(answer.rows))
            except Exception as error:  # an answer otherwise than expected costs this collector alone
                code = type(error).__name__
        run.end(families, answer.seconds, ok=not code)
        self.found(families)
        self._failures.tell(run.name, code, run.collector.meanings.get(code, ""))
        self._tell_rest(run)

    def _meet(self, server: Server) -> None:
        """What was read of another server, or before a restart, is not this one's."""
        if self._server.identity != server.identity:
            for run in self._runs:
                run.forget()
                run.back_off.reset()
            self._server = server
        else:
            self._server = replace(
                server,
                statements_schema=self._server.statements_schema,
                statements_version=self._server.statements_version,
            )
        if server.reads_statistics and self._is_blind_told:
            self._is_blind_told = False
            self._log.info(
                "postgres: the role %s may see the sessions and statements of others now", server.role
            )
        elif not server.reads_statistics and not self._is_blind_told:
            self._is_blind_told = True
            self._log.warning(
                "postgres: the role %s may not see the sessions and statements of others, which are left out "
                "or shown as unknown; as a superuser: GRANT pg_read_all_stats TO %s;",
                server.role,
                server.role,
            )

    def _broke(self, error: Exception) -> None:
        """The scrape ended before all answers were there."""
        code = error.code if isinstance(error, ConnectionFailed) else type(error).__name__
        if self._first.ok and self._waited_for:
            self._waited_for[0].fail()
            self._failures.tell(self._waited_for[0].name, code)
            self._tell_rest(self._waited_for[0])
        else:
            self._failures.tell(
                UP, code, f": {error}" if isinstance(error, ExporterError) else f" at {self._where}"
            )

    def _tell_rest(self, run: Run) -> None:
        """Say when it begins that a failing collector is asked less often."""
        if not run.back_off.rests:
            if run.ok:
                self._resting.discard(run.name)
        elif run is not self._first and run.name not in self._resting:
            self._resting.add(run.name)
            self._log.info("%s: fails again and again; it is asked less often until it answers", run.name)

    def _hang_up(self, cancel_until: float | None = None) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and cancel_until is not None:
            connection.abandon(min(cancel_until, time.monotonic() + CANCEL_SECONDS))
        elif connection is not None:
            connection.close()

    def _families(self) -> list[Family]:
        up = self._first.ok
        runs = [self._first, *self._runs]
        labels = [(run.name,) for run in runs]
        succeeded = [up and run.ok for run in runs]  # before what they found: see `so_far`
        now = time.monotonic()
        cached = [
            ((self.name, run.name), now - answered, run.collector.ttl)
            for run in runs
            if up and run.collector.ttl and (answered := run.answered) is not None
        ]
        return [
            Family(catalogue.UP, [()], [up]),
            *(family for run in runs if up for family in run.families),
            Family(self_.COLLECTOR_SUCCESS, labels, succeeded),
            Family(self_.COLLECTOR_DURATION, labels, [run.seconds for run in runs]),
            Family(self_.CACHE_AGE, [which for which, *_ in cached], [age for _, age, _ in cached]),
            Family(self_.CACHE_RENEWAL, [which for which, *_ in cached], [ttl for *_, ttl in cached]),
            *self._stats.families(),
        ]
