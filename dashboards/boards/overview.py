"""Is anything wrong, for whom, since when, and which board next?"""

from __future__ import annotations

from dashboards.model import Board, bars, graph, row, stat, table, timeline
from signals import api, api_cost, audit, pool, postgres, redis, telemetry, watchers
from signals.levels import AVAILABILITY, LATENCY
from signals.slo import HOUR

BOARD = Board(
    uid="backend-overview",
    title="Overview",
    description="For everybody, first: do users suffer, what is full, and which board to open next.",
    source="",
    anchor=None,
    rows=(
        row(
            "Is anything wrong?",
            stat(api.ANSWERS, title="Application", zero="the application does not answer", moves="stop-api"),
            stat(postgres.UP, title="PostgreSQL", zero="PostgreSQL does not answer", moves="stop-postgres"),
            stat(redis.UP, title="Redis", zero="Redis does not answer", moves="stop-redis"),
            stat(api.REQUEST_RATE, no_value="no traffic"),
            stat(api.ERROR_RATIO, no_value="no traffic", zero="no request failed", moves="errors"),
            stat(api.LATENCY_P95, title="p95 latency", no_value="no traffic", moves="slow-endpoint"),
            stat(audit.CACHE, title="Cache hits", empty="no cached call", zero="every call missed"),
            stat(
                audit.INDEXES,
                title="Indexes",
                empty="none expected",
                zero="no expected index is there",
                moves="drop-index",
            ),
        ),
        row(
            "What do users feel?",
            graph(api.REQUEST_RATE, title="Requests", width=8),
            graph(api.LATENCY_AVERAGE, api.LATENCY_P95, title="Latency", width=8, moves="slow-endpoint"),
            graph(api.ERROR_RATIO, title="Errors", width=8, zero="no request failed", moves="errors"),
            bars(
                "Error budget left",
                AVAILABILITY.left,
                LATENCY.left,
                zero="all of it is spent",
            ),
            table(
                "Firing alerts",
                telemetry.FIRING,
                key="alertname",
                width=12,
                empty="none firing",
                moves="errors",
            ),
        ),
        row(
            "What fills up?",
            bars(
                "Saturation",
                pool.WORKER_UTILIZATION,
                postgres.CONNECTIONS_SHARE,
                redis.MEMORY_SHARE,
                zero="nothing is used",
                empty="Redis has no maxmemory, of which it could be a share",
                moves="hold-connections",
            ),
            graph(
                api_cost.DATABASE_SHARE,
                title="Where request time goes",
                zero="no request waits for the database",
            ),
        ),
        row(
            "Can these numbers be believed?",
            stat(telemetry.REACHABLE, title="Prometheus"),
            stat(watchers.RULES_AGE, title="Rules evaluated"),
            timeline(
                telemetry.TARGETS, title="Targets", zero="the target does not answer", moves="stop-exporter"
            ),
        ),
        row(
            "How fast is the error budget spent?",
            graph(
                AVAILABILITY.burns[HOUR], title="Burn rate, errors", zero="no request failed", moves="errors"
            ),
            graph(
                LATENCY.burns[HOUR],
                title="Burn rate, slow requests",
                zero="none was slow",
                moves="slow-endpoint",
            ),
            collapsed=True,
        ),
    ),
)
