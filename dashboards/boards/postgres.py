"""Who holds connections, which statement is slow, and which index is missing?"""

from __future__ import annotations

from dataclasses import replace

from dashboards.boards import queries
from dashboards.model import Board, Word, graph, row, stat, table
from exporters.catalogue import postgres as metrics
from signals import api_cost, pgbouncer, pool, postgres
from signals import postgres_indexes as indexes
from signals import postgres_objects as objects
from signals import postgres_settings as settings
from signals import postgres_statements as statements
from signals import postgres_upkeep as upkeep
from signals import postgres_work as work
from signals import postgres_writes as writes

NO_STATEMENTS = "no pg_stat_statements in this database, or no statement is called often enough"
NO_POOLER = "no PgBouncer is watched"
NO_SLOT = "there is no replication slot"
# Of applications none is chosen here.
AT_THE_APPLICATION = tuple(
    replace(each, legend=f"{{{{job}}}} {each.legend}")
    for each in (work.CLIENT_P50, api_cost.QUERY_P95, work.CLIENT_P99)
)
ROLES = (Word(0, "primary", "neutral"), Word(1, "replica", "neutral"))

VERDICT = row(
    "Is it healthy?",
    stat(postgres.UP, title="PostgreSQL", zero="PostgreSQL does not answer", moves="stop-postgres"),
    stat(
        postgres.CONNECTIONS_SHARE,
        title="Connections",
        trend=True,
        zero="nobody is connected",
        moves="hold-connections",
    ),
    stat(pool.CEILING_SHARE, title="Pools / limit"),
    stat(postgres.HIT_NOW, title="Cache hits", trend=True, no_value="no reads", zero="nothing was in memory"),
    stat(postgres.LONGEST_NOW, title="Oldest open", zero="no transaction is open", moves="hold-connections"),
    stat(postgres.BLOCKED, title="Blocked", zero="nobody is blocked", moves="lock-table"),
    stat(
        objects.EXPECTED_MISSING,
        title="Index missing",
        no_value="none is expected",
        zero="none is missing",
        moves="drop-index",
    ),
    stat(objects.INDEXES_INVALID, title="Index invalid", zero="none invalid"),
)
CONNECTIONS = row(
    "Am I running out of connections, and what do they wait for?",
    graph(
        postgres.CONNECTIONS_BY_STATE,
        limits=(postgres.USABLE, pool.CEILING),
        stacked=True,
        zero="none in this state",
        moves="hold-connections",
    ),
    graph(postgres.CONNECTIONS_BY_APPLICATION, stacked=True, zero="not connected"),
    graph(
        work.RUNNING,
        postgres.WAITING,
        title="Active sessions by what they wait for",
        stacked=True,
        zero="nobody waits",
        moves="lock-table",
    ),
    graph(postgres.LONGEST_BLOCKED, zero="nobody is blocked", moves="lock-table"),
)
STATEMENTS = row(
    "Which statement is slow?",
    table(
        "Statements",
        statements.SPENT,
        statements.OF_ALL,
        statements.CALL_MEAN,
        statements.CALL_RATE,
        statements.CALL_ROWS,
        statements.CALL_READS,
        statements.CALL_TEMP,
        statements.CALLED_TEXT,
        key="queryid",
        opens=queries.UID,
        zero="not called now",
        no_value=NO_STATEMENTS,
    ),
    graph(objects.STATEMENT_MEAN, title="Mean time by statement", no_value=NO_STATEMENTS),
    graph(objects.STATEMENT_TIME_SHARE, stacked=True, zero="not called now", no_value=NO_STATEMENTS),
    graph(
        work.SERVER_MEAN,
        *AT_THE_APPLICATION,
        title="Time of a statement, at the server and at the application",
    ),
    graph(postgres.CACHE_HIT_RATIO, zero="nothing was cached"),
)
INDEXES = row(
    "Which index is missing, and which is for nothing?",
    table(
        "Expected indexes",
        objects.EXPECTED_COVERED,
        objects.EXPECTED_PRESENT.called("By name"),
        objects.EXPECTED_VALID,
        objects.EXPECTED_COLUMNS,
        objects.EXPECTED_SIZE,
        objects.EXPECTED_SCANS_LONG,
        indexes.COVERED_BY,
        key="index",
        zero="no, no size, or no scan",
        no_value="no index is expected in the exporter's configuration",
        moves="drop-index",
    ),
    table(
        "Tables that want an index",
        indexes.READ_THROUGH,
        objects.SEQUENTIAL_ROWS.called("Rows read"),
        indexes.ROWS_OF_A_SCAN,
        objects.INDEX_USE,
        writes.ROWS,
        writes.TABLE_SIZE,
        writes.TABLE_INDEXES,
        key="relname",
        note="What costs most stands first. Each row is a candidate, no advice: an index costs every write.",
        zero="no sequential scan",
        no_value="no table is read now",
        moves="drop-index",
    ),
    table(
        "Candidates for an index",
        indexes.CANDIDATE_SPENT,
        indexes.CANDIDATE_CALLS,
        indexes.CANDIDATE_MEAN,
        indexes.CANDIDATE_BLOCKS,
        indexes.CANDIDATE_READ,
        indexes.CANDIDATE_SQL,
        key="queryid",
        opens=queries.UID,
        note="Read from the texts of statements: candidates, no advice. An index costs every write.",
        zero="the table is not read whole now",
        no_value="none, or not looked for: `top_index_candidates: 20` under `postgres` in exporter.yml",
    ),
    graph(
        objects.INDEX_USE,
        zero="the table is only read whole",
        no_value="no table is read now",
        moves="drop-index",
    ),
    replace(
        table(
            "Indexes for nothing",
            indexes.FOR_NOTHING,
            key="indexrelname",
            width=12,
            zero="it holds nothing yet",
            no_value="every index is used, or enforces something, and none is redundant or invalid",
            moves="invalid-index",
        ),
        height=8,  # as the graph beside it
    ),
)
WORK = row(
    "What does it do?",
    graph(work.COMMITS, work.ROLLBACKS, title="Transactions", stacked=True, zero="no transaction"),
    graph(
        work.RETURNED,
        work.FETCHED,
        work.INSERTED,
        work.UPDATED,
        work.DELETED,
        title="Rows in and out",
        zero="no row of this kind",
    ),
)
DETAIL = (
    row(
        "Who keeps others waiting?",
        graph(postgres.OLDEST_TRANSACTION, zero="no transaction is open", moves="hold-connections"),
        graph(postgres.OLDEST_OPEN, zero="no transaction is open", moves="hold-connections"),
        graph(postgres.IDLE_IN_TRANSACTION, zero="no client lets one wait", moves="lock-table"),
        graph(work.IDLE_SHARE, zero="no client lets one wait"),
        graph(work.OLDEST_STATEMENT, zero="no statement runs"),
        graph(postgres.BLOCKED, title="Blocked sessions over time", zero="nobody is blocked"),
        graph(postgres.DEADLOCKS, zero="no deadlock", moves="deadlock"),
        graph(work.LOCKS, zero="no lock of this mode"),
        collapsed=True,
    ),
    row(
        "Does PgBouncer give a connection in time?",
        stat(
            pgbouncer.UP,
            title="PgBouncer",
            zero="PgBouncer does not answer",
            no_value=NO_POOLER,
            moves="stop-pgbouncer",
        ),
        stat(pgbouncer.WAITING, zero="nobody waits", no_value=NO_POOLER, moves="hold-pooler"),
        stat(pgbouncer.FULLEST, zero="no connection is in use", no_value=NO_POOLER),
        stat(pgbouncer.CLIENTS_SHARE, title="Clients / limit", no_value=NO_POOLER),
        stat(pgbouncer.NOT_TAKEN, title="Paused or disabled", zero="none is paused", no_value=NO_POOLER),
        graph(pgbouncer.LONGEST_WAIT, zero="nobody waits", no_value=NO_POOLER, moves="hold-pooler"),
        graph(pgbouncer.POOL_BUSY, zero="no connection is in use", no_value=NO_POOLER),
        graph(
            pgbouncer.ACTIVE,
            pgbouncer.WAITING,
            limits=(pgbouncer.CLIENTS_LIMIT,),
            stacked=True,
            zero="no client",
            no_value=NO_POOLER,
        ),
        graph(
            pgbouncer.SERVERS_ACTIVE,
            pgbouncer.SERVERS_IDLE,
            pgbouncer.SERVERS_CHECKED,
            pgbouncer.SERVERS_LOGIN,
            limits=(pgbouncer.SIZES,),
            stacked=True,
            zero="none in this state",
            no_value=NO_POOLER,
        ),
        graph(
            pgbouncer.TRANSACTION_MEAN,
            pgbouncer.QUERY_MEAN,
            pgbouncer.WAIT_MEAN,
            title="Mean times at PgBouncer",
            zero="nobody waited",
            no_value="no PgBouncer is watched, or nobody asks it",
        ),
        graph(pgbouncer.WAITERS_MEAN, zero="nobody waited", no_value=NO_POOLER),
        graph(
            pgbouncer.TRANSACTIONS,
            pgbouncer.QUERIES,
            title="Transactions and queries",
            zero="no traffic",
            no_value=NO_POOLER,
        ),
        graph(
            pgbouncer.RECEIVED,
            pgbouncer.SENT,
            title="Traffic of clients",
            zero="no traffic",
            no_value=NO_POOLER,
        ),
        collapsed=True,
    ),
    row(
        "How do sessions begin and end?",
        graph(work.SESSIONS, zero="no session was started"),
        graph(
            work.ABANDONED,
            work.FATAL,
            work.KILLED,
            title="Sessions that did not end by themselves",
            zero="every session ended by itself",
        ),
        graph(work.ROLLBACK_SHARE, width=24, zero="none was rolled back"),
        collapsed=True,
    ),
    row(
        "Are the indexes worth what they cost?",
        graph(objects.SEQUENTIAL_ROWS, zero="no sequential scan", moves="drop-index"),
        graph(objects.EXPECTED_SCANS, zero="the index is not used now", no_value="no index is expected"),
        graph(objects.INDEXES_UNUSED, indexes.ALL, title="Indexes, all and unused", zero="every one is used"),
        graph(indexes.UNUSED_BYTES, zero="every index is used"),
        graph(indexes.BUILDS, zero="none is being built"),
        collapsed=True,
    ),
    row(
        "Do the disks keep up?",
        graph(
            work.READ_WAIT,
            work.WRITE_WAIT,
            title="Sessions waiting for disks, mean",
            zero="nobody waited",
            no_value="track_io_timing is off",
        ),
        graph(postgres.TEMP_BYTES, zero="everything fits into work_mem"),
        graph(
            writes.CHECKPOINTS_TIMED,
            writes.CHECKPOINTS_REQUESTED,
            title="Checkpoints",
            columns=True,
            zero="none began",
        ),
        graph(
            writes.CHECKPOINT_TIME,
            writes.CHECKPOINT_SYNC,
            title="Time in checkpoints",
            zero="none is being written",
        ),
        graph(writes.WAL, zero="nothing is written"),
        graph(
            writes.WAL_RECORDS,
            writes.WAL_IMAGES,
            writes.WAL_BUFFERS_FULL,
            title="What the log holds",
            zero="none of this kind",
        ),
        graph(
            writes.ALLOCATED,
            writes.WRITTEN_BY_CHECKPOINTS,
            writes.WRITTEN_BY_WRITER,
            title="Buffers taken and written",
            zero="none of this kind",
        ),
        graph(writes.WRITER_STOPPED, zero="it never stopped"),
        collapsed=True,
    ),
    row(
        "What grows?",
        graph(upkeep.DATABASE_SIZE),
        graph(writes.GROWTH, zero="as large as it was"),
        graph(writes.TABLE_SIZE, zero="never vacuumed or analyzed"),
        graph(writes.TABLE_INDEXES, zero="it has none, or was never vacuumed or analyzed"),
        collapsed=True,
    ),
    row(
        "Does vacuum keep up?",
        graph(upkeep.DEAD_ROWS, zero="no dead rows"),
        graph(writes.VACUUM_DUE, zero="no dead rows"),
        graph(upkeep.VACUUM_AGE, no_value="no table was vacuumed yet"),
        graph(writes.ANALYZE_AGE, no_value="no table was analyzed yet"),
        graph(writes.MODIFIED, zero="nothing changed since"),
        graph(writes.HOT, zero="every update touches an index", no_value="no row is updated now"),
        graph(upkeep.XID_AGE),
        graph(writes.XID_SHARE),
        collapsed=True,
    ),
    row(
        "Do replicas keep up?",
        graph(upkeep.LAG, zero="it is a primary, or shows all that it received"),
        graph(work.CONFLICTS, zero="no conflict"),
        graph(upkeep.SLOT_RETAINED, zero="all was read", no_value=NO_SLOT, moves="inactive-slot"),
        graph(upkeep.SLOT_SHARE, zero="all was read", no_value=NO_SLOT, moves="inactive-slot"),
        collapsed=True,
    ),
    row(
        "Which server is it, and who changed it?",
        stat(settings.VERSION),
        stat(settings.ROLE, words=ROLES, zero="primary"),
        stat(settings.UPTIME),
        stat(settings.PENDING, title="Wait for a restart", zero="none waits"),
        table(
            "Limits that boards draw",
            settings.MAX_CONNECTIONS,
            settings.SHARED_BUFFERS,
            settings.CACHE_SIZE,
            settings.WORK_MEM,
            settings.MAX_WAL_SIZE,
            key="instance",
        ),
        graph(settings.CHANGES, columns=True, width=24, zero="nothing changed"),
        table(
            "Configured settings", settings.CHANGED, settings.CONFIGURED, key="name", zero="unchanged, or off"
        ),
        collapsed=True,
    ),
)

BOARD = Board(
    uid="backend-postgres",
    title="PostgreSQL",
    description="For whoever owns the database. Open it when statements are slow, connections run out, or "
    "the disk fills up: who holds connections and locks, which statement and which index; detail is in the "
    "closed rows.",
    source="postgres",
    anchor=metrics.UP,
    rows=(VERDICT, CONNECTIONS, STATEMENTS, INDEXES, WORK, *DETAIL),
)
