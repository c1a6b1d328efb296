"""Signals of PostgreSQL's statements, tables and indexes."""

from __future__ import annotations

from exporters.catalogue import postgres as pg
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue.labels import INSTANCE, JOB
from signals.idioms import DAY, increase, promql, rate, ratio, span, value
from signals.limits import postgres as limits
from signals.limits import shared
from signals.model import Signal
from signals.numbers import BYTES, COUNT, PER_SECOND, RATIO, SECONDS, STATE

STATEMENT = (pg.DATNAME, objects.QUERYID)
STATEMENT_NAME = "{{datname}} {{queryid}}"
TABLE = (objects.SCHEMANAME, objects.RELNAME)
TABLE_NAME = "{{schemaname}}.{{relname}}"
EXPECTED = (objects.INDEX, objects.TABLE)
TWO_WEEKS = 14 * DAY

STATEMENT_MEAN = Signal(
    title="Slow statements",
    why="Mean time of one execution, by statement, of those executed often enough.",
    act="Its text: select query from pg_stat_statements where queryid = ...; then explain "
    "(analyze, buffers).",
    query=promql(
        "{seconds} / ({calls} > <number:minimum_calls>)",
        limits.MINIMUM_CALLS,
        seconds=rate(objects.STATEMENT_SECONDS, by=STATEMENT),
        calls=rate(objects.STATEMENT_CALLS, by=STATEMENT),
    ),
    unit=SECONDS,
    objective=limits.SLOW_STATEMENT,
    legend=STATEMENT_NAME,
)
STATEMENT_TIME_SHARE = Signal(
    title="Time by statement",
    why="Seconds of execution per second, by statement: 100 % keeps one processor busy.",
    good="No statement takes most of it.",
    act="Start with the largest: halving it frees most.",
    query=rate(objects.STATEMENT_SECONDS, by=STATEMENT),
    unit=RATIO,
    legend=STATEMENT_NAME,
)
STATEMENTS_FORGOTTEN = Signal(
    title="Statements forgotten",
    why="How often, within an hour, pg_stat_statements forgot its rarest statements to have room.",
    act="Raise pg_stat_statements.max, or find who writes values into statements instead of parameters.",
    query=increase(objects.STATEMENTS_DEALLOC, window=span(3600)),
    unit=COUNT,
    objective=limits.STATEMENTS_FORGOTTEN,
    legend="times",
)
SCANS = promql(
    "{index} + {seq}",
    index=rate(objects.TABLE_IDX_SCAN, by=TABLE),
    seq=rate(objects.TABLE_SEQ_SCAN, by=TABLE),
)
INDEX_USE = Signal(
    title="Index use by table",
    why="Of the scans of a table within the window, the share that used an index.",
    act="A large table below the line: see the rows read by sequential scans and the expected indexes.",
    query=ratio(rate(objects.TABLE_IDX_SCAN, by=TABLE), SCANS),
    unit=RATIO,
    objective=limits.INDEX_USE,
    legend=TABLE_NAME,
)
SEQUENTIAL_ROWS = Signal(
    title="Rows read by sequential scans",
    why="Rows per second read without an index, by table.",
    act="The table wants an index for the filter of its busiest statement.",
    query=rate(objects.TABLE_SEQ_ROWS, by=TABLE),
    unit=PER_SECOND,
    objective=limits.SEQUENTIAL_ROWS,
    legend=TABLE_NAME,
)
EXPECTED_COVERED = Signal(
    title="Expected index serves",
    why="Whether the index, or another valid one with the same leading columns, serves the expected columns.",
    act="Create it outside a transaction: CREATE INDEX CONCURRENTLY.",
    query=value(objects.EXPECTED_COVERED, over="min", by=EXPECTED),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{index}}",
)
EXPECTED_PRESENT = Signal(
    title="Present by name",
    why="Whether an index of the expected name exists.",
    good="yes.",
    act="No, but served: another index does its work; the configuration may name that one.",
    query=value(objects.EXPECTED_PRESENT, over="min", by=EXPECTED),
    unit=STATE,
    legend="{{index}}",
)
EXPECTED_VALID = Signal(
    title="Valid",
    why="Whether the index of the expected name is valid; a failed CREATE INDEX CONCURRENTLY leaves "
    "an invalid one.",
    act="Drop it and create it again.",
    query=value(objects.EXPECTED_VALID, over="min", by=EXPECTED),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{index}}",
)
EXPECTED_COLUMNS = Signal(
    title="Columns as expected",
    why="Whether the index of the expected name has the expected columns, directions, INCLUDE and predicate.",
    act="Compare with \\d on the table.",
    query=value(objects.EXPECTED_COLUMNS, over="min", by=EXPECTED),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{index}}",
)
EXPECTED_SCANS = Signal(
    title="Scans of expected indexes",
    why="Scans per second of the index that serves the expected columns.",
    good="More than none: an index that nobody uses costs writes.",
    act="None for days: the query that wanted it is gone, or the planner prefers another.",
    query=rate(objects.EXPECTED_SCANS, by=(objects.INDEX,)),
    unit=PER_SECOND,
    legend="{{index}}",
)
EXPECTED_SIZE = Signal(
    title="Size",
    why="Size of the index that serves the expected columns.",
    good="Far less than its table.",
    act="A bloated index shrinks with REINDEX INDEX CONCURRENTLY.",
    query=value(objects.EXPECTED_SIZE, over="max", by=EXPECTED),
    unit=BYTES,
    legend="{{index}}",
)
EXPECTED_SCANS_LONG = Signal(
    title="Scans in two weeks",
    why="Scans of the index that serves the expected columns, within two weeks.",
    act="None: the query that wanted it is gone, or the planner prefers another; take it from the list.",
    query=increase(objects.EXPECTED_SCANS, by=EXPECTED, window=span(TWO_WEEKS)),
    unit=COUNT,
    objective=limits.SCANS_IN_TWO_WEEKS,
    legend="{{index}}",
)
INDEXES_UNUSED = Signal(
    title="Unused indexes",
    why="User indexes not scanned since the statistics were last reset; unique ones are not counted.",
    good="Few. Each costs every write.",
    act="Look at replicas too before dropping one: they have statistics of their own.",
    query=value(objects.INDEXES_UNUSED),
    unit=COUNT,
    legend="unused",
)
INDEXES_INVALID = Signal(
    title="Invalid indexes",
    why="Indexes that the planner does not use because their creation failed, without those on the list of "
    "expected ones.",
    act="Drop and create again; while CREATE INDEX CONCURRENTLY runs, one is normal.",
    query=promql(
        "{invalid} - ({present} - {valid} or 0 * {invalid})",
        invalid=value(objects.INDEXES_INVALID),
        present=value(objects.EXPECTED_PRESENT),
        valid=value(objects.EXPECTED_VALID),
    ),
    unit=COUNT,
    objective=limits.INVALID_INDEXES,
    legend="invalid",
)
EXPECTED_MISSING = Signal(
    title="Expected indexes missing",
    why="Indexes of the exporter's configuration that neither exist nor are served by another valid one.",
    act="See which in the table of expected indexes; create them: CREATE INDEX CONCURRENTLY.",
    query=promql(
        "sum by (<by:job,instance>) (1 - {covered})", covered=objects.EXPECTED_COVERED, labels=(JOB, INSTANCE)
    ),
    unit=COUNT,
    objective=limits.MISSING_INDEXES,
    legend="missing",
)
