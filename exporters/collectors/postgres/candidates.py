"""Composite indexes that costly statements would search by, and that no index of the table serves.

A candidate is a guess from texts and sizes: neither how many rows a value picks nor what the planner would do
is known here. Statements are read from the texts that pg_stat_statements keeps, each text once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from exporters.catalogue import postgres_candidates as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.bounds import TopN
from exporters.collectors.postgres.codes import OF_TEXTS
from exporters.collectors.postgres.expected import Wanted
from exporters.collectors.postgres.model import Collector, Needs, Row, Rows, Server, by_path, table_of, text
from exporters.collectors.postgres.searched import MOST_EQUAL, Path, Scope, Search, Table, searches_of

NAME = "postgres.index_candidates"
NEEDS = Needs(statements=(1,), statistics="statements of others")
METRICS = (
    catalogue.SECONDS,
    catalogue.CALLS,
    catalogue.BLOCKS,
)
LABELS = len(catalogue.LABELS)
INFO_LABELS = len(catalogue.INFO.labels)
# For the new texts of one pass; what is left comes in the next. Most take a millisecond, few some tens.
READ_SECONDS = 0.3

# A table of fewer rows is read whole as fast. A call that goes through few more blocks than it returns rows
# already finds them: a search in an index is about five. The file of texts is read for these alone.
STATEMENTS = 200
ROWS = 10_000
IN_VAIN = 50
SQL = f"""
WITH RECURSIVE remembered AS MATERIALIZED (
  SELECT queryid, sum(calls) AS calls, sum(total_exec_time) / 1000 AS seconds, sum(rows) AS rows,
         sum(shared_blks_hit + shared_blks_read) AS blocks
    FROM {{schema}}.pg_stat_statements(false)
   WHERE queryid IS NOT NULL AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   GROUP BY queryid),
costly AS (
  SELECT * FROM remembered WHERE blocks > rows + {IN_VAIN} * calls
   ORDER BY seconds DESC, queryid LIMIT {STATEMENTS}),
said AS (
  SELECT queryid, min(query) FILTER (WHERE length(query) <= 20000) AS query
    FROM costly JOIN {{schema}}.pg_stat_statements(true) s USING (queryid)
   WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
   GROUP BY queryid),
tree AS (
  SELECT i.inhparent AS root, i.inhrelid AS part
    FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
   UNION ALL
  SELECT tree.root, i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.part),
sized AS (
  SELECT oid, relname, relnamespace, relkind, greatest(reltuples, pg_stat_get_live_tuples(oid)) AS rows,
         count(*) OVER (PARTITION BY relname) AS namesakes
    FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND relpersistence <> 't'),
large AS (
  SELECT s.*, nspname, coalesce(whole, rows) AS all_rows
    FROM sized s JOIN pg_namespace n ON n.oid = relnamespace
    LEFT JOIN (SELECT root, sum(greatest(part.rows, 0)) AS whole
                 FROM tree JOIN sized part ON part.oid = tree.part GROUP BY root) parts ON root = s.oid
   WHERE nspname <> 'information_schema' AND NOT starts_with(nspname, 'pg_')
     AND coalesce(whole, rows) >= {ROWS}
   ORDER BY coalesce(whole, rows) DESC, s.oid LIMIT {STATEMENTS})
SELECT current_database(), queryid, query, seconds, calls, blocks, NULL
  FROM costly JOIN said USING (queryid)
 UNION ALL
SELECT current_database(), NULL, NULL, NULL, NULL, NULL, json_build_object(
         'schema', nspname, 'name', relname, 'path', quote_ident(nspname) || '.' || quote_ident(relname),
         'partitioned', relkind = 'p',
         'found', namesakes = 1 OR {by_path("pg_table_is_visible(oid)")},
         'columns', (SELECT json_agg(
                              json_build_array(attname, quote_ident(attname), atttypid = 'bool'::regtype)
                              ORDER BY attnum)
                       FROM pg_attribute WHERE attrelid = large.oid AND attnum > 0 AND NOT attisdropped),
         'indexes', (SELECT json_agg(json_build_array(
                              i.indisunique, {by_path("pg_get_expr(i.indpred, i.indrelid)")},
                              (SELECT json_agg(a.attname ORDER BY k.place)
                                 FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
                                 LEFT JOIN pg_attribute a
                                   ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number <> 0
                                  AND a.attcollation = i.indcollation[k.place - 1]
                                WHERE k.place <= i.indnkeyatts)))
                       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
                      WHERE i.indrelid = large.oid AND i.indisvalid AND i.indisready AND m.amname = 'btree'))
  FROM large
