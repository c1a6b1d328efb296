"""Turn a finished request into numbers. Label children are kept, since looking one up costs more than it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from exporters.api.call import Call
from exporters.api.metrics import (
    CacheClientMetrics,
    HttpMetrics,
    SqlMetrics,
    adder,
    caught,
    observer,
    pair_adder,
)
from exporters.api.routes import Routes
from exporters.catalogue.api import METHOD, UNMATCHED

OVERFLOW = "__overflow__"
METHODS = frozenset(METHOD.values)
OTHER_METHOD = "_OTHER"
MAX_EXCEPTIONS = 50
LAST_STATUS = 599
# Made together with a handler, so that its first failure is an increase and not a new series at 1.
FORESEEN_STATUS = 500


class Bounded:
    """The first `limit` values that come by; every later one reads `__overflow__`."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.known: set[str] = set()

    def __call__(self, value: str) -> str:
        """The value, or `__overflow__`."""
        if value in self.known:
            return value
        if len(self.known) >= self.limit:
            return OVERFLOW
        self.known.add(value)
        return value


class Series:
    """What requests of one method, handler, status and encoding count in, found once."""

    __slots__ = ("count", "observe", "sent")

    def __init__(self, metrics: HttpMetrics, method: str, handler: str, status: int) -> None:
        # The server refuses what is no status and answers 500 itself; nothing sent is a 500 as well.
        status = status if 100 <= status <= LAST_STATUS else 500
        metrics.requests.labels(method, handler, FORESEEN_STATUS)
        self.count = adder(metrics.requests.labels(method, handler, status))
        self.observe = observer(metrics.duration.labels(method, handler))
        self.sent: Callable[[float, float], None] | None = None  # wire and raw bytes


class _Sql:
    """The children of one handler in the database metrics."""

    __slots__ = ("nplusone", "pool_seconds", "queries", "repeats", "seconds")

    def __init__(self, metrics: SqlMetrics, handler: str) -> None:
        self.queries = observer(metrics.queries_per_request.labels(handler))
        self.seconds = adder(metrics.request_seconds.labels(handler))
        self.pool_seconds = adder(metrics.pool_seconds.labels(handler))
        self.nplusone = adder(metrics.nplusone.labels(handler))
        self.repeats: Callable[[float], None] | None = None  # of few handlers


class Recorder:
    """Writes requests to the metrics; none of its methods raises."""

    def __init__(
        self,
        metrics: HttpMetrics,
        routes: Routes,
        *,
        sql: SqlMetrics | None,
        cache: CacheClientMetrics | None,
        max_handlers: int,
        nplusone_threshold: int,
    ) -> None:
        self.metrics = metrics
        self._in_progress = pair_adder(metrics.in_progress, metrics.worker_in_progress)
        self._observe_size = observer(metrics.response_size)
        self.routes = routes
        self.sql = sql
        self.cache = cache
        self.nplusone_threshold = nplusone_threshold
        self.handlers = Bounded(max_handlers)
        self.exceptions = Bounded(MAX_EXCEPTIONS)
        self._series: dict[tuple[str, str, int, str], Series] = {}
        self._sql: dict[str, _Sql] = {}
        self._request_size: dict[str, Callable[[float], None]] = {}
        self._cache_seconds: dict[str, Callable[[float], None]] = {}

    def start(self) -> None:
        """A request has begun."""
        try:
            self._in_progress(1, 1)
        except Exception:
            caught("request")

    def answered(self, call: Call) -> None:
        """The last body byte goes out now: whoever gets it was counted, even if the worker is killed next."""
        if call.answered:
            return
        call.answered = True
        try:
            call.handler = handler = self._handler(call)
            method = call.method if call.method in METHODS else OTHER_METHOD
            key = (method, handler, call.status, call.encoding)
            series = self._series.get(key)
            if series is None:
                series = self._series[key] = Series(self.metrics, method, handler, call.status)
            series.count(1)
            call.series = series
        except Exception:
            caught("request")

    def finish(self, call: Call) -> None:
        """The last body byte is out; later calls for the same request do nothing."""
        if call.closed:
            return
        elapsed = perf_counter() - call.started
        call.closed = True
        if not call.answered:
            self.answered(call)
        try:
            self._in_progress(-1, -1)
            if call.series is not None:
                self._measure(call, call.series, elapsed)
                if call.received:
                    self._measure_body(call)
            if self.sql is not None:
                self._count_sql(self.sql, call)
            if self.cache is not None:
                self._count_cache(self.cache, call)
        except Exception:
            caught("request")
        finally:
            call.scope = None

    def failed(self, call: Call, error: BaseException) -> None:
        """An exception left the application; one that merely ends a task or the process is no failure."""
        if not isinstance(error, Exception):
            return
        try:
            self.metrics.exceptions.labels(call.handler, self.exceptions(type(error).__name__)).inc()
        except Exception:
            caught("request")

    def _handler(self, call: Call) -> str:
        if call.scope is None:
            return UNMATCHED
        try:
            handler = self.routes.template(call.scope, call.root_path)
        except Exception:
            caught("request")
            return UNMATCHED
        known = self.handlers.known
        return handler if handler in known or handler == UNMATCHED else self.handlers(handler)

    def _measure(self, call: Call, series: Series, elapsed: float) -> None:
        series.observe(elapsed)
        wire = 0 if call.method == "HEAD" else call.wire  # the server drops a body that answers HEAD
        self._observe_size(wire)
        if not wire:
            return
        if series.sent is None:
            counters = (self.metrics.wire_bytes, self.metrics.raw_bytes)
            series.sent = pair_adder(*(each.labels(call.handler, call.encoding) for each in counters))
        compressed = call.encoding != "identity" and call.raw
        series.sent(wire, call.raw if compressed else wire)

    def _measure_body(self, call: Call) -> None:
        observe = self._request_size.get(call.handler)
        if observe is None:
            observe = observer(self.metrics.request_size.labels(call.handler))
            self._request_size[call.handler] = observe
        observe(call.received)

    def _count_sql(self, metrics: SqlMetrics, call: Call) -> None:
        children = self._sql.get(call.handler)
        if children is None:
            children = self._sql[call.handler] = _Sql(metrics, call.handler)
        children.queries(call.queries)
        if call.pool_seconds:
            children.pool_seconds(call.pool_seconds)
        if call.queries:
            children.seconds(call.db_seconds)
            if call.repeats >= self.nplusone_threshold:
                if children.repeats is None:
                    children.repeats = observer(metrics.nplusone_repeats.labels(call.handler))
                children.nplusone(1)
                children.repeats(call.repeats)

    def _count_cache(self, metrics: CacheClientMetrics, call: Call) -> None:
        add = self._cache_seconds.get(call.handler)
        if add is None:
            add = self._cache_seconds[call.handler] = adder(metrics.request_seconds.labels(call.handler))
        if call.cache_seconds:
            add(call.cache_seconds)
