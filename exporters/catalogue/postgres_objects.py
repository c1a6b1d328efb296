"""What the exporter says of PostgreSQL's tables, indexes and statements: sets bounded by top N."""

from __future__ import annotations

from exporters.catalogue.postgres import DATNAME
from exporters.catalogue.types import Counter, Gauge, Info, Label

SCHEMANAME = Label(name="schemaname", help="Schema.", bound="schemas of the tables shown")
RELNAME = Label(
    name="relname",
    help="Table.",
    bound="50 tables, the busiest and those read most without an index, and those configured",
)
INDEXRELNAME = Label(
    name="indexrelname",
    help="Index.",
    bound="the 50 largest indexes, invalid ones first, and those configured",
)
USER = Label(name="user", help="Role that ran the statement.", bound="roles of the statements shown")
QUERYID = Label(name="queryid", help="Statement, by its identifier.", bound="at most 30 statements")
QUERY = Label(
    name="query", help="Text of a statement, without literals and comments.", bound="one per statement shown"
)
INDEX = Label(name="index", help="Expected index.", bound="the indexes in the configuration")
TABLE = Label(name="table", help="Table of the expected index.", bound="the indexes in the configuration")
COVERED_BY = Label(
    name="covered_by", help="Another index that serves the same columns.", bound="one per expected index"
)
TABLE_LABELS = (DATNAME, SCHEMANAME, RELNAME)
INDEX_LABELS = (DATNAME, SCHEMANAME, RELNAME, INDEXRELNAME)
STATEMENT_LABELS = (USER, DATNAME, QUERYID)
EXPECTED_LABELS = (INDEX, TABLE)

