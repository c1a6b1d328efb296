"""Counters of each database, and how near it is to transaction id wraparound."""

from __future__ import annotations

import math

from exporters.catalogue import postgres as catalogue
from exporters.collectors.base import Family
from exporters.collectors.names import Names, within
from exporters.collectors.postgres.compat import identified
from exporters.collectors.postgres.model import Collector, Row, Rows, Server, table_of, text

COLUMNS = {
    catalogue.COMMITS: "s.xact_commit",
    catalogue.ROLLBACKS: "s.xact_rollback",
    catalogue.BLOCKS_READ: "s.blks_read",
    catalogue.BLOCKS_HIT: "s.blks_hit",
    catalogue.ROWS_RETURNED: "s.tup_returned",
    catalogue.ROWS_FETCHED: "s.tup_fetched",
    catalogue.ROWS_INSERTED: "s.tup_inserted",
    catalogue.ROWS_UPDATED: "s.tup_updated",
    catalogue.ROWS_DELETED: "s.tup_deleted",
    catalogue.CONFLICTS: "s.conflicts",
    catalogue.TEMP_FILES: "s.temp_files",
    catalogue.TEMP_BYTES: "s.temp_bytes",
    catalogue.DEADLOCKS: "s.deadlocks",
    catalogue.BACKENDS: "s.numbackends",
    catalogue.STATS_RESET: "extract(epoch FROM s.stats_reset)",
    catalogue.READ_SECONDS: "s.blk_read_time / 1000",
    catalogue.WRITE_SECONDS: "s.blk_write_time / 1000",
    catalogue.FROZEN_XID_AGE: "age(d.datfrozenxid)",
}
SINCE_14 = {
    catalogue.SESSIONS: "s.sessions",
    catalogue.SESSIONS_ABANDONED: "s.sessions_abandoned",
    catalogue.SESSIONS_FATAL: "s.sessions_fatal",
    catalogue.SESSIONS_KILLED: "s.sessions_killed",
    catalogue.ACTIVE_SECONDS: "s.active_time / 1000",
    catalogue.IDLE_IN_TRANSACTION_SECONDS: "s.idle_in_transaction_time / 1000",
}
METRICS = (*COLUMNS, *SINCE_14)


def sql(server: Server) -> str:
    """All columns that the server knows; NULL for the others; whether it is this one; its identifier."""
    later = SINCE_14.values() if server.version >= 140000 else ("NULL",) * len(SINCE_14)
    return f"""
SELECT d.datname, {", ".join((*COLUMNS.values(), *later))}, (d.datname = current_database())::int, d.oid
  FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid
 WHERE NOT d.datistemplate
"""  # noqa: S608  column names of this file


def database(databases: Names, *, compat: bool = False) -> Collector:
    """One series a database: the one that answers, and where there is no room for all, the busiest."""

    def parse(rows: Rows) -> list[Family]:
        databases.seat({text(row[0]): math.inf if row[-2] == "1" else transactions(row) for row in rows})
        families = within(table_of(1, METRICS, rows), catalogue.DATNAME.name, databases)
        return identified(families, rows) if compat else families

    return Collector(name="postgres.database", sql=sql, parse=parse)


def transactions(row: Row) -> int:
    """How many there were."""
    return int(text(row[1])) + int(text(row[2]))
