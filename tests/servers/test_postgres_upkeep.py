"""What the exporter says of the log and of the configuration is what was done to the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from examples.demo.databases import Postgres
from examples.demo.process import wait_until
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue import postgres_upkeep as upkeep
from exporters.collectors.postgres import PostgresBackend
from tests.servers.exporter_support import Samples
from tests.servers.failure_support import DATABASE
from tests.servers.postgres_support import Session, admin, collect, watch


@pytest.fixture
def session(server: Postgres) -> Iterator[Session]:
    with admin(server, DATABASE) as session:
        yield session


def flush(session: Session) -> None:
    """Have the session tell now what it would tell within a second."""
    session.execute("SELECT pg_stat_force_next_flush()")
    session.execute("SELECT 1")


@contextmanager
def configured(session: Session, name: str, value: str) -> Iterator[None]:
    """A setting stands in the configuration."""
    session.execute(f"ALTER SYSTEM SET {name} = {value}")
    session.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        session.execute(f"ALTER SYSTEM RESET {name}")
        session.execute("SELECT pg_reload_conf()")


def setting(page: Samples, name: str) -> float | None:
    """What the page says of a setting."""
    return page.get((upkeep.CONFIGURED.name, frozenset({("name", name)})))


def until(backend: PostgresBackend, name: str, value: float | None) -> Samples:
    """The page on which a setting has this value."""
    page = Samples()

    def reached() -> bool:
        nonlocal page
        page = collect(backend)
        return setting(page, name) == value

    wait_until(reached, f"{name} is {value}", timeout=10)
    return page


def test_the_log_is_counted(backend: PostgresBackend, session: Session) -> None:
    session.execute(
        "DROP TABLE IF EXISTS logged; "
        "CREATE TABLE logged AS SELECT n AS id, repeat('x', 100) AS note FROM generate_series(1, 5000) n"
    )
    session.execute("CHECKPOINT")
    flush(session)
    before = collect(backend)
    lsn = session.execute("SELECT pg_current_wal_lsn()").fetchone()
    session.execute("DELETE FROM logged")
    flush(session)
    after = collect(backend)
    written = session.execute("SELECT pg_current_wal_lsn() - %s::pg_lsn", lsn).fetchone()
    pages = session.execute("SELECT pg_relation_size('logged') / 8192").fetchone()
    session.execute("DROP TABLE logged")

    def moved(metric: object) -> float:
        return (after.of(metric) or 0) - (before.of(metric) or 0)

    assert written is not None
    # Whole pages, since the statement is the first to change them after the checkpoint.
    assert pages is not None
    assert pages[0] <= moved(upkeep.WAL_IMAGES) < pages[0] + 20
    assert 5000 <= moved(upkeep.WAL_RECORDS) < 5000 + 200
    assert moved(upkeep.WAL_BYTES) == pytest.approx(float(written[0]), rel=0.02)
    assert moved(upkeep.WAL_BYTES) > pages[0] * 7000
    row = session.execute("SELECT wal_buffers_full FROM pg_stat_wal").fetchone()
    assert row == (after.of(upkeep.WAL_BUFFERS_FULL),)


def test_a_changed_setting_is_told_by_its_name(backend: PostgresBackend, session: Session) -> None:
    before = collect(backend).of(upkeep.FINGERPRINT)
    assert collect(backend).of(upkeep.FINGERPRINT) == before
    for name, value, shown in (
        ("work_mem", "'5MB'", 5 * 1024),
        ("seq_page_cost", "1.5", 1.5),
        ("enable_material", "off", 0),
    ):
        with configured(session, name, value):
            assert until(backend, name, shown).of(upkeep.FINGERPRINT) != before
        assert until(backend, name, None).of(upkeep.FINGERPRINT) == before


def test_of_a_text_is_told_that_it_changed_and_not_what_it_is(
    backend: PostgresBackend, session: Session
) -> None:
    found = []
    for text in ("'one %p'", "'other %p'"):
        with configured(session, "restore_command", text):
            wait_until(
                lambda: setting(collect(backend), "restore_command") not in (None, *found),
                "another fingerprint",
            )
            found.append(setting(collect(backend), "restore_command"))
    assert all(0 <= (number or -1) < 2**16 for number in found)


def test_a_setting_that_waits_for_a_restart_is_counted(backend: PostgresBackend, session: Session) -> None:
    assert collect(backend).of(upkeep.PENDING_RESTART) == 0
    configured_now = collect(backend).of(catalogue.SETTING_MAX_CONNECTIONS)
    with configured(session, "max_wal_senders", "7"):
        wait_until(lambda: collect(backend).of(upkeep.PENDING_RESTART) == 1, "one waits")
    assert collect(backend).of(catalogue.SETTING_MAX_CONNECTIONS) == configured_now


def test_what_the_exporter_or_its_role_sets_for_itself_is_no_configuration(
    server: Postgres, backend: PostgresBackend
) -> None:
    page = collect(backend)
    names = {dict(labels)["name"] for name, labels in page if name == upkeep.CONFIGURED.name}
    assert "shared_buffers" in names
    assert not names & {"statement_timeout", "lock_timeout", "jit", "application_name"}
    with closing(watch(server, DATABASE)) as other:
        assert collect(other).of(upkeep.FINGERPRINT) == page.of(upkeep.FINGERPRINT)


def test_texts_are_shown_only_where_that_is_asked_for(server: Postgres, backend: PostgresBackend) -> None:
    with admin(server, DATABASE) as session:
        session.execute("SELECT relname FROM pg_class WHERE oid = 4711")
        session.execute("ALTER ROLE postgres PASSWORD 'hunter2'")
    assert objects.STATEMENT_TEXT.name not in collect(backend).names()
    with closing(watch(server, DATABASE, statement_texts=True, top_statements=200)) as asked:
        page = collect(asked)
    texts = {dict(labels)["query"] for name, labels in page if name == objects.STATEMENT_TEXT.name}
    assert {"SELECT relname FROM pg_class WHERE oid = $1", "ALTER ROLE ..."} <= texts
    assert not any("hunter" in text or "4711" in text for text in texts)


def test_reads_are_timed_where_the_server_takes_the_time(server: Postgres, backend: PostgresBackend) -> None:
    with closing(watch(server, DATABASE)) as asked:
        before = collect(asked).of(catalogue.READ_SECONDS, datname=DATABASE) or 0
    with admin(server, DATABASE) as session:
        session.execute("SELECT pg_stat_statements_reset()")
        session.execute("DROP TABLE IF EXISTS cold")
        session.execute("CREATE TABLE cold AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 30000)")
        session.execute("SET track_io_timing = on; SET max_parallel_workers_per_gather = 0")
        # More than shared buffers hold, so that it is written to and read from the disk.
        session.execute("SELECT count(x) AS timed FROM cold")
        row = session.execute(
            "SELECT queryid::text, blk_read_time / 1000 FROM pg_stat_statements "
            "WHERE query LIKE '%AS timed%' AND query NOT LIKE '%queryid%'"
        ).fetchone()
        session.execute("DROP TABLE cold")
        flush(session)
    assert row is not None
    with closing(watch(server, DATABASE, top_statements=200)) as asked:
        page = collect(asked)
    labels = {"user": "postgres", "datname": DATABASE, "queryid": row[0]}
    assert page.of(objects.STATEMENT_READ_SECONDS, **labels) == pytest.approx(row[1])
    # Of a database the server drops the fractions of a microsecond of each block.
    assert 0 < (page.of(catalogue.READ_SECONDS, datname=DATABASE) or 0) - before < row[1] * 1.01


def test_the_size_of_a_table_holds_what_is_stored_out_of_line(
    backend: PostgresBackend, session: Session
) -> None:
    session.execute("CREATE TABLE documents (id int PRIMARY KEY, body text)")
    try:
        session.execute("ALTER TABLE documents ALTER body SET STORAGE EXTERNAL")
        session.execute("INSERT INTO documents SELECT n, repeat('x', 9000) FROM generate_series(1, 300) n")
        session.execute("VACUUM ANALYZE documents")
        page = collect(backend)
        toast = "(SELECT reltoastrelid FROM pg_class WHERE relname = 'documents')"
        row = session.execute(
            f"SELECT pg_relation_size('documents') + pg_relation_size({toast}::regclass), "
            f"pg_indexes_size('documents'), pg_relation_size({toast}::regclass)"
        ).fetchone()
        table = {"datname": DATABASE, "schemaname": "public", "relname": "documents"}
        assert row is not None
        told = (page.of(objects.TABLE_SIZE, **table), page.of(objects.TABLE_INDEX_SIZE, **table))
        assert told == row[:2]
        assert row[2] > 2_000_000
    finally:
        session.execute("DROP TABLE documents")
