"""A PostgreSQL that is slow, locked, broken, frozen, full, gone or back: told in time, nothing left over."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import CATALOGUE, self_
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.postgres import ExpectedIndex, PostgresBackend, PostgresSettings
from exporters.errors import ConfigError
from tests.servers.exporter_support import Samples
from tests.servers.postgres_support import (
    LOG,
    PASSWORD,
    ROLE,
    admin,
    collect,
    conninfo,
    create_database,
    frozen,
    run_role_sql,
    sessions,
    wait_for_no_session,
    watch,
)

DATABASE = "failing"
INDEX = ExpectedIndex(name="jobs_open", table="jobs", columns=("id",), predicate="open")
OF_SERVER = {metric.name for metric in CATALOGUE.of("postgres")} - {catalogue.UP.name}
NAMES = {metric.collector for metric in CATALOGUE.of("postgres")} - {"postgres.up"}
ANSWER_SECONDS = 2.0


@pytest.fixture(scope="module")
def server(server_root: Path) -> Iterator[Postgres]:
    """A server that a test may break, and must mend."""
    server = Postgres(server_root / "postgres-to-break").start()
    create_database(server, DATABASE)
    with admin(server, DATABASE) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        session.execute("CREATE TABLE jobs (id int, open bool)")
        session.execute("CREATE INDEX jobs_open ON jobs (id) WHERE open")
    yield server
    server.stop()


@pytest.fixture
def backend(server: Postgres, caplog: pytest.LogCaptureFixture) -> Iterator[PostgresBackend]:
    caplog.set_level(logging.INFO)
    with closing(watch(server, DATABASE, expected_indexes=(INDEX,))) as backend:
        yield backend


@contextmanager
def locked(server: Postgres, *relations: str) -> Iterator[None]:
    """Somebody holds the strongest lock on these tables."""
    with admin(server, DATABASE) as session:
        session.execute("BEGIN")
        for relation in relations:
            session.execute(f"LOCK TABLE {relation} IN ACCESS EXCLUSIVE MODE")
        yield
        session.execute("ROLLBACK")


def failing(page: Samples) -> set[str]:
    return {name for name in NAMES if page.of(self_.COLLECTOR_SUCCESS, collector=name) == 0}


def errors(page: Samples) -> dict[tuple[str, str], float]:
    """How many, by collector and code."""
    counted = {
        frozenset(labels): n for (name, labels), n in page.items() if name == self_.COLLECTOR_ERRORS.name
    }
    return {(dict(labels)["collector"], dict(labels)["code"]): n for labels, n in counted.items()}


def assert_down(page: Samples) -> None:
    """Nothing is said of a server that does not answer, neither new nor remembered."""
    assert page.of(catalogue.UP) == 0
    assert not OF_SERVER & page.names()
    assert failing(page) == NAMES


def assert_well(page: Samples) -> None:
    assert page.of(catalogue.UP) == 1
    assert failing(page) == set()


def timed(backend: PostgresBackend, seconds: float = 1.8) -> Samples:
    """One scrape, which must be as quick as the deadline says."""
    started = time.monotonic()
    page = collect(backend, seconds)
    assert time.monotonic() - started < min(seconds + 0.2, ANSWER_SECONDS)
    return page


def test_a_frozen_server_is_down_in_time_and_up_when_it_thaws(
    server: Postgres, backend: PostgresBackend
) -> None:
    assert_well(collect(backend))
    with frozen(server):
        assert_down(timed(backend, seconds=9))  # far from the deadline, and yet in time
        page = timed(backend)  # without a connection
        assert_down(page)
        assert errors(page) == {("postgres.up", "TimeoutError"): 2}
    assert_well(collect(backend))
    backend.close()
    wait_for_no_session(server)


def test_a_short_deadline_is_kept(server: Postgres, backend: PostgresBackend) -> None:
    collect(backend)
    with frozen(server):
        started = time.monotonic()
        assert_down(collect(backend, seconds=0.3))
        assert time.monotonic() - started < 0.6
    assert_well(collect(backend))


def test_a_deadline_that_has_passed_asks_nobody(backend: PostgresBackend) -> None:
    assert_down(collect(backend, seconds=-1))


def test_a_server_that_takes_connections_and_says_nothing_is_down_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        text = f"host=localhost port={silent.getsockname()[1]} dbname=app user=x"
        with closing(PostgresBackend(PostgresSettings(conninfo=lambda: text), LOG)) as backend:
            page = timed(backend, seconds=0.5)
    assert_down(page)
    assert page.of(self_.CONNECTS, backend="postgres", result="error") == 1


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("host=127.0.0.1 port=1", "ConnectionRefusedError"),
        ("host=no-such-host.invalid", "gaierror"),
        ("host=/no/such/directory", "FileNotFoundError"),
    ],
)
def test_where_nobody_listens_the_server_is_down(where: str, code: str) -> None:
    with closing(
        PostgresBackend(PostgresSettings(conninfo=lambda: f"{where} user=x dbname=x"), LOG)
    ) as backend:
        page = timed(backend)
    assert_down(page)
    assert errors(page) == {("postgres.up", code): 1}


def test_a_server_that_stops_is_down_and_one_that_starts_is_up(
    server: Postgres, backend: PostgresBackend, caplog: pytest.LogCaptureFixture
) -> None:
    before = collect(backend)
    server.stop()
    try:
        assert_down(timed(backend))
        assert_down(timed(backend))
    finally:
        server.start()
    page = collect(backend)
    assert_well(page)
    assert page.of(self_.CONNECTS, backend="postgres", result="ok") == 2
    assert (page.of(catalogue.START_TIME) or 0) > (before.of(catalogue.START_TIME) or 0)
    assert [record.getMessage() for record in caplog.records if "postgres.up" in record.getMessage()] == [
        "postgres.up: ConnectionRefusedError "
        f"at host=127.0.0.1 port={server.port} dbname={DATABASE} user={ROLE}",
        "postgres.up: answers again",
    ]


def test_a_restart_between_two_scrapes_is_not_seen_as_an_outage(server: Postgres) -> None:
    with closing(watch(server, DATABASE, heavy_ttl=60.0, sizes_ttl=60.0)) as backend:
        collect(backend)
        server.stop()
        server.start()
        page = collect(backend)
    assert_well(page)
    assert errors(page) == {}
    ages = [value for (name, _), value in page.items() if name == self_.CACHE_AGE.name]
    assert max(ages) < 1  # what was read before the restart is not shown after it


def test_a_session_ended_by_an_operator_is_replaced_at_once(
    server: Postgres, backend: PostgresBackend
) -> None:
    collect(backend)
    ((pid, _),) = sessions(server)
    with admin(server) as session:
        session.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert_well(collect(backend))
    assert [other for other, _ in sessions(server)] != [pid]


def test_a_full_role_refuses_a_newcomer_and_keeps_who_is_there(
    server: Postgres, backend: PostgresBackend
) -> None:
    assert_well(collect(backend))
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(psycopg.connect(conninfo(server, DATABASE)))
        with closing(watch(server, DATABASE)) as newcomer:
            page = timed(newcomer)
            assert_down(page)
            assert errors(page) == {("postgres.up", "53300"): 1}
            assert page.of(self_.CONNECTS, backend="postgres", result="error") == 1
            assert_well(collect(backend))
            stack.close()
            assert_well(until_well(newcomer))


def until_well(backend: PostgresBackend) -> Samples:
    """A session that was closed takes a moment to free its place."""
    for _ in range(20):
        page = collect(backend)
        if page.of(catalogue.UP) == 1:
            break
        time.sleep(0.1)
    return page


def test_a_wrong_password_is_told_without_it(server: Postgres, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = conninfo(server, DATABASE, password="hunter2-and-more")
    with closing(PostgresBackend(PostgresSettings(conninfo=lambda: text), LOG)) as backend:
        page = timed(backend)
        assert_down(timed(backend))
    assert_down(page)
    assert errors(page) == {("postgres.up", "28P01"): 1}
    assert "hunter2" not in caplog.text
    assert [record.getMessage() for record in caplog.records] == [  # once, though it failed twice
        "postgres.up: 28P01 InvalidPassword; the password is wrong, or there is no such role "
        f"at host=127.0.0.1 port={server.port} dbname={DATABASE} user={ROLE}"
    ]


def test_a_rotated_password_is_picked_up_at_the_next_connect(server: Postgres) -> None:
    password = PASSWORD
    given = PostgresSettings(conninfo=lambda: conninfo(server, DATABASE, password=password))
    with closing(PostgresBackend(given, LOG)) as backend, admin(server) as session:
        assert_well(collect(backend))
        session.execute(f"ALTER ROLE {ROLE} PASSWORD 'rotated'")
        try:
            assert_well(collect(backend))  # who is in stays in
            session.execute("SELECT pg_terminate_backend(%s, 5000)", [sessions(server)[0][0]])
            assert_down(collect(backend))
            password = "rotated"
            assert_well(collect(backend))
        finally:
            session.execute(psycopg.sql.SQL("ALTER ROLE {} PASSWORD {}").format(ROLE_NAME, PASSWORD))


ROLE_NAME = psycopg.sql.Identifier(ROLE)


def test_a_secret_that_cannot_be_read_is_told_in_its_own_words(caplog: pytest.LogCaptureFixture) -> None:
    def unreadable() -> str:
        raise ConfigError("DATABASE_URL_FILE: /run/secrets/url: Permission denied")

    with closing(PostgresBackend(PostgresSettings(conninfo=unreadable), LOG)) as backend:
        assert_down(collect(backend))
    assert [record.getMessage() for record in caplog.records] == [
        "postgres.up: ConfigError DATABASE_URL_FILE: /run/secrets/url: Permission denied"
    ]


def test_a_locked_table_costs_the_collector_that_needs_it_and_no_other(
    server: Postgres, backend: PostgresBackend, caplog: pytest.LogCaptureFixture
) -> None:
    healthy = collect(backend)
    with locked(server, "jobs"):
        started = time.monotonic()
        pages = [collect(backend) for _ in range(2)]
        assert time.monotonic() - started < 2 * 1.0  # lock_timeout is 0.5 s
        assert sessions(server)[0][1] == "idle"
    for page in pages:
        assert failing(page) == {"postgres.expected_indexes"}
        missing = {metric.name for metric in CATALOGUE.of("postgres") if "expected" in metric.collector}
        assert healthy.names() - page.names() == missing
        assert (
            page.of(objects.TABLE_SEQ_SCAN, datname=DATABASE, schemaname="public", relname="jobs") is not None
        )
    assert errors(pages[1]) == {("postgres.expected_indexes", "55P03"): 2}
    page = collect(backend)
    assert_well(page)
    assert page.of(self_.CONNECTS, backend="postgres", result="ok") == 1
    assert [record.getMessage() for record in caplog.records] == [
        "postgres.expected_indexes: 55P03 LockNotAvailable; another session holds a lock on a table",
        "postgres.expected_indexes: answers again",
    ]


def test_a_collector_that_is_refused_touches_no_other(server: Postgres, backend: PostgresBackend) -> None:
    healthy = collect(backend)
    function = "FUNCTION pg_stat_statements(boolean)"
    with admin(server, DATABASE) as session:
        session.execute(f"REVOKE EXECUTE ON {function} FROM PUBLIC")
        try:
            page = collect(backend)
            assert sessions(server)[0][1] == "idle"
        finally:
            session.execute(f"GRANT EXECUTE ON {function} TO PUBLIC")
    assert page.of(catalogue.UP) == 1
    assert failing(page) == {"postgres.statements", "postgres.statements_info"}
    assert all("pg_stat_statements" in name for name in healthy.names() - page.names())
    assert errors(page) == {
        ("postgres.statements", "42501"): 1,
        ("postgres.statements_info", "42501"): 1,
    }
    assert_well(collect(backend))


def test_no_transaction_outlives_a_failure_and_the_server_has_nothing_to_warn_of(server: Postgres) -> None:
    size = server.log.stat().st_size
    with closing(watch(server, DATABASE, expected_indexes=(INDEX,))) as backend, locked(server, "jobs"):
        for _ in range(2):
            collect(backend)
    with server.log.open() as log:
        log.seek(size)
        lines = [line for line in log if "ERROR" in line or "WARNING" in line or "FATAL" in line]
    # The lock timeout itself, and neither "current transaction is aborted" nor "no transaction in progress".
    assert len(lines) == 2
    assert all("canceling statement due to lock timeout" in line for line in lines)


def test_a_slow_statement_is_ended_at_the_deadline_and_leaves_nothing_behind(server: Postgres) -> None:
    settings = {"statement_timeout_ms": 60_000, "lock_timeout_ms": 60_000, "expected_indexes": (INDEX,)}
    with closing(watch(server, DATABASE, **settings)) as backend:
        assert_well(collect(backend))
        # Two in a row: the first is ended by the statement_timeout that it got, the second by a cancel.
        with locked(server, "jobs", "pg_stat_statements_info"):
            page = timed(backend, seconds=1.0)
            wait_for_no_session(server, seconds=1.0)
        assert page.of(catalogue.UP) == 1
        assert errors(page) == {
            ("postgres.expected_indexes", "57014"): 1,
            ("postgres.statements_info", "TimeoutError"): 1,
        }
        assert failing(page) == {"postgres.expected_indexes", "postgres.statements_info", "postgres.sizes"}
        page = collect(backend)
        assert_well(page)
        assert page.of(self_.CONNECTS, backend="postgres", result="ok") == 2


def test_a_statement_that_is_always_slow_starves_no_other(server: Postgres) -> None:
    settings = {"statement_timeout_ms": 60_000, "lock_timeout_ms": 60_000, "expected_indexes": (INDEX,)}
    with (
        closing(watch(server, DATABASE, **settings)) as backend,
        locked(server, "jobs", "pg_stat_statements_info"),
    ):
        pages = [collect(backend, seconds=1.0) for _ in range(2)]
    assert "postgres.sizes" in failing(pages[0])
    assert "postgres.sizes" not in failing(pages[1])


def test_answers_stand_for_their_time_and_their_age_is_told(server: Postgres) -> None:
    with (
        closing(watch(server, DATABASE, heavy_ttl=0.6, sizes_ttl=60.0)) as backend,
        admin(server, DATABASE) as s,
    ):
        labels = {"backend": "postgres", "collector": "postgres.index_totals"}
        first = collect(backend)
        s.execute("CREATE INDEX more ON jobs (open)")
        try:
            time.sleep(0.2)
            second = collect(backend)
            time.sleep(0.5)
            third = collect(backend)
        finally:
            s.execute("DROP INDEX more")
    counts = [page.of(objects.INDEXES, datname=DATABASE) for page in (first, second, third)]
    assert counts == [1, 1, 2]
    ages = [page.of(self_.CACHE_AGE, **labels) or 0 for page in (first, second, third)]
    assert ages[0] < 0.2 <= ages[1]
    assert ages[2] < 0.2
    sizes = {"backend": "postgres", "collector": "postgres.sizes"}
    assert (third.of(self_.CACHE_AGE, **sizes) or 0) >= 0.7
    assert catalogue.DATABASE_SIZE.name in third.names()


def test_remembered_answers_are_not_told_of_a_server_that_is_down(server: Postgres) -> None:
    with closing(watch(server, DATABASE, heavy_ttl=60.0, sizes_ttl=60.0)) as backend:
        assert_well(collect(backend))
        with frozen(server):
            page = collect(backend, seconds=0.5)
        assert_down(page)
        assert self_.CACHE_AGE.name not in page.names()


def test_without_the_extension_the_rest_is_there_and_it_is_found_when_it_comes(server: Postgres) -> None:
    create_database(server, "bare")
    with closing(watch(server, "bare")) as backend, admin(server, "bare") as session:
        page = collect(backend)
        assert_well(page)
        assert not any(name.startswith("pg_stat_statements") for name in page.names())
        session.execute(
            'CREATE SCHEMA "Odd {schema}"; CREATE EXTENSION pg_stat_statements SCHEMA "Odd {schema}"'
        )
        run_role_sql(server, "bare")
        collect(backend)
        page = collect(backend)
        assert_well(page)
        assert objects.STATEMENT_CALLS.name in page.names()
        session.execute("DROP EXTENSION pg_stat_statements")
        collect(backend)
        assert_well(collect(backend))


def test_close_ends_the_session(server: Postgres) -> None:
    wait_for_no_session(server)
    backend = watch(server, DATABASE)
    collect(backend)
    assert len(sessions(server)) == 1
    backend.close()
    wait_for_no_session(server)
