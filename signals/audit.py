"""Signals of the scorecard: the audit's targets, and the recordings that remember where things stood.

"Reduced by" compares now with the worst quarter of an hour on record, of the same endpoint. It is recorded
again and again for as long as Prometheus runs, so it outlives the retention; a day's pause forgets it.
"""

from __future__ import annotations

from dataclasses import replace

from exporters.catalogue import api, external, postgres_objects
from exporters.catalogue import redis as redis_metrics
from exporters.catalogue.labels import JOB
from signals import api as api_signals
from signals import api_cost, objectives
from signals import redis as redis_signals
from signals.idioms import DAY, grouping, mean, promql, rate, ratio, select, span, value
from signals.model import Recording, Signal, recorded
from signals.numbers import Objective, Unit
from signals.promql import Query

QUARTER = 900
# Samples that a quarter needs to count: the first request after a start is slow, and says nothing.
ENOUGH = 5
RECORD = span(30 * DAY)

REQUESTS_WITHIN_P95 = recorded(
    "job:http_requests_within_p95:rate5m",
    "Requests per second while p95 held its objective.",
    promql(
        "{rate} and {p95} <= <number:p95>",
        objectives.P95,
        rate=rate(api.REQUESTS),
        p95=api_signals.LATENCY_P95.query,
    ),
)
REQUESTS = recorded("job:http_requests:rate5m", "Requests per second.", api_signals.REQUEST_RATE.query)
HANDLER_SECONDS = recorded(
    "handler:http_request_duration_seconds:mean5m",
    "Mean response time by endpoint.",
    api_signals.HANDLER_AVERAGE.query,
    labels=(api.HANDLER,),
)
HANDLER_QUERIES = recorded(
    "handler:db_queries_per_request:mean5m",
    "Mean SQL statements per request by endpoint.",
    api_cost.HANDLER_QUERIES.query,
    labels=(api.HANDLER,),
)
RESPONSE_BYTES = recorded(
    "job:http_response_wire_bytes:mean5m",
    "Mean bytes sent per response.",
    ratio(rate(api.RESPONSE_WIRE_BYTES), rate(api.REQUESTS)),
)


def worst_quarter(name: str, help: str, of: Recording) -> Recording:
    """The highest mean of a quarter of an hour of another recording, remembered by reading itself."""
    names = tuple(label.name for label in of.metric.labels)
    kept = recorded(name, help, of.query, labels=tuple(each for each in of.metric.labels if each is not JOB))
    by = grouping(names)
    quarter = f"{select(of.metric)}[{span(QUARTER)}]"
    mean_now = f"max by {by} (avg_over_time({quarter}) and count_over_time({quarter}) >= {ENOUGH})"
    before = f"max by {by} (last_over_time({select(kept.metric)}[{span(DAY)}]))"
    text = f"({mean_now} > {before}) or {before} or {mean_now}"
    return replace(kept, query=Query(text, (of.metric, kept.metric), (), names))


WORST_SECONDS = worst_quarter(
    "handler:http_request_duration_seconds:worst15m",
    "Mean response time by endpoint, in the worst quarter of an hour on record.",
    HANDLER_SECONDS,
)
WORST_QUERIES = worst_quarter(
    "handler:db_queries_per_request:worst15m",
    "Mean SQL statements per request by endpoint, in the worst quarter of an hour on record.",
    HANDLER_QUERIES,
)
WORST_BYTES = worst_quarter(
    "job:http_response_wire_bytes:worst15m",
    "Mean bytes sent per response, in the worst quarter of an hour on record.",
    RESPONSE_BYTES,
)
RECORDINGS: tuple[Recording, ...] = (
    REQUESTS,
    REQUESTS_WITHIN_P95,
    HANDLER_SECONDS,
    HANDLER_QUERIES,
    RESPONSE_BYTES,
    WORST_SECONDS,
    WORST_QUERIES,
    WORST_BYTES,
)


def best_on_record(recording: Recording) -> Query:
    """The highest recorded value within the retention."""
    names = ("job",)
    text = f"max by {grouping(names)} (max_over_time({select(recording.metric)}[{RECORD}]))"
    return Query(text, (recording.metric,), (), names)


def reduced(now: Recording, worst: Recording, objective: Objective) -> Query:
    """1 minus now by the worst on record; no sample before anything was recorded."""
    names = tuple(label.name for label in now.metric.labels)

    def selected(recording: Recording) -> str:
        selector = select(recording.metric, objective=objective if objective.where else None)
        return f"max by {grouping(names)} ({selector})"

    text = f"1 - {selected(now)} / ({selected(worst)} > 0)"
    return Query(text, (now.metric, worst.metric), (objective,), names)


def row(
    objective: Objective,
    query: Query,
    *,
    why: str,
    act: str,
    reached: Query | None = None,
    unit: Unit | None = None,
) -> Signal:
    """A row of the scorecard."""
    return Signal(
        title=objective.title,
        why=why,
        act=act,
        query=query,
        unit=unit or objective.unit,
        objective=objective,
        legend=objective.title,
        reached=reached,
    )


def present(query: Query) -> Query:
    """1 if the query has any sample, else 0."""
    return Query(
        f"count by (<by:>) ({query.text}) > bool 0 or 0 * count by (<by:>) ({select(external.UP)})",
        (*query.metrics, external.UP),
        query.numbers,
        (),
    )


