"""Candidates for composite indexes on a real server: told where one is missing, and where one is not so."""

# ruff: noqa: S608  what is put together here is all of this file

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from click.testing import CliRunner

from examples.demo.databases import Postgres
from exporters.catalogue import postgres_candidates as catalogue
from exporters.catalogue import self_
from exporters.collectors.postgres import candidates
from exporters.collectors.postgres.candidates import NAME
from exporters.commands.indexes import command
from exporters.secrets import Redactor
from tests.servers.postgres_support import (
    PASSWORD,
    ROLE,
    Session,
    admin,
    collect,
    create_database,
    run_role_sql,
    watch,
)

DATABASE = "candidates"
COLUMNS = (
    'id int PRIMARY KEY, customer int, status text, made date, done bool, note text, "User" int, gone date'
)
ROW = "n, n % 50, 's' || n % 7, date 'epoch' + n % 999, n % 3 = 0, repeat('x', 100), n % 9, NULL"
NUMBERS = (catalogue.SECONDS, catalogue.CALLS, catalogue.BLOCKS)
BY_BOTH = "SELECT count(*) FROM orders WHERE status = 's1' AND customer = 1"
NEWEST = "SELECT note FROM orders AS o WHERE o.customer = 1 ORDER BY o.made DESC LIMIT 3"

Found = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def filled(postgres: Postgres) -> None:
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute('CREATE EXTENSION pg_stat_statements; CREATE SCHEMA "Other"; CREATE SCHEMA elsewhere')
        tables = {"orders": 20_000, "items": 20_000, "few": 900, '"Other"."Order"': 20_000, "twice": 20_000}
        for table, rows in {**tables, "elsewhere.twice": 900}.items():
            session.execute(f"CREATE TABLE {table} ({COLUMNS})".encode())
            session.execute(f"INSERT INTO {table} SELECT {ROW} FROM generate_series(1, {rows}) n".encode())
        session.execute("CREATE TABLE parts (id int, customer int, status text) PARTITION BY RANGE (id)")
        session.execute("CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (30000)")
        session.execute(
            "INSERT INTO parts SELECT n, n % 50, repeat('s', 99) FROM generate_series(1, 20000) n"
        )
        session.execute("CREATE FUNCTION ask() RETURNS SETOF orders LANGUAGE sql AS 'TABLE orders'")
        session.execute("VACUUM ANALYZE")


@pytest.fixture
def session(filled: None, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """Nothing is remembered, no index is there but primary keys, and one pass reads all texts."""
    monkeypatch.setattr(candidates, "READ_SECONDS", 60)
    with admin(postgres, DATABASE) as session:
        left = session.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisprimary AND indexrelid >= 16384"
            " AND indrelid::regclass::text IN ('orders', 'items', 'parts', '\"Other\".\"Order\"')"
        ).fetchall()
        for (name,) in left:
            session.execute(f"DROP INDEX {name}".encode())
        session.execute("SELECT pg_stat_statements_reset()")
        yield session


def found(postgres: Postgres, top: int = 20, database: str = DATABASE) -> Found:
    """By table and columns the SQL that would create the index."""
    told: Found = {}
    with closing(watch(postgres, database, top_index_candidates=top)) as backend:
        of_page = collect(backend)
    for (name, pairs), _ in of_page.items():
        labels = dict(pairs)
        if name == catalogue.INFO.name:
            told[labels["relname"], labels["columns"]] = labels.pop("create")
            assert int(labels.pop("queryid"))
            assert all((of_page.of(metric, **labels) or 0) > 0 for metric in NUMBERS)
    return told


def test_columns_with_one_value_come_first_and_those_in_common_before_others(
    session: Session, postgres: Postgres
) -> None:
    session.execute(BY_BOTH)
    session.execute(NEWEST)
    assert found(postgres) == {
        ("orders", "customer, status"): "CREATE INDEX CONCURRENTLY ON public.orders (customer, status);",
        ("orders", "customer, made"): "CREATE INDEX CONCURRENTLY ON public.orders (customer, made);",
    }
    assert found(postgres, 0) == {}


def test_what_is_printed_is_an_index_that_serves(session: Session, postgres: Postgres) -> None:
    session.execute(BY_BOTH)
    session.execute("SELECT note FROM parts WHERE customer = 1 AND status = 'x'".replace("note", "id"))
    session.execute('SELECT note FROM "Other"."Order" WHERE "User" = 1 AND customer > 48')
    told = found(postgres)
    assert [*sorted(told)] == [
        ("Order", '"User", customer'), ("orders", "customer, status"), ("parts", "customer, status"),
    ]  # fmt: skip
    assert told["parts", "customer, status"] == "CREATE INDEX ON public.parts (customer, status);"
    for create in told.values():
        session.execute(create.encode())
    assert found(postgres) == {}


