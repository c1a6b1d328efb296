"""How far are we from the audit's targets, and from our own?"""

from __future__ import annotations

from dashboards.model import Board, graph, row, scorecard, stat
from signals import api, api_cost, audit, audit_verdict

BOARD = Board(
    uid="backend-audit",
    title="Audit",
    description="For whoever follows up the audit of 2025-11-21, each week and before the next one: every "
    "target with where it began, where it stands, its best, and how far it has come. Objectives of your own "
    "stack module join at the end.",
    source="",
    anchor=None,
    rows=(
        row(
            "How many targets are reached?",
            stat(audit_verdict.REACHED, zero="none is reached", no_value="all unknown"),
            stat(audit_verdict.MISSED, zero="none is missed", no_value="all unknown"),
            stat(audit_verdict.UNKNOWN, zero="none is unknown", no_value="all unknown"),
        ),
        row(
            "Is it fast, and does it carry the load?",
            scorecard("Times", audit.AVERAGE, audit.P95, audit.DASHBOARD_TIME, height=6),
            scorecard("Throughput", audit.THROUGHPUT, audit.NPLUSONE, height=5, zero="none"),
        ),
        row(
            "Is it cheap?",
            scorecard(
                "Reductions and ratios",
                audit.DASHBOARD_CACHE,
                audit.CACHE,
                audit.PAYLOAD,
                audit.BANDWIDTH,
                audit.DASHBOARD_CALLS,
                audit.PAYROLL,
                audit.FILTERING,
                audit.INDEXES,
                height=11,
                zero="nothing was saved yet",
            ),
            scorecard("Queries", audit.QUERIES, height=4, zero="no statement"),
            scorecard("Memory", audit.REDIS_MEMORY, height=4, no_value="no maxmemory set"),
        ),
        row(
            "Is it watched?",
            scorecard(
                "Monitoring",
                audit.BOARDS_LIVE,
                audit.SLOW_QUERIES_LIVE,
                audit.EVICTIONS_LIVE,
                audit.POOL_LIVE,
                height=7,
                zero="no data arrives",
            ),
        ),
        row(
            "How did it get here?",
            graph(api.LATENCY_P95, api.LATENCY_AVERAGE, title="Latency against its objectives"),
            graph(api_cost.HANDLER_QUERIES, title="Queries per request over time", zero="no statement"),
        ),
    ),
)
