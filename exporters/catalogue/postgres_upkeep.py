"""What the exporter says of PostgreSQL's log, and of its configuration."""

from __future__ import annotations

from exporters.catalogue.types import Counter, Gauge, Label

SETTING_NAME = Label(name="name", help="Setting.", bound="the first 100 of those that are configured")

WAL_RECORDS = Counter(
    name="pg_stat_wal_wal_records",
    help="Records written to the log.",
    collector="postgres.wal",
    optional="before version 14",
)
WAL_IMAGES = Counter(
    name="pg_stat_wal_wal_fpi",
    help="Whole pages written to the log, each at its first change after a checkpoint.",
    collector="postgres.wal",
    optional="before version 14",
)
WAL_BYTES = Counter(
    name="pg_stat_wal_wal_bytes",
    help="Bytes written to the log.",
    collector="postgres.wal",
    unit="bytes",
    optional="before version 14",
)
WAL_BUFFERS_FULL = Counter(
    name="pg_stat_wal_wal_buffers_full",
    help="Times that a session wrote the log itself because wal_buffers was full.",
    collector="postgres.wal",
    optional="before version 14",
)
FINGERPRINT = Gauge(
    name="obs_pg_configuration_fingerprint",
    help="Another number whenever a configured setting is added, changed or removed; says nothing else. "
    "Without those that only superusers see, or that the exporter's role has of its own.",
    collector="postgres.configuration",
)
PENDING_RESTART = Gauge(
    name="obs_pg_settings_pending_restart",
    help="Settings that were changed in the configuration and wait for a restart.",
    collector="postgres.configuration",
)
CONFIGURED = Gauge(
    name="obs_pg_configured_setting",
    help="A setting of the configuration file or command line as the server counts it: a number, 1 or 0 of a "
    "switch, a short fingerprint of a text.",
    collector="postgres.configuration",
    labels=(SETTING_NAME,),
    optional="where nothing is configured",
)
