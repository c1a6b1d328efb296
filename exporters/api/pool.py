"""Measure a connection pool: who waits and how long, what is used, and the time to connect.

SQLAlchemy has no event before a checkout, so the pool's class is exchanged for a subclass of itself.
`engine.dispose()` makes the next pool of the same class, which is how the measuring survives it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, Pool, QueuePool

from exporters.api.metrics import SqlMetrics, caught

TAKEN = "_exporters_api_taken"


class _Checkout:
    """One caller asking one pool for a connection, and how long opening a new one took of it."""

    __slots__ = ("connecting", "pool")

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.connecting = 0.0


_checkout: ContextVar[_Checkout | None] = ContextVar("exporters_api_checkout", default=None)


class PoolMeter:
    """The numbers of one engine's pool. Gauges are written when something changes, and only then."""

    def __init__(self, engine: Engine, name: str, metrics: SqlMetrics) -> None:
        self.engine = engine
        self.name = name
        self.metrics = metrics
        self.wait = metrics.wait.labels(name)
        self.use = metrics.use.labels(name)
        self.create = metrics.create.labels(name)
        self.timeouts = metrics.timeouts.labels(name)
        self.pending = metrics.pending.labels(name)
        self._published: tuple[int, int, int, int] | None = None
        self._lock = threading.Lock()
        event.listen(engine, "checkout", self._taken)
        event.listen(engine, "checkin", self._given_back)
        pool = engine.pool
        pool.__class__ = metered(type(pool), self)
        pool._creator = pool._creator  # its setter wraps the function that connects

    def publish(self, *, again: bool = False) -> None:
        """Write the gauges if they changed, or in any case; never raises."""
        try:
            # Not the pool that changed: after a dispose() connections still come back to the old one.
            pool = self.engine.pool
            if isinstance(pool, QueuePool):
                with self._lock:
                    self._publish(pool, again=again)
        except Exception:
            caught("pool")

    def _publish(self, pool: QueuePool, *, again: bool) -> None:
        ceiling = _ceiling(pool)
        now = (max(0, pool.checkedout()), pool.checkedin(), max(0, pool.overflow()), ceiling)
        if now == self._published and not again:
            return
        self._published = now
        used, idle, overflow, _ = now
        metrics = self.metrics
        metrics.connections.labels(self.name, "used").set(used)
        metrics.connections.labels(self.name, "idle").set(idle)
        if ceiling:
            metrics.overflow.labels(self.name).set(overflow)
            metrics.max.labels(self.name).set(ceiling)
            metrics.utilization.labels(self.name).set(used / ceiling)

    def get(self, pool: Pool, take: Callable[[], ConnectionPoolEntry]) -> ConnectionPoolEntry:
        """Take a connection, and note the time that went by without opening a new one."""
        outer = _checkout.get()
        if outer is not None and outer.pool is pool:
            return take()  # the pool tries again: one checkout, one wait
        checkout = _Checkout(pool)
        token = _checkout.set(checkout)
        waits = _is_exhausted(pool)
        started = perf_counter()
        if waits:
            self._wait(1)
        try:
            return take()
        except PoolTimeout:
            self._count_timeout()
            raise
        finally:
            seconds = perf_counter() - started - checkout.connecting
            _checkout.reset(token)
            if waits:
                self._wait(-1)
            self._observe(self.wait, seconds)
            self.publish()

    def connecting(self, seconds: float) -> None:
        """Part of the current checkout opened a new connection."""
        checkout = _checkout.get()
        if checkout is not None:
            checkout.connecting += seconds

    def connected(self, seconds: float) -> None:
        """A connection was opened, a new one or in place of a lost one."""
        self._observe(self.create, seconds)

    def _wait(self, change: int) -> None:
        try:
            self.pending.inc(change)
        except Exception:
            caught("pool")

    def _count_timeout(self) -> None:
        try:
            self.timeouts.inc()
        except Exception:
            caught("pool")

    def _observe(self, histogram: Any, seconds: float) -> None:
        try:
            histogram.observe(max(0.0, seconds))
        except Exception:
            caught("pool")

    def _taken(self, _connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        record.info[TAKEN] = perf_counter()

    def _given_back(self, _connection: Any, record: ConnectionPoolEntry) -> None:
        taken = record.info.pop(TAKEN, None)
        if taken is not None:  # it is None when the connection broke before anyone got it
            self._observe(self.use, perf_counter() - taken)


def metered(base: type[Pool], meter: PoolMeter) -> type[Pool]:
    """A subclass of a pool's class that reports to the meter and otherwise is the same."""

    class Metered(base):  # type: ignore[valid-type,misc]  # the base is known at run time only
        def _should_wrap_creator(self, creator: Any) -> Callable[[Any], Any]:
            connect = super()._should_wrap_creator(creator)

            def timed(record: ConnectionPoolEntry) -> Any:
                started = perf_counter()
                connection = connect(record)
                meter.connected(perf_counter() - started)
                return connection

            return timed

        def _create_connection(self) -> ConnectionPoolEntry:
            started = perf_counter()
            try:
                record: ConnectionPoolEntry = super()._create_connection()
            finally:
                meter.connecting(perf_counter() - started)
            return record

        def _do_get(self) -> ConnectionPoolEntry:
            return meter.get(self, super()._do_get)

        def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
            super()._do_return_conn(record)
            meter.publish()

        def dispose(self) -> None:
            super().dispose()
            meter.publish()

    for attribute in ("__name__", "__qualname__", "__module__"):  # its logger is named after these
        setattr(Metered, attribute, getattr(base, attribute))
    return Metered


def _ceiling(pool: QueuePool) -> int:
    """The most connections that the pool may open, or 0 if it has no limit."""
    limit = pool._max_overflow
    return pool.size() + limit if limit >= 0 else 0


def _is_exhausted(pool: Pool) -> bool:
    """Whether a caller must wait until somebody gives a connection back."""
    if not isinstance(pool, QueuePool):
        return False
    ceiling = _ceiling(pool)
    return bool(ceiling) and pool.checkedin() == 0 and pool.checkedout() >= ceiling
