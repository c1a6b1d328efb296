"""Redis: one INFO and the length of the slow log in each scrape; keys by pattern in the background."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable
from typing import Any

from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as Disconnected

from exporters.catalogue import redis as catalogue
from exporters.catalogue import self_
from exporters.collectors.backoff import BackOff
from exporters.collectors.base import Family
from exporters.collectors.failures import Failures
from exporters.collectors.names import Names, within
from exporters.collectors.redis import keyspace
from exporters.collectors.redis.address import Address, parse_url
from exporters.collectors.redis.codes import explained
from exporters.collectors.redis.compat import compatible
from exporters.collectors.redis.connection import Command, Reply, Session, open_session
from exporters.collectors.redis.info import InfoCollector, parse_info
from exporters.collectors.redis.settings import RedisSettings
from exporters.collectors.selfstats import SelfStats

__all__ = ["RedisBackend", "RedisSettings"]

INFO = "redis.info"
SLOWLOG = "redis.slowlog"
UP = "redis.up"
MOST_DATABASES = 32
QUESTIONS: dict[str, Command] = {INFO: ("INFO", "everything"), SLOWLOG: ("SLOWLOG", "LEN")}

# Connecting anew now and then shows a changed password or a lost permission while someone looks at it.
CONNECTION_SECONDS = 300.0
CLOSE_SECONDS = 0.3


class RedisBackend:
    """Watches one Redis; connects by itself, again when it must."""

    name = "redis"

    def __init__(self, settings: RedisSettings, log: logging.Logger) -> None:
        self._settings = settings
        self._stats = SelfStats(self.name)
        self._databases = Names(MOST_DATABASES)
        self._info = InfoCollector(self._databases)
        self._session: Session | None = None
        self._failures = Failures(self._stats, log, explained)
        self._back_off = {part: BackOff() for part in QUESTIONS if part != INFO}
        self._lock = threading.Lock()
        self._closed = False
        self._keys: keyspace.KeyCounter | None = None
        if not settings.lacking(keyspace.OPTIONS):
            self._keys = keyspace.KeyCounter(settings, address=self._address, stats=self._stats, log=log)

    def collect(self, deadline: float) -> list[Family]:
        """Everything known of the server now; without an answer in time ``redis_up`` is 0. Never raises."""
        with self._lock:
            try:
                return self._collect(deadline)
            finally:
                if self._closed:
                    self._hang_up()

    def close(self) -> None:
        """Hang up and end the pass over the keys; a collection under way hangs up when it ends."""
        self._closed = True
        if self._keys is not None:
            self._keys.close()
        if self._lock.acquire(timeout=CLOSE_SECONDS):
            try:
                self._hang_up()
            finally:
                self._lock.release()

    def _collect(self, deadline: float) -> list[Family]:
        families: list[Family] = []
        outcomes = dict.fromkeys(QUESTIONS, (False, 0.0))
        up = False
        try:
            replies = self._ask(deadline)
            require_loaded(replies[INFO])
            self._tell(UP, None)
        except Exception as error:  # whatever a server, a network or a secret's file has in store
            self._tell(UP, error)
        else:
            up = any(not isinstance(reply.value, Exception) for reply in replies.values())
            for part, reply in replies.items():
                found, outcomes[part] = self._read(part, reply)
                families += found
            families = within([*families, *self._keyspace()], catalogue.DB.name, self._databases)
        if self._keys is not None:
            outcomes |= self._keys.outcome
        labels = [(part,) for part in outcomes]
        return [
            Family(catalogue.UP, [()], [up]),
            *families,
            Family(self_.REDIS_COLLECTOR_SUCCESS, labels, [ok for ok, _ in outcomes.values()]),
            Family(self_.REDIS_COLLECTOR_DURATION, labels, [seconds for _, seconds in outcomes.values()]),
            *self._stats.families(),
        ]

    def _keyspace(self) -> Iterable[Family]:
        return [] if self._keys is None else self._keys.families()

    def _address(self) -> Address:
        return parse_url(self._settings.url())

    def _ask(self, deadline: float) -> dict[str, Reply]:
        """The replies, over the connection that is open or else over a new one."""
        parts = [part for part in QUESTIONS if part == INFO or not self._back_off[part].rests]
        return dict(zip(parts, self._replies([QUESTIONS[part] for part in parts], deadline), strict=True))

    def _replies(self, questions: list[Command], deadline: float) -> list[Reply]:
        session = self._session
        try:
            if session is not None and time.monotonic() - session.opened < CONNECTION_SECONDS:
                # Closed since the last scrape: look whether the server is back.
                with contextlib.suppress(Disconnected):
                    return session.ask(questions, deadline)
            self._hang_up()
            self._session = open_session(self._address, deadline, self._stats)
            return self._session.ask(questions, deadline)
        except Exception:
            self._hang_up()  # a late reply must not be taken for one to the next question
            raise

    def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _read(self, part: str, reply: Reply) -> tuple[list[Family], tuple[bool, float]]:
        """The families of a part, whether it succeeded, and how long it took."""
        started = time.monotonic()
        found: list[Family] = []
        problem: Exception | None = None
        try:
            if isinstance(reply.value, Exception):
                raise reply.value
            found = self._families(part, reply.value)
        except Exception as error:  # a server that answers otherwise than expected costs this part alone
            problem = error
        self._tell(part, problem)
        if part in self._back_off:
            back_off = self._back_off[part]
            back_off.reset() if problem is None else back_off.failed()
        return found, (problem is None, reply.seconds + time.monotonic() - started)

    def _families(self, part: str, value: Any) -> list[Family]:
        if part == INFO:
            info = parse_info(value)
            families = self._info.families(info)
            return list(compatible(families, info) if self._settings.compat else families)
        return [Family(catalogue.SLOWLOG_LENGTH, [()], [float(value)])]

    def _tell(self, part: str, error: Exception | None) -> None:
        self._failures.tell(part, "" if error is None else type(error).__name__, f": {error}")


def require_loaded(info: Reply) -> None:
    """A server that reads its data back from the disk answers INFO, and refuses what clients ask of it."""
    if isinstance(info.value, bytes) and b"\r\nloading:1\r\n" in info.value:
        raise BusyLoadingError("loads its data; INFO persistence tells for how long")