@pytest.mark.parametrize(
    ("index", "serves"),
    [
        ("ON orders (customer)", False),
        ("ON orders (status)", False),
        ("ON orders (made, customer, status)", False),
        ("ON orders (customer, made, status)", False),
        ("ON orders (lower(status), customer)", False),
        ('ON orders (status COLLATE "POSIX", customer)', False),
        ("ON orders USING brin (customer, status)", False),
        ("ON orders (customer) INCLUDE (status)", False),
        ("ON orders (customer, status) WHERE made > 'epoch'", False),
        ("ON orders (customer, status) WHERE status = 's1'", True),
        ("ON orders (customer, status)", True),
        ("ON orders (status DESC, customer)", True),
        ("ON orders (status, customer, made)", True),
    ],
)
def test_an_index_serves_whose_first_columns_are_those_with_one_value(
    index: str, serves: bool, session: Session, postgres: Postgres
) -> None:
    session.execute(f"CREATE INDEX {index}".encode())
    session.execute("SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off")
    session.execute(BY_BOTH)
    assert ("orders", "customer, status") in found(postgres) or serves
    assert not serves or found(postgres) == {}


def test_an_index_that_was_left_invalid_serves_nothing(session: Session, postgres: Postgres) -> None:
    session.execute(BY_BOTH)
    with pytest.raises(psycopg.errors.UniqueViolation):
        session.execute("CREATE UNIQUE INDEX CONCURRENTLY ON orders (customer, status)")
    assert [*found(postgres)] == [("orders", "customer, status")]


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("FROM orders WHERE customer IN (1, 2, 3) AND made >= '1970-02-01'", "customer, made"),
        ("FROM public.orders x WHERE x.status = ANY('{s1}') AND NOT done", "status, done"),
        ("FROM orders WHERE customer = 1 AND made BETWEEN 'epoch' AND 'now'", "customer, made"),
        ("FROM orders WHERE (customer, status) = (1, 's1') AND gone IS NULL", "customer, status, gone"),
        ("FROM (SELECT FROM orders WHERE customer = 1 AND (done) OFFSET 0) few", "customer, done"),
        (
            "FROM few f WHERE EXISTS (SELECT FROM orders o WHERE o.status = 's' AND o.customer = f.customer)",
            "customer, status",
        ),
        (
            "FROM few f JOIN orders o ON o.customer = f.customer AND f.status = 's1' AND o.done",
            "customer, done",
        ),
        ("FROM orders JOIN few f USING (customer) WHERE f.status = 's1' AND orders.done", "customer, done"),
        (
            "FROM orders, few f WHERE f.id = orders.customer AND orders.done AND orders.made > '1970-02-01'",
            "done, made",
        ),
        ("FROM orders WHERE customer = 1 AND status = 's1' -- it's\n/* 'so' */", "customer, status"),
        ("FROM orders WHERE customer = 1", ""),
        ("FROM orders WHERE customer = 1 OR status = 's1'", ""),
        ("FROM orders WHERE customer + 0 = 1 AND lower(status) = 's1'", ""),
        ("FROM orders WHERE customer = 1 AND status <> 's1' AND note LIKE 'y%'", ""),
        ("FROM orders o LEFT JOIN few f ON o.done AND o.customer = 1 AND f.id = o.id", ""),
        ("FROM orders WHERE id = 1 AND status = 's1'", ""),
    ],
)
def test_how_a_statement_may_say_it(rest: str, expected: str, session: Session, postgres: Postgres) -> None:
    session.execute("SET enable_nestloop = off")  # as slow as it is without the index
    session.execute(f"SELECT count(*) {rest}".encode())
    assert [*found(postgres)] == ([("orders", expected)] if expected else [])


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "WITH few AS (SELECT count(*) FROM orders WHERE status = 's1' AND done) TABLE few",
            "status, done",
        ),
        (
            "SELECT customer FROM orders WHERE status = 's0' AND done ORDER BY made LIMIT 2",
            "status, done, made",
        ),
        ("SELECT max(customer) FROM orders WHERE done GROUP BY status ORDER BY status LIMIT 2", ""),
        ("UPDATE orders SET note = note WHERE customer = 1 AND status = 'none'", "customer, status"),
        ("DELETE FROM orders WHERE customer = 1 AND status = 'none'", "customer, status"),
    ],
)
def test_which_statements_search(statement: str, expected: str, session: Session, postgres: Postgres) -> None:
    session.execute(statement.encode())
    assert [*found(postgres)] == ([("orders", expected)] if expected else [])


