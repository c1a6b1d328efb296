"""Signals of scrapes in detail: what is down at all, how old each value is, what takes long or much room."""

from __future__ import annotations

from exporters.catalogue import external, self_
from signals.idioms import SERVER_LEVEL, grouping, promql, rate, select, value
from signals.limits import telemetry as limits
from signals.model import Signal
from signals.numbers import COUNT, PER_SECOND, SECONDS
from signals.promql import Query
from signals.telemetry import CACHE_AGE, COLLECTORS, FRESH

NAMES = tuple(label.name for label in SERVER_LEVEL)
FRESH_UP = f"last_over_time({select(external.UP)}[{FRESH}])"

TARGETS_DOWN = Signal(
    title="Targets down",
    why="How many targets did not answer the last scrape.",
    act="See below which; open its page, and Prometheus' page of targets, which shows the error.",
    query=Query(
        f"count by {grouping(())} ({FRESH_UP} == 0) or 0 * count by {grouping(())} ({FRESH_UP})",
        (external.UP,),
    ),
    unit=COUNT,
    objective=limits.TARGETS_DOWN,
    legend="down",
)
COLLECTORS_FAILING = Signal(
    title="Collectors failing",
    why="How many parts of the exporter failed in their last run, of servers that answer.",
    act="See below which; the exporter's log names the code once: a missing right, a lock, or a timeout.",
    query=promql(
        f"count by {grouping(())} ({{collectors}} == 0) or 0 * count by {grouping(())} ({{collectors}})",
        collectors=COLLECTORS.query,
        labels=(),
    ),
    unit=COUNT,
    objective=limits.COLLECTORS_FAILING,
    legend="failing",
)
STALEST = Signal(
    title="Oldest of what is remembered",
    why="Age of the oldest value that the exporter does not ask anew in each scrape, as a share of how often "
    "it should.",
    act="See below whose it is, and in the exporter's log why its runs fail, or how long they take.",
    query=promql(f"max by {grouping(())} ({{ages}})", ages=CACHE_AGE.query, labels=()),
    unit=CACHE_AGE.unit,
    objective=limits.CACHE_AGE,
    legend="oldest",
)
SAMPLE_AGE = Signal(
    title="Scraped ago",
    why="Time since Prometheus last tried to scrape the target, whether it answered or not.",
    good="Below the interval of scrapes, 15 s by default.",
    act="More: Prometheus was blind, or the target is gone from its configuration.",
    query=Query(
        f"time() - max by {grouping(NAMES)} (timestamp({select(external.UP)}))", (external.UP,), (), NAMES
    ),
    unit=SECONDS,
    legend="{{job}} {{instance}}",
)
SERIES_ADDED = Signal(
    title="New series by target",
    why="Series that the last scrape of each target brought for the first time.",
    good="None, but after a start, or where a new endpoint is called.",
    act="Again and again: a label changes its values, such as an identifier; find it among the metrics.",
    query=value(external.SERIES_ADDED, over="max"),
    unit=COUNT,
    legend="{{job}} {{instance}}",
)
COLLECTOR_TIME = Signal(
    title="Time of a collector",
    why="How long the last run of each collector took; a page waits two seconds for all of them.",
    good="Some milliseconds; tens of them for tables, indexes and statements.",
    act="A slow one: many tables or statements, whose number the exporter's configuration caps.",
    query=promql(
        "{postgres} or {redis} or {pgbouncer}",
        postgres=value(self_.COLLECTOR_DURATION, over="max", by=(self_.COLLECTOR,)),
        redis=value(self_.REDIS_COLLECTOR_DURATION, over="max", by=(self_.COLLECTOR,)),
        pgbouncer=value(self_.PGBOUNCER_COLLECTOR_DURATION, over="max", by=(self_.COLLECTOR,)),
    ),
    unit=SECONDS,
    legend="{{instance}} {{collector}}",
)
REMEMBERED = Signal(
    title="Age of each remembered value",
    why="Seconds since the collector last looked. What is not here is asked in every scrape.",
    good="Below {number:cache_renewal}, of sizes below {number:sizes_renewal}: so often it looks anew; of "
    "keys as long as a pass takes too.",
    act="See in the exporter's log why the collector's runs fail.",
    query=value(self_.CACHE_AGE, over="max", by=(self_.COLLECTOR,)),
    unit=SECONDS,
    legend="{{instance}} {{collector}}",
)
CONNECTS = Signal(
    title="Connections of the exporter",
    why="Connections that the exporter opened per second, to servers of each kind, and those that failed.",
    good="About none: it keeps one to each for five minutes.",
    act="Errors: the server is down or refuses the user; the exporter's log says which.",
    query=rate(self_.CONNECTS, by=(self_.BACKEND, self_.CONNECT_RESULT)),
    unit=PER_SECOND,
    legend="{{instance}} {{backend}} {{result}}",
)
EXPORTED = Signal(
    title="Series of the exporter",
    why="Series on the exporter's last page, and on that of each of its targets.",
    good="Steady, below 20 000, beyond which the rest is left out.",
    act="Growing: lower the caps in its configuration.",
    query=value(self_.SERIES, over="max"),
    unit=COUNT,
    legend="{{instance}}",
)
SERIES_BY_METRIC = Signal(
    title="Series",
    why="The 20 metrics that have most series now, of all that Prometheus scrapes and records.",
    good="Histograms by endpoint on top: one series for each bucket, endpoint and method.",
    act="A metric that grew has a label without a bound: count its series by that label, and cap or drop it.",
    query=Query(
        'topk by (<by:>) (20, count by (<by:__name__>) ({<scope:prometheus>,__name__!=""}))',
        (),
        (),
        ("__name__",),
    ),
    unit=COUNT,
    legend="{{__name__}}",
)
