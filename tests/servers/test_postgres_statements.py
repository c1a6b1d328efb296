"""The statements chosen are those of the plain ranking, which sorts whole rows, and so are their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.postgres.model import UNKNOWN
from exporters.collectors.postgres.statements import sql, statements, texts_sql
from tests.servers.postgres_support import Session, admin, create_database

DATABASE = "statements"
SERVER = replace(UNKNOWN, version=150000, statements_schema="frozen", statements_version=(1, 10))

# What is meant, in the plainest words: everything is summed, then everything is ranked twice.
PLAIN = """
WITH summed AS (
  SELECT userid, datname, queryid, sum(calls) AS calls, sum(total_exec_time) / 1000 AS seconds,
         sum(rows) AS rows, sum(shared_blks_hit) AS hit, sum(shared_blks_read) AS read,
         sum(temp_blks_written) AS temp, sum(blk_read_time) / 1000 AS reading,
         sum(blk_write_time) / 1000 AS writing, sum(wal_bytes) AS wal, min(query) AS said
    FROM frozen.taken s JOIN pg_database d ON d.oid = s.dbid
   WHERE queryid IS NOT NULL
   GROUP BY 1, 2, 3),
ranked AS (
  SELECT *, row_number() OVER (ORDER BY seconds DESC, queryid) AS by_total,
         row_number() OVER (ORDER BY calls >= 10 DESC, seconds / greatest(calls, 1) DESC, queryid) AS by_mean
    FROM summed),
placed AS (
  SELECT *, row_number() OVER (ORDER BY least(by_total, by_mean * 2), by_total) AS place FROM ranked)
"""
PLAIN_ROWS = """
SELECT (SELECT count(*) FROM frozen.taken), pg_get_userbyid(userid), datname, queryid, calls, seconds, rows,
       hit, read, temp, reading, writing, wal, place, 0
  FROM placed
 WHERE place <= $1::int
 ORDER BY place
"""
PLAIN_TEXTS = """
SELECT datname, queryid, left(min(said), 8000) FROM placed WHERE place <= $1::int GROUP BY 1, 2 ORDER BY 1, 2
"""
# Of a few entries one is nested, one may not be seen, one is of a database that is gone; many are called
# seldom, and many take the same time.
MANY = """
SELECT setseed(0.5);
INSERT INTO frozen.taken (userid, dbid, toplevel, queryid, query, calls, total_exec_time, rows,
                            shared_blks_hit, shared_blks_read, temp_blks_written, blk_read_time,
                            blk_write_time, wal_bytes)
SELECT 10, CASE WHEN n % 13 > 0 THEN oid ELSE 1 END, top, CASE WHEN n % 17 > 0 THEN hashint8(n) END,
       'SELECT ' || n, ceil(30 * random()), CASE WHEN n % 7 = 0 THEN 250 ELSE 1e4 * random() ^ 9 END, n,
       n * 2, n * 3, n * 4, n / 7.0, n / 11.0, n * 5
  FROM generate_series(1, 3000) n, (VALUES (true), (false)) t(top), pg_database d
 WHERE datname = current_database() AND (top OR n % 5 = 0)
"""


@pytest.fixture(scope="module")
def session(postgres: Postgres) -> Iterator[Session]:
    """One in which the extension is a function over what was read of it once."""
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        session.execute("CREATE SCHEMA frozen")
        session.execute("CREATE TABLE frozen.taken AS TABLE pg_stat_statements")
        session.execute(
            "CREATE FUNCTION frozen.pg_stat_statements(showtext bool) RETURNS SETOF frozen.taken "
            "LANGUAGE sql AS 'TABLE frozen.taken'"
        )
        yield session


def rows(session: Session, question: str, top: int) -> list[tuple[str | None, ...]]:
    """As the exporter gets them."""
    with psycopg.RawCursor(session) as cursor:
        cursor.execute(question, [str(top)])
        return [tuple(None if cell is None else str(cell) for cell in row) for row in cursor]


@pytest.mark.parametrize("work", ["", MANY], ids=["what the server did", "three thousand statements"])
def test_the_narrow_ranking_gives_the_rows_of_the_plain_one(work: str, session: Session) -> None:
    if work:
        session.execute(work)
    for top in (1, 2, 3, 30, 200):
        expected = rows(session, PLAIN + PLAIN_ROWS, top)
        assert len(expected) == top or not work
        assert rows(session, sql(SERVER), top) == expected
        assert rows(session, texts_sql(SERVER), top) == rows(session, PLAIN + PLAIN_TEXTS, top)


def test_what_is_remembered_is_counted_where_nothing_is_shown(session: Session) -> None:
    taken = session.execute("SELECT count(*) FROM frozen.taken").fetchone()
    assert taken is not None
    collector = statements(0, 0)
    families = collector.parse(rows(session, sql(SERVER), 0))
    assert {family.metric: list(map(float, family.values)) for family in families if family.values} == {
        objects.STATEMENTS_ENTRIES: [taken[0]]
    }
