"""Replication: how late this server is if it is a replica, and what it keeps for those who read from it."""

from __future__ import annotations

from exporters.catalogue import postgres_replication as catalogue
from exporters.collectors.base import Family
from exporters.collectors.names import Names, within
from exporters.collectors.postgres.model import Collector, Needs, Rows, always, table_of, text

# All that was received is shown: late by nothing, however long the primary has been idle. But a replica that
# was cut off has received nothing since, so this counts for a connected one alone; the other grows older.
# Without pg_read_all_stats a receiver is seen, but not its status.
LAG_SQL = """
SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0
            WHEN EXISTS (SELECT FROM pg_stat_wal_receiver WHERE coalesce(status, 'streaming') = 'streaming')
             AND pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn() THEN 0
            ELSE greatest(0, extract(epoch FROM
                   clock_timestamp() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time())))
       END
"""
# A temporary slot goes with its session: it keeps nothing for long, and its name has a process id.
SLOTS_SQL = """
SELECT slot_name, database, active::int,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()
                            THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                            ELSE pg_current_wal_lsn() END, restart_lsn)
  FROM pg_replication_slots
 WHERE NOT temporary
"""
MOST_SLOTS = 50
SLOT_METRICS = (catalogue.SLOT_ACTIVE, catalogue.SLOT_RETAINED)


def parse_lag(rows: Rows) -> list[Family]:
    """One gauge."""
    return table_of(0, (catalogue.LAG,), rows)


REPLICATION = Collector(
    name="postgres.replication",
    sql=always(LAG_SQL),
    parse=parse_lag,
    needs=Needs(statistics="whether a replica's connection streams"),
)


def slots(most: int = MOST_SLOTS) -> Collector:
    """One series a slot; where there are more, those for which most is kept."""
    shown = Names(most)

    def parse(rows: Rows) -> list[Family]:
        shown.seat({text(row[0]): float(row[-1] or 0) for row in rows})
        families = table_of(len(catalogue.SLOT_LABELS), SLOT_METRICS, rows)
        return within(families, catalogue.SLOT_NAME.name, shown)

    return Collector(name="postgres.slots", sql=always(SLOTS_SQL), parse=parse)
