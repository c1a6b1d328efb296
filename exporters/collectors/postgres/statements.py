"""Statements by pg_stat_statements: those that take most time, and those that are slow each time."""

from __future__ import annotations

from exporters.catalogue import postgres_objects as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.bounds import TopN
from exporters.collectors.postgres.codes import OF_TEXTS
from exporters.collectors.postgres.model import Collector, Needs, Rows, Server, table_of, text
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
NEEDS = Needs(statements=(1,), statistics="statements of others")
# The extension's view of itself came with its version 1.9.
INFO_NEEDS = Needs(version=140000, statements=(1, 9))
INFO = (catalogue.STATEMENTS_DEALLOC, catalogue.STATEMENTS_RESET)

# Without texts (false), which would be read from a file. Without a queryid a statement is one that the
# role may not see. One place in three goes to the mean, so that a slow but rare statement shows.
# Ranked by two numbers, and the rest of the columns summed for the chosen alone: there are thousands of
# others. Who has one of the first n places is among the first n by total or the first n / 2 by mean.
RANKED = """
WITH remembered AS MATERIALIZED (
  SELECT userid, dbid, queryid, calls, total_exec_time, rows, shared_blks_hit, shared_blks_read,
         temp_blks_written, {io}_read_time AS read_time, {io}_write_time AS write_time, wal_bytes
    FROM {schema}.pg_stat_statements(false)),
summed AS (
  SELECT userid, dbid, queryid, sum(calls::float8) AS calls, sum(total_exec_time) / 1000 AS seconds
    FROM remembered
   WHERE queryid IS NOT NULL AND dbid = ANY (ARRAY(SELECT d.oid FROM pg_database d))
   GROUP BY 1, 2, 3),
longest AS (
  SELECT * FROM summed ORDER BY seconds DESC, queryid, userid, dbid LIMIT $1::int),
slowest AS (
  SELECT *, calls >= 10 AS often, seconds / greatest(calls, 1) AS mean
    FROM summed ORDER BY often DESC, mean DESC, queryid, userid, dbid LIMIT $1::int / 2),
places AS (
  SELECT userid, dbid, queryid, NULL::bigint AS by_mean,
         row_number() OVER (ORDER BY seconds DESC, queryid, userid, dbid) AS by_total
    FROM longest
   UNION ALL
  SELECT userid, dbid, queryid,
         row_number() OVER (ORDER BY often DESC, mean DESC, queryid, userid, dbid), NULL
    FROM slowest),
placed AS (
  SELECT userid, dbid, queryid,
         row_number() OVER (ORDER BY least(min(by_total), min(by_mean) * 2), min(by_total)) AS place
    FROM places
   GROUP BY 1, 2, 3)
"""
# How many are remembered stands in each row, and in one of its own where none is shown.
SQL = """
SELECT entries, shown.*
  FROM (SELECT count(*) AS entries FROM remembered) counted
  LEFT JOIN (
    SELECT pg_get_userbyid(userid), (SELECT d.datname FROM pg_database d WHERE d.oid = dbid), queryid,
           sum(calls), sum(total_exec_time) / 1000, sum(rows), sum(shared_blks_hit), sum(shared_blks_read),
           sum(temp_blks_written), sum(read_time) / 1000, sum(write_time) / 1000, sum(wal_bytes), place, 0
      FROM placed JOIN remembered USING (userid, dbid, queryid)
     WHERE place <= $1::int
     GROUP BY userid, dbid, queryid, place) shown ON true
 ORDER BY place
"""
# More than is ever shown: what is cut off may be in the middle of a literal.
TEXTS_SQL = """
SELECT datname, queryid, left(min(query), 8000)
  FROM placed JOIN {schema}.pg_stat_statements(true) USING (userid, dbid, queryid)
  JOIN (SELECT d.oid, d.datname FROM pg_database d) named ON named.oid = dbid
 WHERE place <= $1::int
 GROUP BY 1, 2
 ORDER BY 1, 2
"""
INFO_SQL = "SELECT dealloc, extract(epoch FROM stats_reset) FROM {schema}.pg_stat_statements_info"


def _asked(server: Server, question: str) -> str:
    """The question; version 1.11 of the extension renamed the times."""
    io = "shared_blk" if server.statements_version >= (1, 11) else "blk"
    return question.format(schema=server.statements_schema, io=io)


def sql(server: Server) -> str:
    """What is asked of the statements shown."""
    return _asked(server, RANKED + SQL)


def texts_sql(server: Server) -> str:
    """The same for the texts of these statements."""
    return _asked(server, RANKED + TEXTS_SQL)


def info_sql(server: Server) -> str:
    """The same for the extension's view of itself."""
    return _asked(server, INFO_SQL)


def statements(top: int, ttl: float) -> Collector:
    """The statements shown, and how many are remembered, an answer standing for `ttl` seconds."""
    longest = TopN(top, LABELS)

    def parse(rows: Rows) -> list[Family]:
        shown = [row[1:] for row in rows if row[-1] is not None]
        entries = Family(catalogue.STATEMENTS_ENTRIES, [()], [float(text(rows[0][0]))])
        return [*table_of(LABELS, METRICS, longest.choose(shown)), entries]

    return Collector(
        name="postgres.statements",
        sql=sql,
        parse=parse,
        needs=NEEDS,
        parameters=(str(top),),
        ttl=ttl,
        off=() if top else ("top_statements",),
    )


def statement_texts(top: int, ttl: float, *, wanted: bool) -> Collector:
    """What the statements say, if that is wanted: the server reads texts from a file, so `ttl` is long."""

    def parse(rows: Rows) -> list[Family]:
        labels = [(text(database), text(queryid), shown(text(said))) for database, queryid, said in rows]
        return [Family(catalogue.STATEMENT_TEXT, labels, [1] * len(labels))]

    return Collector(
        name="postgres.statement_texts",
        sql=texts_sql,
        parse=parse,
        needs=NEEDS,
        parameters=(str(top),),
        ttl=ttl,
        off=() if wanted else ("statement_texts",),
        meanings=OF_TEXTS,
    )


def statements_info(ttl: float) -> Collector:
    """Whether statements were forgotten, and since when all of them are counted."""

    def parse(rows: Rows) -> list[Family]:
        return table_of(0, INFO, rows)

    return Collector(name="postgres.statements_info", sql=info_sql, parse=parse, needs=INFO_NEEDS, ttl=ttl)
