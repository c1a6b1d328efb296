"""Which tables are shown where there are more than places, and which indexes are there twice."""

from __future__ import annotations

from contextlib import closing

from examples.demo.databases import Postgres
from exporters.catalogue import postgres_compat as compat
from exporters.catalogue import postgres_objects as objects
from tests.servers.postgres_support import admin, collect, create_database, watch

DATABASE = "tables"
SIZES = (objects.TABLE_SIZE.name, str(compat.TABLE_SIZES[0]))


def test_a_table_read_without_an_index_shows_among_many_that_are_busier(postgres: Postgres) -> None:
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        for name, rows in (*((f"busy{n}", 1000 + n) for n in range(6)), ("idle", 300), ("scanned", 100)):
            session.execute(f"CREATE TABLE {name} (id int) WITH (autovacuum_enabled = off)")
            session.execute(f"INSERT INTO {name} SELECT generate_series(1, {rows})")  # type: ignore[arg-type]
        for _ in range(5):
            session.execute("SELECT FROM scanned WHERE id = 7")
        session.execute("SELECT pg_stat_force_next_flush()")
        session.execute("SELECT 1")
    with closing(watch(postgres, DATABASE, top_tables=3)) as backend:
        page = collect(backend)

    shown = {
        dict(key)["relname"]: rows
        for (name, key), rows in page.items()
        if name == objects.TABLE_SEQ_ROWS.name
    }
    assert shown == {"busy5": 0, "busy4": 0, "scanned": 500}


def test_a_partitioned_table_has_no_size_of_its_own(postgres: Postgres) -> None:
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute("CREATE TABLE parts (id int) PARTITION BY RANGE (id)")
        session.execute("CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10)")
        session.execute("INSERT INTO parts VALUES (1)")
        session.execute("ANALYZE parts")  # which notes -1 pages of it
    for options in ({}, {"compat": True, "exact_sizes": False}):
        with closing(watch(postgres, DATABASE, **options)) as backend:
            page = collect(backend)
        sizes = {dict(key)["relname"]: size for (name, key), size in page.items() if name in SIZES}
        assert sizes == {"parts": 0, "low": 8192}


def test_an_index_that_another_begins_with_is_redundant(postgres: Postgres) -> None:
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute("CREATE TABLE orders (id int PRIMARY KEY, status text, day date, note text)")
        for name, columns in (
            ("long", "(status, day)"),
            ("prefix", "(status)"),
            ("twin", "(status, day)"),
            ("of_key", "(id)"),
            ("other_order", "(day, status)"),
            ("downwards", "(status DESC)"),
            ("other_class", "(status text_pattern_ops)"),
            ("partial", "(status) WHERE day IS NULL"),
            ("computed", "(lower(status))"),
            ("covering", "(status) INCLUDE (note)"),
            ("hashed", "USING hash (status)"),
        ):
            session.execute(f"CREATE INDEX {name} ON orders {columns}")  # type: ignore[arg-type]
        session.execute("CREATE UNIQUE INDEX must ON orders (id, status)")
    with closing(watch(postgres, DATABASE)) as backend:
        page = collect(backend)

    told = {
        dict(key)["indexrelname"]: value
        for (name, key), value in page.items()
        if name == objects.INDEX_REDUNDANT.name
    }
    assert len(told) == 13
    assert {name for name, value in told.items() if value} == {"prefix", "twin", "of_key"}
