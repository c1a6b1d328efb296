"""The catalogue's `api.*` metrics as prometheus-client objects, made once a process when first needed."""

from __future__ import annotations

import functools
import logging
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import prometheus_client
from prometheus_client import CollectorRegistry, values
from prometheus_client.metrics_core import Metric as Family

from exporters import catalogue
from exporters.api.cells import Cell, cell_class
from exporters.api.slots import DIRECTORY_VARIABLE, multiprocess_directory, slot_identity
from exporters.catalogue import api

log = logging.getLogger("exporters.api")

# SQLAlchemy's own, then those of DB-API; what no error has yet been of starts at 0.
ERROR_CLASSES = (
    "StatementError",
    "DBAPIError",
    "InterfaceError",
    "DatabaseError",
    "DataError",
    "OperationalError",
    "IntegrityError",
    "InternalError",
    "ProgrammingError",
    "NotSupportedError",
)


class HttpMetrics:
    """What requests leave behind."""

    def __init__(self) -> None:
        self.requests = _counter(api.REQUESTS)
        self.duration = _histogram(api.REQUEST_DURATION)
        self.in_progress = _gauge(api.REQUESTS_IN_PROGRESS)
        self.worker_in_progress = _gauge(api.WORKER_REQUESTS_IN_PROGRESS, mode="livemax")
        self.exceptions = _counter(api.EXCEPTIONS)
        self.request_size = _histogram(api.REQUEST_SIZE)
        self.response_size = _histogram(api.RESPONSE_SIZE)
        self.wire_bytes = _counter(api.RESPONSE_WIRE_BYTES)
        self.raw_bytes = _counter(api.RESPONSE_RAW_BYTES)


class SqlMetrics:
    """What statements and pools leave behind; every closed set of labels starts at 0."""

    def __init__(self) -> None:
        self.queries_per_request = _histogram(api.QUERIES_PER_REQUEST)
        self.request_seconds = _counter(api.REQUEST_DB_SECONDS)
        self.pool_seconds = _counter(api.REQUEST_POOL_SECONDS)
        self.nplusone = _counter(api.NPLUSONE_REQUESTS)
        self.nplusone_repeats = _histogram(api.NPLUSONE_REPEATS)
        self.duration = _histogram(api.QUERY_DURATION)
        self.errors = _counter(api.QUERY_ERRORS)
        self.unattributed = _counter(api.QUERIES_UNATTRIBUTED)
        self.connections = _gauge(api.POOL_CONNECTIONS)
        self.max = _gauge(api.POOL_MAX)
        self.overflow = _gauge(api.POOL_OVERFLOW)
        self.pending = _gauge(api.POOL_PENDING)
        self.utilization = _gauge(api.POOL_WORKER_UTILIZATION, mode="livemax")
        self.wait = _histogram(api.POOL_WAIT)
        self.use = _histogram(api.POOL_USE)
        self.create = _histogram(api.POOL_CREATE)
        self.timeouts = _counter(api.POOL_TIMEOUTS)
        for name in ERROR_CLASSES:
            self.errors.labels(name)


class CacheMetrics:
    """What cached functions leave behind."""

    def __init__(self) -> None:
        self.requests = _counter(api.CACHE_REQUESTS)


class CacheClientMetrics:
    """What requests wait for the cache's server; made only where its client is known."""

    def __init__(self) -> None:
        self.request_seconds = _counter(api.REQUEST_CACHE_SECONDS)


class ProcessMetrics:
    """What the worker process says of itself."""

    def __init__(self) -> None:
        self.workers = _gauge(api.WORKERS)
        self.start_time = _gauge(api.START_TIME, mode="livemax")
        self.info = _gauge(api.APP_INFO, mode="livemax")
        self.errors = _counter(api.INSTRUMENTATION_ERRORS)
        for site in api.SITE.values:
            self.errors.labels(site)


class LoopMetrics:
    """What the event loop of a worker says of itself; other loops than asyncio's say nothing."""

    def __init__(self) -> None:
        self.lag = _gauge(api.EVENT_LOOP_LAG, mode="livemax")
        # Taken, of how many, and who waits for one.
        self.threads = tuple(
            _gauge(each) for each in (api.THREADS_USED, api.THREADS_LIMIT, api.THREADS_WAITING)
        )

    def write(self, lag: float, seen: float) -> None:
        """Say how late it was, and, where the page is made from files, when it last ran.

        Args:
            lag: in seconds.
            seen: on the monotonic clock.
        """
        cell = getattr(self.lag, "_value", None)
        if isinstance(cell, Cell):
            cell.set(lag, seen)
        else:
            self.lag.set(lag)


class WorkersMetrics:
    """What is known of the workers beforehand; made only where it is known."""

    def __init__(self) -> None:
        self.configured = _gauge(api.WORKERS_CONFIGURED, mode="livemax")


