"""Sizes of databases: reads the size of every file, so it is asked seldom."""

from __future__ import annotations

from exporters.catalogue import postgres as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.model import Collector, Needs, Rows, always, table_of

# A database that the role may not connect to is an error for it, unless it reads all statistics.
SQL = """
SELECT d.datname, pg_database_size(d.oid)
  FROM pg_database d
 WHERE NOT d.datistemplate
   AND (pg_has_role('pg_read_all_stats', 'USAGE') OR has_database_privilege(d.oid, 'CONNECT'))
"""


def parse(rows: Rows) -> list[Family]:
    """One series a database."""
    return table_of(1, (catalogue.DATABASE_SIZE,), rows)


def sizes(ttl: float) -> Collector:
    """The collector, its answer standing for `ttl` seconds."""
    needs = Needs(statistics="databases that the role may not connect to")
    return Collector(name="postgres.sizes", sql=always(SQL), parse=parse, needs=needs, ttl=ttl)
