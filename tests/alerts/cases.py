"""Each rule's case: the backend in four phases, the message of the fault, and what each guard holds back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.model import Alert
from alerts.rules import api, pool, postgres, redis, telemetry
from exporters.catalogue import api as api_metrics
from exporters.catalogue import external
from exporters.catalogue import postgres as pg_metrics
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue import redis as redis_metrics
from signals.numbers import SECONDS, spoken
from signals.objectives import P95
from signals.promql import Query
from tests.alerts.timeline import INSTANCES, Level, Series, counter, gauge, histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The fault with one series at another level: the rule must stay silent.

    Attributes:
        why: what holds it back, in words.
        guard: which guard; None where the signal itself does.
        levels: by the sample names that change.
        at: when to look, in minutes; by then the rule would have fired.
    """

    why: str
    guard: Query | None
    levels: Mapping[str, Level]
    at: int = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A rule's case.

    Attributes:
        alert: the rule.
        name: of the case, where a rule has several.
        series: what is scraped.
        labels: of the alert that fires, beyond severity, service and the identity.
        summary: of its message, word for word.
        held: what must hold it back.
        nudge: by how much of its limit the limit is moved in a mutation; the case must notice.
    """

    alert: Alert
    name: str = ""
    series: tuple[Series, ...] = ()
    labels: Mapping[str, str]
    summary: str
    held: tuple[Held, ...] = ()
    nudge: float = 0.1


EXPORTER = {"job": "exporter", "instance": INSTANCES["exporter"]}
HEALTH = {"job": "api-health", "instance": INSTANCES["api-health"]}
LIST = {"method": "GET", "handler": "/api/employees"}
# The bound above the objective's.
SLOWER = min(bound for bound in api_metrics.REQUEST_DURATION.buckets if bound > P95.value)
# 67 requests per second.
BUSY = counter(api_metrics.REQUESTS, 1000, 1000, 1000, 1000, status="200", **LIST)
BUSY_NAME = api_metrics.REQUESTS.name
# Fifteen in a step of 15.001 seconds: just below one per second.
FIFTEEN = 15
HALF = (1, 0)
FIVE_OF_TWELVE = (0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0)
ROLE = {"datname": "backend", "usename": "app", "application_name": "api"}
STATEMENT = {"user": "app", "datname": "backend", "queryid": "-42"}
INDEX = {"index": "idx_employees_factory", "table": "employees"}
PG_UP = gauge(pg_metrics.UP, 1, 1, 1, 1)
REDIS_UP = gauge(redis_metrics.UP, 1, 1, 1, 1)


def limits(maximum: float) -> tuple[Series, ...]:
    """PostgreSQL's limits on connections."""
    return (
        gauge(pg_metrics.SETTING_MAX_CONNECTIONS, maximum, maximum, maximum, maximum),
        gauge(pg_metrics.SETTING_SUPERUSER_RESERVED, 3, 3, 3, 3),
        gauge(pg_metrics.SETTING_RESERVED, 0, 0, 0, 0),
    )


