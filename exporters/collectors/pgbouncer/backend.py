"""Watch one PgBouncer: one session at its console, which connects again when it must."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from exporters.catalogue import pgbouncer as catalogue
from exporters.catalogue import self_
from exporters.collectors.base import Family
from exporters.collectors.failures import Failures
from exporters.collectors.pgbouncer.codes import explained
from exporters.collectors.pgbouncer.console import Console, RefusedError
from exporters.collectors.pgbouncer.shows import Shows
from exporters.collectors.postgres.connect import ConnectionFailed
from exporters.collectors.selfstats import SelfStats
from exporters.conninfo import describe
from exporters.errors import ExporterError

UP = "pgbouncer.up"
CLOSE_SECONDS = 0.3

Found = dict[str, list[Family] | None]  # by collector; None if it failed


@dataclass(frozen=True, slots=True, kw_only=True)
class PgBouncerSettings:
    """Which PgBouncer.

    Attributes:
        conninfo: libpq's connection string, asked for at each connect so that a new password is picked up.
    """

    conninfo: Callable[[], str]


class PgBouncerBackend:
    """Watches one PgBouncer."""

    name = "pgbouncer"

    def __init__(self, settings: PgBouncerSettings, log: logging.Logger) -> None:
        self._settings = settings
        self._log = log
        self._stats = SelfStats(self.name)
        self._shows = Shows()
        self._console: Console | None = None
        self._where = "the server"
        self._failures = Failures(self._stats, log, explained)
        self._lock = threading.Lock()
        self._closed = False

    def collect(self, deadline: float) -> list[Family]:
        """Everything known of it now; without an answer in time ``pgbouncer_up`` is 0. Never raises."""
        with self._lock:
            found: Found = {}
            seconds = dict.fromkeys(self._shows.parts, 0.0)
            try:
                self._scrape(found, seconds, deadline)
            except Exception as error:  # whatever a server, a network or a secret's file has in store
                self._hang_up()
                part = next(part for part in self._shows.parts if part not in found)
                detail = f": {error}" if isinstance(error, ExporterError) else f" at {self._where}"
                self._failures.tell(part, _code(error), detail if part == UP else "")
            if self._closed:
                self._hang_up()
        up = found.get(UP) is not None
        labels = [(part,) for part in self._shows.parts]
        return [
            Family(catalogue.UP, [()], [up]),
            *(family for families in found.values() for family in families or () if up),
            Family(
                self_.PGBOUNCER_COLLECTOR_SUCCESS, labels, [found.get(part) is not None for (part,) in labels]
            ),
            Family(self_.PGBOUNCER_COLLECTOR_DURATION, labels, list(seconds.values())),
            *self._stats.families(),
        ]

    def close(self) -> None:
        """Hang up; a collection under way does so when it ends."""
        self._closed = True
        if self._lock.acquire(timeout=CLOSE_SECONDS):
            try:
                self._hang_up()
            finally:
                self._lock.release()

    def _scrape(self, found: Found, seconds: dict[str, float], deadline: float) -> None:
        if self._console is not None:
            try:
                self._ask(self._console, found, seconds, deadline)
            except ConnectionFailed:
                if found:
                    raise
                self._hang_up()  # it was closed since the last scrape: look whether the server is back
            else:
                return
        self._console = self._connect(deadline)
        self._ask(self._console, found, seconds, deadline)

    def _connect(self, deadline: float) -> Console:
        conninfo = self._settings.conninfo()
        self._where = describe(conninfo)
        try:
            console = Console(conninfo, deadline)
        except Exception:
            self._stats.connected(ok=False)
            raise
        self._stats.connected(ok=True)
        return console

    def _ask(
        self,
        console: Console,
        found: Found,
        seconds: dict[str, float],
        deadline: float,
    ) -> None:
        """What the console shows, part by part; what it refuses costs that part, but the first costs all."""
        for part, (command, read) in self._shows.parts.items():
            began = time.monotonic()
            code = ""
            families = None
            try:
                families = read(console.ask(command, deadline))
            except (ConnectionFailed, TimeoutError):
                raise
            except Exception as error:  # an answer otherwise than expected
                if part == UP:
                    raise
                code = _code(error)
            found[part] = families
            seconds[part] = time.monotonic() - began
            self._failures.tell(part, code)

    def _hang_up(self) -> None:
        console, self._console = self._console, None
        if console is not None:
            console.close()


def _code(error: Exception) -> str:
    return error.code if isinstance(error, ConnectionFailed | RefusedError) else type(error).__name__
