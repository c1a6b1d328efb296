"""The log that the server writes, which it counts since version 14."""

from __future__ import annotations

from exporters.catalogue import postgres_upkeep as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.model import Collector, Needs, Rows, always, table_of

METRICS = (
    catalogue.WAL_RECORDS,
    catalogue.WAL_IMAGES,
    catalogue.WAL_BYTES,
    catalogue.WAL_BUFFERS_FULL,
)
SQL = "SELECT wal_records, wal_fpi, wal_bytes, wal_buffers_full FROM pg_stat_wal"


def parse(rows: Rows) -> list[Family]:
    """One series each."""
    return table_of(0, METRICS, rows)


WAL = Collector(name="postgres.wal", sql=always(SQL), parse=parse, needs=Needs(version=140000))
