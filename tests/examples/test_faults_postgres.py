"""Each fault at PostgreSQL breaks what it says, as the server itself tells, and heals without a trace."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import requests
from sqlalchemy import make_url

from examples.backend.jobs import WORKERS
from examples.backend.migrate import migrate
from examples.demo.databases import Postgres
from examples.demo.pooler import Jobs, PgBouncer
from examples.demo.process import wait_until
from examples.demo.servers import Api
from examples.faults import FaultError, Targets, injected, make
from tests.examples.conftest import count, statuses


def test_held_server_connections_are_another_clients(targets: Targets, database: psycopg.Connection) -> None:
    held = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leak'"
    with injected(make("hold-connections", targets, at="server", connections=200)):
        limit = count(database, "SELECT current_setting('max_connections')::int")
        assert limit * 0.8 < count(database, held) < limit
    wait_until(lambda: count(database, held) == 0, "connections closed")


def test_jobs_wait_for_a_pool_that_is_held(
    targets: Targets, postgres: Postgres, server_root: Path, database: psycopg.Connection
) -> None:
    user = make_url(targets.database_url)
    pooler = PgBouncer(
        server_root / "pooler", postgres, {"example": str(user.password)}, admin_users="example"
    ).start()
    jobs = Jobs(server_root / "jobs")
    jobs.url = pooler.url("example", "example")

    def waiting() -> int:
        """Columns are database, user, active and waiting."""
        psql = ["psql", pooler.url("example"), "-AtF,", "-c", "show pools"]
        rows = subprocess.run(psql, capture_output=True, text=True, check=True).stdout.splitlines()
        return sum(int(row.split(",")[3]) for row in rows)

    worked = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query ~ 'hourly_wage FROM emp'"
    fault = make("hold-pooler", replace(targets, pooler_url=jobs.url), connections=1)
    try:
        jobs.start()
        wait_until(lambda: count(database, worked) > 0, "the jobs work")
        with injected(fault):
            wait_until(lambda: waiting() == WORKERS, "the jobs wait")
            before = count(database, worked)
        wait_until(lambda: count(database, worked) > before, "the jobs go on")
    finally:
        jobs.stop()
        pooler.stop()


def test_a_dropped_index_is_created_again(
    backend_url: str, targets: Targets, database: psycopg.Connection
) -> None:
    present = "SELECT count(*) FROM pg_index WHERE indexrelid::regclass::text = 'idx_requests_status_created'"
    migrate(backend_url)
    fault = make("drop-index", targets, index="idx_requests_status_created")
    with injected(fault):
        assert count(database, present) == 0
        with pytest.raises(FaultError, match="no index 'idx_requests_status_created' to drop"):
            fault.inject()
    assert count(database, present) == 1


def test_a_locked_table_blocks_its_readers(fixed: Api, targets: Targets) -> None:
    with injected(make("lock-table", targets)), pytest.raises(requests.ReadTimeout):
        requests.get(f"{fixed.url}/api/timer-cards/pending?factory_id=F001", timeout=0.5)
    assert statuses(fixed, "/api/timer-cards/pending?factory_id=F001") == {200}


def test_the_sessions_of_a_role_are_cut_again_and_again_and_no_others(
    targets: Targets, database: psycopg.Connection
) -> None:
    with psycopg.connect(targets.superuser_dsn, autocommit=True) as admin:
        admin.execute("CREATE ROLE watcher LOGIN")
        dsn = psycopg.conninfo.make_conninfo(targets.superuser_dsn, user="watcher")
        try:
            with injected(make("cut-sessions", targets, role="watcher", pause=0.1)):
                for _ in range(2):
                    watcher = psycopg.connect(dsn, autocommit=True)
                    wait_until(lambda: _is_cut(watcher), "its session is cut")  # noqa: B023  within the round
            with psycopg.connect(dsn, autocommit=True) as healed:
                assert healed.execute("SELECT pg_sleep(0.3)").rowcount == 1
        finally:
            admin.execute("DROP ROLE watcher")
    assert count(database, "SELECT 1") == 1


def _is_cut(session: psycopg.Connection) -> bool:
    try:
        session.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def test_deadlocks_are_broken_by_postgresql(targets: Targets, database: psycopg.Connection) -> None:
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = 'example'"
    before = count(database, query)
    with injected(make("deadlock", targets)):
        wait_until(lambda: count(database, query) > before, "a deadlock")


def test_the_server_has_left_what_it_was_told_to(targets: Targets, database: psycopg.Connection) -> None:
    held = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    with injected(make("hold-connections", targets, at="server", connections=200, leave=5)):
        limit = count(database, "SELECT current_setting('max_connections')::int")
        reserved = count(database, "SELECT current_setting('superuser_reserved_connections')::int")
        assert count(database, held) == pytest.approx(
            limit - reserved - 5, abs=2
        )  # the application's come and go


IDLE = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND xact_start < now()"
RUNNING = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query ~ 'pg_sleep.86400'"


def test_a_forgotten_transaction_stays_open_and_idle(targets: Targets, database: psycopg.Connection) -> None:
    assert count(database, IDLE) == 0
    with injected(make("open-transaction", targets)):
        wait_until(lambda: count(database, IDLE) == 1, "idle in transaction")
    wait_until(lambda: count(database, IDLE) == 0, "ended")


def test_a_report_runs_until_it_is_cancelled(targets: Targets, database: psycopg.Connection) -> None:
    others = " AND pid <> pg_backend_pid()"
    with injected(make("long-transaction", targets)):
        wait_until(lambda: count(database, RUNNING + others) == 1, "running")
    assert count(database, RUNNING + others) == 0


@pytest.fixture
def migrated(backend_url: str) -> str:
    migrate(backend_url)
    return backend_url


def test_an_index_with_other_columns_has_the_expected_name(
    migrated: str, targets: Targets, database: psycopg.Connection
) -> None:
    columns = "SELECT indnatts FROM pg_index WHERE indexrelid = 'idx_timer_cards_approval_queue'::regclass"
    assert count(database, columns) == 3
    fault = make("wrong-columns", targets)
    copies = "SELECT count(*) FROM pg_class WHERE relname = 'fault_copy'"
    with injected(fault):
        assert (count(database, columns), count(database, copies)) == (1, 1)
    assert (count(database, columns), count(database, copies)) == (3, 0)
    with pytest.raises(FaultError, match="no index 'gone' to drop"):
        make("wrong-columns", targets, index="gone").inject()


def test_an_index_on_duplicates_stays_invalid(
    migrated: str, targets: Targets, database: psycopg.Connection
) -> None:
    invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
    with injected(make("invalid-index", targets)):
        assert count(database, invalid) == 1
    assert count(database, invalid) == 0
    served = (
        "SELECT count(*) FROM pg_index WHERE indisvalid"
        " AND indexrelid = 'idx_timer_cards_approval_queue'::regclass"
    )
    with injected(make("invalid-index", targets, index="idx_timer_cards_approval_queue")):
        assert count(database, served) == 0
        assert count(database, invalid) == 1
    assert count(database, served) == 1


def test_rows_die_and_nobody_removes_them(targets: Targets, database: psycopg.Connection) -> None:
    dead = "SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables WHERE relname = 'fault_churn'"
    with injected(make("dead-tuples", targets, rows=1000, rounds=3)):
        wait_until(lambda: count(database, dead) == 3000, "dead rows")
    assert count(database, "SELECT count(*) FROM pg_class WHERE relname = 'fault_churn'") == 0


def test_a_sort_goes_to_disk(targets: Targets, database: psycopg.Connection) -> None:
    files = "SELECT temp_files FROM pg_stat_database WHERE datname = 'example'"
    before = count(database, files)
    with injected(make("temp-files", targets)):
        wait_until(lambda: count(database, files) >= before + 2, "temporary files")


def test_scans_of_a_table_begin_and_read_little(targets: Targets, database: psycopg.Connection) -> None:
    seen = "SELECT {} FROM pg_stat_user_tables WHERE relname = 'timer_cards'"
    scans, rows = (count(database, seen.format(column)) for column in ("seq_scan", "seq_tup_read"))
    with injected(make("head-scans", targets, table="timer_cards")):
        wait_until(lambda: count(database, seen.format("seq_scan")) > scans + 5, "scans")
    new = count(database, seen.format("seq_scan")) - scans
    assert count(database, seen.format("seq_tup_read")) - rows <= new


def test_cold_reads_come_past_the_cache_each_time(targets: Targets, database: psycopg.Connection) -> None:
    read = "SELECT coalesce(sum(heap_blks_read), 0) FROM pg_statio_user_tables WHERE relname = 'fault_cold'"
    with injected(make("cold-reads", targets, pause=0)):
        wait_until(lambda: count(database, read) > 1_500_000, "250 times the table")
    assert count(database, "SELECT count(*) FROM pg_class WHERE relname = 'fault_cold'") == 0


def test_statements_of_new_shapes_push_out_others_and_are_taken_out(
    targets: Targets, database: psycopg.Connection
) -> None:
    evicted = "SELECT dealloc FROM pg_stat_statements_info"
    flood = "SELECT count(*) FROM pg_stat_statements WHERE query ~ '^SELECT .1[-+].2[-+].3'"
    before = count(database, evicted)
    with injected(make("evict-statements", targets)):
        wait_until(lambda: count(database, evicted) > before, "evictions")
        assert count(database, flood) > 1000
    assert count(database, flood) == 0


def test_a_slot_that_nobody_reads_keeps_the_log(targets: Targets, database: psycopg.Connection) -> None:
    kept = (
        "SELECT coalesce(sum(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0)"
        " FROM pg_replication_slots WHERE NOT active"
    )
    assert count(database, kept) == 0
    with injected(make("inactive-slot", targets, segments=3)):
        assert count(database, kept) > 2 * 16 * 1024**2
    assert count(database, "SELECT count(*) FROM pg_replication_slots") == 0


def test_nobody_but_the_superuser_reads_statements(
    backend_url: str, targets: Targets, postgres: Postgres
) -> None:
    ask = "SELECT count(*) FROM pg_stat_statements"
    with psycopg.connect(backend_url, autocommit=True) as plain:
        with (
            injected(make("revoke-statements", targets)),
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            plain.execute(ask)
        assert plain.execute(ask).fetchone()
