"""Sizes of databases: reads the size of every file, so it is asked seldom."""

from __future__ import annotations

from exporters.catalogue import postgres as catalogue
from exporters.collectors.names import Names, within
from exporters.collectors.postgres.model import Collector, Needs, always, table_of

# A database that the role may not connect to is an error for it, unless it reads all statistics.
SQL = """
SELECT d.datname, pg_database_size(d.oid)
  FROM pg_database d
 WHERE NOT d.datistemplate
   AND (pg_has_role('pg_read_all_stats', 'USAGE') OR has_database_privilege(d.oid, 'CONNECT'))
"""


def sizes(databases: Names, ttl: float) -> Collector:
    """The collector, of these databases, its answer standing for `ttl` seconds."""
    return Collector(
        name="postgres.sizes",
        sql=always(SQL),
        parse=lambda rows: within(
            table_of(1, (catalogue.DATABASE_SIZE,), rows), catalogue.DATNAME.name, databases
        ),
        needs=Needs(statistics="databases that the role may not connect to"),
        ttl=ttl,
    )
