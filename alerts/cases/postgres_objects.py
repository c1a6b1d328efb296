"""Cases of the rules in `alerts.rules.postgres_objects`."""

from __future__ import annotations

from alerts.cases.common import EXPORTER, HALF, PG_DOWN, PG_UP
from alerts.proof.model import Case, Held
from alerts.proof.series import counter, gauge
from alerts.rules import postgres_objects as rules
from exporters.catalogue import postgres_objects as objects

STATEMENT = {"user": "app", "datname": "backend", "queryid": "-42"}
INDEX = {"index": "idx_employees_factory", "table": "employees"}

CASES = (
    Case(
        alert=rules.POSTGRES_SLOW_QUERIES,
        series=(
            PG_UP,
            counter(objects.STATEMENT_CALLS, 150, 150, 150, 150, **STATEMENT),
            counter(objects.STATEMENT_SECONDS, 1, 74.9, 78, 1, **STATEMENT),
        ),
        labels={**EXPORTER, "datname": "backend", "queryid": "-42"},
        summary="Statement -42 in backend takes 520ms on average, above 500 ms.",
        held=(
            PG_DOWN,
            Held(
                why="called less than once in twenty seconds",
                guard=None,
                levels={objects.STATEMENT_CALLS.name: HALF, objects.STATEMENT_SECONDS.name: 5},
            ),
        ),
    ),
    Case(
        alert=rules.EXPECTED_INDEX_MISSING,
        series=(gauge(objects.EXPECTED_COVERED, 1, 1, 0, 1, **INDEX),),
        labels={**EXPORTER, **INDEX},
        summary="No valid index serves the columns of idx_employees_factory on employees.",
    ),
)
