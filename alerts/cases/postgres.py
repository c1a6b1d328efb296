"""Cases of the rules in `alerts.rules.postgres`."""

from __future__ import annotations

from alerts.cases.common import EXPORTER, PG_DOWN, PG_UP, connection_limits
from alerts.proof.model import Case, Held
from alerts.proof.series import gauge
from alerts.rules import postgres
from exporters.catalogue import postgres as pg_metrics

ROLE = {"datname": "backend", "usename": "app", "application_name": "api"}

CASES = (
    Case(
        alert=postgres.POSTGRES_DOWN,
        series=(gauge(pg_metrics.UP, 1, 1, 0, 1),),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 has not answered for 1 min.",
    ),
    Case(
        alert=postgres.POSTGRES_CONNECTIONS_HIGH,
        series=(
            PG_UP,
            gauge(pg_metrics.ACTIVITY, 5, 10, 15, 5, state="active", **ROLE),
            gauge(pg_metrics.ACTIVITY, 20, 70, 70, 20, state="idle", **ROLE),
            *connection_limits(103),
        ),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 has 85% of its connections in use, above 80 %.",
        held=(
            PG_DOWN,
            Held(why="the critical one speaks", guard=None, levels={pg_metrics.ACTIVITY.name: 48}),
        ),
    ),
    Case(
        alert=postgres.POSTGRES_CONNECTIONS_CRITICAL,
        series=(
            PG_UP,
            gauge(pg_metrics.ACTIVITY, 5, 15, 16, 5, state="active", **ROLE),
            gauge(pg_metrics.ACTIVITY, 20, 80, 80, 20, state="idle", **ROLE),
            *connection_limits(103),
        ),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 has 96% of its connections in use, above 95 %.",
        nudge=0.05,
        held=(PG_DOWN,),
    ),
)
