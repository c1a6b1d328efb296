"""Many databases, many tables, long names, and tables that go while they are asked about."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.catalogue import self_
from exporters.collectors.postgres import ExpectedIndex, PostgresBackend
from exporters.exposition import render
from exporters.scrape import Scraper
from tests.servers.exporter_support import Samples, parse
from tests.servers.failure_support import DATABASE, assert_well, errors
from tests.servers.postgres_support import LOG, Session, admin, collect, run_role_sql, watch

LONG = "ä" * 31 + "x"  # 63 bytes, as many as a name may have


@pytest.fixture
def session(server: Postgres) -> Iterator[Session]:
    with admin(server, DATABASE) as session:
        session.execute("ALTER SYSTEM SET autovacuum = off")
        session.execute("SELECT pg_reload_conf()")
        yield session


@contextmanager
def rows_of(session: Session, table: str, oid: str, copy: str) -> Iterator[None]:
    """Entries of a catalogue whose objects have no files: no question of the exporter reads these."""
    session.execute(copy)
    try:
        yield
    finally:
        session.execute(f"DELETE FROM {table} WHERE {oid} >= 3000000")  # noqa: S608  names of this file


def databases(page: Samples) -> dict[str, set[str]]:
    """By metric the databases that it is told of."""
    found: dict[str, set[str]] = {}
    for name, labels in page:
        for label, value in labels:
            if label == "datname":
                found.setdefault(name, set()).add(value)
    return found


def test_of_200_databases_as_many_are_shown_as_there_may_be(server: Postgres, session: Session) -> None:
    copy = (
        "INSERT INTO pg_database SELECT (jsonb_populate_record(d, jsonb_build_object('oid', 3000000 + n, "
        "'datname', 'tenant' || n))).* FROM pg_database d, generate_series(1, 200) n "
        "WHERE datname = 'postgres'"
    )
    with (
        rows_of(session, "pg_database", "oid", copy),
        closing(watch(server, DATABASE, cap_databases=20)) as backend,
    ):
        started = time.monotonic()
        pages = [render(backend.collect(time.monotonic() + 1.8)) for _ in range(2)]
        assert time.monotonic() - started < 2 * 1.8
    first, second = (databases(parse(page.body.decode())) for page in pages)
    assert all(page.dropped["cap"] > 180 * 40 for page in pages)
    assert pages[0].series < 20 * 80 + 400
    shown = first[catalogue.COMMITS.name]
    assert len(shown) == 20
    assert {DATABASE, "postgres"} <= shown
    assert first == second
    for name, named in first.items():
        assert named <= shown, name


def test_10000_tables_cost_neither_the_page_nor_its_time(server: Postgres, session: Session) -> None:
    copy = (
        "INSERT INTO pg_class SELECT (jsonb_populate_record(c, jsonb_build_object('oid', 3000000 + n, "
        "'relname', 'many' || n, 'relpages', n))).* FROM pg_class c, generate_series(1, 10000) n "
        "WHERE relname = 'jobs'"
    )
    with rows_of(session, "pg_class", "oid", copy), closing(watch(server, DATABASE)) as backend:
        page = collect(backend)
    assert_well(page)
    tables = [labels for name, labels in page if name == objects.TABLE_SEQ_SCAN.name]
    assert len(tables) == 50
    assert len(page) < 2500


def test_names_of_63_bytes_are_shown_whole(server: Postgres, session: Session) -> None:
    assert len(LONG.encode()) == 63
    table, index = f't"{LONG[1:-1]}', LONG
    quoted = '"' + table.replace('"', '""') + '"'
    session.execute(
        f'CREATE SCHEMA "{LONG}" CREATE TABLE {quoted} (id int) CREATE INDEX "{index}" ON {quoted} (id)'
    )
    expected = ExpectedIndex(name=f'"{index}"', table=f'"{LONG}".{quoted}', columns=("id",))
    try:
        with closing(watch(server, DATABASE, expected_indexes=(expected,))) as backend:
            page = collect(backend)
    finally:
        session.execute(f'DROP SCHEMA "{LONG}" CASCADE')
    assert_well(page)
    labels = {"datname": DATABASE, "schemaname": LONG, "relname": table}
    assert page.of(objects.TABLE_SEQ_SCAN, **labels) is not None
    assert page.of(objects.INDEX_SCANS, **labels, indexrelname=index) == 0
    assert page.of(objects.EXPECTED_PRESENT, index=expected.name, table=expected.table) == 1


def test_tables_that_come_and_go_while_they_are_asked_about_cost_nothing(
    server: Postgres, session: Session, backend: PostgresBackend
) -> None:
    end, rounds = threading.Event(), 0

    def come_and_go() -> None:
        nonlocal rounds
        while not end.is_set():
            session.execute(
                "CREATE TABLE brief (id int PRIMARY KEY); INSERT INTO brief VALUES (1); ANALYZE brief"
            )
            session.execute("DROP TABLE brief")
            rounds += 1

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        pages = [collect(backend) for _ in range(20)]
    finally:
        end.set()
        thread.join()
    assert rounds > 5
    for page in pages:
        assert_well(page)
    assert errors(pages[-1]) == {}


def test_a_reset_of_statistics_shows_as_one(
    server: Postgres, session: Session, backend: PostgresBackend, caplog: pytest.LogCaptureFixture
) -> None:
    session.execute("SELECT count(*) FROM jobs")
    before = collect(backend)
    session.execute("SELECT pg_stat_reset(), pg_stat_reset_shared('bgwriter'), pg_stat_statements_reset()")
    after = collect(backend)
    for page in (before, after):
        assert_well(page)
    reset = {"datname": DATABASE}
    assert (after.of(catalogue.STATS_RESET, **reset) or 0) > (before.of(catalogue.STATS_RESET, **reset) or 0)
    assert (after.of(catalogue.COMMITS, **reset) or 0) < (before.of(catalogue.COMMITS, **reset) or 0)
    assert (after.of(objects.STATEMENTS_RESET) or 0) > (before.of(objects.STATEMENTS_RESET) or 0)
    assert (after.of(objects.STATEMENTS_ENTRIES) or 0) < (before.of(objects.STATEMENTS_ENTRIES) or 0)
    assert not caplog.records


@pytest.mark.parametrize("compat", [False, True])
def test_of_its_own_database_alone_a_page_holds_the_same_and_nothing_of_others(
    server: Postgres, session: Session, compat: bool
) -> None:
    own = {"own_database_only": True, "statement_texts": True, "compat": compat}
    with (
        admin(server, "postgres") as other,
        closing(watch(server, DATABASE, **own)) as backend,
        closing(watch(server, DATABASE, statement_texts=True, compat=compat)) as whole,
    ):
        for name in ("postgres", DATABASE):
            with admin(server, name) as busy:
                busy.execute("SELECT count(*) FROM generate_series(1, 3), pg_sleep(0.1)")
        other.execute("BEGIN")
        page, everything = collect(backend), collect(whole)
    assert_well(page)
    there, everywhere = databases(page), databases(everything)
    assert set().union(*everywhere.values()) >= {DATABASE, "postgres"}
    assert there.keys() == everywhere.keys()
    assert set().union(*there.values()) == {DATABASE}
    assert {name for name, _ in page} == {name for name, _ in everything}


def test_names_that_become_the_same_are_one_series_and_the_loss_is_counted_and_told_once(
    server: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    with admin(server) as session:
        session.execute("CREATE DATABASE plain_bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    run_role_sql(server, "plain_bytes")
    with psycopg.connect(f"{server.superuser_dsn} dbname=plain_bytes", autocommit=True) as session:
        for name in (b"caf\xe8", b"caf\xe9"):  # neither is UTF-8
            session.pgconn.exec_(b'CREATE TABLE "' + name + b'" (id int)')
    with closing(watch(server, "plain_bytes")) as backend:
        scraper = Scraper([backend], LOG)
        texts = [scraper.page().decode() for _ in range(2)]
    with admin(server) as session:
        session.execute("DROP DATABASE plain_bytes WITH (FORCE)")
    for text in texts:
        series = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
        assert len(series) == len(set(series))
        names = {"datname": "plain_bytes", "schemaname": "public", "relname": "caf\ufffd"}
        assert parse(text).of(objects.TABLE_LIVE, **names) == 0
    counted = [parse(text).of(self_.DROPPED_SERIES, reason="duplicate") or 0 for text in texts]
    assert 0 < counted[0] < counted[1]
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.startswith("left out of the page: ")
    assert "(duplicate, 1 series)" in told