AVERAGE = row(
    objectives.AVERAGE,
    api_signals.LATENCY_AVERAGE.query,
    why="Mean response time within the window.",
    act="See the API board: which endpoint, and whether its time goes to the database.",
)
P95 = row(
    objectives.P95,
    api_signals.LATENCY_P95.query,
    why="19 of 20 requests finish faster than this.",
    act="See the API board: which endpoint, and whether its time goes to the database.",
)
DASHBOARD_TIME = row(
    objectives.DASHBOARD_TIME,
    mean(api.REQUEST_DURATION, objective=objectives.DASHBOARD_TIME),
    why="Mean response time of the dashboard's endpoint.",
    act="Load the related rows eagerly, then cache the result for five minutes.",
)
THROUGHPUT = row(
    objectives.THROUGHPUT,
    best_on_record(REQUESTS_WITHIN_P95),
    why="The highest rate within the retention at which p95 still held. Unknown, not missed, while no such "
    "load was offered.",
    act="Offer the load in a test; if p95 breaks before, look at what fills up first on the overview.",
    reached=promql(
        "(1 + 0 * ({best} >= <number:throughput>)) or 0 * ({offered} >= <number:throughput>)",
        objectives.THROUGHPUT,
        best=best_on_record(REQUESTS_WITHIN_P95),
        offered=best_on_record(REQUESTS),
    ),
)
QUERIES = row(
    objectives.QUERIES,
    api_cost.QUERIES_PER_REQUEST.query,
    why="Mean SQL statements per request.",
    act="See queries per request by endpoint on the API board.",
)
NPLUSONE = row(
    objectives.NPLUSONE,
    rate(api.NPLUSONE_REQUESTS),
    why="Requests per second that executed one statement five times or more.",
    act="The API board names the endpoint.",
)
DASHBOARD_CACHE = row(
    objectives.DASHBOARD_CACHE,
    ratio(
        rate(api.CACHE_REQUESTS, api.RESULT.eq("hit"), objective=objectives.DASHBOARD_CACHE),
        rate(api.CACHE_REQUESTS, api.RESULT.re("hit|miss"), objective=objectives.DASHBOARD_CACHE),
    ),
    why="Hits of the dashboard's cache prefix, of the calls that asked the cache.",
    act="Is the endpoint cached, and for longer than the pause between two calls?",
)
CACHE = row(
    objectives.CACHE,
    ratio(
        rate(api.CACHE_REQUESTS, api.RESULT.eq("hit")), rate(api.CACHE_REQUESTS, api.RESULT.re("hit|miss"))
    ),
    why="Hits of all cached functions, of the calls that asked the cache.",
    act="See the hit ratio by prefix on the API board.",
)
PAYLOAD = row(
    objectives.PAYLOAD,
    reduced(RESPONSE_BYTES, WORST_BYTES, objectives.PAYLOAD),
    why="Mean bytes sent per response now, against the worst quarter of an hour on record.",
    act="Compress, page long lists, and send only the fields that are shown.",
)
BANDWIDTH = row(
    objectives.BANDWIDTH,
    api_cost.COMPRESSION.query,
    why="Share of response bytes that compression keeps off the wire.",
    act="Add GZipMiddleware(minimum_size=1000).",
)
DASHBOARD_CALLS = row(
    objectives.DASHBOARD_CALLS,
    reduced(HANDLER_QUERIES, WORST_QUERIES, objectives.DASHBOARD_CALLS),
    why="SQL statements per request of the dashboard now, against the worst quarter of an hour on record.",
    act="Cache the dashboard's result.",
)
PAYROLL = row(
    objectives.PAYROLL,
    reduced(HANDLER_SECONDS, WORST_SECONDS, objectives.PAYROLL),
    why="Mean time of a batch payroll now, against the worst quarter of an hour on record.",
    act="Load all salaries of the batch with one statement.",
)
FILTERING = row(
    objectives.FILTERING,
    reduced(HANDLER_SECONDS, WORST_SECONDS, objectives.FILTERING),
    why="Mean time of the filtered list now, against the worst quarter of an hour on record. "
    "Half the time is twice as fast.",
    act="Create the expected indexes.",
)
INDEXES = row(
    objectives.INDEXES,
    value(postgres_objects.EXPECTED_COVERED, over="avg"),
    why="Share of the expected indexes that exist and are valid, or are covered by another.",
    act="The PostgreSQL board names those that are missing.",
)
REDIS_MEMORY = row(
    objectives.REDIS_MEMORY,
    redis_signals.MEMORY_LIMIT.query,
    why="maxmemory of Redis.",
    act="Raise maxmemory to {number:redis_memory} with CONFIG SET, and in redis.conf.",
)
BOARDS_LIVE = row(
    objectives.BOARDS_LIVE,
    Query(f"min by (<by:>) (last_over_time({select(external.UP)}[{span(30)}]))", (external.UP,), (), ()),
    why="Whether every target that feeds the boards answers.",
    act="See the targets on the overview.",
)
SLOW_QUERIES_LIVE = row(
    objectives.SLOW_QUERIES_LIVE,
    present(value(postgres_objects.STATEMENT_CALLS, over="count")),
    why="Whether statistics of statements arrive, which the slow-query alert reads.",
    act="Install pg_stat_statements: shared_preload_libraries, then CREATE EXTENSION.",
)
EVICTIONS_LIVE = row(
    objectives.EVICTIONS_LIVE,
    present(value(redis_metrics.EVICTED, over="count")),
    why="Whether eviction counts arrive, which the eviction alert reads.",
    act="Does the exporter reach Redis?",
)
POOL_LIVE = row(
    objectives.POOL_LIVE,
    present(value(api.POOL_MAX, over="count")),
    why="Whether pool figures arrive, which the pool alerts read.",
    act="Give `instrument` the engine.",
)
