"""Which tables are shown where there are more than places."""

from __future__ import annotations

from contextlib import closing

from examples.demo.databases import Postgres
from exporters.catalogue import postgres_objects as objects
from tests.servers.postgres_support import admin, collect, create_database, watch

DATABASE = "tables"


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
