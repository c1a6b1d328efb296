"""Cases of the rules in `alerts.rules.postgres`."""

from __future__ import annotations

from alerts.cases.common import EXPORTER, HALF, PG_UP, connection_limits
from alerts.proof.model import Case, Held
from alerts.proof.series import counter, gauge
from alerts.rules import postgres
from exporters.catalogue import postgres as pg_metrics
from exporters.catalogue import postgres_objects as objects

ROLE = {"datname": "backend", "usename": "app", "application_name": "api"}
STATEMENT = {"user": "app", "datname": "backend", "queryid": "-42"}
INDEX = {"index": "idx_employees_factory", "table": "employees"}

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
            gauge(pg_metrics.ACTIVITY, 5, 10, 15, 5, state="active", **ROLE),
            gauge(pg_metrics.ACTIVITY, 20, 70, 70, 20, state="idle", **ROLE),
            *connection_limits(103),
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
)
