"""What the exporter says of PostgreSQL's replication: how late it is, what is kept for whom."""

from __future__ import annotations

from exporters.catalogue.types import Gauge, Label

SLOT_NAME = Label(name="slot_name", help="Replication slot.", bound="max_replication_slots, 50 at most")
DATABASE = Label(
    name="database", help="Database of a logical slot, else empty.", bound="databases of the server"
)
SLOT_LABELS = (SLOT_NAME, DATABASE)

LAG = Gauge(
    name="pg_replication_lag_seconds",
    help="Age of what a replica shows; 0 on a primary, and where all that a connected primary sent is shown.",
    collector="postgres.replication",
    unit="seconds",
)
SLOT_ACTIVE = Gauge(
    name="pg_replication_slots_active",
    help="1 if somebody reads the slot; temporary slots are not shown.",
    collector="postgres.slots",
    labels=SLOT_LABELS,
    optional="where there is no slot",
)
SLOT_RETAINED = Gauge(
    name="pg_replication_slots_pg_wal_lsn_diff",
    help="Log that the server keeps for the slot, in bytes.",
    collector="postgres.slots",
    unit="bytes",
    labels=SLOT_LABELS,
    optional="where there is no slot, or its log is gone",
)