"""  # noqa: S608  nothing but this file's text


@dataclass(slots=True)
class Candidate:
    """An index that may be worth it.

    Attributes:
        columns: those with one value first.
        queryid: of the statement that took longest.
        seconds: which the statements took that search by them, since they are remembered.
        calls: of these statements.
        blocks: they went through, found in memory or not.
    """

    database: str
    table: Table
    columns: tuple[str, ...]
    queryid: str
    seconds: float = 0.0
    calls: float = 0.0
    blocks: float = 0.0

    @property
    def named(self) -> str:
        """Its columns, as SQL names them."""
        return ", ".join(self.table.columns[column] for column in self.columns)

    @property
    def create(self) -> str:
        """The statement that makes it; the server names it."""
        how = "CREATE INDEX" if self.table.partitioned else "CREATE INDEX CONCURRENTLY"
        return f"{how} ON {self.table.path} ({self.named});"


@dataclass(slots=True)
class Texts:
    """What statements search by, read once of each as long as it is among the costly.

    Attributes:
        searches: reads a text.
        clock: in seconds.
    """

    searches: Callable[[str], tuple[Scope, ...]]
    clock: Callable[[], float] = time.monotonic
    _read: dict[str, tuple[Scope, ...]] = field(default_factory=dict)

    def of(self, rows: Rows) -> Iterator[tuple[Row, tuple[Scope, ...]]]:
        """Each statement with its scopes; the new ones as far as the time goes, the costliest first."""
        before, self._read = self._read, {}
        until = self.clock() + READ_SECONDS
        for row in rows:
            queryid = text(row[1])
            scopes = before.get(queryid)
            if scopes is None and self.clock() < until:
                scopes = self.searches(text(row[2]))
            if scopes is not None:
                self._read[queryid] = scopes
                yield row, scopes


def candidates(rows: Rows, texts: Texts, expected: Sequence[Wanted] = ()) -> list[Candidate]:
    """The candidates, those of the costliest statements first; none that an expected index would serve."""
    tables = [Table.read(written).with_expected(expected) for row in rows if (written := row[6]) is not None]
    by_path: dict[Path, Table] = {(table.schema, table.name): table for table in tables}
    by_path |= {(None, table.name): table for table in tables if table.found}
    asked: dict[tuple[str, str], list[tuple[Search, Row]]] = {}
    for row, scopes in texts.of([row for row in rows if row[6] is None]):
        of_one = {
            (table.schema, table.name, search): search
            for scope in scopes
            for table, search in searches_of(scope, by_path)
        }
        for (schema, name, _), search in of_one.items():
            asked.setdefault((schema, name), []).append((search, row))
    found = [
        candidate for path, of_table in asked.items() for candidate in _of_table(by_path[path], of_table)
    ]
    return sorted(found, key=lambda one: (-one.seconds, one.table.schema, one.table.name, one.columns))


def _of_table(table: Table, asked: Sequence[tuple[Search, Row]]) -> Iterator[Candidate]:
    """Columns that many searches have in common come first, so that one serves several; booleans last."""
    sets = {search.equal for search, _ in asked if len(search.equal) > 1}
    common = Counter(column for equal in sets for column in equal)
    places = {column: (column in table.booleans, place) for place, column in enumerate(table.columns)}
    of_columns: dict[tuple[str, ...], dict[str, Row]] = {}
    for search, row in asked:
        if table.serves(search):
            continue
        first = sorted(search.equal, key=lambda column: (-common[column], places[column]))[:MOST_EQUAL]
        tail = (search.tail,) if search.tail and len(first) < MOST_EQUAL else ()
        columns = (*first, *tail)
        if first and len(columns) > 1:
            of_columns.setdefault(columns, {})[text(row[1])] = row
    for columns in sorted(of_columns, key=len, reverse=True):
        longer = next((other for other in of_columns if other[: len(columns)] == columns != other), None)
        if longer is not None:
            of_columns[longer] |= of_columns.pop(columns)
    for columns, statements in of_columns.items():
        costliest = max(statements.values(), key=lambda row: float(text(row[3])))
        candidate = Candidate(text(costliest[0]), table, columns, text(costliest[1]))
        for _, _, _, seconds, calls, blocks, _ in statements.values():
            candidate.seconds += float(text(seconds))
            candidate.calls += float(text(calls))
            candidate.blocks += float(text(blocks))
        yield candidate


def sql(server: Server) -> str:
    """What is asked of the statements and the tables."""
    return SQL.format(schema=server.statements_schema)


def index_candidates(top: int, ttl: float) -> Collector:
    """The collector, its answer standing for `ttl` seconds.

    Raises:
        ModuleNotFoundError: candidates are wanted, and sqlglot is not installed.
    """
    if not top:
        off = ("top_index_candidates",)
        return Collector(name=NAME, sql=sql, parse=lambda _: [], needs=NEEDS, ttl=ttl, off=off)
    from exporters.collectors.postgres.searches import searches  # noqa: PLC0415  loads sqlglot

    texts, costliest = Texts(searches), TopN(top, LABELS)

    def parse(rows: Rows) -> list[Family]:
        ranked = [_row(one, place) for place, one in enumerate(candidates(rows, texts), 1)]
        chosen = costliest.choose(ranked)
        infos = [tuple(map(text, row[:INFO_LABELS])) for row in chosen]
        return [
            *table_of(LABELS, METRICS, [(*row[:LABELS], *row[INFO_LABELS:]) for row in chosen]),
            Family(catalogue.INFO, infos, [1.0] * len(infos)),
        ]

    return Collector(name=NAME, sql=sql, parse=parse, needs=NEEDS, ttl=ttl, meanings=OF_TEXTS)


def _row(one: Candidate, place: int) -> Row:
    labels = (one.database, one.table.schema, one.table.name, one.named, one.queryid, one.create)
    return *labels, *map(str, (one.seconds, one.calls, one.blocks, place, 0))
