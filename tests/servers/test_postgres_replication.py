"""A primary with slots and its replica: what is kept for whom, and how late the replica is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from examples.demo.databases import POSTGRES_BINARIES, Postgres
from examples.demo.process import Server, program, wait_until
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue import postgres_replication as replication
from exporters.catalogue import self_
from exporters.collectors.outcome import State
from exporters.collectors.postgres import PostgresBackend, PostgresSettings
from exporters.collectors.postgres.check import check
from exporters.collectors.postgres.index_report import report
from exporters.commands.indexes import lines
from exporters.conninfo import libpq_conninfo
from tests.servers.exporter_support import Samples
from tests.servers.failure_support import assert_well
from tests.servers.postgres_support import LOG, admin, collect, conninfo, create_database, watch

DATABASE = "replicated"
SLOT = "standby"
SEGMENT = 16 * 1024 * 1024


@pytest.fixture(scope="module")
def primary(new_home: Callable[[], Path]) -> Iterator[Postgres]:
    server = Postgres(new_home(), wal_level="logical").start()
    create_database(server, DATABASE)
    with admin(server, DATABASE) as session:
        session.execute("CREATE TABLE notes (id int)")
        session.execute("SELECT pg_create_physical_replication_slot(%s)", [SLOT])
    yield server
    server.stop()


@pytest.fixture(scope="module")
def replica(primary: Postgres, new_home: Callable[[], Path]) -> Iterator[Postgres]:
    """A copy of the primary that follows it through the slot."""
    server = Postgres(new_home(), wal_receiver_status_interval="1", wal_retrieve_retry_interval="100")
    copy = program("pg_basebackup", f"{POSTGRES_BINARIES}/pg_basebackup", package="postgresql")
    command = [copy, "-h", str(primary.home), "-p", str(primary.port), "-U", "postgres"]
    command += ["-D", str(server.data), "-R", "-S", SLOT, "--checkpoint=fast", "--no-sync"]
    if server.user:
        shutil.chown(server.home, server.user, server.user)
        command = ["setpriv", "--reuid", server.user, "--regid", server.user, "--init-groups", *command]
    subprocess.run(command, check=True, capture_output=True, cwd="/", env=os.environ)
    yield server.start()
    server.stop()


class Receiver(Server):
    """Somebody who reads a slot of the primary."""

    def __init__(self, home: Path) -> None:
        super().__init__("pg_receivewal", home / "receiver.log")
        self.home = home

    def start(self, primary: Postgres, slot: str) -> Receiver:
        """Make the slot, and begin to read it."""
        receiver = program("pg_receivewal", f"{POSTGRES_BINARIES}/pg_receivewal", package="postgresql")
        command = [receiver, "-h", str(primary.home), "-p", str(primary.port), "-U", "postgres"]
        command += ["-S", slot, "-D", str(self.home), "--no-sync"]
        with admin(primary) as session:
            session.execute("SELECT pg_create_physical_replication_slot(%s, true)", [slot])
        self.launch(command)
        return self


def page(server: Postgres) -> Samples:
    with closing(watch(server, DATABASE)) as backend:
        return collect(backend)


def note(primary: Postgres) -> int:
    """Write something; how many notes there are then."""
    with admin(primary, DATABASE) as session:
        row = session.execute(
            "INSERT INTO notes VALUES (1) RETURNING (SELECT count(*) + 1 FROM notes)"
        ).fetchone()
    assert row is not None
    return int(row[0])


def wait_until_shown(replica: Postgres, notes: int) -> None:
    with admin(replica, DATABASE) as session:
        wait_until(
            lambda: session.execute("SELECT count(*) FROM notes").fetchone() == (notes,),
            "the replica follows",
        )


def test_a_server_without_slots_tells_of_none_and_is_not_late(postgres: Postgres) -> None:
    create_database(postgres, DATABASE)
    found = page(postgres)
    assert found.of(replication.LAG) == 0
    assert not found.names() & {replication.SLOT_ACTIVE.name, replication.SLOT_RETAINED.name}


def test_what_is_kept_for_a_slot_that_nobody_reads_grows(primary: Postgres) -> None:
    with admin(primary, DATABASE) as session:
        session.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
            " WHERE slot_name IN ('idle', 'changes')"
        )
        session.execute("SELECT pg_create_physical_replication_slot('idle', true)")
        session.execute("SELECT pg_create_logical_replication_slot('changes', 'test_decoding')")
        session.execute("SELECT pg_create_physical_replication_slot('of_a_session', true, true)")
        before = page(primary)
        for _ in range(2):  # from somewhere in one segment to the beginning of the next but one
            note(primary)
            session.execute("SELECT pg_switch_wal()")
        after = page(primary)
        idle, changes = (
            {"slot_name": "idle", "database": ""},
            {"slot_name": "changes", "database": DATABASE},
        )
        for slot in (idle, changes):
            assert (
                before.of(replication.SLOT_ACTIVE, **slot) == after.of(replication.SLOT_ACTIVE, **slot) == 0
            )
            kept = [found.of(replication.SLOT_RETAINED, **slot) for found in (before, after)]
            assert None not in kept
            assert SEGMENT <= (kept[1] or 0) - (kept[0] or 0) <= 2 * SEGMENT + 1000
        # One whose log was never asked for keeps nothing, and a temporary one is gone with its session.
        fresh = {"slot_name": SLOT, "database": ""}
        assert before.of(replication.SLOT_ACTIVE, **fresh) == 0
        assert before.of(replication.SLOT_RETAINED, **fresh) is None
        names = {dict(labels)["slot_name"] for name, labels in before if name == replication.SLOT_ACTIVE.name}
        assert names == {SLOT, "idle", "changes"}
        session.execute("SELECT pg_drop_replication_slot('idle'), pg_drop_replication_slot('changes')")


def test_what_is_kept_for_a_slow_reader_grows_while_it_is_connected(
    primary: Postgres, new_home: Callable[[], Path]
) -> None:
    receiver = Receiver(new_home()).start(primary, "slow")
    slot = {"slot_name": "slow", "database": ""}
    try:
        wait_until(lambda: page(primary).of(replication.SLOT_ACTIVE, **slot) == 1, "it reads")
        receiver.signal_group(signal.SIGSTOP)
        before = page(primary).of(replication.SLOT_RETAINED, **slot) or 0
        with admin(primary, DATABASE) as session:
            for _ in range(2):
                note(primary)
                session.execute("SELECT pg_switch_wal()")
        after = page(primary)
        assert after.of(replication.SLOT_ACTIVE, **slot) == 1
        assert (after.of(replication.SLOT_RETAINED, **slot) or 0) - before >= SEGMENT
    finally:
        receiver.stop()
        with admin(primary) as session:
            wait_until(lambda: page(primary).of(replication.SLOT_ACTIVE, **slot) == 0, "it is gone")
            session.execute("SELECT pg_drop_replication_slot('slow')")


def test_a_replica_that_follows_is_not_late_however_idle_its_primary_is(
    primary: Postgres, replica: Postgres
) -> None:
    wait_until_shown(replica, note(primary))
    wait_until(lambda: page(replica).of(replication.LAG) == 0, "all is shown")
    slot = {"slot_name": SLOT, "database": ""}
    found = page(primary)
    assert (found.of(replication.SLOT_ACTIVE, **slot), found.of(replication.LAG)) == (1, 0)
    assert page(replica).of(catalogue.IS_REPLICA) == 1


def test_a_replica_that_does_not_replay_grows_late(primary: Postgres, replica: Postgres) -> None:
    wait_until_shown(replica, note(primary))
    with admin(replica) as session:
        session.execute("SELECT pg_wal_replay_pause()")
        try:
            note(primary)
            wait_until(lambda: (page(replica).of(replication.LAG) or 0) > 1.5, "it is late")
        finally:
            session.execute("SELECT pg_wal_replay_resume()")
    wait_until(lambda: page(replica).of(replication.LAG) == 0, "it caught up")


def test_a_replica_that_was_cut_off_grows_late_though_all_that_it_received_is_shown(
    primary: Postgres, replica: Postgres
) -> None:
    wait_until_shown(replica, note(primary))
    with admin(replica) as session:
        where = session.execute("SELECT quote_literal(current_setting('primary_conninfo'))").fetchone()
        assert where is not None
        session.execute("ALTER SYSTEM SET primary_conninfo = 'host=/nowhere'")
        session.execute("SELECT pg_reload_conf()")
        try:
            wait_until(lambda: (page(replica).of(replication.LAG) or 0) > 1.5, "it is late")
            same = session.execute("SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()").fetchone()
            assert same == (True,)
            slot = {"slot_name": SLOT, "database": ""}
            assert page(primary).of(replication.SLOT_ACTIVE, **slot) == 0
        finally:
            session.execute(f"ALTER SYSTEM SET primary_conninfo = {where[0]}")
            session.execute("SELECT pg_reload_conf()")
    wait_until(lambda: page(replica).of(replication.LAG) == 0, "it caught up")


def test_a_replica_shows_the_unfinished_index_but_not_who_builds_it(
    primary: Postgres, replica: Postgres
) -> None:
    """So rules on unfinished indexes ask the primary alone."""
    with (
        admin(primary, DATABASE) as writer,
        admin(primary, DATABASE) as builder,
        ThreadPoolExecutor(1) as pool,
    ):
        builder.execute("DROP INDEX IF EXISTS slow")
        writer.execute("BEGIN")
        writer.execute("DELETE FROM notes WHERE false")
        built = pool.submit(builder.execute, "CREATE INDEX CONCURRENTLY slow ON notes (id)")
        try:
            wait_until(
                lambda: page(replica).of(objects.INDEXES_INVALID, datname=DATABASE) == 1, "it is begun"
            )
            builds = [page(each).of(objects.INDEX_BUILDS, datname=DATABASE) for each in (primary, replica)]
        finally:
            writer.execute("ROLLBACK")
        built.result(timeout=10)
    assert builds == [1, 0]


def test_who_looks_at_indexes_is_told_that_each_server_counts_its_own_scans(
    primary: Postgres, replica: Postgres
) -> None:
    with admin(primary, DATABASE) as session:
        session.execute("CREATE INDEX IF NOT EXISTS of_notes ON notes ((id + 1))")
    wait_until_shown(replica, note(primary))
    with admin(replica, DATABASE) as session:
        session.execute("SET enable_seqscan = off")
        session.execute("SELECT FROM notes WHERE id + 1 = 2")

    def said(server: Postgres) -> tuple[str, str]:
        found = report(PostgresSettings(conninfo=lambda: conninfo(server, DATABASE)))
        states = {line.index: line.state for line in found.lines}
        return states.get("of_notes", ""), "\n".join(lines(found))

    state, printed = said(primary)
    assert state == "never used"
    assert "\nScans on replicas (1 connected) are not counted here: ask each too.\n" in printed
    wait_until(lambda: said(replica)[0] == "", "its scan is counted")
    assert "\nThis is a replica: the SQL is for its primary" in said(replica)[1]
    with admin(primary, DATABASE) as session:
        session.execute("DROP INDEX of_notes")


def test_a_role_that_may_not_read_statistics_does_not_take_a_connected_replica_for_cut_off(
    primary: Postgres, replica: Postgres
) -> None:
    with admin(primary) as session:
        session.execute("REVOKE pg_read_all_stats FROM obs_exporter")
        try:
            wait_until_shown(replica, note(primary))
            wait_until(lambda: page(replica).of(replication.LAG) == 0, "all is shown", timeout=5)
        finally:
            session.execute("GRANT pg_read_all_stats TO obs_exporter")


def test_a_replica_of_a_database_that_asks_for_serializable_transactions_is_read(
    primary: Postgres, replica: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    def changed(statement: str) -> None:
        with admin(primary) as session:
            session.execute(statement)
            end = session.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()
        with admin(replica) as session:
            shown = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
            wait_until(lambda: session.execute(shown, end).fetchone() == (True,), "the replica follows")

    line = "ALTER ROLE obs_exporter SET default_transaction_isolation = 'read committed'"
    changed(f"ALTER DATABASE {DATABASE} SET default_transaction_isolation = 'serializable'")
    try:
        assert_well(page(replica))
        changed("ALTER ROLE obs_exporter RESET default_transaction_isolation")  # as one of somebody's own is
        refused = page(replica)
        mended = check(PostgresSettings(conninfo=lambda: conninfo(replica, DATABASE)))
    finally:
        changed(f"ALTER DATABASE {DATABASE} RESET default_transaction_isolation; {line}")
    assert refused.of(catalogue.UP) == 0
    assert [line in said for said in caplog.messages if "postgres.server: 0A000" in said] == [True]
    assert [(one.state, line in one.detail) for one in mended] == [
        (State.WORKS, False),
        (State.FAILS, True),
    ]


def test_a_failover_to_another_host_of_the_connection_string_is_followed(
    primary: Postgres, replica: Postgres
) -> None:
    ports = f"{primary.port},{replica.port}"
    given = {"host": "127.0.0.1,127.0.0.1", "port": ports, "target_session_attrs": "read-write"}
    pairs = psycopg.conninfo.make_conninfo(conninfo(primary, DATABASE), **given)
    text = libpq_conninfo(pairs, "DATABASE_URL")
    with closing(PostgresBackend(PostgresSettings(conninfo=lambda: text), LOG)) as backend:
        before = collect(backend)
        primary.stop()
        without = collect(backend)
        with admin(replica) as session:
            session.execute("SELECT pg_promote(true, 10)")
        after = collect(backend)
    assert [page.of(catalogue.UP) for page in (before, without, after)] == [1, 0, 1]
    assert [page.of(catalogue.IS_REPLICA) for page in (before, after)] == [0, 0]
    assert before.of(catalogue.START_TIME) != after.of(catalogue.START_TIME)
    assert after.of(self_.CONNECTS, backend="postgres", result="ok") == 2
