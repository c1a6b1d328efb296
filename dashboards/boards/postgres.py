"""Who holds connections, which statement is slow, and which index is missing?"""

from __future__ import annotations

from dashboards.model import Board, graph, row, stat, table
from exporters.catalogue import postgres as metrics
from signals import pool, postgres
from signals import postgres_objects as objects
from signals import postgres_upkeep as upkeep

NO_STATEMENTS = "no pg_stat_statements in this database, or no statement is called often enough"

BOARD = Board(
    uid="backend-postgres",
    title="PostgreSQL",
    description="For whoever owns the database. Open it when statements are slow or connections run out.",
    source="postgres",
    anchor=metrics.UP,
    rows=(
        row(
            "Is it healthy?",
            stat(postgres.UP, zero="PostgreSQL does not answer", moves="stop-postgres"),
            stat(postgres.CONNECTIONS_SHARE, zero="nobody is connected", moves="hold-connections"),
            stat(pool.CEILING_SHARE, title="Pool ceiling / limit"),
            stat(postgres.BLOCKED, zero="nobody is blocked", moves="lock-table"),
            stat(objects.INDEXES_INVALID, zero="none invalid"),
            stat(objects.INDEXES_UNUSED, zero="every index is used"),
        ),
        row(
            "Am I running out of connections?",
            graph(
                postgres.CONNECTIONS_BY_STATE,
                limits=(postgres.USABLE, pool.CEILING),
                stacked=True,
                zero="none in this state",
                moves="hold-connections",
            ),
            graph(postgres.CONNECTIONS_BY_APPLICATION, stacked=True, zero="not connected"),
            graph(postgres.OLDEST_TRANSACTION, zero="no transaction is open", moves="hold-connections"),
            graph(postgres.WAITING, stacked=True, zero="nobody waits", moves="lock-table"),
        ),
        row(
            "Which statement is slow?",
            table(
                "Statements",
                objects.STATEMENT_MEAN,
                objects.STATEMENT_CALLS,
                objects.STATEMENT_TIME_SHARE,
                objects.STATEMENT_ROWS,
                key="queryid",
                zero="not called now",
                empty=NO_STATEMENTS,
            ),
            graph(objects.STATEMENT_MEAN, title="Mean time by statement", empty=NO_STATEMENTS),
            graph(
                objects.STATEMENT_TIME_SHARE,
                stacked=True,
                zero="not called now",
                empty=NO_STATEMENTS,
            ),
            graph(postgres.TRANSACTIONS, zero="no transaction"),
            graph(postgres.CACHE_HIT_RATIO, zero="nothing was cached"),
        ),
        row(
            "Which index is missing?",
            table(
                "Expected indexes",
                objects.EXPECTED_COVERED,
                objects.EXPECTED_PRESENT,
                objects.EXPECTED_VALID,
                objects.EXPECTED_COLUMNS,
                objects.EXPECTED_SIZE,
                objects.EXPECTED_SCANS_LONG,
                key="index",
                zero="no, no size, or no scan",
                empty="no index is expected in the exporter's configuration",
                moves="drop-index",
            ),
            graph(
                objects.INDEX_USE,
                zero="the table is only read whole",
                empty="no table is read now",
                moves="drop-index",
            ),
            graph(objects.SEQUENTIAL_ROWS, zero="no sequential scan", moves="drop-index"),
            graph(
                objects.EXPECTED_SCANS,
                zero="the index is not used now",
                empty="no index is expected",
            ),
        ),
        row(
            "Who keeps others waiting?",
            graph(postgres.OLDEST_OPEN, zero="no transaction is open", moves="hold-connections"),
            graph(postgres.IDLE_IN_TRANSACTION, zero="no client lets one wait", moves="lock-table"),
            graph(postgres.LONGEST_BLOCKED, zero="nobody is blocked", moves="lock-table"),
            graph(postgres.DEADLOCKS, zero="no deadlock", moves="deadlock"),
            collapsed=True,
        ),
        row(
            "What grows?",
            graph(upkeep.DATABASE_SIZE),
            graph(objects.STATEMENTS_FORGOTTEN, zero="all are remembered", empty=NO_STATEMENTS),
            graph(postgres.TEMP_BYTES, zero="everything fits into work_mem"),
            graph(upkeep.DEAD_ROWS, zero="no dead rows"),
            graph(upkeep.VACUUM_AGE, empty="no table was vacuumed yet"),
            graph(upkeep.XID_AGE),
            collapsed=True,
        ),
        row(
            "Do replicas keep up?",
            graph(upkeep.LAG, zero="it is a primary, or shows all that it received"),
            graph(upkeep.SLOT_RETAINED, zero="all was read", empty="there is no replication slot"),
            graph(upkeep.SLOT_SHARE, zero="all was read", empty="there is no replication slot"),
            collapsed=True,
        ),
    ),
)
