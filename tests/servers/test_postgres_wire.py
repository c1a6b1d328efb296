"""What goes over the wire: one round trip, a transaction a question, and nothing that a pooler could leak."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import CATALOGUE, self_
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.postgres import ExpectedIndex, PostgresBackend, PostgresSettings
from exporters.collectors.postgres.collectors import collectors
from exporters.collectors.postgres.pipeline import LIMITS, Answer, Connection, Question
from tests.servers.postgres_support import (
    LOG,
    ROLE,
    Session,
    admin,
    collect,
    conninfo,
    create_database,
    run_role_sql,
    watch,
)

DATABASE = "wire"
INDEX = ExpectedIndex(name="secrets_id", table="secrets", columns=("id",))
COLLECTORS = len({metric.collector for metric in CATALOGUE.of("postgres")} - {"postgres.up"})


@pytest.fixture(scope="module")
def server(server_root: Path) -> Iterator[Postgres]:
    """A server that writes down every statement."""
    server = Postgres(server_root / "postgres-log", log_statement="all", log_line_prefix="%u|").start()
    create_database(server, DATABASE)
    with admin(server, DATABASE) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        session.execute("CREATE TABLE secrets (id int, secret text)")
        session.execute("CREATE SCHEMA private CREATE TABLE hidden (id int)")
    yield server
    server.stop()


class Relay:
    """Stands between a client and a server, and writes down who speaks when."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.delay = 0.0  # of what the server says, in seconds
        self.spoken: list[tuple[str, bytes]] = []
        threading.Thread(target=self._run, daemon=True).start()

    def turns(self) -> int:
        """How many times the client spoke after the server had."""
        speakers = [who for who, _ in self.spoken]
        return sum(
            pair == ("server", "client") for pair in zip(["server", *speakers], speakers, strict=False)
        )

    def close(self) -> None:
        self._listener.close()

    def _run(self) -> None:
        client, _ = self._listener.accept()
        server = socket.create_connection(("127.0.0.1", self._port))
        back = threading.Thread(target=self._copy, args=("server", server, client), daemon=True)
        back.start()
        self._copy("client", client, server)
        back.join()
        client.close()
        server.close()

    def _copy(self, who: str, source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(1 << 20):
            if who == "server":
                time.sleep(self.delay)
            self.spoken.append((who, data))
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def logged(server: Postgres, start: int) -> list[str]:
    """The statements of the exporter's role, each on a line."""
    text = server.log.read_bytes()[start:].decode(errors="replace")
    found = re.findall(
        rf"^{ROLE}\|LOG:  (?:execute (?:<unnamed>|q\d+)|statement): (.*(?:\n[^|\n]*)*)$", text, re.MULTILINE
    )
    return [" ".join(statement.split()) for statement in found]


def test_every_statement_stands_in_a_read_only_transaction_with_limits_of_its_own(server: Postgres) -> None:
    start = server.log.stat().st_size
    asked = {"expected_indexes": (INDEX,), "statement_texts": True, "top_index_candidates": 5}
    with closing(watch(server, DATABASE, **asked)) as backend:
        collect(backend)
        page = collect(backend)
    assert page.of(catalogue.UP) == 1
    statements = logged(server, start)
    given = re.findall(
        rf"^{ROLE}\|DETAIL:  parameters: \$1 = '(\d+)', \$2 = '100', \$3 = '[tf]'$",
        server.log.read_bytes()[start:].decode(errors="replace"),
        re.MULTILINE,
    )

    assert len(statements) == 2 * 2 * (COLLECTORS + 1)  # the one: where the extension lives
    assert len(given) == len(statements) / 2
    assert all(0 < int(milliseconds) <= 1800 for milliseconds in given)  # never longer than there is left
    for limits, question in zip(statements[::2], statements[1::2], strict=True):
        assert limits == " ".join(LIMITS.split())
        assert question.startswith(("SELECT", "WITH"))


def test_a_scrape_is_one_round_trip_and_startup_sends_no_options(server: Postgres) -> None:
    with closing(Relay(server.port)) as relay:
        text = psycopg.conninfo.make_conninfo(conninfo(server, DATABASE), port=relay.port, sslmode="disable")
        with closing(PostgresBackend(PostgresSettings(conninfo=lambda: text, heavy_ttl=0.0), LOG)) as backend:
            assert collect(backend).of(catalogue.UP) == 1
            startup = relay.spoken[0][1]
            before = relay.turns()
            relay.delay = 0.1  # the client says all that it says without having heard anything
            page = collect(backend)
            assert relay.turns() == before + 1
    assert sum(name == self_.COLLECTOR_SUCCESS.name for name, _ in page) == COLLECTORS

    keys = startup[8:].split(b"\0")[::2]
    assert [key for key in keys if key] == [b"user", b"database"]


@pytest.mark.parametrize("pooled", [False, True])
def test_a_question_is_planned_once_unless_a_pooler_stands_between(server: Postgres, pooled: bool) -> None:
    until = time.monotonic() + 5
    connection = Connection(conninfo(server, DATABASE), until)

    def ask(sql: str) -> Answer:
        (answer,) = connection.ask(
            [Question(sql)], statement_timeout_ms=1000, lock_timeout_ms=1000, first_by=until, deadline=until
        )
        return answer

    ((process,),) = ask("SELECT pg_backend_pid()").rows
    connection.answered_by(f"{process}{'1' if pooled else ''}")
    seen, broken = "SELECT count(*), max(name) FROM pg_prepared_statements", "SELECT 1 / 0"
    answers = [ask(sql) for sql in (seen, broken, broken, "SELECT nonsense", seen)]
    connection.close()
    assert [answer.code for answer in answers] == ["", "22012", "22012", "42703", ""]
    assert answers[-1].rows == ([("0", None)] if pooled else [("3", "q3")])


def test_a_question_whose_plan_is_out_of_date_costs_one_answer(server: Postgres) -> None:
    until = time.monotonic() + 5
    question = Question("SELECT * FROM public.moved")
    connection = Connection(conninfo(server, DATABASE), until)

    def ask(asked: Question) -> Answer:
        (answer,) = connection.ask(
            [asked], statement_timeout_ms=1000, lock_timeout_ms=1000, first_by=until, deadline=until
        )
        return answer

    ((process,),) = ask(Question("SELECT pg_backend_pid()")).rows
    connection.answered_by(process or "")
    with admin(server, DATABASE) as session:
        session.execute("CREATE TABLE moved AS SELECT 1 AS one; GRANT SELECT ON moved TO PUBLIC")
        answers = [ask(question)]
        session.execute("ALTER TABLE moved ADD COLUMN two int DEFAULT 2")
        answers += [ask(question), ask(question)]
        session.execute("DROP TABLE moved")
    connection.close()
    assert [(answer.rows, answer.code) for answer in answers] == [
        ([("1",)], ""),
        ([], "0A000"),
        ([("1", "2")], ""),
    ]


@pytest.mark.parametrize("pooled", [False, True])
def test_the_limits_hold_inside_a_question_and_end_with_it(server: Postgres, pooled: bool) -> None:
    with admin(server) as session:
        session.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")  # without limits of its own
    names = ("statement_timeout", "lock_timeout", "jit", "transaction_read_only", "search_path")
    show = Question("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
    broken = Question("SELECT 1 / 0")
    until = time.monotonic() + 5
    connection = Connection(conninfo(server, DATABASE, password="plain", role="plain"), until)
    outside = connection._pgconn
    connection.answered_by("another" if pooled else str(outside.backend_pid))
    for _ in range(2):
        inside, failed, after = connection.ask(
            [show, broken, show],
            statement_timeout_ms=1234,
            lock_timeout_ms=321,
            first_by=until,
            deadline=until,
        )
        assert inside.rows == after.rows == [("1234ms", "321ms", "off", "on", "pg_catalog, pg_temp")]
        assert (failed.rows, failed.code) == ([], "22012")
    outside.nonblocking = 0
    left = outside.exec_(show.sql.encode())
    path = b'"$user", public' if pooled else b"pg_catalog, pg_temp"
    assert [left.get_value(0, column) for column in range(5)] == [b"0", b"0", b"on", b"off", path]
    connection.close()
    with admin(server) as session:
        session.execute("DROP ROLE plain")


@pytest.fixture
def role(server: Postgres) -> Iterator[Session]:
    """A session of the exporter's role, without the exporter's care."""
    with admin(server), psycopg.connect(conninfo(server, DATABASE), autocommit=True) as session:
        yield session


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM secrets",
        "SELECT count(*) FROM secrets",
        "COPY secrets TO STDOUT",
        "INSERT INTO secrets VALUES (1, 'x')",
        "UPDATE secrets SET id = 1",
        "DELETE FROM secrets",
        "TRUNCATE secrets",
        "DROP TABLE secrets",
        "ALTER TABLE secrets ADD COLUMN x int",
        "CREATE TABLE mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "SELECT * FROM private.hidden",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
        "SELECT pg_stat_statements_reset()",
        "SELECT pg_stat_reset()",
        "CREATE EXTENSION pgcrypto",
        "CREATE ROLE other",
        "SELECT rolpassword FROM pg_authid",
        "EXPLAIN ANALYZE SELECT * FROM secrets",
    ],
)
def test_the_role_can_neither_read_rows_nor_change_anything(statement: str, role: Session) -> None:
    role.execute("SET default_transaction_read_only = off")  # its privileges alone must hold
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        role.execute(statement)


