"""What is asked of each version of PostgreSQL exists there: the views as their documentation lists them.

The server here has one version. It reads the questions to the others against tables of its own that have the
columns of their views, each with a value that no other column has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import Metric
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue import postgres_upkeep as upkeep
from exporters.collectors.names import Names
from exporters.collectors.postgres.activity import activity
from exporters.collectors.postgres.bgwriter import BGWRITER
from exporters.collectors.postgres.database import database
from exporters.collectors.postgres.model import UNKNOWN, Collector, Server
from exporters.collectors.postgres.statements import statement_texts, statements, statements_info
from exporters.collectors.postgres.wal import WAL
from tests.servers.postgres_support import Session, admin

VERSIONS = (13, 14, 16, 17, 18)
NAME = "versions"

# https://www.postgresql.org/docs/<version>/monitoring-stats.html, the tables of the columns of each view;
# pg_locks: view-pg-locks.html; pg_stat_statements: pgstatstatements.html.
BGWRITER_COLUMNS = {
    13: "checkpoints_timed checkpoints_req checkpoint_write_time checkpoint_sync_time buffers_checkpoint "
    "buffers_clean maxwritten_clean buffers_backend buffers_backend_fsync buffers_alloc",
    17: "buffers_clean maxwritten_clean buffers_alloc",
}
CHECKPOINTER_COLUMNS = {
    17: "num_timed num_requested restartpoints_timed restartpoints_req restartpoints_done write_time "
    "sync_time buffers_written",
    18: "num_timed num_requested num_done restartpoints_timed restartpoints_req restartpoints_done "
    "write_time sync_time buffers_written slru_written",
}
BEFORE_14 = (
    "numbackends xact_commit xact_rollback blks_read blks_hit tup_returned tup_fetched tup_inserted "
    "tup_updated tup_deleted conflicts temp_files temp_bytes deadlocks checksum_failures blk_read_time "
    "blk_write_time"
)
SINCE_14 = (
    " session_time active_time idle_in_transaction_time sessions sessions_abandoned sessions_fatal "
    "sessions_killed"
)
DATABASE_COLUMNS = {
    13: BEFORE_14,
    14: BEFORE_14 + SINCE_14,
    18: BEFORE_14 + SINCE_14 + " parallel_workers_to_launch parallel_workers_launched",
}
WAL_COLUMNS = {
    14: "wal_records wal_fpi wal_bytes wal_buffers_full wal_write wal_sync wal_write_time wal_sync_time",
    18: "wal_records wal_fpi wal_bytes wal_buffers_full",
}
STATEMENTS_COLUMNS = {  # not those of planning, and of the log one; 14 brought toplevel, 17 renamed the times
    13: "calls total_exec_time rows shared_blks_hit shared_blks_read shared_blks_written temp_blks_read "
    "temp_blks_written blk_read_time blk_write_time wal_bytes",
    17: "calls total_exec_time rows shared_blks_hit shared_blks_read shared_blks_written temp_blks_read "
    "temp_blks_written shared_blk_read_time shared_blk_write_time wal_bytes",
}
STATEMENTS_INFO_COLUMNS = {14: "dealloc"}
EXTENSION = {13: (1, 8), 14: (1, 9), 16: (1, 10), 17: (1, 11), 18: (1, 12)}
NEW_IN_14 = {"pg_locks": "waitstart", "pg_stat_activity": "query_id"}

# Which column each metric is: before 17, and since.
CHECKPOINTS = {
    catalogue.CHECKPOINTS_TIMED: ("checkpoints_timed", "num_timed"),
    catalogue.CHECKPOINTS_REQUESTED: ("checkpoints_req", "num_requested"),
    catalogue.CHECKPOINT_WRITE_SECONDS: ("checkpoint_write_time", "write_time"),
    catalogue.CHECKPOINT_SYNC_SECONDS: ("checkpoint_sync_time", "sync_time"),
    catalogue.CHECKPOINT_BUFFERS: ("buffers_checkpoint", "buffers_written"),
    catalogue.BGWRITER_BUFFERS_CLEAN: ("buffers_clean", "buffers_clean"),
    catalogue.BGWRITER_MAXWRITTEN: ("maxwritten_clean", "maxwritten_clean"),
    catalogue.BGWRITER_BUFFERS_ALLOC: ("buffers_alloc", "buffers_alloc"),
}
SESSIONS = {
    catalogue.SESSIONS: "sessions",
    catalogue.SESSIONS_ABANDONED: "sessions_abandoned",
    catalogue.SESSIONS_FATAL: "sessions_fatal",
    catalogue.SESSIONS_KILLED: "sessions_killed",
    catalogue.ACTIVE_SECONDS: "active_time",
    catalogue.IDLE_IN_TRANSACTION_SECONDS: "idle_in_transaction_time",
}
LOG = {
    upkeep.WAL_RECORDS: "wal_records",
    upkeep.WAL_IMAGES: "wal_fpi",
    upkeep.WAL_BYTES: "wal_bytes",
    upkeep.WAL_BUFFERS_FULL: "wal_buffers_full",
}
STATEMENTS = {
    objects.STATEMENT_CALLS: ("calls", "calls"),
    objects.STATEMENT_SECONDS: ("total_exec_time", "total_exec_time"),
    objects.STATEMENT_ROWS: ("rows", "rows"),
    objects.STATEMENT_BLOCKS_HIT: ("shared_blks_hit", "shared_blks_hit"),
    objects.STATEMENT_BLOCKS_READ: ("shared_blks_read", "shared_blks_read"),
    objects.STATEMENT_TEMP_BLOCKS: ("temp_blks_written", "temp_blks_written"),
    objects.STATEMENT_READ_SECONDS: ("blk_read_time", "shared_blk_read_time"),
    objects.STATEMENT_WRITE_SECONDS: ("blk_write_time", "shared_blk_write_time"),
    objects.STATEMENT_WAL: ("wal_bytes", "wal_bytes"),
}
MILLISECONDS = {"seconds"}


def of(columns: Mapping[int, str], version: int) -> list[str]:
    """The columns in this version; none where there is no such view yet."""
    return (
        columns[max(since for since in columns if since <= version)].split()
        if version >= min(columns)
        else []
    )


def value(column: str) -> float:
    """A number that no other column has."""
    return float(sum(ord(letter) * (place + 1) ** 3 for place, letter in enumerate(column)))


def expected(metric: Metric, column: str) -> float:
    """What the metric says where the column says its value; the server counts time in milliseconds."""
    return value(column) / 1000 if metric.unit in MILLISECONDS else value(column)


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def session(postgres: Postgres, version: int) -> Iterator[Session]:
    """A session for which the views are those of this version."""
    with admin(postgres) as session:
        session.execute(f"DROP SCHEMA IF EXISTS {NAME} CASCADE; CREATE SCHEMA {NAME}")

        def make(view: str, columns: list[str], more: str = "", values: str = "") -> None:
            listed = "".join(f", {column} float8 DEFAULT {value(column)}" for column in columns)
            session.execute(
                f"CREATE TABLE {NAME}.{view} (stats_reset timestamptz DEFAULT 'epoch'{listed}{more})"
            )
            session.execute(f"INSERT INTO {NAME}.{view} {values or 'DEFAULT VALUES'}")

        make("pg_stat_bgwriter", of(BGWRITER_COLUMNS, version))
        if version >= 14:
            make("pg_stat_wal", of(WAL_COLUMNS, version))
        if version >= 17:
            make("pg_stat_checkpointer", of(CHECKPOINTER_COLUMNS, version))
        database = "SELECT oid FROM pg_database WHERE datname = 'postgres'"
        make(
            "pg_stat_database",
            of(DATABASE_COLUMNS, version),
            ", datid oid, datname name",
            f"(datid, datname) VALUES (({database}), 'postgres')",
        )
        keys = f"10::oid AS userid, ({database}) AS dbid, 7::bigint AS queryid, 'SELECT 1' AS query"
        found = ", ".join(
            f"{value(column)}::float8 AS {column}" for column in of(STATEMENTS_COLUMNS, version)
        )
        session.execute(f"CREATE VIEW {NAME}.statements AS SELECT {keys}, {found}")
        session.execute(
            f"CREATE FUNCTION {NAME}.pg_stat_statements(showtext bool) RETURNS SETOF {NAME}.statements "
            f"LANGUAGE sql AS 'TABLE {NAME}.statements'"
        )
        if version >= 14:
            make("pg_stat_statements_info", of(STATEMENTS_INFO_COLUMNS, version))
        for view, column in NEW_IN_14.items():
            session.execute(f"CREATE TABLE {NAME}.{view} AS TABLE pg_catalog.{view}")
            if version < 14:
                session.execute(f"ALTER TABLE {NAME}.{view} DROP {column}")
        session.execute(f"SET search_path = {NAME}, pg_catalog")
        yield session
        session.execute(f"DROP SCHEMA {NAME} CASCADE")


@pytest.fixture(scope="module")
def server(version: int) -> Server:
    return replace(
        UNKNOWN,
        version=version * 10_000 + 3,
        reads_statistics=True,
        statements_schema=NAME,
        statements_version=EXTENSION[version],
    )


def ask(session: Session, collector: Collector, server: Server) -> dict[Metric, float]:
    """By metric its one value, or that of the database `postgres`."""
    with psycopg.RawCursor(session) as cursor:
        cursor.execute(collector.question(server), collector.parameters or None)
        rows = [tuple(None if cell is None else str(cell) for cell in row) for row in cursor]
    return {family.metric: float(number) for family in collector.parse(rows) for number in family.values}


def test_checkpoints_are_read_where_this_version_has_them(
    session: Session, server: Server, version: int
) -> None:
    columns = {metric: pair[version >= 17] for metric, pair in CHECKPOINTS.items()}
    assert ask(session, BGWRITER, server) == {metric: expected(metric, columns[metric]) for metric in columns}


def test_the_log_is_read_where_this_version_counts_it(session: Session, server: Server, version: int) -> None:
    if version < 14:
        assert WAL.question(server) == ""
        return
    assert ask(session, WAL, server) == {metric: expected(metric, column) for metric, column in LOG.items()}


def test_sessions_of_a_database_are_read_since_14(session: Session, server: Server, version: int) -> None:
    found = ask(session, database(Names(100)), server)
    names = SESSIONS if version >= 14 else {}
    assert {metric: found[metric] for metric in SESSIONS if metric in found} == {
        metric: expected(metric, column) for metric, column in names.items()
    }
    assert found[catalogue.COMMITS] == value("xact_commit")


def test_the_time_of_waiting_is_read_since_14(session: Session, server: Server, version: int) -> None:
    assert catalogue.LONGEST_BLOCKED in ask(session, activity(20, 20, Names(100)), server)
    assert ("waitstart" in activity(20, 20, Names(100)).sql(server)) == (version >= 14)


def test_statements_are_read_as_the_extension_of_this_version_tells_them(
    session: Session, server: Server, version: int
) -> None:
    assert ask(session, statements(30, 0), server) == {
        metric: expected(metric, pair[version >= 17]) for metric, pair in STATEMENTS.items()
    } | {objects.STATEMENTS_ENTRIES: 1.0}
    assert ask(session, statement_texts(30, 0, wanted=True), server) == {objects.STATEMENT_TEXT: 1}
    if version < 14:
        assert statements_info(0).question(server) == ""
        return
    known = {objects.STATEMENTS_DEALLOC: value("dealloc"), objects.STATEMENTS_RESET: 0.0}
    assert ask(session, statements_info(0), server) == known


def test_no_two_columns_have_one_value() -> None:
    tables = (BGWRITER_COLUMNS, CHECKPOINTER_COLUMNS, DATABASE_COLUMNS, STATEMENTS_COLUMNS, WAL_COLUMNS)
    columns = {column for table in tables for listed in table.values() for column in listed.split()}
    assert len({value(column) for column in columns}) == len(columns)
