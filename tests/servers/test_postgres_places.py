"""Several hosts, or several addresses of one: a silent one hides no other, and a refusal has its reason."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.collectors.postgres import PostgresBackend, PostgresSettings
from exporters.conninfo import libpq_conninfo
from tests.servers.exporter_support import Samples
from tests.servers.failure_support import DATABASE, assert_down, assert_well, errors, timed
from tests.servers.postgres_support import LOG, PASSWORD, ROLE, conninfo

NOBODY = 1  # a port at which nobody listens


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def ask(*hosts: tuple[str, int], **parameters: str) -> Samples:
    """The page of a backend that may ask at all these places."""
    text = psycopg.conninfo.make_conninfo(
        "",
        host=",".join(host for host, _ in hosts),
        port=",".join(str(port) for _, port in hosts),
        user=ROLE,
        password=PASSWORD,
        dbname=DATABASE,
        **parameters,
    )
    given = PostgresSettings(conninfo=lambda: libpq_conninfo(text, "DATABASE_URL"))
    with closing(PostgresBackend(given, LOG)) as backend:
        return timed(backend)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_silent_host_does_not_hide_a_good_one(host: str, server: Postgres, silent: int) -> None:
    assert_well(ask((host, silent), (host, server.port)))
    assert_well(ask((host, server.port), (host, silent)))
    assert_well(ask((host, NOBODY), (host, silent), (host, NOBODY), (host, server.port)))


def test_two_silent_hosts_do_not_hide_a_good_one(server: Postgres, silent: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = (silent, other.getsockname()[1], server.port)
        assert_well(ask(*(("127.0.0.1", port) for port in ports)))


def test_a_silent_address_of_a_good_host_is_left_out(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        stack.enter_context(socket.create_server(("127.0.0.2", server.port)))
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", 0)) for n in (2, 1)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert_well(ask(("db.example", server.port)))


def test_a_name_is_looked_up_at_each_connect(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    lives_at = "127.0.0.2"  # where nobody listens

    def look_up(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (lives_at, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    text = psycopg.conninfo.make_conninfo(conninfo(server, DATABASE), host="db.example")
    with closing(PostgresBackend(PostgresSettings(conninfo=lambda: text), LOG)) as backend:
        assert_down(timed(backend))
        lives_at = "127.0.0.1"
        assert_well(timed(backend))
        lives_at = "127.0.0.2"
        assert_well(timed(backend))  # a session that is open needs no name


def test_a_host_without_an_address_does_not_hide_a_good_one(server: Postgres) -> None:
    assert_well(ask(("no-such-host.invalid", server.port), ("127.0.0.1", server.port)))


def test_a_silent_socket_does_not_hide_a_good_host(server: Postgres, silent: int) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{server.home}/.s.PGSQL.{silent}")
        listener.listen()
        assert_well(ask((str(server.home), silent), ("127.0.0.1", server.port)))


def test_a_preference_among_hosts_is_kept(server: Postgres, silent: int) -> None:
    hosts = (("127.0.0.1", silent), ("127.0.0.1", server.port))
    for order in (hosts, hosts[::-1]):
        assert_well(ask(*order, target_session_attrs="prefer-standby"))
    page = ask(*hosts, target_session_attrs="standby")
    assert_down(page)
    assert errors(page) == {("postgres.up", "TargetSessionAttrs"): 1}


def test_what_pgservice_names_is_asked(
    server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "services"
    file.write_text(
        f"[orders]\nhost=127.0.0.1\nport={server.port}\nuser={ROLE}\npassword={PASSWORD}\ndbname={DATABASE}\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    monkeypatch.setenv("PGSERVICE", "orders")
    given = PostgresSettings(conninfo=lambda: libpq_conninfo("connect_timeout=3", "DATABASE_URL"))
    with closing(PostgresBackend(given, LOG)) as backend:
        assert_well(timed(backend))


def test_where_all_are_silent_the_server_is_down_in_time(silent: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        page = ask(("127.0.0.1", silent), ("127.0.0.1", other.getsockname()[1]))
    assert_down(page)
    assert errors(page) == {("postgres.up", "TimeoutError"): 1}


def test_a_server_without_tls_is_told_where_tls_is_demanded(
    server: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    text = psycopg.conninfo.make_conninfo(conninfo(server, DATABASE), sslmode="require")
    with closing(PostgresBackend(PostgresSettings(conninfo=lambda: text), LOG)) as backend:
        page = timed(backend)
    assert_down(page)
    assert errors(page) == {("postgres.up", "TlsNotSupported"): 1}
    assert [record.getMessage() for record in caplog.records] == [
        "postgres.up: TlsNotSupported; the server has no TLS, which sslmode demands "
        f"at host=127.0.0.1 port={server.port} dbname={DATABASE} user={ROLE} sslmode=require"
    ]


def test_a_parameter_that_libpq_refuses_is_told_as_such(server: Postgres) -> None:
    for parameter in ("channel_binding", "keepalives_idle"):
        text = psycopg.conninfo.make_conninfo(conninfo(server, DATABASE), **{parameter: "bogus"})
        with closing(PostgresBackend(PostgresSettings(conninfo=lambda text=text: text), LOG)) as backend:
            page = timed(backend)
        assert_down(page)
        assert errors(page) == {("postgres.up", "InvalidParameter"): 1}
