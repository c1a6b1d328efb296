"""Is anything wrong, for whom, since when, and which board next?"""

from __future__ import annotations

from dashboards.model import Board, bars, graph, row, stat, table, timeline
from signals import (
    api,
    api_endpoints,
    api_load,
    api_time,
    components,
    postgres,
    redis,
    saturation,
    telemetry,
    watchers,
)
from signals.levels import AVAILABILITY, LATENCY
from signals.slo import HOUR

NO_TRAFFIC = "no traffic seen"
API, POSTGRES, REDIS, TELEMETRY = "backend-api", "backend-postgres", "backend-redis", "backend-telemetry"
BLIND = "A gap is no answer to the question: whoever asks was down. Since when is where the colour begins."
NO_LAST_WEEK = "Prometheus does not yet know of last week"

BOARD = Board(
    uid="backend-overview",
    title="Overview",
    description="For everybody, first, and on a screen on the wall: is anything wrong, for whom, since when, "
    "and which board to open next. A click on a number opens it.",
    source="",
    anchor=None,
    rows=(
        row(
            "Is anything wrong?",
            stat(
                api.ANSWERS,
                title="Application",
                zero="the application does not answer",
                opens=API,
                moves="stop-api",
            ),
            stat(
                postgres.UP,
                title="PostgreSQL",
                zero="PostgreSQL does not answer",
                opens=POSTGRES,
                moves="stop-postgres",
            ),
            stat(redis.UP, title="Redis", zero="Redis does not answer", opens=REDIS, moves="stop-redis"),
            stat(
                components.FIRING_CRITICAL,
                components.FIRING_WARNINGS,
                title="Alerts",
                zero="none firing",
                no_value="no rules",
                moves="errors",
            ),
            stat(
                AVAILABILITY.kept,
                title="Availability",
                no_value=NO_TRAFFIC,
                zero="every request failed",
                opens=API,
            ),
            stat(api.REQUEST_RATE, no_value=NO_TRAFFIC, trend=True, opens=API),
            stat(
                api.ERROR_RATIO,
                no_value=NO_TRAFFIC,
                zero="no request failed",
                trend=True,
                opens=API,
                moves="errors",
            ),
            stat(
                api.LATENCY_P95,
                title="p95 latency",
                no_value=NO_TRAFFIC,
                trend=True,
                opens=API,
                moves="slow-endpoint",
            ),
        ),
        row(
            "What is it, since when, and where to look next?",
            table(
                "Firing alerts",
                components.FIRING_SINCE,
                key="alertname",
                width=12,
                no_value="none firing, or no rules",
                moves="errors",
            ),
            timeline(
                *components.COMPONENTS,
                title="Components",
                note=BLIND,
                zero="it does not answer",
                moves="stop-exporter",
            ),
        ),
        row(
            "What do users feel, and which of them?",
            graph(api.LATENCY_P95, api.LATENCY_AVERAGE, title="Latency", width=6, moves="slow-endpoint"),
            graph(api.ERROR_RATIO, title="Errors", width=6, zero="no request failed", moves="errors"),
            table(
                "Endpoints that fail or are slow",
                *api_endpoints.SUFFERING,
                key="handler",
                width=12,
                opens=API,
                zero="none failed, none was slow",
            ),
        ),
        row(
            "What fills up, and where does the time go?",
            bars(
                "Saturation",
                *saturation.EVERYTHING,
                zero="nothing is used",
                no_value="of what has no limit there is no share: Redis without maxmemory, no replica's slot",
                moves="hold-connections",
            ),
            graph(
                *api_time.PARTS,
                title="Where request time goes",
                shares=True,
                zero="no request waits for it",
                moves="slow-endpoint",
            ),
        ),
        row(
            "Is the promise kept, and is it a day like others?",
            bars(
                "Error budget left",
                *(level.left.called(level.title) for level in (AVAILABILITY, LATENCY)),
                width=6,
                zero="all of it is spent",
            ),
            graph(
                AVAILABILITY.burns[HOUR],
                LATENCY.burns[HOUR],
                title="Burn rate: errors, slow requests",
                width=9,
                zero="none failed, none was slow",
                moves="errors",
            ),
            graph(
                api.REQUEST_RATE,
                api_load.REQUEST_RATE_LAST_WEEK,
                title="Requests, now and a week ago",
                width=9,
                no_value=NO_LAST_WEEK,
            ),
        ),
        row(
            "Can these numbers be believed?",
            stat(telemetry.REACHABLE, title="Prometheus", opens=TELEMETRY),
            stat(watchers.RULES_LATE, title="Rules late", zero="all were evaluated in time", opens=TELEMETRY),
            timeline(
                telemetry.TARGETS, title="Targets", zero="the target does not answer", moves="stop-exporter"
            ),
            collapsed=True,
        ),
    ),
)
