"""Drills of PostgreSQL: its sessions and indexes in one lane, what else is stored in it in another."""

from __future__ import annotations

from dashboards.drill.model import Drill
from examples.drills.common import HALF_BACK, HEAVY, SLOW, STOPPED, TIMED_OUT
from signals.limits.pgbouncer import POOLER_WAIT
from signals.limits.postgres import IDLE_IN_TRANSACTION, LONG_TRANSACTION, LONGEST_BLOCKED

# Who drops or builds an index waits for every open transaction on its table, and everyone else waits behind.
SESSIONS, OBJECTS = "sessions", "objects"
INDEX = {"index": "idx_timer_cards_approval_queue", "table": "timer_cards"}

# What a table that lost its index shows a little later.
SCANNED = frozenset({"PostgresSeqScanOnLargeTable", "PostgresIndexUseLow"})
# An index is built from its whole table, and the demo's clock makes of one such minute three seconds.
BUILT = frozenset({"PostgresSeqScanOnLargeTable"})
SERVER = {"at": "server", "connections": 200}

DRILLS = (
    Drill(
        alerts=("PostgresConnectionsHigh",),
        fault="hold-connections",
        options={**SERVER, "leave": 24},
        lane=SESSIONS,
        in_ci=True,
    ),
    Drill(
        alerts=("PostgresConnectionsCritical",),
        fault="hold-connections",
        options={**SERVER, "leave": 6},
        consequences=frozenset({"PostgresConnectionsHigh"}),
        lane=SESSIONS,
    ),
    Drill(
        alerts=("PgBouncerClientsWaiting",),
        fault="hold-pooler",
        about={"database": "backend", "user": "backend"},
        window=POOLER_WAIT.value,
        consequences=frozenset({"PostgresIdleInTransaction"}),
        lane=SESSIONS,
    ),
    Drill(
        alerts=("PgBouncerDown",),
        fault="stop-pgbouncer",
        window=STOPPED,
        fades=HALF_BACK,
        lane=SESSIONS,
        in_ci=True,
    ),
    Drill(
        alerts=("PostgresIdleInTransaction",),
        fault="open-transaction",
        window=IDLE_IN_TRANSACTION.value,
        lane=SESSIONS,
    ),
    # Only the payroll waits for this table, so the pools are drained where other requests are slow too.
    Drill(
        alerts=("PostgresBlockedSessions",),
        fault="lock-table",
        options={"table": "salary_calculations"},
        window=LONGEST_BLOCKED.value,
        consequences=TIMED_OUT | {"PostgresIdleInTransaction", "DbConnectionsHeldLong"},
        lane=SESSIONS,
        in_ci=True,
    ),
    # Each meeting takes a second of PostgreSQL's own clock; three are needed.
    Drill(alerts=("PostgresDeadlocks",), fault="deadlock", window=100, lane=SESSIONS),
    Drill(
        alerts=("PostgresLongTransaction",),
        fault="long-transaction",
        window=LONG_TRANSACTION.value,
        lane=SESSIONS,
    ),
    Drill(
        alerts=("ExpectedIndexMissing",),
        fault="drop-index",
        consequences=SLOW | SCANNED,
        about=INDEX,
        lag=HEAVY,
        lane=SESSIONS,
        in_ci=True,
    ),
    Drill(
        alerts=("PostgresIndexUseLow",),
        fault="head-scans",
        about={"relname": "salary_calculations"},
        lag=HEAVY,
        lane=OBJECTS,
    ),
    Drill(
        alerts=("ExpectedIndexWrongColumns",),
        fault="wrong-columns",
        about=INDEX,
        consequences=BUILT,
        lag=HEAVY,
        lane=SESSIONS,
    ),
    Drill(
        alerts=("ExpectedIndexInvalid",),
        fault="invalid-index",
        options={"index": INDEX["index"]},
        about=INDEX,
        consequences=BUILT,
        lag=HEAVY,
        lane=SESSIONS,
    ),
    Drill(
        alerts=("PostgresIndexInvalid",),
        fault="invalid-index",
        consequences=BUILT,
        lag=HEAVY,
        lane=SESSIONS,
    ),
    Drill(
        alerts=("PostgresSeqScanOnLargeTable",),
        fault="drop-index",
        about={"relname": "timer_cards"},
        consequences=SLOW | {"ExpectedIndexMissing", "PostgresIndexUseLow"},
        lag=HEAVY,
        lane=SESSIONS,
    ),
    Drill(
        alerts=("PostgresStatementsEvicted",), fault="evict-statements", window=300, lag=HEAVY, lane=OBJECTS
    ),
    Drill(
        alerts=("PostgresTempFiles",),
        fault="temp-files",
        consequences=SLOW | {"PostgresSlowQueries"},
        lane=OBJECTS,
    ),
    Drill(
        alerts=("PostgresReplicationSlotInactive",),
        fault="inactive-slot",
        about={"slot_name": "fault_slot"},
        lane=OBJECTS,
    ),
    Drill(
        alerts=("PostgresDeadTuplesHigh",),
        fault="dead-tuples",
        about={"relname": "fault_churn"},
        lag=HEAVY,
        lane=OBJECTS,
    ),
    Drill(alerts=("PostgresCacheHitLow",), fault="cold-reads", consequences=SLOW, lane=OBJECTS),
    Drill(
        alerts=("PostgresDown",),
        fault="stop-postgres",
        consequences=SLOW
        | TIMED_OUT
        | {"ApiDown", "DbPoolSaturated", "DbPoolWaitHigh"}
        | {"DbConnectionsHeldLong", "ApiInProgressHigh"},
        window=STOPPED,
        fades=HALF_BACK,
        in_ci=True,
    ),
)
