"""Locks by database and mode."""

from __future__ import annotations

from exporters.catalogue import postgres as catalogue
from exporters.collectors.base import Family
from exporters.collectors.names import Names, within
from exporters.collectors.postgres.model import Collector, Rows, always, text

SQL = """
SELECT d.datname, lower(l.mode), count(l.mode)
  FROM pg_database d
  LEFT JOIN pg_locks l ON l.database = d.oid AND l.pid IS DISTINCT FROM pg_backend_pid()
 WHERE NOT d.datistemplate
 GROUP BY 1, 2
"""


def parse(rows: Rows) -> list[Family]:
    """Every mode of every database, 0 where there is none."""
    counts = {(text(database), mode): 0.0 for database, *_ in rows for mode in catalogue.MODE.values}
    for database, mode, count in rows:
        if mode is not None:
            counts[text(database), mode] = float(text(count))
    return [Family(catalogue.LOCKS, list(counts), list(counts.values()))]


def locks(databases: Names) -> Collector:
    """The collector, of these databases."""
    return Collector(
        name="postgres.locks",
        sql=always(SQL),
        parse=lambda rows: within(parse(rows), catalogue.DATNAME.name, databases),
    )