TABLE_SEQ_SCAN = Counter(
    name="pg_stat_user_tables_seq_scan",
    help="Sequential scans of the table.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
)
TABLE_SEQ_ROWS = Counter(
    name="pg_stat_user_tables_seq_tup_read",
    help="Rows read by sequential scans.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
)
TABLE_IDX_SCAN = Counter(
    name="pg_stat_user_tables_idx_scan",
    help="Index scans of the table.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
)
TABLE_IDX_ROWS = Counter(
    name="pg_stat_user_tables_idx_tup_fetch",
    help="Rows fetched by index scans.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
    spare="beside rows of sequential scans, for a look at one table",
)
TABLE_INSERTED = Counter(
    name="pg_stat_user_tables_n_tup_ins",
    help="Rows inserted.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
    spare="writes of a database are shown as a whole; of one table by hand",
)
TABLE_UPDATED = Counter(
    name="pg_stat_user_tables_n_tup_upd",
    help="Rows updated.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
)
TABLE_DELETED = Counter(
    name="pg_stat_user_tables_n_tup_del",
    help="Rows deleted.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
    spare="writes of a database are shown as a whole; of one table by hand",
)
TABLE_HOT_UPDATED = Counter(
    name="pg_stat_user_tables_n_tup_hot_upd",
    help="Rows updated without touching an index.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
)
TABLE_LIVE = Gauge(
    name="pg_stat_user_tables_n_live_tup",
    help="Rows alive, estimated.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
)
TABLE_DEAD = Gauge(
    name="pg_stat_user_tables_n_dead_tup",
    help="Rows dead and not yet vacuumed, estimated.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
)
TABLE_VACUUM_DUE = Gauge(
    name="obs_pg_table_vacuum_due_rows",
    help="Dead rows beyond which autovacuum vacuums the table, by its options and the server's settings.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
)
TABLE_MODIFIED = Gauge(
    name="pg_stat_user_tables_n_mod_since_analyze",
    help="Rows changed since the last analyze.",
    collector="postgres.tables",
    labels=TABLE_LABELS,
)
TABLE_LAST_VACUUM = Gauge(
    name="pg_stat_user_tables_last_any_vacuum_timestamp_seconds",
    help="When the table was last vacuumed, by hand or automatically, in Unix time.",
    collector="postgres.tables",
    unit="timestamp",
    labels=TABLE_LABELS,
    optional="until the first vacuum",
)
TABLE_LAST_ANALYZE = Gauge(
    name="pg_stat_user_tables_last_any_analyze_timestamp_seconds",
    help="When the table was last analyzed, by hand or automatically, in Unix time.",
    collector="postgres.tables",
    unit="timestamp",
    labels=TABLE_LABELS,
    optional="until the first analyze",
)
TABLE_SIZE = Gauge(
    name="obs_pg_table_size_bytes",
    help="Size of the table with what is stored out of line, by its pages at the last vacuum or analyze.",
    collector="postgres.tables",
    unit="bytes",
    labels=TABLE_LABELS,
)
TABLE_INDEX_SIZE = Gauge(
    name="obs_pg_table_indexes_size_bytes",
    help="Size of the indexes of the table, by their pages at the last vacuum or analyze.",
    collector="postgres.tables",
    unit="bytes",
    labels=TABLE_LABELS,
)
INDEX_SCANS = Counter(
    name="pg_stat_user_indexes_idx_scan_total",
    help="Scans of the index.",
    collector="postgres.indexes",
    labels=INDEX_LABELS,
)
INDEX_ROWS_READ = Counter(
    name="pg_stat_user_indexes_idx_tup_read_total",
    help="Entries returned by scans of the index.",
    collector="postgres.indexes",
    labels=INDEX_LABELS,
    spare="with the next one, how many entries of an index were read in vain",
)
INDEX_ROWS_FETCHED = Counter(
    name="pg_stat_user_indexes_idx_tup_fetch_total",
    help="Rows fetched by simple scans of the index.",
    collector="postgres.indexes",
    labels=INDEX_LABELS,
    spare="see the entries read",
)
INDEX_SIZE = Gauge(
    name="pg_index_size_bytes",
    help="Size of the index by its pages at the last vacuum or analyze.",
    collector="postgres.indexes",
    unit="bytes",
    labels=INDEX_LABELS,
)
INDEX_VALID = Gauge(
    name="obs_pg_index_valid",
    help="1 if the planner may use the index; a failed CREATE INDEX CONCURRENTLY leaves an invalid one.",
    collector="postgres.indexes",
    labels=INDEX_LABELS,
)
INDEX_ENFORCES = Gauge(
    name="obs_pg_index_enforces",
    help="1 if the index enforces that values are unique or exclude each other, so is needed without scans.",
    collector="postgres.indexes",
    labels=INDEX_LABELS,
)
INDEX_REDUNDANT = Gauge(
    name="obs_pg_index_redundant",
    help="1 if another valid index begins with the same columns, and this one enforces nothing.",
    collector="postgres.indexes",
    labels=INDEX_LABELS,
)
INDEXES = Gauge(
    name="pg_indexes",
    help="User indexes.",
    collector="postgres.index_totals",
    labels=(DATNAME,),
)
INDEXES_UNUSED = Gauge(
    name="pg_indexes_unused",
    help="User indexes never scanned since the last reset, without those that enforce a constraint.",
    collector="postgres.index_totals",
    labels=(DATNAME,),
)
INDEXES_UNUSED_BYTES = Gauge(
    name="pg_indexes_unused_bytes",
    help="Size of the unused indexes.",
    collector="postgres.index_totals",
    unit="bytes",
    labels=(DATNAME,),
)
INDEXES_INVALID = Gauge(
    name="pg_indexes_invalid",
    help="Indexes that are not valid, such as after a failed CREATE INDEX CONCURRENTLY.",
    collector="postgres.index_totals",
    labels=(DATNAME,),
)
INDEX_BUILDS = Gauge(
    name="obs_pg_index_builds",
    help="Indexes being created or rebuilt now.",
    collector="postgres.index_totals",
    labels=(DATNAME,),
)
EXPECTED_TABLE = Gauge(
    name="obs_pg_expected_index_table_exists",
    help="1 if the table of the expected index exists.",
    collector="postgres.expected_indexes",
    labels=EXPECTED_LABELS,
    optional="where no index is expected",
    spare="tells a missing table from a missing index, by hand",
)
EXPECTED_PRESENT = Gauge(
    name="obs_pg_expected_index_present",
    help="1 if an index of this name exists on the table.",
    collector="postgres.expected_indexes",
    labels=EXPECTED_LABELS,
    optional="where no index is expected",
)
EXPECTED_VALID = Gauge(
    name="obs_pg_expected_index_valid",
    help="1 if the index of this name is valid.",
    collector="postgres.expected_indexes",
    labels=EXPECTED_LABELS,
    optional="where no index is expected",
)
EXPECTED_COLUMNS = Gauge(
    name="obs_pg_expected_index_columns_match",
    help="1 if the index of this name has the columns, directions, INCLUDE and predicate expected.",
    collector="postgres.expected_indexes",
    labels=EXPECTED_LABELS,
    optional="where no index is expected",
)
EXPECTED_COVERED = Gauge(
    name="obs_pg_expected_index_covered",
    help="1 if this or another valid index serves the expected columns.",
    collector="postgres.expected_indexes",
    labels=EXPECTED_LABELS,
    optional="where no index is expected",
)
EXPECTED_PARTIAL = Gauge(
    name="obs_pg_expected_index_partial",
    help="1 if the index that serves the columns is partial.",
    collector="postgres.expected_indexes",
    labels=EXPECTED_LABELS,
    optional="where no index is expected",
    spare="an index that serves a part only, by hand",
)
EXPECTED_SCANS = Counter(
    name="obs_pg_expected_index_scans_total",
    help="Scans of the index that serves the expected columns; 0 if none does.",
    collector="postgres.expected_indexes",
    labels=EXPECTED_LABELS,
    optional="where no index is expected",
)
EXPECTED_SIZE = Gauge(
    name="obs_pg_expected_index_size_bytes",
    help="Size of the index that serves the expected columns; 0 if none does.",
    collector="postgres.expected_indexes",
    unit="bytes",
    labels=EXPECTED_LABELS,
    optional="where no index is expected",
)
EXPECTED_INFO = Info(
    name="obs_pg_expected_index_info",
    help="Which other index serves the expected columns; empty if none.",
    collector="postgres.expected_indexes",
    unit="info",
    labels=(INDEX, TABLE, COVERED_BY),
    optional="where no index is expected",
)
STATEMENT_CALLS = Counter(
    name="pg_stat_statements_calls_total",
    help="Executions of the statement.",
    collector="postgres.statements",
    labels=STATEMENT_LABELS,
    optional="where pg_stat_statements is not installed",
)
STATEMENT_SECONDS = Counter(
    name="pg_stat_statements_seconds_total",
    help="Time spent executing the statement.",
    collector="postgres.statements",
    unit="seconds",
    labels=STATEMENT_LABELS,
    optional="where pg_stat_statements is not installed",
)
STATEMENT_ROWS = Counter(
    name="pg_stat_statements_rows_total",
    help="Rows returned or changed by the statement.",
    collector="postgres.statements",
    labels=STATEMENT_LABELS,
    optional="where pg_stat_statements is not installed",
)
STATEMENT_BLOCKS_HIT = Counter(
    name="pg_stat_statements_shared_blks_hit_total",
    help="Blocks of the statement found in shared buffers.",
    collector="postgres.statements",
    labels=STATEMENT_LABELS,
    optional="where pg_stat_statements is not installed",
)
STATEMENT_BLOCKS_READ = Counter(
    name="pg_stat_statements_shared_blks_read_total",
    help="Blocks of the statement read from outside shared buffers.",
    collector="postgres.statements",
    labels=STATEMENT_LABELS,
    optional="where pg_stat_statements is not installed",
)
STATEMENT_TEMP_BLOCKS = Counter(
    name="pg_stat_statements_temp_blks_written_total",
    help="Temporary blocks the statement wrote.",
    collector="postgres.statements",
    labels=STATEMENT_LABELS,
    optional="where pg_stat_statements is not installed",
)
STATEMENT_READ_SECONDS = Counter(
    name="pg_stat_statements_block_read_seconds_total",
    help="Time the statement waited for blocks to be read; 0 unless track_io_timing is on.",
    collector="postgres.statements",
    unit="seconds",
    labels=STATEMENT_LABELS,
    optional="where pg_stat_statements is not installed",
)
STATEMENT_WRITE_SECONDS = Counter(
    name="pg_stat_statements_block_write_seconds_total",
    help="Time the statement waited for blocks to be written; 0 unless track_io_timing is on.",
    collector="postgres.statements",
    unit="seconds",
    labels=STATEMENT_LABELS,
    optional="where pg_stat_statements is not installed",
)
STATEMENT_WAL = Counter(
    name="pg_stat_statements_wal_bytes_total",
    help="Log that the statement wrote.",
    collector="postgres.statements",
    unit="bytes",
    labels=STATEMENT_LABELS,
    optional="where pg_stat_statements is not installed",
)
STATEMENT_TEXT = Info(
    name="pg_stat_statements_query_id",
    help="Text of the statement, without literals and comments, and cut.",
    collector="postgres.statement_texts",
    unit="info",
    labels=(DATNAME, QUERYID, QUERY),
    optional="unless the exporter is told to show texts, or where pg_stat_statements is not installed",
)
STATEMENTS_ENTRIES = Gauge(
    name="pg_stat_statements_entries",
    help="Statements remembered.",
    collector="postgres.statements",
    optional="where pg_stat_statements is not installed",
)
STATEMENTS_DEALLOC = Counter(
    name="pg_stat_statements_dealloc_total",
    help="Times the least executed statements were forgotten because there were too many.",
    collector="postgres.statements_info",
    optional="before version 14, or where pg_stat_statements is not installed",
)
STATEMENTS_RESET = Gauge(
    name="pg_stat_statements_stats_reset_timestamp_seconds",
    help="When the statistics of statements were last reset, in Unix time.",
    collector="postgres.statements_info",
    unit="timestamp",
    optional="before version 14, or where pg_stat_statements is not installed",
)
