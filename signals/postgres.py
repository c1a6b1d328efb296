"""Signals of PostgreSQL: does it answer, who is connected, who waits, what is read from memory."""

from __future__ import annotations

from exporters.catalogue import postgres as pg
from signals.idioms import promql, rate, ratio, value
from signals.limits import postgres as limits
from signals.limits import shared
from signals.model import Signal
from signals.numbers import COUNT, PER_SECOND, RATIO, SECONDS, STATE
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