def test_what_is_small_or_not_known_is_left_out(
    session: Session, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    session.execute("CREATE TEMP TABLE passing AS TABLE orders; CREATE VIEW seen AS TABLE orders")
    session.execute("SET search_path = elsewhere, public")
    where = "WHERE t.customer = 1 AND t.status = 's1'"
    for source in ("few", "passing", "seen", "elsewhere.twice", "(TABLE few)", "ROWS FROM (ask())"):
        session.execute(f"SELECT count(*) FROM {source} t, items o {where} AND o.id + 0 = t.id".encode())
    session.execute("SELECT count(*) FROM pg_class, pg_attribute WHERE relkind = 'r' AND relname = 'x'")
    session.execute(f"SELECT count(*) FROM orders t {where}{' AND done' * 3000}".encode())
    session.execute(f"SELECT count(*) FROM orders WHERE {'(' * 900}done AND customer = 1{')' * 900}".encode())
    session.execute("DROP VIEW seen; RESET search_path")
    assert found(postgres) == {}
    session.execute(f"SELECT count(*) FROM twice t {where} AND done".encode())
    assert [*found(postgres)] == [("twice", "customer, status, done")]
    assert "customer" not in caplog.text


def test_texts_in_no_encoding_do_no_harm(postgres: Postgres) -> None:
    name = "no_encoding"
    with admin(postgres) as session:
        session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        session.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    run_role_sql(postgres, name)
    with admin(postgres, name) as session:
        session.execute("SET client_encoding = 'SQL_ASCII'; CREATE EXTENSION pg_stat_statements")
        session.execute(
            b"CREATE TABLE caf\xe9 (a, b, \"\xff\", d) AS SELECT n, n, n, repeat('x', 50)"
            b" FROM generate_series(1, 20000) n"
        )
        session.execute(b"SELECT count(*) FROM caf\xe9 WHERE b = 1 AND a = 2")
        session.execute(b'SELECT count(*) FROM caf\xe9 WHERE b = 1 AND "\xff" = 2')
    assert {columns for _, columns in found(postgres, database=name)} == {"b, a", 'b, "\ufffd"'}


def test_who_may_not_read_statements_sees_none_and_is_told_once(
    session: Session, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    session.execute(BY_BOTH)
    session.execute(f"REVOKE pg_read_all_stats, pg_monitor FROM {ROLE}")
    try:
        with closing(watch(postgres, DATABASE, top_index_candidates=5)) as backend:
            for _ in range(2):
                page = collect(backend)
                assert page.of(self_.COLLECTOR_SUCCESS, collector=NAME) == 1
                assert catalogue.INFO.name not in page.names()
    finally:
        run_role_sql(postgres, DATABASE)
    assert caplog.text.count(f"GRANT pg_read_all_stats TO {ROLE};") == 1
    assert [*found(postgres)] == [("orders", "customer, status")]


def test_the_command_prints_the_sql_and_finds_nothing_wrong(session: Session, postgres: Postgres) -> None:
    session.execute(BY_BOTH)

    def told(*arguments: str, code: int = 0) -> str:
        url = postgres.url(ROLE, quote(PASSWORD, safe=""), DATABASE)
        result = CliRunner().invoke(command, arguments, env={"DATABASE_URL": url}, obj=Redactor())
        assert result.exit_code == code, result.output
        return result.stdout

    assert "Candidates" not in told()
    assert json.loads(told("--json"))["candidates"] is None
    (line,) = [line.split("  ") for line in told("--candidates").splitlines() if "public.orders" in line][:1]
    assert (line[0], line[1], line[3]) == ("public.orders", "customer, status", "1")
    (create,) = found(postgres).values()
    assert f"    {create}\n" in told("--candidates")
    (said,) = json.loads(told("--candidates", "--json"))["candidates"]
    assert (said["columns"], said["calls"], said["create"]) == ("customer, status", 1, create)
    session.execute(create.encode())
    assert "\nCandidates: none; " in told("--candidates", code=1)  # the new index was never used
    session.execute("DROP EXTENSION pg_stat_statements")
    try:
        assert told("--candidates", code=1).endswith(
            "\nCandidates: there is no pg_stat_statements in this database\n"
        )
    finally:
        session.execute("CREATE EXTENSION pg_stat_statements")


def test_an_expected_index_that_would_serve_leaves_no_candidate(
    session: Session, postgres: Postgres, tmp_path: Path
) -> None:
    session.execute(BY_BOTH)
    session.execute("SELECT count(*) FROM items WHERE status = 's1' AND customer = 1")

    def told(table: str, columns: str, where: str = "") -> set[str]:
        file = tmp_path / "exporter.yml"
        index = {"name": "one", "table": table, "columns": columns.split(", ")}
        index |= {"where": where} if where else {}
        file.write_text(json.dumps({"postgres": {"expected_indexes": [index]}}))
        url = postgres.url(ROLE, quote(PASSWORD, safe=""), DATABASE)
        arguments = ["--candidates", "--json", "--config.file", str(file)]
        result = CliRunner().invoke(command, arguments, env={"DATABASE_URL": url}, obj=Redactor())
        return {each["table"] for each in json.loads(result.stdout)["candidates"]}

    assert told("orders", "status, customer, made DESC") == {"public.items"}
    assert told("public.orders", "customer, status", "status = 's1'") == {"public.items"}
    for others in (
        ("orders", "status, made"),
        ("orders", "customer, status", "done"),
        ("orders", "customer, status, nothing"),
        ('"Other".orders', "customer, status"),
    ):
        assert told(*others) == {"public.orders", "public.items"}


def test_as_many_are_shown_as_are_wanted(session: Session, postgres: Postgres) -> None:
    # The first call of each may take as long as twenty others.
    for column, calls in {"made": 1, "status": 50, "note": 250}.items():
        for _ in range(calls):
            session.execute(f"SELECT count(*) FROM orders WHERE customer = 1 AND {column} IS NULL".encode())
    assert len(found(postgres)) == 3
    assert [columns for _, columns in found(postgres, 2)] == ["customer, note", "customer, status"]
