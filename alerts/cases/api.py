"""Cases of the rules in `alerts.rules.api`."""

from __future__ import annotations

from alerts.cases.common import (
    ANSWERING,
    FIFTEEN,
    HALF,
    HALF_SILENT,
    HEALTH,
    LIST,
    MOSTLY_SILENT,
    NO_ANSWER,
    NOWHERE,
    PG_SERVERS,
    REDIS_UP,
    WORKERS,
)
from alerts.proof.model import Case, Held
from alerts.proof.series import PHASE, counter, gauge, histogram
from alerts.rules import api
from exporters.catalogue import api as api_metrics
from exporters.catalogue import external, postgres, redis
from signals.idioms import DAY
from signals.numbers import SECONDS, spoken
from signals.objectives import AVERAGE, P95

# The bound above the objective's.
SLOWER = min(bound for bound in api_metrics.REQUEST_DURATION.buckets if bound > P95.value)
# 67 requests per second.
BUSY = counter(api_metrics.REQUESTS, 1000, 1000, 1000, 1000, status="200", **LIST)
# As many again, of which none may count.
SCANNED = counter(api_metrics.REQUESTS, 1000, 1000, 1000, 1000, status="404", **NOWHERE)
SCANNED_FAST = histogram(api_metrics.REQUEST_DURATION, NOWHERE, *[{0.01: 10000}] * 4)
# What is enough to be noticed; each series is one more in the tests that play all cases at once.
SCANNED_TOP = tuple(each for each in SCANNED_FAST if each.labels.get("le") == "+Inf")
SCANNED_MEAN = tuple(each for each in SCANNED_FAST if "le" not in each.labels)
HANDLER = {"handler": LIST["handler"]}
# Its first one makes the series.
ONCE = (1, *[0] * (PHASE - 1))
ANOTHER = {"instance": "api-2:9000"}
SECOND_URL = "https://api.example.com/health"
NO_HEALTH = "The application has answered no health check (api-health) for 1 min, or only now and then."
NO_HEALTH_HERE = (
    "The application has answered no health check at http://api:8000/health (api-health) for 5 min, "
    "or only now and then."
)
BUSY_NAME = api_metrics.REQUESTS.name
SERVED = (WORKERS, ANSWERING, *PG_SERVERS, REDIS_UP)
SLOW_HELD = (
    Held(why="too few requests", guard=api.ENOUGH_TRAFFIC, levels={BUSY_NAME: FIFTEEN}),
    Held(why="it is down", guard=api.ANSWERS, levels=NO_ANSWER),
    Held(why="its metrics are no longer scraped", guard=api.ANSWERS, levels={api_metrics.WORKERS.name: None}),
    Held(why="PostgreSQL is down", guard=api.SERVERS_ANSWER, levels={postgres.UP.name: 0}),
    Held(why="Redis is down", guard=api.SERVERS_ANSWER, levels={redis.UP.name: 0}),
)

CASES = (
    Case(
        alert=api.API_DOWN,
        # One message, however many URLs there are; one that answers is enough.
        series=(
            gauge(external.PROBE_SUCCESS, 1, 0, 0, 1),
            gauge(external.PROBE_SUCCESS, 1, 1, 0, 1, instance=SECOND_URL),
        ),
        labels={"job": HEALTH["job"]},
        summary=NO_HEALTH,
    ),
    Case(
        alert=api.API_DOWN,
        name="most of the time",
        series=(
            gauge(external.PROBE_SUCCESS, 1, HALF_SILENT, MOSTLY_SILENT, 1),
            gauge(external.PROBE_SUCCESS, 1, HALF_SILENT, 0, 1, instance=SECOND_URL),
        ),
        labels={"job": HEALTH["job"]},
        summary=NO_HEALTH,
    ),
    Case(
        alert=api.API_PARTLY_DOWN,
        series=(
            gauge(external.PROBE_SUCCESS, 1, 1, 0, 1),
            gauge(external.PROBE_SUCCESS, 1, 1, 1, 1, instance=SECOND_URL),
        ),
        labels=HEALTH,
        summary=NO_HEALTH_HERE,
        held=(Held(why="ApiDown speaks", guard=api.ANSWERS_ELSEWHERE, levels=NO_ANSWER),),
    ),
    Case(
        alert=api.API_PARTLY_DOWN,
        name="most of the time",
        series=(
            gauge(external.PROBE_SUCCESS, 1, HALF_SILENT, MOSTLY_SILENT, 1),
            gauge(external.PROBE_SUCCESS, 1, 1, 1, 1, instance=SECOND_URL),
        ),
        labels=HEALTH,
        summary=NO_HEALTH_HERE,
        held=(Held(why="ApiDown speaks", guard=api.ANSWERS_ELSEWHERE, levels=NO_ANSWER),),
    ),
    Case(
        alert=api.API_LATENCY_P95_HIGH,
        series=(
            BUSY,
            *SERVED,
            SCANNED,
            *SCANNED_TOP,
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
        held=SLOW_HELD,
    ),
    Case(
        alert=api.API_LATENCY_AVERAGE_HIGH,
        series=(
            BUSY,
            *SERVED,
            SCANNED,
            *SCANNED_MEAN,
            *histogram(
                api_metrics.REQUEST_DURATION,
                LIST,
                *[{AVERAGE.value: 1000}] * 4,
                total=(30, 59.9, 63, 30),
            ),
        ),
        labels={"job": "api"},
        summary="api takes 63ms per request on average, above 60 ms.",
        held=SLOW_HELD,
    ),
    Case(
        alert=api.API_EXCEPTION_NEW,
        series=(
            BUSY,
            counter(api_metrics.EXCEPTIONS, HALF, HALF, HALF, HALF, exception="KeyError", **HANDLER),
            # Of two hosts, in one endpoint.
            counter(api_metrics.EXCEPTIONS, None, None, ONCE, None, exception="ValueError", **HANDLER),
            counter(
                api_metrics.EXCEPTIONS, None, None, ONCE, None, exception="ValueError", **HANDLER, **ANOTHER
            ),
        ),
        labels={"job": "api", "exception": "ValueError"},
        summary="api raises ValueError, which was not there the week before; endpoints that do: 1.",
        held=(Held(why="no history", guard=api.TWO_DAYS_OLD, levels={}),),
        # The day before the last one: longer ago than all of the fault, and yet within the case.
        spans={DAY / 2: 600, DAY: 2760, 2 * DAY: 5100, 7 * DAY: 2760},
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
)