CASES = (
    Case(
        alert=api.API_DOWN,
        series=(gauge(external.PROBE_SUCCESS, 1, 1, 0, 1),),
        labels=HEALTH,
        summary="http://api:8000/health has not answered its health check for 1 min.",
    ),
    Case(
        alert=api.API_ERROR_RATIO_HIGH,
        series=(
            counter(api_metrics.REQUESTS, 15000, 14851, 14840, 15000, status="200", **LIST),
            counter(api_metrics.REQUESTS, 0, 149, 160, 0, status="503", **LIST),
        ),
        labels={"job": "api"},
        summary="1.067% of requests to api fail, above 1 %.",
        held=(Held(why="too few requests", guard=api.ENOUGH_TRAFFIC, levels={BUSY_NAME: 7.5}),),
    ),
    Case(
        alert=api.API_LATENCY_P95_HIGH,
        series=(
            BUSY,
            *histogram(
                api_metrics.REQUEST_DURATION,
                LIST,
                {0.06: 10000},
                {P95.value: 9501, SLOWER: 499},
                {P95.value: 9490, SLOWER: 510},
                {0.06: 10000},
            ),
        ),
        labels={"job": "api"},
        # Of the 510 slower ones ten are among the first 95 %.
        summary=f"p95 of api is {1000 * (P95.value + (SLOWER - P95.value) * 10 / 510):.4g}ms, "
        f"above {spoken(P95.value, SECONDS)}.",
        held=(Held(why="too few requests", guard=api.ENOUGH_TRAFFIC, levels={BUSY_NAME: FIFTEEN}),),
    ),
    Case(
        alert=api.API_QUERIES_PER_REQUEST_HIGH,
        series=histogram(
            api_metrics.QUERIES_PER_REQUEST,
            {"handler": "/api/dashboard/admin"},
            {3: 15},
            {13: 15},
            {13: 15},
            {3: 15},
            total=(45, 149, 160, 45),
        ),
        labels={"job": "api", "handler": "/api/dashboard/admin"},
        summary="/api/dashboard/admin of api runs 10.67 statements per request, above 10.",
        held=(
            Held(
                why="too few calls of the endpoint",
                guard=api.ENOUGH_HANDLER_TRAFFIC,
                levels={
                    f"{api_metrics.QUERIES_PER_REQUEST.name}_count": 3,
                    f"{api_metrics.QUERIES_PER_REQUEST.name}_sum": 48,
                },
            ),
        ),
    ),
    Case(
        alert=pool.DB_POOL_TIMEOUTS,
        # One in five minutes.
        series=(counter(api_metrics.POOL_TIMEOUTS, 0, 0, (1, *[0] * 18), 0, pool="default"),),
        labels={"job": "api", "pool": "default"},
        summary="About 1.053 callers of pool default of api gave up waiting for a connection within 5 min.",
    ),
    Case(
        alert=pool.DB_POOL_CEILING_ABOVE_SERVER,
        series=(gauge(api_metrics.POOL_MAX, 60, 97, 102, 60, pool="default"), *limits(100)),
        labels={},
        summary="The pools may open 105.2% of the connections that PostgreSQL gives.",
    ),
    Case(
        alert=postgres.POSTGRES_DOWN,
        series=(gauge(pg_metrics.UP, 1, 1, 0, 1),),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 has not answered for 1 min.",
    ),
    Case(
        alert=postgres.POSTGRES_CONNECTIONS_HIGH,
        series=(
            gauge(pg_metrics.ACTIVITY, 5, 10, 15, 5, state="active", **ROLE),
            gauge(pg_metrics.ACTIVITY, 20, 70, 70, 20, state="idle", **ROLE),
            *limits(103),
        ),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 has 85% of its connections in use, above 80 %.",
    ),
    Case(
        alert=postgres.POSTGRES_SLOW_QUERIES,
        series=(
            PG_UP,
            counter(objects.STATEMENT_CALLS, 150, 150, 150, 150, **STATEMENT),
            counter(objects.STATEMENT_SECONDS, 1, 74.9, 78, 1, **STATEMENT),
        ),
        labels={**EXPORTER, "datname": "backend", "queryid": "-42"},
        summary="Statement -42 in backend takes 520ms on average, above 500 ms.",
        held=(
            Held(why="PostgreSQL is down", guard=postgres.ANSWERS, levels={pg_metrics.UP.name: 0}),
            Held(
                why="called less than once in twenty seconds",
                guard=None,
                levels={objects.STATEMENT_CALLS.name: HALF, objects.STATEMENT_SECONDS.name: 5},
            ),
        ),
    ),
    Case(
        alert=postgres.EXPECTED_INDEX_MISSING,
        series=(gauge(objects.EXPECTED_COVERED, 1, 1, 0, 1, **INDEX),),
        labels={**EXPORTER, **INDEX},
        summary="No valid index serves the columns of idx_employees_factory on employees.",
    ),
    Case(
        alert=redis.REDIS_DOWN,
        series=(gauge(redis_metrics.UP, 1, 1, 0, 1),),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 has not answered for 1 min.",
    ),
    Case(
        alert=redis.REDIS_HIT_RATIO_LOW,
        series=(
            REDIS_UP,
            gauge(redis_metrics.START_TIME, -7200, -7200, -7200, -7200),
            counter(redis_metrics.HITS, 19000, 16020, 15800, 19000),
            counter(redis_metrics.MISSES, 1000, 3980, 4200, 1000),
        ),
        labels=EXPORTER,
        summary="79% of look-ups in Redis watched by exporter:10910 find their key, below 80 %.",
        held=(
            Held(
                why="too few look-ups",
                guard=redis.ENOUGH_LOOKUPS,
                levels={redis_metrics.HITS.name: 118, redis_metrics.MISSES.name: 32},
            ),
            # It started at minute 0; without the guard it would fire at minute 10.
            Held(why="a cold cache", guard=redis.WARM, levels={redis_metrics.START_TIME.name: 0}, at=29),
            Held(why="Redis is down", guard=redis.ANSWERS, levels={redis_metrics.UP.name: 0}),
        ),
    ),
    Case(
        alert=redis.REDIS_EVICTIONS_HIGH,
        series=(REDIS_UP, counter(redis_metrics.EVICTED, 0, FIFTEEN, 16, 0)),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 throws away 1.067 keys per second, above 1 per second.",
        held=(Held(why="Redis is down", guard=redis.ANSWERS, levels={redis_metrics.UP.name: 0}),),
    ),
    Case(
        alert=telemetry.TARGET_DOWN,
        series=(gauge(external.UP, 1, HALF, FIVE_OF_TWELVE, 1, job="exporter"),),
        labels=EXPORTER,
        summary="exporter:10910 (exporter) answered 41.67% of its scrapes, below 50 %.",
        nudge=0.2,
    ),
    Case(
        alert=telemetry.TARGET_DOWN,
        name="the application's metrics page alone",
        series=(
            gauge(external.UP, 1, HALF, FIVE_OF_TWELVE, 1, job="api"),
            gauge(external.PROBE_SUCCESS, 1, 1, 1, 1),
        ),
        labels={"job": "api", "instance": INSTANCES["api"]},
        summary="api:9000 (api) answered 41.67% of its scrapes, below 50 %.",
        held=(
            Held(
                why="ApiDown speaks",
                guard=telemetry.NOBODY_ELSE_SPEAKS,
                levels={external.PROBE_SUCCESS.name: 0},
            ),
        ),
        nudge=0.2,
    ),
    Case(
        alert=telemetry.TARGET_DOWN,
        name="the probe itself, which leaves ApiDown without a voice",
        series=(
            gauge(external.UP, 1, HALF, FIVE_OF_TWELVE, 1, job="api-health"),
            gauge(external.PROBE_SUCCESS, 1, 1, None, 1),
        ),
        labels=HEALTH,
        summary="http://api:8000/health (api-health) answered 41.67% of its scrapes, below 50 %.",
        nudge=0.2,
    ),
    Case(alert=telemetry.WATCHDOG, labels={}, summary="Alerting works."),
)