def test_the_role_begins_with_its_limits_and_has_no_right_to_spare(server: Postgres, role: Session) -> None:
    for name, value in (
        ("default_transaction_read_only", "on"),
        ("statement_timeout", "3s"),
        ("lock_timeout", "500ms"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("jit", "off"),
        ("default_transaction_isolation", "read committed"),
    ):
        assert role.execute("SELECT current_setting(%s)", [name]).fetchone() == (value,)
    row = role.execute(
        "SELECT rolconnlimit, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls "
        "FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    assert row == (3, False, False, False, False, False)
    memberships = role.execute(
        "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = current_user::regrole"
    ).fetchall()
    assert memberships == [("pg_read_all_stats",)]


def test_role_sql_may_be_run_again_and_changes_the_password(server: Postgres) -> None:
    try:
        run_role_sql(server, DATABASE, password="it's \\ new")
        with psycopg.connect(conninfo(server, DATABASE, password="it's \\ new")):
            pass
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(conninfo(server, DATABASE))
    finally:
        run_role_sql(server, DATABASE)
    with psycopg.connect(conninfo(server, DATABASE)):
        pass


def test_role_sql_refuses_a_role_that_is_privileged(server: Postgres) -> None:
    with admin(server) as session:
        session.execute(f"ALTER ROLE {ROLE} CREATEDB")
        try:
            with pytest.raises(subprocess.CalledProcessError) as refused:
                run_role_sql(server, DATABASE)
        finally:
            session.execute(f"ALTER ROLE {ROLE} NOCREATEDB")
    assert "role obs_exporter exists and is privileged" in refused.value.stderr
    assert "Drop it, or take" in refused.value.stderr


def test_role_sql_takes_any_name_of_a_database(server: Postgres) -> None:
    name = "odd 'name' \\ \u540d"
    create_database(server, name)
    with closing(watch(server, name)) as backend:
        assert collect(backend).of(catalogue.DATABASE_SIZE, datname=name) is not None
    with admin(server) as session:
        session.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(psycopg.sql.Identifier(name)))


def test_odd_names_break_nothing(server: Postgres) -> None:
    odd = 'we"ird\n\\name {x} \u8868'
    identifier = psycopg.sql.Identifier(odd)
    with admin(server, DATABASE) as session:
        session.execute(psycopg.sql.SQL("DROP TABLE IF EXISTS {}").format(identifier))
        session.execute(psycopg.sql.SQL("CREATE TABLE {} (id int)").format(identifier))
        session.execute(
            psycopg.sql.SQL("CREATE INDEX {} ON {} (id)").format(
                psycopg.sql.Identifier("i" + odd), identifier
            )
        )
    quoted = '"' + odd.replace('"', '""') + '"'
    expected = ExpectedIndex(name=quoted.replace('"we', '"iwe', 1), table=quoted, columns=("id",))
    backend = watch(
        server, DATABASE, expected_indexes=(expected,), tables=(quoted,), top_tables=0, top_indexes=0
    )
    with closing(backend):
        page = collect(backend)
    labels = {"datname": DATABASE, "schemaname": "public", "relname": odd}
    assert page.of(objects.TABLE_SEQ_SCAN, **labels) is not None
    assert page.of(objects.INDEX_SCANS, **labels, indexrelname="i" + odd) == 0
    assert page.of(objects.EXPECTED_COVERED, index=expected.name, table=quoted) == 1


@pytest.mark.parametrize(
    ("encoding", "raw", "shown"),
    [
        ("LATIN1", b"caf\xe9", "caf\u00e9"),
        ("SQL_ASCII", b"caf\xe9", "caf\ufffd"),
        ("EUC_JP", b"\xc9\xbd", "\u8868"),
        ("KOI8R", b"\xda\xc1", "\u0437\u0430"),
        ("KOI8U", b"\xa4\xa7", "\u0454\u0457"),
        ("EUC_TW", b"\xc4\xe3", "\xc4\xe3"),
        ("MULE_INTERNAL", b"\x92\xc9\xbd", "\x92\xc9\xbd"),
    ],
)
def test_names_in_another_encoding_are_read_or_replaced(
    encoding: str, raw: bytes, shown: str, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "SQL_ASCII")  # as it is, and psycopg knows not all of them
    with admin(server) as session:
        session.execute("DROP DATABASE IF EXISTS encoded WITH (FORCE)")
        session.execute(f"CREATE DATABASE encoded TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
    run_role_sql(server, "encoded")
    with admin(server, "encoded") as session:
        session.pgconn.exec_(b'CREATE TABLE "' + raw + b'" (id int)')
    monkeypatch.delenv("PGCLIENTENCODING")
    with closing(watch(server, "encoded")) as backend:
        page = collect(backend)
    with admin(server) as session:
        session.execute("DROP DATABASE encoded WITH (FORCE)")
    tables = {dict(labels)["relname"] for name, labels in page if name == objects.TABLE_LIVE.name}
    assert tables == {shown}


def test_a_role_whose_name_is_no_utf8_breaks_nothing(server: Postgres) -> None:
    with admin(server) as session:
        session.execute("DROP DATABASE IF EXISTS plain_bytes WITH (FORCE)")
        session.execute("CREATE DATABASE plain_bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    with psycopg.connect(f"{server.superuser_dsn} dbname=plain_bytes", autocommit=True) as session:
        session.pgconn.exec_(b'DROP ROLE IF EXISTS "r\xf4le"')
        session.pgconn.exec_(b'CREATE ROLE "r\xf4le" LOGIN')
        other = psycopg.pq.PGconn.connect(server.superuser_dsn.encode() + b" user=r\xf4le")
        assert other.status == psycopg.pq.ConnStatus.OK
        try:
            with closing(watch(server, DATABASE)) as backend:
                page = collect(backend)
        finally:
            other.finish()
        session.pgconn.exec_(b'DROP ROLE "r\xf4le"')
    roles = {dict(labels)["usename"] for name, labels in page if name == catalogue.ACTIVITY.name}
    assert "r\ufffdle" in roles
    assert page.of(self_.COLLECTOR_SUCCESS, collector="postgres.activity") == 1


def test_the_collectors_are_those_of_the_catalogue() -> None:
    names = {collector.name for collector in collectors(PostgresSettings(conninfo=lambda: ""))}
    declared = {metric.collector for metric in CATALOGUE.of("postgres")}
    assert names | {"postgres.up", "postgres.server"} == declared
