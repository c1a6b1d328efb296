"""The search path: an application's names are found by it, and functions of others are not called by it."""

from __future__ import annotations

from contextlib import closing

from examples.demo.databases import Postgres
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.outcome import State
from exporters.collectors.postgres import ExpectedIndex, PostgresSettings
from exporters.collectors.postgres.check import check
from exporters.collectors.postgres.index_report import report
from tests.servers.failure_support import assert_well
from tests.servers.postgres_support import admin, collect, conninfo, create_database, watch

DATABASE = "borrowed"
# For names, and for numbers of two kinds, these fit better than the server's own.
OF_OTHERS = (
    "quote_ident(name) RETURNS text",
    "starts_with(name, text) RETURNS bool",
    "count(text) RETURNS bigint",
    "format_type(oid, text) RETURNS text",
    "by_float(float8, int) RETURNS float8",
)
OPEN = ExpectedIndex(name="open", table="orders", columns=("id",), predicate="state = 'open'")


def test_functions_of_others_are_not_called(postgres: Postgres) -> None:
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        session.execute("CREATE SCHEMA app; GRANT USAGE ON SCHEMA app TO PUBLIC")
        session.execute(f"ALTER DATABASE {DATABASE} SET search_path = app, public")
        session.execute("CREATE TYPE app.state AS ENUM ('open', 'done')")
        session.execute("CREATE TABLE app.orders (id int, state app.state)")
        session.execute("CREATE INDEX open ON app.orders (id) WHERE state = 'open'")
        for each in OF_OTHERS:
            session.execute(
                f"CREATE FUNCTION public.{each} LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'ours'; END$$"
            )
        session.execute(
            "CREATE OPERATOR public./ (LEFTARG = float8, RIGHTARG = int, FUNCTION = public.by_float)"
        )
    asked = {"expected_indexes": (OPEN,), "tables": ("orders",), "top_tables": 0, "statement_texts": True}
    with closing(watch(postgres, DATABASE, compat=True, top_index_candidates=5, **asked)) as backend:
        for _ in range(3):  # asked as it is, then prepared, then as it was prepared
            page = collect(backend)
            assert_well(page)
            assert page.of(objects.EXPECTED_COLUMNS, index="open", table="orders") == 1
            table = {"datname": DATABASE, "schemaname": "app", "relname": "orders"}
            assert page.of(objects.TABLE_SEQ_SCAN, **table) is not None
    settings = PostgresSettings(conninfo=lambda: conninfo(postgres, DATABASE), expected_indexes=(OPEN,))
    assert {one.state for one in check(settings)} <= {State.WORKS, State.OFF}
    assert [(line.index, line.state) for line in report(settings).lines] == [("open", "present, never used")]
