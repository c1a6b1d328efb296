"""Texts of statements that this database's encoding cannot hold: they are missing, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.outcome import State
from exporters.collectors.postgres import PostgresSettings
from exporters.collectors.postgres.check import check
from tests.servers.exporter_support import Samples
from tests.servers.failure_support import failing
from tests.servers.postgres_support import admin, collect, conninfo, run_role_sql, watch

OTHERS = {
    "UTF8": ("тест".encode(), "22P05 UntranslatableCharacter"),
    "EUC_TW": (b"\xc4\xe3", "42883 UndefinedFunction"),
}


@pytest.fixture(scope="module")
def western(server: Postgres) -> Iterator[str]:
    """The name of a database in LATIN1, on a server that has others."""
    for encoding in ("LATIN1", *OTHERS):
        with admin(server) as session:
            session.execute(f"CREATE DATABASE {encoding} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
    with admin(server, "latin1") as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
    run_role_sql(server, "latin1")
    yield "latin1"
    for encoding in ("LATIN1", *OTHERS):
        with admin(server) as session:
            session.execute(f"DROP DATABASE {encoding} WITH (FORCE)")


@pytest.mark.parametrize("encoding", OTHERS)
def test_a_text_that_cannot_be_read_costs_the_texts_alone_and_is_explained_once(
    encoding: str,
    western: str,
    server: Postgres,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "SQL_ASCII")  # psycopg knows not all of them
    caplog.set_level("INFO")
    name, told = OTHERS[encoding]

    def numbers(page: Samples) -> bool:
        return page.of(catalogue.UP) == 1 and objects.STATEMENT_CALLS.name in page.names()

    with admin(server, western) as session:
        session.execute("SELECT pg_stat_statements_reset()")
    with admin(server, encoding.lower()) as session:
        session.pgconn.exec_(b'SELECT 1 AS "%s"' % name)
    options = {"statement_texts": True, "top_index_candidates": 5}
    reading = {"postgres.statement_texts", "postgres.index_candidates"}
    with closing(watch(server, western)) as plain, closing(watch(server, western, **options)) as curious:
        for _ in range(3):
            page = collect(plain)
            assert numbers(page)
            assert not failing(page)
            page = collect(curious)
            assert numbers(page)
            assert failing(page) == reading
        warnings = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
        assert sorted(each.partition(": ")[0] for each in warnings if told in each) == sorted(reading)
        assert all("watch a database in UTF8, or leave out" in each for each in warnings)

        text = conninfo(server, western)
        outcomes = check(PostgresSettings(conninfo=lambda: text, statement_texts=True))
        (failed,) = (each for each in outcomes if each.state is State.FAILS)
        assert (failed.collector, failed.detail) == (
            "postgres.statement_texts", warnings[0].partition(": ")[2],
        )  # fmt: skip
