"""Signals of PostgreSQL: connections, cache, statements, indexes."""

from __future__ import annotations

from exporters.catalogue import postgres as pg
from exporters.catalogue import postgres_objects as objects
from signals.idioms import promql, rate, ratio, value
from signals.limits import postgres as limits
from signals.limits import shared
from signals.model import Signal
from signals.numbers import BYTES, COUNT, PER_SECOND, RATIO, SECONDS, STATE
from signals.pool import USABLE_CONNECTIONS

UP = Signal(
    title="PostgreSQL answers",
    why="1 if PostgreSQL gave a fresh answer in the last scrape.",
    good="1.",
    act="Ask it with psql from the exporter's host; then read the server's log.",
    query=value(pg.UP, over="max"),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{instance}}",
)
CONNECTIONS_BY_STATE = Signal(
    title="Connections by state",
    why="Sessions of clients, by what they do.",
    good="Few active, some idle, none idle in transaction for long.",
    act="Idle in transaction: a client forgot to commit. Many active: look at waits and slow statements.",
    query=value(pg.ACTIVITY, by=(pg.STATE,)),
    unit=COUNT,
    legend="{{state}}",
)
USABLE = Signal(
    title="Connections for ordinary roles",
    why="max_connections without the slots reserved for superusers and for pg_use_reserved_connections.",
    good="Well above the connections in use and above the pools' ceiling.",
    act="Raise max_connections, which costs memory and a restart, or put a pooler in front.",
    query=USABLE_CONNECTIONS,
    unit=COUNT,
    legend="limit",
)
CONNECTIONS_SHARE = Signal(
    title="Connections used",
    why="Sessions of clients as a share of the connections for ordinary roles.",
    act="See who holds them by application and state; end idle ones, then fix the pool that opened them.",
    query=promql("{used} / ({usable} > 0)", used=value(pg.ACTIVITY), usable=USABLE_CONNECTIONS),
    unit=RATIO,
    objective=limits.CONNECTIONS_SHARE,
    legend="used",
)
CONNECTIONS_BY_APPLICATION = Signal(
    title="Connections by application",
    why="Sessions of clients by the name that they gave.",
    good="Your services, each at about its pool's size.",
    act="An unknown name or `other` that grows: set application_name in every client's URL.",
    query=promql(
        'label_replace({sessions}, "{label}", "without a name", "{label}", "")'.replace(
            "{label}", pg.APPLICATION_NAME.name
        ),
        sessions=value(pg.ACTIVITY, by=(pg.APPLICATION_NAME,)),
    ),
    unit=COUNT,
    legend="{{application_name}}",
)
OLDEST_TRANSACTION = Signal(
    title="Oldest transaction",
    why="Age of the oldest open transaction, by the state of its session.",
    good="Seconds. A long one keeps dead rows from being removed.",
    act="Find it: select pid, state, now() - xact_start, query from pg_stat_activity order by xact_start;",
    query=value(pg.OLDEST_TRANSACTION, over="max", by=(pg.STATE,)),
    unit=SECONDS,
    legend="{{state}}",
)
WAITING = Signal(
    title="Sessions waiting, by kind",
    why="Active sessions that wait, by what kind of thing they wait for.",
    good="Few. IO under load is normal; Lock is somebody else's transaction.",
    act="Lock: see blocked sessions. LWLock and IO: the server is short of memory or disk.",
    query=value(pg.WAITING, by=(pg.WAIT_EVENT_TYPE,)),
    unit=COUNT,
    legend="{{wait_event_type}}",
)
BLOCKED = Signal(
    title="Blocked sessions",
    why="Sessions that wait for a lock.",
    good="Zero, or a moment's few.",
    act="select pid, pg_blocking_pids(pid), query from pg_stat_activity where wait_event_type = 'Lock';",
    query=value(pg.BLOCKED),
    unit=COUNT,
    legend="blocked",
)
TRANSACTIONS = Signal(
    title="Transactions",
    why="Transactions committed and rolled back per second.",
    good="Follows the request rate.",
    act="Many rollbacks: look for errors in the application's log.",
    query=promql("{commits} + {rollbacks}", commits=rate(pg.COMMITS), rollbacks=rate(pg.ROLLBACKS)),
    unit=PER_SECOND,
    legend="transactions",
)
CACHE_HIT_RATIO = Signal(
    title="Buffer cache hit ratio",
    why="Of the blocks that statements needed within the window, the share found in shared buffers.",
    good="Above 95 % in a service that answers users.",
    act="A fall after a new query or report: look at sequential scans; otherwise give shared_buffers more.",
    query=ratio(
        rate(pg.BLOCKS_HIT, by=(pg.DATNAME,)),
        promql(
            "{hit} + {read}",
            hit=rate(pg.BLOCKS_HIT, by=(pg.DATNAME,)),
            read=rate(pg.BLOCKS_READ, by=(pg.DATNAME,)),
        ),
    ),
    unit=RATIO,
    legend="{{datname}}",
)
DEADLOCKS = Signal(
    title="Deadlocks",
    why="Deadlocks per second that the server broke by ending a transaction.",
    good="None.",
    act="Two transactions lock the same rows in different order; the server's log names both.",
    query=rate(pg.DEADLOCKS),
    unit=PER_SECOND,
    legend="deadlocks",
)
STATEMENT_MEAN = Signal(
    title="Slow statements",
    why="Mean time of one execution, by statement, of those executed often enough.",
    act="Its text: select query from pg_stat_statements where queryid = ...; then explain "
    "(analyze, buffers).",
    query=promql(
        "{seconds} / ({calls} > <number:minimum_calls>)",
        limits.MINIMUM_CALLS,
        seconds=rate(objects.STATEMENT_SECONDS, by=(pg.DATNAME, objects.QUERYID)),
        calls=rate(objects.STATEMENT_CALLS, by=(pg.DATNAME, objects.QUERYID)),
    ),
    unit=SECONDS,
    objective=limits.SLOW_STATEMENT,
    legend="{{queryid}}",
)
STATEMENT_CALLS = Signal(
    title="Calls by statement",
    why="Executions per second, by statement.",
    good="In proportion to the request rate.",
    act="Many calls of one row each: an N+1.",
    query=rate(objects.STATEMENT_CALLS, by=(pg.DATNAME, objects.QUERYID)),
    unit=PER_SECOND,
    legend="{{queryid}}",
)
STATEMENT_TIME_SHARE = Signal(
    title="Time by statement",
    why="Seconds of execution per second, by statement: 1 keeps one processor busy.",
    good="No statement takes most of it.",
    act="Start with the largest: halving it frees most.",
    query=rate(objects.STATEMENT_SECONDS, by=(pg.DATNAME, objects.QUERYID)),
    unit=RATIO,
    legend="{{queryid}}",
)
STATEMENT_ROWS = Signal(
    title="Rows per call",
    why="Rows returned or changed by one execution, by statement.",
    good="What the page shows, not thousands.",
    act="One row and many calls: N+1. Thousands: page the list.",
    query=ratio(
        rate(objects.STATEMENT_ROWS, by=(pg.DATNAME, objects.QUERYID)),
        rate(objects.STATEMENT_CALLS, by=(pg.DATNAME, objects.QUERYID)),
    ),
    unit=COUNT,
    legend="{{queryid}}",
)
INDEX_USE = Signal(
    title="Index use by table",
    why="Of the scans of a table within the window, the share that used an index.",
    good="Near 100 % for large tables; small ones are rightly read whole.",
    act="A large table below 90 %: see the rows read by sequential scans and the expected indexes.",
    query=ratio(
        rate(objects.TABLE_IDX_SCAN, by=(objects.RELNAME,)),
        promql(
            "{index} + {seq}",
            index=rate(objects.TABLE_IDX_SCAN, by=(objects.RELNAME,)),
            seq=rate(objects.TABLE_SEQ_SCAN, by=(objects.RELNAME,)),
        ),
    ),
    unit=RATIO,
    legend="{{relname}}",
)
SEQUENTIAL_ROWS = Signal(
    title="Rows read by sequential scans",
    why="Rows per second read without an index, by table.",
    good="Little on large tables.",
    act="The table wants an index for the filter of its busiest statement.",
    query=rate(objects.TABLE_SEQ_ROWS, by=(objects.RELNAME,)),
    unit=PER_SECOND,
    legend="{{relname}}",
)
DEAD_ROWS = Signal(
    title="Dead rows by table",
    why="Share of a table's rows that are dead and not yet vacuumed.",
    good="Below 20 %.",
    act="Look for a long transaction that keeps vacuum from removing them.",
    query=promql(
        "{dead} / ({live} + {dead} > 0)",
        dead=value(objects.TABLE_DEAD, by=(objects.RELNAME,)),
        live=value(objects.TABLE_LIVE, by=(objects.RELNAME,)),
    ),
    unit=RATIO,
    legend="{{relname}}",
)
EXPECTED_COVERED = Signal(
    title="Expected index serves",
    why="1 if the index, or another valid one with the same leading columns, serves the expected columns.",
    act="Create it outside a transaction: CREATE INDEX CONCURRENTLY.",
    query=value(objects.EXPECTED_COVERED, over="min", by=(objects.INDEX, objects.TABLE)),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{index}}",
)
EXPECTED_PRESENT = Signal(
    title="Present by name",
    why="1 if an index of the expected name exists.",
    good="1.",
    act="0 but served: another index does its work; the configuration may name that one.",
    query=value(objects.EXPECTED_PRESENT, over="min", by=(objects.INDEX, objects.TABLE)),
    unit=STATE,
    legend="{{index}}",
)
EXPECTED_VALID = Signal(
    title="Valid",
    why="1 if the index of the expected name is valid; a failed CREATE INDEX CONCURRENTLY leaves "
    "an invalid one.",
    good="1.",
    act="Drop it and create it again.",
    query=value(objects.EXPECTED_VALID, over="min", by=(objects.INDEX, objects.TABLE)),
    unit=STATE,
    legend="{{index}}",
)
EXPECTED_COLUMNS = Signal(
    title="Columns as expected",
    why="1 if the index of the expected name has the expected columns, directions and predicate.",
    good="1.",
    act="Compare with \\d on the table.",
    query=value(objects.EXPECTED_COLUMNS, over="min", by=(objects.INDEX, objects.TABLE)),
    unit=STATE,
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
    query=value(objects.EXPECTED_SIZE, over="max", by=(objects.INDEX, objects.TABLE)),
    unit=BYTES,
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
    why="Indexes that the planner does not use because their creation failed.",
    good="None.",
    act="Drop and create again; while CREATE INDEX CONCURRENTLY runs, one is normal.",
    query=value(objects.INDEXES_INVALID),
    unit=COUNT,
    legend="invalid",
)
DATABASE_SIZE = Signal(
    title="Database size",
    why="Size on disk.",
    good="Grows as your data does.",
    act="A jump: look at temporary files, dead rows and new indexes.",
    query=value(pg.DATABASE_SIZE, by=(pg.DATNAME,)),
    unit=BYTES,
    legend="{{datname}}",
)