http_metrics = functools.cache(HttpMetrics)
sql_metrics = functools.cache(SqlMetrics)
cache_metrics = functools.cache(CacheMetrics)
cache_client_metrics = functools.cache(CacheClientMetrics)
process_metrics = functools.cache(ProcessMetrics)
loop_metrics = functools.cache(LoopMetrics)
workers_metrics = functools.cache(WorkersMetrics)


@functools.cache
def registry() -> CollectorRegistry | None:
    """Where the metrics of a lone process live; None where workers share a directory of files.

    A registry of our own: another library may have metrics of the same names in the default one. In a shared
    directory they would still be added up with ours, of which `warn_of_namesakes` tells.

    Raises:
        InstrumentationError: the directory cannot be used.
    """
    directory = multiprocess_directory()
    if directory is None:
        return CollectorRegistry()
    # Before the first metric is made: each file is named after the slot, not after the process id.
    values.ValueClass = cell_class(directory, slot_identity(directory))
    return None


def warn_of_namesakes() -> None:
    """Log an error if other metrics of this process bear our names and go to the same files."""
    if multiprocess_directory() is None or NAMESAKES in logged:
        return
    # It has no public name; registering a double to see it refused would disturb a scrape.
    theirs = getattr(prometheus_client.REGISTRY, "_names_to_collectors", {})
    ours = {name for metric in catalogue.metrics_of(api) for name in (metric.name, *metric.series)}
    shared = sorted(ours.intersection(theirs))
    if shared:
        logged.add(NAMESAKES)
        log.error(
            "prometheus_client.REGISTRY has %s too, and %s adds up what is counted twice; take the other "
            "instrumentation out, or give its metrics a namespace",
            ", ".join(shared),
            DIRECTORY_VARIABLE,
        )


def caught(site: str) -> None:
    """Count an error of our own, and log the first of a site with its traceback; never raises."""
    try:
        errors = process_metrics().errors.labels(site)
        errors.inc()
        if site not in logged:
            logged.add(site)
            log.warning(
                "instrumentation failed (site %s); the application is not affected", site, exc_info=True
            )
    except Exception:  # nothing is left to tell it with, and the application must go on
        log.debug("instrumentation failed (site %s)", site, exc_info=True)


logged: set[str] = set()
NAMESAKES = "namesakes"


def adder(child: prometheus_client.Counter | prometheus_client.Gauge) -> Callable[[float], None]:
    """What adds to a child; without the client's checks of labels and sign, which cost more than adding."""
    add: Callable[[float], None] = getattr(getattr(child, "_value", None), "inc", child.inc)
    return add


def pair_adder(
    one: prometheus_client.Counter | prometheus_client.Gauge,
    other: prometheus_client.Counter | prometheus_client.Gauge,
) -> Callable[[float, float], None]:
    """What adds to two children, likewise."""
    first, second = getattr(one, "_value", None), getattr(other, "_value", None)
    if isinstance(first, Cell) and isinstance(second, Cell):
        return lambda amount, more: first.inc_with(amount, second, more)
    add, add_more = adder(one), adder(other)

    def add_both(amount: float, more: float) -> None:
        add(amount)
        add_more(more)

    return add_both


def observer(child: prometheus_client.Histogram) -> Callable[[float], None]:
    """What observes in a child, likewise; a client that is built otherwise is asked in the usual way."""
    try:
        bounds: Sequence[float] = child._upper_bounds
        total, buckets = child._sum, child._buckets
        add_to_total, add_to_bucket = total.inc, [bucket.inc for bucket in buckets]
    except AttributeError:
        return child.observe

    def observe(amount: float) -> None:
        add_to_total(amount)
        add_to_bucket[bisect_left(bounds, amount)](1)

    def observe_at_once(amount: float) -> None:
        total.inc_with(amount, buckets[bisect_left(bounds, amount)], 1)

    return observe_at_once if isinstance(total, Cell) else observe


class WithoutCreated:
    """A view on a registry that leaves out `_created` series, which nobody declared."""

    def __init__(self, source: CollectorRegistry) -> None:
        self.source = source

    def collect(self) -> Iterator[Family]:
        """The families with samples."""
        for family in self.source.collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            if family.samples:
                yield family


def _counter(metric: catalogue.Counter) -> prometheus_client.Counter:
    return prometheus_client.Counter(metric.name, metric.help, _labels(metric), registry=registry())


def _gauge(
    metric: catalogue.Gauge | catalogue.Info, *, mode: Literal["livesum", "livemax"] = "livesum"
) -> prometheus_client.Gauge:
    return prometheus_client.Gauge(
        metric.name, metric.help, _labels(metric), registry=registry(), multiprocess_mode=mode
    )


def _histogram(metric: catalogue.Histogram) -> prometheus_client.Histogram:
    return prometheus_client.Histogram(
        metric.name, metric.help, _labels(metric), registry=registry(), buckets=metric.buckets
    )


def _labels(metric: catalogue.Metric) -> tuple[str, ...]:
    return tuple(label.name for label in metric.labels)
