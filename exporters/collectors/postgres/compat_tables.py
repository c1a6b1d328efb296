"""What postgres_exporter says of each table beyond the rest: asked in the question for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporters.catalogue import Metric
from exporters.catalogue import postgres_compat as compat


@dataclass(frozen=True, slots=True)
class Shown:
    """What more there is of each table.

    Attributes:
        columns: by metric.
        statistics: where they are read: what pg_stat_user_tables and pg_class have, with these columns.
    """

    columns: Mapping[Metric, str]
    statistics: str


FETCHED, HIT = "pg_stat_get_blocks_fetched({0})", "pg_stat_get_blocks_hit({0})"
READ = f"{FETCHED} - {HIT}"
# Where all tables are shown, one pass over the indexes for everything is half the work of two views. What is
# kept out of line has one index, and more while that is made anew, or where that failed.
STATISTICS = f"""(
    WITH i AS (SELECT i.indrelid, sum(pg_stat_get_numscans(x.oid))::bigint AS idx_scan,
                      sum(pg_stat_get_tuples_fetched(x.oid))::bigint AS idx_tup_fetch,
                      sum({FETCHED.format("x.oid")}) AS fetched, sum({HIT.format("x.oid")}) AS hit,
                      sum(x.relpages) AS relpages
                 FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
                GROUP BY 1)
    SELECT t.oid AS relid, n.nspname AS schemaname, t.relname,
           t.reloptions, t.reltuples, t.relpages, t.reltoastrelid, t.relpersistence,
           pg_stat_get_numscans(t.oid) AS seq_scan, pg_stat_get_tuples_returned(t.oid) AS seq_tup_read,
           i.idx_scan, i.idx_tup_fetch + pg_stat_get_tuples_fetched(t.oid) AS idx_tup_fetch,
           pg_stat_get_tuples_inserted(t.oid) AS n_tup_ins, pg_stat_get_tuples_updated(t.oid) AS n_tup_upd,
           pg_stat_get_tuples_deleted(t.oid) AS n_tup_del,
           pg_stat_get_tuples_hot_updated(t.oid) AS n_tup_hot_upd,
           pg_stat_get_live_tuples(t.oid) AS n_live_tup, pg_stat_get_dead_tuples(t.oid) AS n_dead_tup,
           pg_stat_get_mod_since_analyze(t.oid) AS n_mod_since_analyze,
           pg_stat_get_last_vacuum_time(t.oid) AS last_vacuum,
           pg_stat_get_last_autovacuum_time(t.oid) AS last_autovacuum,
           pg_stat_get_last_analyze_time(t.oid) AS last_analyze,
           pg_stat_get_last_autoanalyze_time(t.oid) AS last_autoanalyze,
           i.fetched - i.hit AS idx_read, i.hit AS idx_hit, coalesce(i.relpages, 0) AS of_indexes,
           coalesce(o.relpages, 0) AS out_of_line, oi.fetched - oi.hit AS oi_read, oi.hit AS oi_hit
      FROM pg_class t
      JOIN pg_namespace n ON n.oid = t.relnamespace
      LEFT JOIN i ON i.indrelid = t.oid
      LEFT JOIN pg_class o ON o.oid = t.reltoastrelid
      LEFT JOIN i oi ON oi.indrelid = t.reltoastrelid
     WHERE t.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
       AND n.nspname !~ '^pg_toast')"""  # noqa: S608  expressions of this file
# Whoever locks a table or one of its indexes against everybody would be waited for by what measures it: then
# it has no size. As an array, which is made once.
LOCKED = """ARRAY(SELECT coalesce(i.indrelid, l.relation)
                  FROM pg_locks l LEFT JOIN pg_index i ON i.indexrelid = l.relation
                 WHERE l.mode = 'AccessExclusiveLock' AND l.locktype = 'relation'
                   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""
UNLOCKED = f"CASE WHEN relid <> ALL ({LOCKED}) AND reltoastrelid <> ALL ({LOCKED}) THEN {{}} END"
# As pg_indexes_size, without a look for the files that an index never has: twice as fast.
INDEXES_SIZE = """(SELECT coalesce(sum(
           pg_relation_size(indexrelid, 'main') + pg_relation_size(indexrelid, 'fsm')
           + CASE WHEN r.relpersistence = 'u' THEN pg_relation_size(indexrelid, 'init') ELSE 0 END), 0)
      FROM pg_index WHERE indrelid = r.relid)"""


def every_column(*, exact: bool) -> Shown:
    """All of it.

    Args:
        exact: whether sizes are measured; else they are what vacuum and analyze noted, and say so.
    """
    columns = dict(
        zip(
            compat.TABLE_RUNS,
            (f"pg_stat_get_{run}_count(relid)" for run in ("vacuum", "autovacuum", "analyze", "autoanalyze")),
            strict=True,
        )
    )
    last = ("last_vacuum", "last_autovacuum", "last_analyze", "last_autoanalyze")
    times = (f"coalesce(date_part('epoch', {column}), 0)" for column in last)
    columns |= dict(zip(compat.TABLE_TIMES, times, strict=True))
    if exact:
        measured = ("pg_table_size(relid)", INDEXES_SIZE)
        sizes = dict(zip(compat.TABLE_SIZES, map(UNLOCKED.format, measured), strict=True))
    else:
        pages = ("block_size * (greatest(relpages, 0)::bigint + out_of_line)", "block_size * of_indexes")
        sizes = dict(zip(map(compat.estimated, compat.TABLE_SIZES), pages, strict=True))
    blocks = (
        *(form.format("relid") for form in (READ, HIT)),
        *(f"coalesce({column}, 0)" for column in ("idx_read", "idx_hit")),
        *(f"coalesce({form.format('reltoastrelid')}, 0)" for form in (READ, HIT)),
        *(f"coalesce({column}, 0)" for column in ("oi_read", "oi_hit")),
    )
    return Shown(columns | sizes | dict(zip(compat.TABLE_BLOCKS, blocks, strict=True)), STATISTICS)
