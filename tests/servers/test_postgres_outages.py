"""A PostgreSQL that is frozen, full, gone or back: told in time, and nothing secret with it."""

from __future__ import annotations

import logging
import re
import socket
import time
from contextlib import ExitStack, closing

import psycopg
import pytest

from examples.demo.databases import Postgres
from examples.demo.process import wait_until
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import self_
from exporters.collectors.outcome import State
from exporters.collectors.postgres import PostgresBackend, PostgresSettings
from exporters.collectors.postgres.check import check
from exporters.errors import ConfigError
from tests.servers.exporter_support import Samples
from tests.servers.failure_support import (
    DATABASE,
    assert_down,
    assert_well,
    errors,
    timed,
)
from tests.servers.postgres_support import (
    LOG,
    PASSWORD,
    ROLE,
    admin,
    collect,
    conninfo,
    frozen,
    sessions,
    wait_for_no_session,
    watch,
)


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
    page = collect(backend, seconds=-1)
    assert_down(page)
    assert errors(page) == {("postgres.up", "TimeoutError"): 1}
    assert [page.of(self_.CONNECTS, backend="postgres", result=result) for result in ("ok", "error")] == [
        0,
        0,
    ]
    assert_well(collect(backend))


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
        "postgres.up: ConnectionRefusedError; nothing listens "
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


def test_a_full_server_is_down_until_it_has_room(server: Postgres) -> None:
    server.stop()
    server.settings["max_connections"] = "8"  # the last three of which are for superusers
    server.start()
    try:
        with closing(watch(server, DATABASE)) as kept, ExitStack() as stack:
            assert_well(collect(kept))
            for _ in range(4):
                stack.enter_context(admin(server))
            for more in (0, 3):  # which is said in other words
                for _ in range(more):
                    stack.enter_context(admin(server))
                with closing(watch(server, DATABASE)) as newcomer:
                    page = timed(newcomer)
                assert_down(page)
                assert errors(page) == {("postgres.up", "53300"): 1}
            assert_well(collect(kept))
            stack.close()
            with closing(watch(server, DATABASE)) as newcomer:
                until_well(newcomer)
    finally:
        server.stop()
        del server.settings["max_connections"]
        server.start()


def test_check_says_how_a_full_role_has_more_connections(server: Postgres) -> None:
    settings = PostgresSettings(conninfo=lambda: conninfo(server, DATABASE))
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(psycopg.connect(conninfo(server, DATABASE)))
        (refused,) = check(settings)
        assert refused.state is State.REFUSED
        (mend,) = re.findall(r"ALTER ROLE \w+ CONNECTION LIMIT (?=n\b)", refused.detail)
        with admin(server) as session:
            try:
                session.execute(f"{mend} 4")
                assert len(check(settings)) > 1
            finally:
                session.execute(f"{mend} 3")


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
            wait_until(lambda: collect(backend).of(catalogue.UP) == 1, "the new password is used")
            assert_well(page := collect(backend))
            assert errors(page)["postgres.up", "28P01"] == 1
        finally:
            session.execute(psycopg.sql.SQL("ALTER ROLE {} PASSWORD {}").format(ROLE_NAME, PASSWORD))


ROLE_NAME = psycopg.sql.Identifier(ROLE)


def test_a_secret_that_cannot_be_read_is_told_in_its_own_words(caplog: pytest.LogCaptureFixture) -> None:
    def unreadable() -> str:
        raise ConfigError("DATABASE_URL_FILE: /run/secrets/url: Permission denied")

    with closing(PostgresBackend(PostgresSettings(conninfo=unreadable), LOG)) as backend:
        assert_down(collect(backend))
    assert [record.getMessage() for record in caplog.records] == [
        "postgres.up: ConfigError: DATABASE_URL_FILE: /run/secrets/url: Permission denied"
    ]
