"""Measure a connection pool: who waits and how long, what is used, and the time to connect.

SQLAlchemy has no event before a checkout, so the pool's class is exchanged for a subclass of itself.
`engine.dispose()` makes the next pool of the same class, which is how the measuring survives it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, Pool, QueuePool

from exporters.api.call import current
from exporters.api.metrics import SqlMetrics, adder, caught, observer

TAKEN = "_exporters_api_taken"
METER = "_exporters_api_meter"


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
        self.wait = observer(metrics.wait.labels(name))
        self.use = observer(metrics.use.labels(name))
        self.create = observer(metrics.create.labels(name))
        self.timeouts = metrics.timeouts.labels(name)
        self.pending = adder(metrics.pending.labels(name))
        self._gauges: _Gauges | None = None
        self._changed = False
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)
        event.listen(engine, "checkout", self._taken)
        event.listen(engine, "checkin", self._given_back)
        pool = engine.pool
        pool.__class__ = metered(type(pool), self)
        pool._creator = pool._creator  # its setter wraps the function that connects

    def start(self) -> None:
        """Begin to write the gauges: this process serves, so its pool counts. Never raises."""
        try:
            pool = self.engine.pool
            if isinstance(pool, QueuePool):
                self._gauges = _Gauges(pool, self.name, self.metrics)
        except Exception:
            caught("pool")
        self.publish()

    def publish(self) -> None:
        """Write the gauges if they changed; never raises and never waits.

        Whoever finds the lock taken leaves a note for its holder. The holder may be the same thread: the
        garbage collector gives connections back too, and it may run in the midst of the writing.
        """
        self._changed = True
        while self._changed and self._gauges is not None and self._lock.acquire(blocking=False):
            try:
                self._changed = False
                # Not the pool that changed: after a dispose() connections still come back to the old one.
                pool = self.engine.pool
                if isinstance(pool, QueuePool):
                    self._gauges.write(pool)
            except Exception:
                caught("pool")
            finally:
                self._lock.release()

    def _forget(self) -> None:
        """A child does not serve yet, and whoever held the lock was left behind in the parent."""
        self._gauges = None
        self._lock = threading.Lock()

    def get(self, pool: Pool, take: Callable[[], ConnectionPoolEntry]) -> ConnectionPoolEntry:
        """Take a connection, and note the time that went by without opening a new one."""
        outer = _checkout.get()
        if outer is not None and outer.pool is pool:
            return take()  # the pool tries again: one checkout, one wait
        checkout = _Checkout(pool)
        token = _checkout.set(checkout)
        call = current.get()
        before = call.pool_seconds if call is not None else 0.0
        waits = self._must_wait(pool)
        started = perf_counter()
        if waits:
            self._wait(1)
        try:
            return take()
        except PoolTimeout:
            self._count_timeout()
            raise
        finally:
            spent = perf_counter() - started
            if call is not None and not call.closed:
                call.pool_seconds = max(call.pool_seconds, before + spent)
            _checkout.reset(token)
            if waits:
                self._wait(-1)
            self._observe(self.wait, spent - checkout.connecting)
            self.publish()

    def connecting(self, seconds: float) -> None:
        """Part of the current checkout opened a new connection."""
        checkout = _checkout.get()
        if checkout is not None:
            checkout.connecting += seconds

    def connected(self, seconds: float) -> None:
        """A connection was opened, a new one or in place of a lost one."""
        self._observe(self.create, seconds)

    def _must_wait(self, pool: Pool) -> bool:
        """Whether a caller must wait until somebody gives a connection back."""
        try:
            if not isinstance(pool, QueuePool) or pool.checkedin():
                return False
            ceiling = _ceiling(pool)
            return bool(ceiling) and pool.checkedout() >= ceiling
        except Exception:
            caught("pool")
            return False

    def _wait(self, change: int) -> None:
        try:
            self.pending(change)
        except Exception:
            caught("pool")

    def _count_timeout(self) -> None:
        try:
            self.timeouts.inc()
        except Exception:
            caught("pool")

    def _observe(self, observe: Callable[[float], None], seconds: float) -> None:
        try:
            observe(max(0.0, seconds))
        except Exception:
            caught("pool")

    def _taken(self, _connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
        record.info[TAKEN] = perf_counter()

    def _given_back(self, _connection: Any, record: ConnectionPoolEntry) -> None:
        taken = record.info.pop(TAKEN, None)
        if taken is not None:  # it is None when the connection broke before anyone got it
            self._observe(self.use, perf_counter() - taken)


class _Gauges:
    """The gauges of a pool, found once: looking a label up costs more than setting it, and takes a lock."""

    def __init__(self, pool: QueuePool, name: str, metrics: SqlMetrics) -> None:
        children = [metrics.connections.labels(name, state) for state in ("used", "idle")]
        if _ceiling(pool):
            children += [each.labels(name) for each in (metrics.overflow, metrics.max, metrics.utilization)]
        self._sets = [child.set for child in children]
        self._written: list[float] = [-1.0] * len(children)  # what no gauge can be

    def write(self, pool: QueuePool) -> None:
        """Write what has changed."""
        ceiling = _ceiling(pool)
        used = max(0, pool.checkedout())
        now = (used, pool.checkedin(), max(0, pool.overflow()), ceiling, used / ceiling if ceiling else 0)
        for index, write in enumerate(self._sets):
            if now[index] != self._written[index]:
                write(now[index])
                self._written[index] = now[index]


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
    setattr(Metered, METER, meter)
    return Metered


def meter_of(pool: Pool) -> PoolMeter | None:
    """Who measures a pool already; several engines may share it."""
    meter: PoolMeter | None = getattr(type(pool), METER, None)
    return meter


def _ceiling(pool: QueuePool) -> int:
    """The most connections that the pool may open, or 0 if it has no limit."""
    limit = getattr(pool, "_max_overflow", -1)  # it has no public name
    return pool.size() + limit if limit >= 0 else 0
