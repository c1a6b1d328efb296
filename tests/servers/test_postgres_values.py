"""What the exporter says of a PostgreSQL is what was done to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from examples.demo.databases import Postgres
from examples.demo.process import wait_until
from exporters.catalogue import CATALOGUE, self_
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.postgres import ExpectedIndex, PostgresBackend
from exporters.exposition import render
from tests.servers.exporter_support import declared, schema
from tests.servers.postgres_support import Session, admin, collect, create_database, watch

DATABASE = "values"
INDEX = ExpectedIndex(name="orders_status", table="orders", columns=("status",))
ASKED = {"expected_indexes": (INDEX,), "statement_texts": True, "top_index_candidates": 5}


@pytest.fixture(scope="module")
def server(postgres: Postgres) -> Iterator[Postgres]:
    """The shared server with a database of which everything is known."""
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        session.execute(
            "CREATE TABLE orders (id int PRIMARY KEY, status text, note text) WITH (autovacuum_enabled = off)"
        )
        session.execute("CREATE INDEX orders_status ON orders (status)")
        session.execute("CREATE INDEX orders_note ON orders (note)")
        session.execute("INSERT INTO orders SELECT n, 'open', n FROM generate_series(1, 1000) n")
        session.execute("VACUUM ANALYZE orders")
        session.execute("SELECT pg_create_physical_replication_slot('archive', true)")
    yield postgres
    with admin(postgres) as session:
        session.execute("SELECT pg_drop_replication_slot('archive')")


@pytest.fixture
def session(server: Postgres) -> Iterator[Session]:
    with admin(server, DATABASE) as session:
        yield session


@pytest.fixture
def backend(server: Postgres) -> Iterator[PostgresBackend]:
    with closing(watch(server, DATABASE, tables=("orders",), **ASKED)) as backend:
        yield backend


def flush(session: Session) -> None:
    """Have the session tell now what it would tell within a second."""
    session.execute("SELECT pg_stat_force_next_flush()")
    session.execute("SELECT 1")


def test_every_declared_metric_is_emitted_and_every_emitted_one_is_declared(
    server: Postgres, session: Session
) -> None:
    session.execute("SELECT pg_stat_reset_single_table_counters('orders'::regclass)")
    session.execute("VACUUM ANALYZE orders")
    session.execute("CREATE TABLE past AS SELECT n, n AS m, repeat('x', 99) FROM generate_series(1, 10001) n")
    session.execute("SELECT count(*) FROM past WHERE n = 1 AND m = 1")
    flush(session)
    with closing(watch(server, DATABASE, heavy_ttl=60.0, **ASKED)) as backend:
        found = schema(render(backend.collect(time.monotonic() + 1.8)).body.decode())
    session.execute("DROP TABLE past")

    remembered = (self_.CACHE_AGE, self_.CACHE_RENEWAL)
    of_exporter = (self_.COLLECTOR_SUCCESS, self_.COLLECTOR_DURATION, self_.CONNECTS, *remembered)
    assert found == declared(*CATALOGUE.of("postgres"), *of_exporter)


def test_each_collector_declared_in_the_catalogue_says_how_it_went(backend: PostgresBackend) -> None:
    page = collect(backend)
    names = {metric.collector for metric in CATALOGUE.of("postgres")} - {"postgres.up"}
    assert {name for name in names if page.of(self_.COLLECTOR_SUCCESS, collector=name) == 1} == names
    assert all((page.of(self_.COLLECTOR_DURATION, collector=name) or 0) > 0 for name in names)
    assert sum(name == self_.COLLECTOR_SUCCESS.name for name, _ in page) == len(names)


def test_the_server_says_who_it_is(backend: PostgresBackend, session: Session) -> None:
    row = session.execute(
        "SELECT version(), extract(epoch FROM pg_postmaster_start_time())::float8"
    ).fetchone()
    assert row is not None
    page = collect(backend)
    version, started = str(row[0]), row[1]
    assert page.of(catalogue.STATIC, version=version, short_version=version.split()[1]) == 1
    assert page.of(catalogue.START_TIME) == pytest.approx(started, abs=1e-3)
    assert page.of(catalogue.IS_REPLICA) == 0


def test_settings_are_numbers_in_base_units(backend: PostgresBackend, session: Session) -> None:
    rows: dict[str, str] = dict(session.execute("SELECT name, setting FROM pg_settings").fetchall())
    page = collect(backend)
    for metric, name, factor in (
        (catalogue.SETTING_MAX_CONNECTIONS, "max_connections", 1),
        (catalogue.SETTING_SUPERUSER_RESERVED, "superuser_reserved_connections", 1),
        (catalogue.SETTING_FREEZE_MAX_AGE, "autovacuum_freeze_max_age", 1),
        (catalogue.SETTING_SHARED_BUFFERS, "shared_buffers", 8192),
        (catalogue.SETTING_EFFECTIVE_CACHE_SIZE, "effective_cache_size", 8192),
        (catalogue.SETTING_WORK_MEM, "work_mem", 1024),
        (catalogue.SETTING_STATEMENTS_MAX, "pg_stat_statements.max", 1),
        (catalogue.SETTING_MAX_WAL_SIZE, "max_wal_size", 1024 * 1024),
    ):
        assert page.of(metric) == int(rows[name]) * factor
    assert page.of(catalogue.SETTING_RESERVED) == 0  # the server is older than the setting
    assert page.of(catalogue.SETTING_MAX_SLOT_KEEP) == -1
    assert page.of(catalogue.SETTING_TRACK_IO_TIMING) == 0
    try:
        session.execute("ALTER SYSTEM SET track_io_timing = on")
        session.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '3GB'")
        session.execute("SELECT pg_reload_conf()")
        wait_until(
            lambda: collect(backend).of(catalogue.SETTING_MAX_SLOT_KEEP) == 3 * 1024**3, "it is in bytes"
        )
        assert collect(backend).of(catalogue.SETTING_TRACK_IO_TIMING) == 1
    finally:
        session.execute("ALTER SYSTEM RESET track_io_timing")
        session.execute("ALTER SYSTEM RESET max_slot_wal_keep_size")
        session.execute("SELECT pg_reload_conf()")


def test_counters_of_a_database_move_by_what_is_done(backend: PostgresBackend, session: Session) -> None:
    flush(session)
    before = collect(backend)
    with session.transaction():
        session.execute("INSERT INTO orders SELECT n, 'x', n FROM generate_series(2001, 2100) n")
    with session.transaction(force_rollback=True):
        session.execute("UPDATE orders SET note = 'y' WHERE id > 2000")
    session.execute("DELETE FROM orders WHERE id > 2000")
    session.execute("SET work_mem = '64kB'")
    session.execute("SELECT count(*) FROM (SELECT n FROM generate_series(1, 50000) n ORDER BY -n OFFSET 0) s")
    session.execute("RESET work_mem")
    flush(session)
    after = collect(backend)

    def moved(metric: object) -> float:
        ends = [page.of(metric, datname=DATABASE) for page in (before, after)]
        assert None not in ends
        return (ends[1] or 0) - (ends[0] or 0)

    assert moved(catalogue.ROWS_INSERTED) == 100
    assert moved(catalogue.ROWS_UPDATED) == 100  # also of a transaction rolled back
    assert moved(catalogue.ROWS_DELETED) == 100
    assert moved(catalogue.ROLLBACKS) == 1
    assert moved(catalogue.TEMP_FILES) >= 1
    assert moved(catalogue.TEMP_BYTES) > 100_000
    assert moved(catalogue.COMMITS) >= 6
    assert moved(catalogue.BLOCKS_HIT) > 100
    assert moved(catalogue.DEADLOCKS) == moved(catalogue.CONFLICTS) == 0
    assert (after.of(catalogue.FROZEN_XID_AGE, datname=DATABASE) or 0) > (
        before.of(catalogue.FROZEN_XID_AGE, datname=DATABASE) or 0
    )
    assert after.of(catalogue.BACKENDS, datname=DATABASE) == 2  # this session and the exporter's
    assert (after.of(catalogue.ACTIVE_SECONDS, datname=DATABASE) or 0) > 0


def test_counters_of_sessions_tell_how_they_ended(server: Postgres, backend: PostgresBackend) -> None:
    before = collect(backend)
    with admin(server, DATABASE) as victim, admin(server) as killer:
        killer.execute("SELECT pg_terminate_backend(%s, 5000)", [victim.info.backend_pid])
    after = collect(backend)

    def moved(metric: object) -> float:
        return (after.of(metric, datname=DATABASE) or 0) - (before.of(metric, datname=DATABASE) or 0)

    assert moved(catalogue.SESSIONS) == 1
    assert moved(catalogue.SESSIONS_KILLED) == 1
    assert moved(catalogue.SESSIONS_ABANDONED) == moved(catalogue.SESSIONS_FATAL) == 0


def test_checkpoints_are_counted(backend: PostgresBackend, session: Session) -> None:
    before = collect(backend)
    session.execute("CHECKPOINT")
    after = before

    def told() -> bool:
        nonlocal after
        after = collect(backend)
        return after.of(catalogue.CHECKPOINTS_REQUESTED) != before.of(catalogue.CHECKPOINTS_REQUESTED)

    wait_until(told, "the checkpointer tells what it did", timeout=10)
    assert after.of(catalogue.CHECKPOINTS_REQUESTED) == (before.of(catalogue.CHECKPOINTS_REQUESTED) or 0) + 1
    row = session.execute(
        "SELECT checkpoints_timed, checkpoint_write_time / 1000, checkpoint_sync_time / 1000, "
        "buffers_checkpoint, buffers_clean, maxwritten_clean FROM pg_stat_bgwriter"
    ).fetchone()
    assert row is not None
    metrics = (
        catalogue.CHECKPOINTS_TIMED,
        catalogue.CHECKPOINT_WRITE_SECONDS,
        catalogue.CHECKPOINT_SYNC_SECONDS,
        catalogue.CHECKPOINT_BUFFERS,
        catalogue.BGWRITER_BUFFERS_CLEAN,
        catalogue.BGWRITER_MAXWRITTEN,
    )
    assert tuple(after.of(metric) for metric in metrics) == row
    assert (after.of(catalogue.CHECKPOINT_BUFFERS) or 0) > (before.of(catalogue.CHECKPOINT_BUFFERS) or 0)
    assert (after.of(catalogue.BGWRITER_BUFFERS_ALLOC) or 0) > 0


def test_locks_are_counted_by_mode_with_zeros_for_the_rest(
    backend: PostgresBackend, session: Session
) -> None:
    with session.transaction():
        session.execute("LOCK TABLE orders IN SHARE MODE")
        page = collect(backend)
    counts = {mode: page.of(catalogue.LOCKS, datname=DATABASE, mode=mode) for mode in catalogue.MODE.values}
    assert counts == dict.fromkeys(catalogue.MODE.values, 0) | {"sharelock": 1}


def test_the_modes_of_a_lock_are_those_of_the_server(
    server: Postgres, backend: PostgresBackend, session: Session
) -> None:
    modes = "ACCESS SHARE, ROW SHARE, ROW EXCLUSIVE, SHARE UPDATE EXCLUSIVE, SHARE, SHARE ROW EXCLUSIVE"
    session.execute("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM orders")
    for mode in (*modes.split(", "), "EXCLUSIVE", "ACCESS EXCLUSIVE"):
        session.execute(f"LOCK TABLE orders IN {mode} MODE")
    with admin(server) as other:
        held = dict(
            other.execute(
                "SELECT lower(mode), count(*) FROM pg_locks JOIN pg_database d ON d.oid = database "
                "WHERE datname = %s GROUP BY 1",
                [DATABASE],
            ).fetchall()
        )
    page = collect(backend)
    session.execute("ROLLBACK")
    assert held.keys() == set(catalogue.MODE.values)
    assert {mode: page.of(catalogue.LOCKS, datname=DATABASE, mode=mode) for mode in held} == held


def test_scans_of_a_table_and_of_its_index_are_told_apart(backend: PostgresBackend, session: Session) -> None:
    flush(session)
    before = collect(backend)
    session.execute("SET enable_seqscan = off")
    for number in range(7):
        session.execute("SELECT * FROM orders WHERE id = %s", [number + 1], prepare=False)
    session.execute("SET enable_seqscan = on; SET enable_indexscan = off; SET enable_bitmapscan = off")
    for _ in range(3):
        session.execute("SELECT * FROM orders WHERE id = 5")
    flush(session)
    after = collect(backend)

    table = {"datname": DATABASE, "schemaname": "public", "relname": "orders"}

    def moved(metric: object, **more: str) -> float:
        return (after.of(metric, **table, **more) or 0) - (before.of(metric, **table, **more) or 0)

    assert moved(objects.TABLE_IDX_SCAN) == 7
    assert moved(objects.TABLE_IDX_ROWS) == 7
    assert moved(objects.TABLE_SEQ_SCAN) == 3
    assert moved(objects.TABLE_SEQ_ROWS) == 3 * 1000
    assert moved(objects.INDEX_SCANS, indexrelname="orders_pkey") == 7
    assert moved(objects.INDEX_ROWS_READ, indexrelname="orders_pkey") == 7
    assert moved(objects.INDEX_ROWS_FETCHED, indexrelname="orders_pkey") == 7
    assert moved(objects.INDEX_SCANS, indexrelname="orders_status") == 0


def test_the_size_of_an_index_is_that_of_the_last_vacuum(backend: PostgresBackend, session: Session) -> None:
    session.execute("VACUUM ANALYZE orders")
    page = collect(backend)
    table = {"datname": DATABASE, "schemaname": "public", "relname": "orders"}
    size = session.execute("SELECT pg_relation_size('orders_pkey')").fetchone()
    assert size == (page.of(objects.INDEX_SIZE, **table, indexrelname="orders_pkey"),)


def test_live_dead_and_vacuumed_rows_are_told(backend: PostgresBackend, session: Session) -> None:
    table = {"datname": DATABASE, "schemaname": "public", "relname": "orders"}
    session.execute("VACUUM ANALYZE orders")
    started = time.time()
    session.execute("UPDATE orders SET note = 'changed' WHERE id <= 10")
    flush(session)
    page = collect(backend)
    assert page.of(objects.TABLE_LIVE, **table) == 1000
    assert page.of(objects.TABLE_DEAD, **table) == 10
    assert page.of(objects.TABLE_MODIFIED, **table) == 10
    assert page.of(objects.TABLE_LAST_VACUUM, **table) == pytest.approx(started, abs=5)
    assert page.of(objects.TABLE_LAST_ANALYZE, **table) == pytest.approx(started, abs=5)


def test_a_vacuum_is_due_as_the_table_or_else_the_server_says(
    backend: PostgresBackend, session: Session
) -> None:
    table = {"datname": DATABASE, "schemaname": "public", "relname": "orders"}
    session.execute("VACUUM ANALYZE orders")
    assert collect(backend).of(objects.TABLE_VACUUM_DUE, **table) == 50 + 0.2 * 1000
    try:
        for option, due in (("threshold", 7 + 0.2 * 1000), ("scale_factor", 7 + 7 * 1000)):
            session.execute(f"ALTER TABLE orders SET (autovacuum_vacuum_{option} = 7)")
            assert collect(backend).of(objects.TABLE_VACUUM_DUE, **table) == due
    finally:
        session.execute(
            "ALTER TABLE orders RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor)"
        )


def test_totals_count_all_indexes_and_those_unused_or_invalid(
    backend: PostgresBackend, session: Session
) -> None:
    session.execute("CREATE TABLE broken (id int)")
    session.execute("INSERT INTO broken VALUES (1), (1)")
    try:
        with pytest.raises(psycopg.errors.UniqueViolation):
            session.execute("CREATE UNIQUE INDEX CONCURRENTLY broken_id ON broken (id)")
        page = collect(backend)
        # Of four, one is the key and one is to be unique: that nobody scans them makes neither superfluous.
        assert page.of(objects.INDEXES, datname=DATABASE) == 4
        assert page.of(objects.INDEXES_INVALID, datname=DATABASE) == 1
        assert page.of(objects.INDEXES_UNUSED, datname=DATABASE) == 2
        index = {"datname": DATABASE, "schemaname": "public"}
        told = (objects.INDEX_VALID, objects.INDEX_ENFORCES)
        for table, name, values in (
            ("broken", "broken_id", (0, 1)),
            ("orders", "orders_pkey", (1, 1)),
            ("orders", "orders_note", (1, 0)),
        ):
            assert tuple(page.of(each, **index, relname=table, indexrelname=name) for each in told) == values
        sizes = session.execute(
            "SELECT pg_relation_size('orders_status') + pg_relation_size('orders_note')"
        ).fetchone()
        assert sizes == (page.of(objects.INDEXES_UNUSED_BYTES, datname=DATABASE),)
    finally:
        session.execute("DROP TABLE broken")


def test_a_statement_is_counted_with_its_time_and_rows(backend: PostgresBackend, session: Session) -> None:
    session.execute("SELECT pg_stat_statements_reset()")
    for number in range(4):
        session.execute("SELECT pg_sleep(0.02), generate_series(1, 5) AS marked", prepare=number > 9)
    row = session.execute(
        "SELECT queryid::text, shared_blks_hit, shared_blks_read FROM pg_stat_statements "
        "WHERE query LIKE '%marked%' AND query LIKE '%pg_sleep%'"
    ).fetchone()
    assert row is not None
    page = collect(backend)
    statement = {"user": "postgres", "datname": DATABASE, "queryid": str(row[0])}
    assert page.of(objects.STATEMENT_CALLS, **statement) == 4
    assert page.of(objects.STATEMENT_ROWS, **statement) == 20
    assert 0.4 <= (page.of(objects.STATEMENT_SECONDS, **statement) or 0) < 5
    assert page.of(objects.STATEMENT_BLOCKS_HIT, **statement) == row[1]
    assert page.of(objects.STATEMENT_BLOCKS_READ, **statement) == row[2]
    assert page.of(objects.STATEMENT_TEMP_BLOCKS, **statement) == 0
    # Without track_io_timing nobody took the time.
    assert page.of(objects.STATEMENT_READ_SECONDS, **statement) == 0
    assert page.of(objects.STATEMENT_WRITE_SECONDS, **statement) == 0
    assert page.of(objects.STATEMENT_WAL, **statement) == 0
    text = {"datname": DATABASE, "queryid": str(row[0])}
    said = "SELECT pg_sleep($1), generate_series($2, ...) AS marked"
    assert page.of(objects.STATEMENT_TEXT, **text, query=said) == 1
    count = session.execute("SELECT count(*) FROM pg_stat_statements").fetchone()
    assert count is not None
    assert page.of(objects.STATEMENTS_ENTRIES) == pytest.approx(count[0], abs=20)
    assert page.of(objects.STATEMENTS_RESET) == pytest.approx(time.time(), abs=10)
    assert page.of(objects.STATEMENTS_DEALLOC) == 0


def test_sizes_of_databases_are_those_the_server_knows(backend: PostgresBackend, session: Session) -> None:
    page = collect(backend)
    sizes = session.execute(
        "SELECT datname, pg_database_size(oid) FROM pg_database WHERE NOT datistemplate"
    ).fetchall()
    for name, size in sizes:
        assert page.of(catalogue.DATABASE_SIZE, datname=name) == pytest.approx(int(size), rel=0.01)


def test_deadlocks_are_counted(server: Postgres, backend: PostgresBackend) -> None:
    before = collect(backend)
    with admin(server, DATABASE) as one, admin(server, DATABASE) as other, ThreadPoolExecutor(2) as pool:
        for session, number in ((one, 1), (other, 2)):
            session.execute("BEGIN")
            session.execute("SET LOCAL deadlock_timeout = '50ms'")
            session.execute("SELECT pg_advisory_xact_lock(%s)", [number])
        crossed = [
            pool.submit(session.execute, "SELECT pg_advisory_xact_lock(%s)", [number])
            for session, number in ((one, 2), (other, 1))
        ]
        broken = {type(future.exception(timeout=10)) for future in crossed}
        assert broken == {type(None), psycopg.errors.DeadlockDetected}
        one.rollback()
        other.rollback()
    counted = (before.of(catalogue.DEADLOCKS, datname=DATABASE) or 0) + 1
    # A session tells at the latest when it ends, which is a little after its client closed it.
    wait_until(
        lambda: collect(backend).of(catalogue.DEADLOCKS, datname=DATABASE) == counted,
        "it is counted",
        timeout=10,
    )
