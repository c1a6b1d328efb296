"""Cases of the rules in `alerts.rules.postgres_objects`."""

from __future__ import annotations

from alerts.cases.common import (
    EXPORTER,
    HALF,
    ON_REPLICA,
    PG_DOWN,
    PG_OTHER,
    PG_PRIMARY,
    PG_STARTED,
    PG_UP,
)
from alerts.proof.model import Case, Held
from alerts.proof.series import counter, gauge
from alerts.rules import postgres_objects as rules
from exporters.catalogue import postgres_objects as objects
from signals import postgres_objects as signals

STATEMENT = {"user": "app", "datname": "backend", "queryid": "-42"}
DATABASE = {"datname": "backend"}
TABLE = {"schemaname": "public", "relname": "timer_cards"}
OTHER_INDEX = {"index": "idx_timer_cards_employee", "table": "timer_cards"}
# What is just no whole one in the eighty steps of what stands for two weeks.
RARE = 0.475 / 80
INDEX = {"index": "idx_employees_factory", "table": "employees"}
NAMED = (
    PG_UP,
    gauge(objects.EXPECTED_COVERED, 1, 1, 1, 1, **INDEX),
    gauge(objects.EXPECTED_PRESENT, 1, 1, 1, 1, **INDEX),
)

CASES = (
    Case(
        alert=rules.POSTGRES_SLOW_QUERIES,
        series=(
            PG_UP,
            counter(objects.STATEMENT_CALLS, 150, 150, 150, 150, **STATEMENT),
            counter(objects.STATEMENT_SECONDS, 1, 74.9, 78, 1, **STATEMENT),
        ),
        labels={**EXPORTER, "datname": "backend", "queryid": "-42"},
        summary="Statement -42 in backend (exporter:10910) takes 520ms on average, above 500 ms.",
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
        series=(PG_UP, PG_PRIMARY, gauge(objects.EXPECTED_COVERED, 1, 1, 0, 1, **INDEX)),
        labels={**EXPORTER, **INDEX},
        summary="No valid index serves the columns of idx_employees_factory on employees (exporter:10910).",
        held=(PG_DOWN, ON_REPLICA),
    ),
    Case(
        alert=rules.EXPECTED_INDEX_INVALID,
        series=(
            *NAMED,
            PG_PRIMARY,
            gauge(objects.EXPECTED_VALID, 1, 1, 0, 1, **INDEX),
            gauge(objects.INDEX_BUILDS, 0, 0, 0, 0, **DATABASE),
        ),
        labels={**EXPORTER, **INDEX},
        summary="idx_employees_factory on employees (exporter:10910) is invalid; another index does its "
        "work.",
        held=(
            PG_DOWN,
            ON_REPLICA,
            Held(why="none has this name", guard=rules.NAMED, levels={objects.EXPECTED_PRESENT.name: 0}),
            Held(why="it is being built", guard=rules.NO_BUILD, levels={objects.INDEX_BUILDS.name: 1}),
            Held(why="nothing serves", guard=None, levels={objects.EXPECTED_COVERED.name: 0}),
        ),
    ),
    Case(
        alert=rules.EXPECTED_INDEX_WRONG_COLUMNS,
        series=(
            PG_UP,
            PG_PRIMARY,
            gauge(objects.EXPECTED_COVERED, 1, 1, 1, 1, **INDEX),
            gauge(objects.EXPECTED_VALID, 1, 1, 1, 1, **INDEX),
            gauge(objects.EXPECTED_COLUMNS, 1, 1, 0, 1, **INDEX),
        ),
        labels={**EXPORTER, **INDEX},
        summary="idx_employees_factory on employees (exporter:10910) has other columns than expected; an "
        "index with these "
        "serves them.",
        held=(
            PG_DOWN,
            ON_REPLICA,
            Held(why="it is invalid too", guard=rules.VALID, levels={objects.EXPECTED_VALID.name: 0}),
            Held(why="nothing serves", guard=None, levels={objects.EXPECTED_COVERED.name: 0}),
        ),
    ),
    Case(
        alert=rules.EXPECTED_INDEX_UNUSED,
        nudge=1,
        # Two weeks pass in twenty minutes, and a day in two.
        spans={signals.TWO_WEEKS: 1200, signals.TWO_WEEKS - rules.DAY: 1080, rules.DAY: 120},
        past=1,
        series=(
            PG_UP,
            PG_PRIMARY,
            gauge(objects.EXPECTED_COVERED, 1, 1, 1, 1, **INDEX),
            counter(objects.EXPECTED_SCANS, 1, 0.5005 / 80, RARE, 1, **INDEX),
            gauge(objects.EXPECTED_COVERED, 1, 1, 1, 1, **OTHER_INDEX),
            counter(objects.EXPECTED_SCANS, 1, 1, 1, 1, **OTHER_INDEX),
        ),
        labels={**EXPORTER, **INDEX},
        summary="No statement has used idx_employees_factory on employees (exporter:10910) for two weeks.",
        held=(
            PG_DOWN,
            ON_REPLICA,
            Held(
                why="it was missing meanwhile",
                guard=rules.SERVED,
                levels={objects.EXPECTED_COVERED.name: (*[1] * 39, 0)},
            ),
            Held(
                why="it was not known two weeks ago",
                guard=rules.KNOWN,
                levels={objects.EXPECTED_SCANS.name: RARE},
                past={objects.EXPECTED_COVERED.name: None, objects.EXPECTED_SCANS.name: RARE},
                at=16,
            ),
            Held(
                why="nobody uses the backend",
                guard=rules.IN_USE,
                levels={objects.EXPECTED_SCANS.name: 0},
                past={objects.EXPECTED_SCANS.name: 0},
            ),
        ),
    ),
    Case(
        alert=rules.POSTGRES_INDEX_INVALID,
        series=(
            PG_UP,
            PG_PRIMARY,
            gauge(objects.INDEXES_INVALID, 0, 0, 1, 0, **DATABASE),
            gauge(objects.INDEX_BUILDS, 0, 0, 0, 0, **DATABASE),
            gauge(objects.EXPECTED_PRESENT, 1, 1, 1, 1, **INDEX),
            gauge(objects.EXPECTED_VALID, 1, 1, 1, 1, **INDEX),
        ),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 has 1 invalid indexes, and builds none.",
        held=(
            PG_DOWN,
            ON_REPLICA,
            Held(why="it is being built", guard=rules.NO_BUILD, levels={objects.INDEX_BUILDS.name: 1}),
            Held(why="an expected one has its own rule", guard=None, levels={objects.EXPECTED_VALID.name: 0}),
        ),
    ),
    Case(
        alert=rules.POSTGRES_INDEX_INVALID,
        name="where no index is expected",
        series=(
            PG_UP,
            PG_PRIMARY,
            gauge(objects.INDEXES_INVALID, 0, 0, 1, 0, **DATABASE),
            gauge(objects.INDEX_BUILDS, 0, 0, 0, 0, **DATABASE),
            gauge(objects.EXPECTED_PRESENT, None, None, None, None, **INDEX),
            gauge(objects.EXPECTED_VALID, None, None, None, None, **INDEX),
        ),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 has 1 invalid indexes, and builds none.",
    ),
    Case(
        alert=rules.POSTGRES_SEQ_SCAN_ON_LARGE_TABLE,
        series=(
            PG_UP,
            gauge(objects.TABLE_LIVE, 200_000, 200_000, 200_000, 200_000, **DATABASE, **TABLE),
            counter(objects.TABLE_SEQ_SCAN, 0, 4, 4, 0, **DATABASE, **TABLE),
            counter(objects.TABLE_SEQ_ROWS, 0, 750_000, 780_000, 0, **DATABASE, **TABLE),
        ),
        labels={**EXPORTER, **TABLE},
        summary="52k rows per second of public.timer_cards (exporter:10910) are read without an index, "
        "above 50000 per second.",
        held=(
            PG_DOWN,
            Held(why="a report", guard=rules.OFTEN_READ_WHOLE, levels={objects.TABLE_SEQ_SCAN.name: 1}),
            Held(why="a small table", guard=rules.LARGE, levels={objects.TABLE_LIVE.name: 100_000}),
        ),
    ),
    Case(
        alert=rules.POSTGRES_INDEX_USE_LOW,
        series=(
            PG_UP,
            gauge(objects.TABLE_LIVE, 200_000, 200_000, 200_000, 200_000, **DATABASE, **TABLE),
            counter(objects.TABLE_IDX_SCAN, 1000, 900.2, 880, 1000, **DATABASE, **TABLE),
            counter(objects.TABLE_SEQ_SCAN, 0, 99.8, 120, 0, **DATABASE, **TABLE),
            counter(objects.TABLE_SEQ_ROWS, 0, 9000, 9000, 0, **DATABASE, **TABLE),
        ),
        labels={**EXPORTER, **TABLE},
        summary="88% of the scans of public.timer_cards (exporter:10910) use an index, below 90 %.",
        held=(
            PG_DOWN,
            Held(why="a small table", guard=rules.LARGE, levels={objects.TABLE_LIVE.name: 100_000}),
            Held(
                why="few scans",
                guard=rules.ENOUGH_SCANS,
                levels={objects.TABLE_IDX_SCAN.name: 6, objects.TABLE_SEQ_SCAN.name: 1.4},
            ),
            Held(why="it is read whole", guard=None, levels={objects.TABLE_SEQ_ROWS.name: 780_000}),
        ),
    ),
    Case(
        alert=rules.POSTGRES_INDEX_USE_LOW,
        name="where a large table is read whole, but seldom",
        series=(
            PG_UP,
            gauge(objects.TABLE_LIVE, 1e6, 1e6, 1e6, 1e6, **DATABASE, **TABLE),
            counter(objects.TABLE_IDX_SCAN, 9, 8.2, 7.8, 9, **DATABASE, **TABLE),
            counter(objects.TABLE_SEQ_SCAN, 0, 0.9, 1.2, 0, **DATABASE, **TABLE),
            counter(objects.TABLE_SEQ_ROWS, 0, 9e5, 12e5, 0, **DATABASE, **TABLE),
        ),
        labels={**EXPORTER, **TABLE},
        summary="86.67% of the scans of public.timer_cards (exporter:10910) use an index, below 90 %.",
    ),
    Case(
        alert=rules.POSTGRES_STATEMENTS_EVICTED,
        # In the 240 steps of a window, and rounded.
        series=(PG_UP, PG_STARTED, counter(objects.STATEMENTS_DEALLOC, 0, 10.498 / 240, 11.2 / 240, 0)),
        labels=EXPORTER,
        summary="PostgreSQL watched by exporter:10910 forgot statements about 11 times within 1 h.",
        held=(PG_DOWN, PG_OTHER),
    ),
)
