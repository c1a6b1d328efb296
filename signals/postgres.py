"""Signals of PostgreSQL: does it answer, who is connected, who waits, what is read from memory."""

from __future__ import annotations

from exporters.catalogue import postgres as pg
from signals.idioms import answers, increase, promql, rate, ratio, span, value
from signals.limits import postgres as limits
from signals.limits import shared
from signals.model import Signal
from signals.numbers import BYTES_PER_SECOND, COUNT, RATIO, SECONDS, STATE
from signals.pool import USABLE_CONNECTIONS

UP = Signal(
    title="PostgreSQL answers",
    why="UP if PostgreSQL gave a fresh answer in the last scrape. Once it missed some, it is UP again when "
    "it answered in half of those of five minutes.",
    act="Ask it with psql from the exporter's host; then read the server's log.",
    query=answers(pg.UP),
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
    critical=limits.CONNECTIONS_SHARE_CRITICAL,
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
OLDEST_OPEN = Signal(
    title="Long transactions",
    why="Age of the oldest transaction in a database, without maintenance and dumps.",
    act="Find it: select pid, state, now() - xact_start, query from pg_stat_activity order by xact_start;",
    query=value(pg.OLDEST_OPEN, over="max", by=(pg.DATNAME,)),
    unit=SECONDS,
    objective=limits.LONG_TRANSACTION,
    legend="{{datname}}",
)
IDLE_IN_TRANSACTION = Signal(
    title="Idle in transaction",
    why="Longest time that a client does nothing inside a transaction, by database.",
    act="Its application forgot to commit. select pg_terminate_backend(pid); gives back what it holds.",
    query=value(pg.IDLE_IN_TRANSACTION, over="max", by=(pg.DATNAME,)),
    unit=SECONDS,
    objective=limits.IDLE_IN_TRANSACTION,
    legend="{{datname}}",
)
LONGEST_BLOCKED = Signal(
    title="Longest wait for a lock",
    why="How long the session that waits longest has waited for a lock, by database.",
    act="select pid, pg_blocking_pids(pid), query from pg_stat_activity where wait_event_type = 'Lock';",
    query=value(pg.LONGEST_BLOCKED, over="max", by=(pg.DATNAME,)),
    unit=SECONDS,
    objective=limits.LONGEST_BLOCKED,
    legend="{{datname}}",
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
BLOCKS = promql(
    "{hit} + {read}", hit=rate(pg.BLOCKS_HIT, by=(pg.DATNAME,)), read=rate(pg.BLOCKS_READ, by=(pg.DATNAME,))
)
HIT_NOW = Signal(
    title="Buffer cache hits",
    why="Of the blocks that statements needed in the last minutes, the share found in shared buffers, of all "
    "databases.",
    act="See since when, and in which database. After a new query or report: look at sequential scans.",
    query=ratio(
        rate(pg.BLOCKS_HIT), promql("{hit} + {read}", hit=rate(pg.BLOCKS_HIT), read=rate(pg.BLOCKS_READ))
    ),
    unit=RATIO,
    objective=limits.CACHE_HIT,
    legend="hit ratio",
)
LONGEST_NOW = Signal(
    title="Longest transaction",
    why="Age of the oldest transaction in any database, without maintenance and dumps.",
    act="Find it: select pid, state, now() - xact_start, query from pg_stat_activity order by xact_start;",
    query=value(pg.OLDEST_OPEN, over="max"),
    unit=SECONDS,
    objective=limits.LONG_TRANSACTION,
    legend="oldest",
)
CACHE_HIT_RATIO = Signal(
    title="Buffer cache hit ratio",
    why="Of the blocks that statements needed within the window, the share found in shared buffers.",
    act="A fall after a new query or report: look at sequential scans; otherwise give shared_buffers more.",
    query=ratio(
        rate(pg.BLOCKS_HIT, by=(pg.DATNAME,)),
        BLOCKS,
    ),
    unit=RATIO,
    objective=limits.CACHE_HIT,
    legend="{{datname}}",
)
DEADLOCKS = Signal(
    title="Deadlocks",
    why="Deadlocks within a quarter of an hour that the server broke by ending a transaction.",
    act="Two transactions lock the same rows in different order; the server's log names both.",
    query=increase(pg.DEADLOCKS, by=(pg.DATNAME,), window=span(900)),
    unit=COUNT,
    objective=limits.DEADLOCKS,
    legend="{{datname}}",
)
TEMP_BYTES = Signal(
    title="Temporary files",
    why="Bytes per second that sorts and hashes write to disk, having no room in work_mem.",
    act="Find the statement by its temporary blocks in pg_stat_statements; give its role more work_mem.",
    query=rate(pg.TEMP_BYTES, by=(pg.DATNAME,)),
    unit=BYTES_PER_SECOND,
    objective=limits.TEMP_BYTES,
    legend="{{datname}}",
)
