"""Statements by pg_stat_statements: those that take most time, and those that are slow each time."""

from __future__ import annotations

from exporters.catalogue import postgres_objects as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.bounds import TopN
from exporters.collectors.postgres.model import Collector, Rows, Server, always, table_of, text
from exporters.collectors.postgres.statement_text import shown

METRICS = (
    catalogue.STATEMENT_CALLS,
    catalogue.STATEMENT_SECONDS,
    catalogue.STATEMENT_ROWS,
    catalogue.STATEMENT_BLOCKS_HIT,
    catalogue.STATEMENT_BLOCKS_READ,
    catalogue.STATEMENT_TEMP_BLOCKS,
    catalogue.STATEMENT_READ_SECONDS,
    catalogue.STATEMENT_WRITE_SECONDS,
    catalogue.STATEMENT_WAL,
)
LABELS = len(catalogue.STATEMENT_LABELS)
INFO = (catalogue.STATEMENTS_ENTRIES, catalogue.STATEMENTS_DEALLOC, catalogue.STATEMENTS_RESET)

# Without texts (false), which would be read from a file. Without a queryid a statement is one that the
# role may not see. One place in three goes to the mean, so that a slow but rare statement shows.
RANKED = """
WITH summed AS (
  SELECT userid, datname, queryid, sum(calls) AS calls, sum(total_exec_time) / 1000 AS seconds,
         sum(rows) AS rows, sum(shared_blks_hit) AS hit, sum(shared_blks_read) AS read,
         sum(temp_blks_written) AS temp, sum({io}_read_time) / 1000 AS reading,
         sum({io}_write_time) / 1000 AS writing, sum(wal_bytes) AS wal{more}
    FROM {schema}.pg_stat_statements({texts}) s JOIN pg_database d ON d.oid = s.dbid
   WHERE queryid IS NOT NULL
   GROUP BY 1, 2, 3),
ranked AS (
  SELECT *, row_number() OVER (ORDER BY seconds DESC, queryid) AS by_total,
         row_number() OVER (ORDER BY calls >= 10 DESC, seconds / greatest(calls, 1) DESC, queryid) AS by_mean
    FROM summed),
placed AS (
  SELECT *, row_number() OVER (ORDER BY least(by_total, by_mean * 2), by_total) AS place FROM ranked)
"""
SQL = """
SELECT pg_get_userbyid(userid), datname, queryid, calls, seconds, rows, hit, read, temp,
       reading, writing, wal, place, 0
  FROM placed
 WHERE place <= $1::int
 ORDER BY place
"""
# More than is ever shown: what is cut off may be in the middle of a literal.
TEXTS_SQL = """
SELECT datname, queryid, left(min(said), 8000) FROM placed WHERE place <= $1::int GROUP BY 1, 2 ORDER BY 1, 2
"""
ENTRIES_SQL = "SELECT (SELECT count(*) FROM {schema}.pg_stat_statements(false)), "
INFO_SQL = ENTRIES_SQL + "dealloc, extract(epoch FROM stats_reset) FROM {schema}.pg_stat_statements_info"
INFO_SQL_BEFORE_1_9 = ENTRIES_SQL + "NULL, NULL"


def _ranked(server: Server, question: str, *, texts: bool) -> str:
    """A question to the ranking, where the extension is installed; its version 1.11 renamed the times."""
    if not server.statements_schema:
        return ""
    return (
        RANKED.format(
            schema=server.statements_schema,
            io="shared_blk" if server.statements_version >= (1, 11) else "blk",
            texts="true" if texts else "false",
            more=", min(query) AS said" if texts else "",
        )
        + question
    )


def sql(server: Server) -> str:
    """The question, where the extension is installed."""
    return _ranked(server, SQL, texts=False)


def texts_sql(server: Server) -> str:
    """The same for the texts of these statements."""
    return _ranked(server, TEXTS_SQL, texts=True)


def info_sql(server: Server) -> str:
    """The same for the extension's view of itself, which came with its version 1.9 (PostgreSQL 14)."""
    question = INFO_SQL if server.statements_version >= (1, 9) else INFO_SQL_BEFORE_1_9
    return question.format(schema=server.statements_schema) if server.statements_schema else ""


def statements(top: int, ttl: float) -> Collector:
    """The statements shown, an answer standing for `ttl` seconds."""
    longest = TopN(top, LABELS)

    def parse(rows: Rows) -> list[Family]:
        return table_of(LABELS, METRICS, longest.choose(rows))

    return Collector(name="postgres.statements", sql=sql, parse=parse, parameters=(str(top),), ttl=ttl)


def statement_texts(top: int, ttl: float, *, wanted: bool) -> Collector:
    """What the statements say, if that is wanted: the server reads texts from a file, so `ttl` is long."""

    def parse(rows: Rows) -> list[Family]:
        labels = [(text(database), text(queryid), shown(text(said))) for database, queryid, said in rows]
        return [Family(catalogue.STATEMENT_TEXT, labels, [1] * len(labels))]

    return Collector(
        name="postgres.statement_texts",
        sql=texts_sql if wanted else always(""),
        parse=parse,
        parameters=(str(top),),
        ttl=ttl,
    )


def statements_info(ttl: float) -> Collector:
    """How many statements are remembered, and whether any were forgotten."""

    def parse(rows: Rows) -> list[Family]:
        return table_of(0, INFO, rows)

    return Collector(name="postgres.statements_info", sql=info_sql, parse=parse, ttl=ttl)
