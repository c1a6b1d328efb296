"""Signals of indexes that are there for nothing, and of tables that want one."""

from __future__ import annotations

from exporters.catalogue import Label
from exporters.catalogue import postgres_candidates as candidates
from exporters.catalogue import postgres_objects as objects
from signals.idioms import increase, promql, rate, span, value
from signals.model import Signal
from signals.numbers import BYTES, BYTES_PER_SECOND, COUNT, SECONDS, STATE
from signals.postgres_objects import TABLE, TABLE_NAME, TWO_WEEKS

INDEX = (*TABLE, objects.INDEXRELNAME)
NAME = "{{indexrelname}}"
REASON = Label(name="reason", help="Why an index serves nothing.", values=("unused", "redundant", "invalid"))
SIZE = value(objects.INDEX_SIZE, over="max", by=INDEX)

UNUSED = promql(
    "{size} unless ({scans} > 0) unless ({enforces} == 1)",
    size=SIZE,
    scans=increase(objects.INDEX_SCANS, by=INDEX, window=span(TWO_WEEKS)),
    enforces=value(objects.INDEX_ENFORCES, over="max", by=INDEX),
)
INVALID = promql(
    "{size} unless ({valid} == 1)", size=SIZE, valid=value(objects.INDEX_VALID, over="max", by=INDEX)
)
REDUNDANT = promql(
    "{size} and ({redundant} == 1)",
    size=SIZE,
    redundant=value(objects.INDEX_REDUNDANT, over="max", by=INDEX),
)


def _because(reason: str) -> str:
    return f'label_replace({{{reason}}}, "{REASON.name}", "{reason}", "", "")'


