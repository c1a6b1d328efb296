"""`python -m exporters indexes` where names are in another encoding: no SQL that means another index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from examples.demo.databases import Postgres
from exporters.commands.indexes import command
from exporters.secrets import Redactor
from tests.servers.postgres_support import admin


@contextmanager
def encoded(server: Postgres, encoding: str, raw: bytes, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database with a table of this name, two indexes that nobody uses, and statements that search it."""
    with patch.context() as environment:
        environment.setenv("PGCLIENTENCODING", "SQL_ASCII")  # as it is, and psycopg knows not all of them
        with admin(server) as session:
            session.execute(f"CREATE DATABASE encoded TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
        with admin(server, "encoded") as session:
            session.execute("CREATE EXTENSION pg_stat_statements")
            # Texts of other databases, which it would convert to this encoding too, though not all can be.
            session.execute("SELECT pg_stat_statements_reset()")
            session.pgconn.exec_(b'CREATE TABLE "%s" (id int, plain int, unused int)' % raw)
            session.pgconn.exec_(b'INSERT INTO "%s" SELECT n, n, n FROM generate_series(1, 20000) n' % raw)
            session.pgconn.exec_(b'CREATE INDEX "i%s" ON "%s" (unused)' % (raw, raw))
            session.pgconn.exec_(b'CREATE INDEX plain_plain ON "%s" ((unused %% 7))' % raw)
            session.pgconn.exec_(b'VACUUM ANALYZE "%s"' % raw)
            for number in range(20):
                session.pgconn.exec_(b'SELECT count(*) FROM "%s" WHERE id = %d AND plain > 0' % (raw, number))
    try:
        yield
    finally:
        with admin(server) as session:
            session.execute("DROP DATABASE encoded WITH (FORCE)")


@pytest.mark.parametrize(
    ("encoding", "raw", "shown", "unread"),
    [
        ("EUC_TW", b"\xc4\xe3", "\xc4\xe3", "EUC_TW"),
        ("MULE_INTERNAL", b"\x92\xc9\xbd", "\x92\xc9\xbd", "MULE_INTERNAL"),
        ("SQL_ASCII", b"caf\xe9", "caf\ufffd", ""),
        ("EUC_JP", b"\xc9\xbd", "\u8868", None),
        ("WIN1251", b"\xe7\xe0", "\u0437\u0430", None),
    ],
)
def test_names_are_shown_and_sql_only_where_it_means_them(
    encoding: str,
    raw: bytes,
    shown: str,
    unread: str | None,
    server: Postgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(*arguments: str) -> str:
        dsn = f"{server.superuser_dsn} dbname=encoded"
        given = ["--dsn", dsn, "--candidates", *arguments]
        result = CliRunner().invoke(
            command, given, env={"DATABASE_URL": ""}, obj=Redactor(), catch_exceptions=False
        )
        assert result.exit_code == 1, result.output
        return result.output

    with encoded(server, encoding, raw, monkeypatch):
        printed, report = run(), json.loads(run("--json"))
        lines = {line["index"]: line for line in report["lines"]}
        (candidate,) = report["candidates"]
        assert (lines[f"i{shown}"]["table"], candidate["table"]) == (f"public.{shown}",) * 2
        assert lines["plain_plain"]["mend"] == ["DROP INDEX CONCURRENTLY public.plain_plain;"]
        statements = [*lines[f"i{shown}"]["mend"], candidate["create"]]
        assert report["unread"] == (unread or "")
        if unread is None:
            with admin(server, "encoded") as session:
                session.execute("SET client_encoding = 'UTF8'")
                for statement in statements:
                    session.execute(statement)
            return
        why = f"-- not shown, since a name in it cannot be read, being in {unread or 'no encoding'}"
        assert statements == [why, why]
        assert f"    {why}\n" in printed
        said = f"Its names are in {unread}, which is not read here: each byte stands for itself.\n"
        assert (said in printed) == bool(unread)
