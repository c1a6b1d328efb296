"""Tables of the connected database: the busiest, those read most without an index, and those wanted."""

from __future__ import annotations

import json
from collections.abc import Iterable

from exporters.catalogue import postgres_objects as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.bounds import TopN
from exporters.collectors.postgres.compat_tables import Shown
from exporters.collectors.postgres.model import Collector, Rows, always, by_path, table_of
from exporters.collectors.postgres.names import read_path


def _option(name: str) -> str:
    """What the table's options say, else the server's setting; NULL where this version has none.

    Most tables have none, and what is selected by itself is read once.
    """
    said = f"SELECT option_value FROM pg_options_to_table(reloptions) WHERE option_name = '{name}'"  # noqa: S608  ours
    server = f"(SELECT current_setting('{name}', true)::float8)"
    return f"CASE WHEN reloptions IS NULL THEN {server} ELSE coalesce(({said})::float8, {server}) END"


# As the server reckons. Since version 18 there is a maximum, of which -1 is none.
VACUUM_DUE = (
    f"least({_option('autovacuum_vacuum_threshold')}"
    f" + {_option('autovacuum_vacuum_scale_factor')} * greatest(reltuples, 0),"
    f" nullif({_option('autovacuum_vacuum_max_threshold')}, -1))"
)
COLUMNS = {
    catalogue.TABLE_SEQ_SCAN: "seq_scan",
    catalogue.TABLE_SEQ_ROWS: "seq_tup_read",
    catalogue.TABLE_IDX_SCAN: "coalesce(idx_scan, 0)",
    catalogue.TABLE_IDX_ROWS: "coalesce(idx_tup_fetch, 0)",
    catalogue.TABLE_INSERTED: "n_tup_ins",
    catalogue.TABLE_UPDATED: "n_tup_upd",
    catalogue.TABLE_DELETED: "n_tup_del",
    catalogue.TABLE_HOT_UPDATED: "n_tup_hot_upd",
    catalogue.TABLE_LIVE: "n_live_tup",
    catalogue.TABLE_DEAD: "n_dead_tup",
    catalogue.TABLE_VACUUM_DUE: VACUUM_DUE,
    catalogue.TABLE_MODIFIED: "n_mod_since_analyze",
    catalogue.TABLE_SIZE: "block_size * (greatest(relpages, 0)::bigint + out_of_line)",
    catalogue.TABLE_INDEX_SIZE: "block_size * of_indexes",
    catalogue.TABLE_LAST_VACUUM: "extract(epoch FROM greatest(last_vacuum, last_autovacuum))",
    catalogue.TABLE_LAST_ANALYZE: "extract(epoch FROM greatest(last_analyze, last_autoanalyze))",
}
LABELS = len(catalogue.TABLE_LABELS)

# Temporary tables are left out: they would begin and end series with each session. Sizes are those that
# vacuum and analyze noted, of the tables shown alone: the functions that measure them wait for locks.
# One place in three goes to what sequential scans read, so that a table that wants an index shows among many
# that are used as they should be.
# A name is looked up here, as to_regclass would, since that fails on a schema which the role may not use.
SQL = """
WITH wanted AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS w(schema text, name text)),
ranked AS (
  SELECT s.*,
         row_number() OVER (
           ORDER BY seq_tup_read + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd + n_tup_del DESC, relid
         ) AS by_rows,
         row_number() OVER (ORDER BY seq_tup_read DESC, relid) AS by_scans,
         EXISTS (SELECT FROM wanted w
                  WHERE w.name = s.relname
                    AND CASE WHEN w.schema IS NULL THEN {visible}
                             ELSE w.schema = s.schemaname END) AS wanted
    FROM {statistics} s
   WHERE relpersistence <> 't'),
placed AS (
  SELECT *, row_number() OVER (ORDER BY least(by_rows, by_scans * 2), by_rows) AS place FROM ranked)
SELECT current_database(), schemaname, relname, {columns}, place, wanted::int
  FROM placed r,
       LATERAL (SELECT current_setting('block_size')::bigint AS block_size{sizes}) sizes
 WHERE place <= $2::int OR wanted
 ORDER BY place
"""
VIEW = """(
    SELECT s.*, c.reloptions, c.reltuples, c.relpages, c.reltoastrelid, c.relpersistence
      FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid)"""
SIZES = """,
                       (SELECT coalesce(sum(t.relpages), 0) FROM pg_class t WHERE t.oid = r.reltoastrelid)
                         AS out_of_line,
                       (SELECT coalesce(sum(x.relpages), 0)
                          FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
                         WHERE i.indrelid = r.relid) AS of_indexes"""


def tables(top: int, wanted: Iterable[str], ttl: float, *, shown: Shown | None = None) -> Collector:
    """The collector, its answer standing for `ttl` seconds; `shown` is what more is shown of each table."""
    names = [dict(zip(("schema", "name"), read_path(table), strict=True)) for table in wanted]
    busiest = TopN(top, LABELS)
    columns = {**COLUMNS, **(shown.columns if shown else {})}
    metrics = tuple(columns)
    sql = SQL.format(
        visible=by_path("pg_table_is_visible(s.relid)"),
        columns=", ".join(columns.values()),
        statistics=shown.statistics if shown else VIEW,
        sizes="" if shown else SIZES,
    )

    def parse(rows: Rows) -> list[Family]:
        return table_of(LABELS, metrics, busiest.choose(rows))

    return Collector(
        name="postgres.tables",
        sql=always(sql),
        parse=parse,
        parameters=(json.dumps(names, ensure_ascii=False), str(top)),
        ttl=ttl,
        off=() if top or names else ("top_tables", "tables"),
    )
