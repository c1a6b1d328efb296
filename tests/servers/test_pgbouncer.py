"""Behind PgBouncer in transaction mode sessions are shared: the exporter works, and leaves nothing in one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from examples.demo.databases import Postgres
from examples.demo.pooler import PgBouncer
from exporters.catalogue import pgbouncer as pooler_catalogue
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import self_
from exporters.collectors.outcome import State
from exporters.collectors.pgbouncer import PgBouncerBackend, PgBouncerSettings
from exporters.collectors.pgbouncer.console import console_conninfo
from exporters.collectors.postgres import PostgresBackend, PostgresSettings
from exporters.collectors.postgres.check import check
from exporters.collectors.postgres.codes import explained
from exporters.conninfo import libpq_conninfo
from tests.servers.exporter_support import samples
from tests.servers.failure_support import failing
from tests.servers.postgres_support import LOG, admin, collect, create_database

DATABASE = "pooled"
ROLE = "without_limits"
PASSWORD = "plain"
NAMES = (
    "transaction_read_only", "statement_timeout", "lock_timeout", "jit", "application_name", "search_path",
)  # fmt: skip
PREPARED = "(SELECT count(*) FROM pg_prepared_statements)"
SHOW = f"SELECT pg_backend_pid(), {PREPARED}, " + ", ".join(f"current_setting('{name}')" for name in NAMES)


@pytest.fixture(scope="module")
def pooled(server_root: Path, postgres: Postgres) -> Iterator[str]:
    """The connection string of a role that has no limits of its own, through the pooler."""
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        session.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_read_all_stats")
        session.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {ROLE}")
    pooler = PgBouncer(server_root / "pgbouncer", postgres, {ROLE: PASSWORD}).start()
    text = f"host=127.0.0.1 port={pooler.port} user={ROLE} password={PASSWORD} dbname={DATABASE}"
    yield libpq_conninfo(text, "DATABASE_URL")
    pooler.stop()
    with admin(postgres, DATABASE) as session:
        session.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


def test_nothing_reaches_who_shares_the_session(pooled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGAPPNAME", "of-the-exporter")  # libpq would send it
    seen: set[tuple[object, ...]] = set()
    sessions: set[int] = set()
    looked, ended = threading.Event(), threading.Event()

    def look() -> None:
        with psycopg.connect(pooled, autocommit=True, prepare_threshold=None) as client:
            while not ended.is_set():
                row = client.execute(SHOW).fetchone()
                assert row is not None
                sessions.add(row[0])
                seen.add(row[1:])
                looked.set()

    other = threading.Thread(target=look)
    other.start()
    settings = PostgresSettings(conninfo=lambda: pooled, heavy_ttl=0.0, sizes_ttl=0.0)
    try:
        with closing(PostgresBackend(settings, LOG)) as backend:
            assert looked.wait(10)
            pages = [collect(backend) for _ in range(10)]
    finally:
        ended.set()
        other.join()
    assert [page.of(catalogue.UP) for page in pages] == [1] * 10
    assert not any(failing(page) for page in pages)
    assert {page.of(self_.CONNECTS, backend="postgres", result="ok") for page in pages} == {1}
    assert len(sessions) == 1  # so the exporter had this one
    assert seen == {(0, "off", "0", "0", "on", "", '"$user", public')}


def test_a_statement_that_takes_too_long_is_ended_through_the_pooler(pooled: str, postgres: Postgres) -> None:
    settings = PostgresSettings(conninfo=lambda: pooled)
    with closing(PostgresBackend(settings, LOG)) as backend:
        with admin(postgres, DATABASE) as session:
            session.execute("BEGIN; LOCK TABLE pg_stat_statements_info IN ACCESS EXCLUSIVE MODE")
            page = collect(backend)
            session.execute("ROLLBACK")
        assert page.of(catalogue.UP) == 1
        assert failing(page) == {"postgres.statements_info"}
        assert not failing(collect(backend))


@pytest.mark.usefixtures("pooled")
def test_a_pooler_that_is_full_is_told_as_such_and_still_tells_its_own_figures(
    postgres: Postgres, server_root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pooler = PgBouncer(
        server_root / "full", postgres, {ROLE: PASSWORD}, max_client_conn="1", stats_users=ROLE
    ).start()
    text = f"host=127.0.0.1 port={pooler.port} user={ROLE} password={PASSWORD}"
    behind = libpq_conninfo(f"{text} dbname={DATABASE}", "DATABASE_URL")
    console = console_conninfo(text, "POOLER")
    try:
        with (
            psycopg.connect(behind),
            closing(PostgresBackend(PostgresSettings(conninfo=lambda: behind), LOG)) as server,
            closing(PgBouncerBackend(PgBouncerSettings(conninfo=lambda: console), LOG)) as own,
        ):
            pages = [samples(each.collect(time.monotonic() + 1.8)) for each in (server, own)]
    finally:
        pooler.stop()
    assert [pages[0].of(catalogue.UP), pages[1].of(pooler_catalogue.UP)] == [0, 1]
    (told,) = [record.getMessage().partition(" at ")[0] for record in caplog.records]
    assert told == "postgres.up: MaxClientConn; PgBouncer has all the clients that its max_client_conn allows"


def test_options_that_a_pooler_refuses_are_told_as_such(
    pooled: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = f"{pooled} options='-c geqo=off'"
    with closing(PostgresBackend(PostgresSettings(conninfo=lambda: text), LOG)) as backend:
        page = collect(backend)
    assert page.of(catalogue.UP) == 0
    assert "postgres.up: StartupParameter; PgBouncer takes no options: leave them out" in caplog.text


def test_what_a_pooler_with_scram_refuses_is_told(postgres: Postgres, server_root: Path) -> None:
    users = {ROLE: "another"}
    pooler = PgBouncer(server_root / "scram", postgres, users, auth_type="scram-sha-256", stats_users=ROLE)
    pooler.start()

    def told(user: str, password: str, database: str = "postgres") -> tuple[State, str]:
        text = f"host=127.0.0.1 port={pooler.port} user={user} password={password} dbname={database}"
        (outcome,) = check(PostgresSettings(conninfo=lambda: libpq_conninfo(text, "DATABASE_URL")))
        return outcome.state, outcome.detail.partition(";")[0]

    try:
        assert told(ROLE, PASSWORD) == (State.REFUSED, "28P01 InvalidPassword")
        assert told("somebody", PASSWORD) == (State.REFUSED, "28P01 InvalidPassword")
        assert told(ROLE, "another", "pgbouncer") == (State.UNREACHABLE, "08P01 ProtocolViolation")
    finally:
        pooler.stop()
    assert "server, as its log says, or was asked at its console" in explained("08P01")