# One query: of several that all have nothing, Grafana draws the heads of columns and says nothing.
FOR_NOTHING = Signal(
    title="Size",
    why="Size of an index that costs every write and serves no query, by reason. unused: nobody scanned it "
    "within two weeks, as far as they are on record, and it enforces nothing; the largest 50 are looked at. "
    "redundant: its columns, in their order, are those with which another index of the table begins, and "
    "it enforces nothing. invalid: its creation failed, so that the planner does not use it.",
    good="No row, but while CREATE INDEX CONCURRENTLY runs.",
    act="DROP INDEX CONCURRENTLY. Before that, of an unused one look at the replicas, which count for "
    "themselves, and at what runs once a month; of a redundant one, whether the other is the larger by far "
    "(\\d on the table shows both); of an invalid one, why it failed, such as a value that is there twice.",
    query=promql(
        " or ".join(map(_because, REASON.values)),
        labels=(*INDEX, REASON),
        unused=UNUSED,
        redundant=REDUNDANT,
        invalid=INVALID,
    ),
    unit=BYTES,
    legend=f"{NAME} {{{{{REASON.name}}}}}",
    empty="every index is used, or enforces something",
)
COVERED_BY = Signal(
    title="Covered by",
    why="Another index that serves the expected columns; empty if none is needed.",
    good="Empty, or a name that you know.",
    act="Two that serve the same: drop one of them, or expect the other.",
    query=value(objects.EXPECTED_INFO, over="max", by=(objects.INDEX, objects.TABLE, objects.COVERED_BY)),
    unit=STATE,
    legend="{{covered_by}}",
)
READ_THROUGH = Signal(
    title="Read through",
    why="Bytes per second of the table that sequential scans go through: their rows, each as large as the "
    "table's mean row, as vacuum or analyze last saw it. Nothing costs a server that lacks an index "
    "more than this.",
    good="None, but for small tables, which are read whole faster than by an index.",
    act="The first row is the first candidate: find the statement on the Queries board that returns few of "
    "these rows, and look with EXPLAIN what an index for its conditions would do.",
    query=promql(
        "{rows} * {size} / ({live} > 0)",
        rows=rate(objects.TABLE_SEQ_ROWS, by=TABLE),
        size=value(objects.TABLE_SIZE, by=TABLE),
        live=value(objects.TABLE_LIVE, by=TABLE),
    ),
    unit=BYTES_PER_SECOND,
    legend=TABLE_NAME,
)
ROWS_OF_A_SCAN = Signal(
    title="Rows of a scan",
    why="Rows that one sequential scan of the table went through.",
    good="As many as were wanted.",
    act="All rows of a large table, again and again: it wants an index for the filter of its busiest "
    "statement.",
    query=promql(
        "{rows} / ({scans} > 0)",
        rows=rate(objects.TABLE_SEQ_ROWS, by=TABLE),
        scans=rate(objects.TABLE_SEQ_SCAN, by=TABLE),
    ),
    unit=COUNT,
    legend=TABLE_NAME,
    empty="no table is read whole now",
)
CANDIDATE = (*TABLE, candidates.COLUMNS)
CANDIDATE_NAME = TABLE_NAME + " ({{columns}})"
CANDIDATE_SPENT = Signal(
    title="Time spent",
    why="Time of all statements that search the table by these columns while no index serves that, as far "
    "back as pg_stat_statements remembers them. A statement counts if a call goes through 50 blocks more "
    "than it returns rows, a table from 10 000 rows on. Columns that have one value come first, then one of "
    "a range, or of the order of a page.",
    good="No row.",
    act="The first row first: click on its statement, the one that took longest, and look with EXPLAIN "
    "(ANALYZE, BUFFERS) of it before and after the SQL, on a copy. Columns of few values pick few rows only "
    "together.",
    query=value(candidates.SECONDS, over="max", by=CANDIDATE),
    unit=SECONDS,
    legend=CANDIDATE_NAME,
)
CANDIDATE_CALLS = Signal(
    title="Calls",
    why="Executions of these statements, as far back as pg_stat_statements remembers them.",
    good="Few for each request.",
    act="One or two: somebody looked something up by hand, which wants no index.",
    query=value(candidates.CALLS, over="max", by=CANDIDATE),
    unit=COUNT,
    legend=CANDIDATE_NAME,
)
CANDIDATE_MEAN = Signal(
    title="Mean",
    why="Mean time of one call of these statements.",
    good="As short as its users expect.",
    act="Milliseconds, and called seldom: not worth what an index costs every write.",
    query=promql(
        "{seconds} / ({calls} > 0)",
        seconds=CANDIDATE_SPENT.query,
        calls=CANDIDATE_CALLS.query,
    ),
    unit=SECONDS,
    legend=CANDIDATE_NAME,
)
CANDIDATE_BLOCKS = Signal(
    title="Blocks / call",
    why="Blocks of 8 KiB that one call goes through, in all its tables, found in memory or not.",
    good="About as many as it returns rows.",
    act="As many as the table has: it is read whole for each call.",
    query=promql(
        "{blocks} / ({calls} > 0)",
        blocks=value(candidates.BLOCKS, over="max", by=CANDIDATE),
        calls=CANDIDATE_CALLS.query,
    ),
    unit=COUNT,
    legend=CANDIDATE_NAME,
)
CANDIDATE_READ = Signal(
    title="Read through",
    why="Bytes per second of the table that sequential scans go through now, whichever statement it is.",
    good="None.",
    act="None, and a long time spent: the statements find some of the rows by another index, or are over.",
    query=promql(
        "({seconds} >= bool 0) * on (<by:job,instance,schemaname,relname>) group_left () ({read})",
        seconds=CANDIDATE_SPENT.query,
        read=READ_THROUGH.query,
    ),
    unit=BYTES_PER_SECOND,
    legend=CANDIDATE_NAME,
)
CANDIDATE_SQL = Signal(
    title="SQL",
    why="What would create the index, and the statement that took longest.",
    good="One that you have checked.",
    act="Run it outside of a transaction, as the owner of the table.",
    query=value(candidates.INFO, over="max", by=(*CANDIDATE, candidates.COSTLIEST, candidates.CREATE)),
    unit=STATE,
    legend="{{create}}",
)
ALL = Signal(
    title="Indexes",
    why="User indexes of the connected database.",
    good="A few for each table.",
    act="Many more: see those that nobody uses.",
    query=value(objects.INDEXES),
    unit=COUNT,
    legend="all",
)
UNUSED_BYTES = Signal(
    title="Unused indexes, size",
    why="Size of all indexes never scanned since the statistics were reset, without those that enforce "
    "something.",
    good="Small beside the database.",
    act="See which under 'Indexes for nothing'.",
    query=value(objects.INDEXES_UNUSED_BYTES),
    unit=BYTES,
    legend="unused",
)
BUILDS = Signal(
    title="Indexes being built",
    why="Indexes that are created or rebuilt now.",
    good="None but in a maintenance.",
    act="One for hours may wait for an old transaction to end: see the oldest.",
    query=value(objects.INDEX_BUILDS),
    unit=COUNT,
    legend="being built",
)
