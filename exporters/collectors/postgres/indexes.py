"""Indexes of the connected database: the invalid, the largest and those expected; and totals over all."""

from __future__ import annotations

import json
from collections.abc import Iterable

from exporters.catalogue import postgres_objects as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.bounds import TopN
from exporters.collectors.postgres.model import Collector, Rows, always, by_path, table_of
from exporters.collectors.postgres.names import read_name, read_path
from exporters.collectors.postgres.options import ExpectedIndex

METRICS = (
    catalogue.INDEX_SCANS,
    catalogue.INDEX_ROWS_READ,
    catalogue.INDEX_ROWS_FETCHED,
    catalogue.INDEX_SIZE,
    catalogue.INDEX_VALID,
    catalogue.INDEX_ENFORCES,
    catalogue.INDEX_REDUNDANT,
)
TOTALS = (
    catalogue.INDEXES,
    catalogue.INDEXES_UNUSED,
    catalogue.INDEXES_UNUSED_BYTES,
    catalogue.INDEXES_INVALID,
    catalogue.INDEX_BUILDS,
)
LABELS = len(catalogue.INDEX_LABELS)

# A third of the time of pg_stat_user_indexes, and no size function: those wait for locks.
# Schemas that begin with pg_ are the server's own; temporary tables go with their session.
# What is asked of one index, such as its table's name, costs nothing where few are shown.
USER_INDEXES = """
  SELECT c.oid, n.nspname, i.indrelid AS table_oid, c.relname AS indexrelname,
         (SELECT t.relname FROM pg_class t WHERE t.oid = i.indrelid) AS relname,
         c.relpages::bigint * (SELECT current_setting('block_size')::bigint) AS bytes,
         pg_stat_get_numscans(c.oid) AS scans,
         i.indisvalid, i.indisunique OR i.indisexclusion AS enforces
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'i' AND c.relpersistence <> 't'
     AND n.nspname <> 'information_schema' AND NOT starts_with(n.nspname, 'pg_')
"""
# Of two that are alike the older one stays. Those with expressions, conditions or columns that are merely
# kept beside are left out: whether another serves for them nobody can tell by numbers of columns.
# Counted, since EXISTS may be asked of all indexes first, where fifty are shown.
BEGINS = " AND ".join(
    f"starts_with(o.{each}::text || ' ', i.{each}::text || ' ')"
    for each in ("indkey", "indclass", "indcollation", "indoption")
)
SERVES_INSTEAD = f"""
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_index o ON o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid
      JOIN pg_class oc ON oc.oid = o.indexrelid AND oc.relam = c.relam
     WHERE i.indexrelid = ranked.oid AND i.indexprs IS NULL AND i.indpred IS NULL AND o.indpred IS NULL
       AND o.indisvalid AND NOT i.indisreplident
       AND i.indnatts = i.indnkeyatts AND i.indnatts <= o.indnkeyatts
       AND {BEGINS}
       AND (o.indnatts > i.indnatts OR o.indisunique OR o.indisexclusion OR o.indexrelid < i.indexrelid)
"""
REDUNDANT = f"NOT enforces AND (SELECT count(*) > 0 {SERVES_INSTEAD})"
INDEXES_SQL = f"""
WITH wanted AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS w(schema text, "table" text, name text)),
ranked AS (
  SELECT oid, table_oid, nspname, indexrelname, bytes, indisvalid, enforces,
         row_number() OVER (ORDER BY indisvalid, bytes DESC, oid) AS place,
         EXISTS (SELECT FROM wanted w
                  WHERE w.name = u.indexrelname AND w.table = u.relname
                    AND CASE WHEN w.schema IS NULL THEN {by_path("pg_table_is_visible(u.table_oid)")}
                             ELSE w.schema = u.nspname END) AS wanted
    FROM ({USER_INDEXES}) u)
SELECT current_database(), nspname, (SELECT t.relname FROM pg_class t WHERE t.oid = table_oid), indexrelname,
       pg_stat_get_numscans(oid), pg_stat_get_tuples_returned(oid), pg_stat_get_tuples_fetched(oid),
       bytes, indisvalid::int, enforces::int, ({REDUNDANT})::int, place, wanted::int
  FROM ranked
 WHERE place <= $2::int OR wanted
 ORDER BY place
"""  # noqa: S608  nothing but this file's text
TOTALS_SQL = f"""
SELECT current_database(), count(*),
       count(*) FILTER (WHERE scans = 0 AND NOT enforces),
       coalesce(sum(bytes) FILTER (WHERE scans = 0 AND NOT enforces), 0),
       count(*) FILTER (WHERE NOT indisvalid),
       (SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database())
  FROM ({USER_INDEXES}) u
"""  # noqa: S608  nothing but this file's text


def indexes(top: int, expected: Iterable[ExpectedIndex], ttl: float) -> Collector:
    """The invalid indexes, the largest and those expected, an answer standing for `ttl` seconds."""
    names = []
    for index in expected:
        schema, table = read_path(index.table)
        names.append({"schema": schema, "table": table, "name": read_name(index.name)})
    largest = TopN(top, LABELS)

    def parse(rows: Rows) -> list[Family]:
        return table_of(LABELS, METRICS, largest.choose(rows))

    return Collector(
        name="postgres.indexes",
        sql=always(INDEXES_SQL),
        parse=parse,
        parameters=(json.dumps(names, ensure_ascii=False), str(top)),
        ttl=ttl,
        off=() if top or names else ("top_indexes", "expected_indexes"),
    )


def index_totals(ttl: float) -> Collector:
    """Totals over all indexes, an answer standing for `ttl` seconds."""

    def parse(rows: Rows) -> list[Family]:
        return table_of(1, TOTALS, rows)

    return Collector(name="postgres.index_totals", sql=always(TOTALS_SQL), parse=parse, ttl=ttl)
