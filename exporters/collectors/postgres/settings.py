"""The limits that boards draw: settings of the server that a role cannot change for itself."""

from __future__ import annotations

from exporters.catalogue import postgres as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.model import Collector, Rows, always, table_of

METRICS = (
    catalogue.SETTING_MAX_CONNECTIONS,
    catalogue.SETTING_SUPERUSER_RESERVED,
    catalogue.SETTING_RESERVED,
    catalogue.SETTING_FREEZE_MAX_AGE,
    catalogue.SETTING_SHARED_BUFFERS,
    catalogue.SETTING_WORK_MEM,
    catalogue.SETTING_EFFECTIVE_CACHE_SIZE,
    catalogue.SETTING_MAX_WAL_SIZE,
    catalogue.SETTING_MAX_SLOT_KEEP,
    catalogue.SETTING_TRACK_IO_TIMING,
    catalogue.SETTING_STATEMENTS_MAX,
)
# Ten times cheaper than pg_settings, which computes all 350 rows before it filters. No unit: a plain number.
SQL = """
SELECT current_setting('max_connections'),
       current_setting('superuser_reserved_connections'),
       coalesce(current_setting('reserved_connections', true), '0'),
       current_setting('autovacuum_freeze_max_age'),
       pg_size_bytes(current_setting('shared_buffers')),
       pg_size_bytes(current_setting('work_mem')),
       pg_size_bytes(current_setting('effective_cache_size')),
       pg_size_bytes(current_setting('max_wal_size')),
       pg_size_bytes(current_setting('max_slot_wal_keep_size')),
       current_setting('track_io_timing')::bool::int,
       current_setting('pg_stat_statements.max', true)
"""


def parse(rows: Rows) -> list[Family]:
    """One gauge a setting."""
    return table_of(0, METRICS, rows)


SETTINGS = Collector(name="postgres.settings", sql=always(SQL), parse=parse)
