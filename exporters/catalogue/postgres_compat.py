"""What postgres_exporter says of PostgreSQL beyond the rest of the catalogue: with ``--compat`` alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from exporters.catalogue import postgres
from exporters.catalogue.postgres import DATNAME
from exporters.catalogue.postgres_objects import TABLE_LABELS
from exporters.catalogue.postgres_replication import SLOT_NAME
from exporters.catalogue.types import Counter, Gauge, Info, Label, Metric, Unit

COLLECTOR = "compat.postgres"
BEFORE_14 = "before version 14"
NO_SLOT = "where there is no slot"

DATID = Label(name="datid", help="Identifier of the database.", bound="one per database")
ROLNAME = Label(name="rolname", help="Role.", bound="200 roles; the rest is left out")
SLOT_TYPE = Label(name="slot_type", help="Kind of slot.", values=("logical", "physical"))
WAL_STATUS = Label(
    name="wal_status",
    help="Whether the log that the slot needs is there.",
    values=("reserved", "extended", "unreserved", "lost"),
)
REPLICA_LABELS = (
    Label(name="application_name", help="Name the replica gave.", bound="50 replicas"),
    Label(name="client_addr", help="Where it is; empty for a socket of this machine.", bound="50 replicas"),
    Label(name="state", help="What its sender does, such as streaming.", bound="five states"),
    Label(name="slot_name", help="Its slot, or empty.", bound="50 replicas"),
    Label(name="pid", help="Process of its sender: another with each connection.", bound="50 at a time"),
)
DATABASE_LABELS = (DATNAME, DATID)
SLOT_LABELS = (SLOT_NAME, SLOT_TYPE)


def _of(
    kind: type[Metric],
    prefix: str,
    table: str,
    labels: tuple[Label, ...] = (),
    optional: str = "",
    unit: Unit = "count",
) -> tuple[Metric, ...]:
    """Metrics of one view: a name without the prefix, and what it says."""
    rows = (line.strip().partition(" ") for line in table.strip().splitlines())
    return tuple(
        kind(
            name=f"{prefix}_{name}",
            help=said,
            collector=COLLECTOR,
            labels=labels,
            optional=optional,
            unit="bytes" if "_bytes" in name or said.startswith("Bytes ") else unit,
        )
        for name, _, said in rows
    )


# Of every database that is shown.
DATABASE_TIMES = _of(
    Counter,
    "pg_stat_database",
    """
    blk_read_time Milliseconds that sessions waited for blocks to be read.
    blk_write_time Milliseconds that sessions waited for blocks to be written.
    """,
    DATABASE_LABELS,
)
DATABASE_CONFLICTS = _of(
    Counter,
    "pg_stat_database_conflicts",
    """
    confl_tablespace Statements cancelled by recovery since a tablespace was dropped.
    confl_lock Statements cancelled by recovery for a lock.
    confl_snapshot Statements cancelled by recovery for an old snapshot.
    confl_bufferpin Statements cancelled by recovery for a pinned buffer.
    confl_deadlock Statements cancelled by recovery for a deadlock.
    """,
    DATABASE_LABELS,
)
DATABASE_SLOT_CONFLICTS = _of(
    Counter,
    "pg_stat_database_conflicts",
    "confl_active_logicalslot Uses of logical slots cancelled by recovery.",
    DATABASE_LABELS,
    "before version 16",
)
# Of Debian's version, which shows whatever columns the view has.
DATABASE_CHECKSUMS = _of(
    Counter,
    "pg_stat_database",
    "checksum_failures Pages whose checksum was wrong.",
    DATABASE_LABELS,
    "without data checksums",
)
DATABASE_SESSIONS = _of(
    Counter,
    "pg_stat_database",
    """
    active_time Milliseconds that sessions spent executing.
    idle_in_transaction_time Milliseconds that sessions spent idle in a transaction.
    session_time Milliseconds that sessions lasted.
    sessions Sessions started.
    sessions_abandoned Sessions whose client went away.
    sessions_fatal Sessions ended by a fatal error.
    sessions_killed Sessions ended by an operator.
    """,
    DATABASE_LABELS,
    BEFORE_14,
)
DATABASE_WORKERS = _of(
    Counter,
    "pg_stat_database",
    """
    parallel_workers_to_launch Parallel workers that statements asked for.
    parallel_workers_launched Parallel workers that were launched.
    """,
    DATABASE_LABELS,
    "before version 18",
)
(CONNECTION_LIMIT,) = _of(
    Gauge, "pg_database", "connection_limit Most connections to the database; -1 is no limit.", (DATNAME,)
)
(ROLE_LIMIT,) = _of(
    Gauge, "pg_roles", "connection_limit Most connections of the role; -1 is no limit.", (ROLNAME,)
)

# Of every table that is shown.
TABLE_RUNS = _of(
    Counter,
    "pg_stat_user_tables",
    """
    vacuum_count Times that the table was vacuumed by hand.
    autovacuum_count Times that the table was vacuumed automatically.
    analyze_count Times that the table was analyzed by hand.
    autoanalyze_count Times that the table was analyzed automatically.
    """,
    TABLE_LABELS,
)
TABLE_TIMES = _of(
    Gauge,
    "pg_stat_user_tables",
    """
    last_vacuum When the table was last vacuumed by hand, in Unix time; 0 if never.
    last_autovacuum When the table was last vacuumed automatically, in Unix time; 0 if never.
    last_analyze When the table was last analyzed by hand, in Unix time; 0 if never.
    last_autoanalyze When the table was last analyzed automatically, in Unix time; 0 if never.
    """,
    TABLE_LABELS,
    unit="timestamp",
)
TABLE_SIZES = _of(
    Gauge,
    "pg_stat_user_tables",
    """
    table_size_bytes Size of the table with what is stored out of line, on disk.
    index_size_bytes Size of the indexes of the table, on disk.
    """,
    TABLE_LABELS,
    "while the table is locked against everybody",
)
ESTIMATED = "Estimate, by its pages at the last vacuum or analyze."
TABLE_BLOCKS = _of(
    Counter,
    "pg_statio_user_tables",
    """
    heap_blocks_read Blocks of the table read from outside shared buffers.
    heap_blocks_hit Blocks of the table found in shared buffers.
    idx_blocks_read Blocks of its indexes read from outside shared buffers.
    idx_blocks_hit Blocks of its indexes found in shared buffers.
    toast_blocks_read Blocks stored out of line read from outside shared buffers.
    toast_blocks_hit Blocks stored out of line found in shared buffers.
    tidx_blocks_read Blocks of the index of what is stored out of line read from outside shared buffers.
    tidx_blocks_hit Blocks of the index of what is stored out of line found in shared buffers.
    """,
    TABLE_LABELS,
)

CHECKPOINTS = _of(
    Counter,
    "pg_stat_bgwriter",
    """
    checkpoints_timed_total Checkpoints started by time.
    checkpoints_req_total Checkpoints started by log volume or request.
    checkpoint_write_time_total Milliseconds that checkpoints spent writing.
    checkpoint_sync_time_total Milliseconds that checkpoints spent syncing.
    buffers_checkpoint_total Buffers written by checkpoints.
    stats_reset_total When these counters were last reset, in Unix time.
    """,
)
BACKEND_WRITES = _of(
    Counter,
    "pg_stat_bgwriter",
    """
    buffers_backend_total Buffers written by sessions.
    buffers_backend_fsync_total Times that a session had to sync a file itself.
    """,
    optional="since version 17, which counts them in pg_stat_io",
)
ARCHIVED = _of(
    Counter,
    "pg_stat_archiver",
    """
    archived_count Log files archived.
    failed_count Failures to archive a log file.
    """,
)
(ARCHIVE_AGE,) = _of(
    Gauge,
    "pg_stat_archiver",
    "last_archive_age Seconds since the last log file was archived.",
    optional="until the first is archived",
    unit="seconds",
)
WAL_FILES = _of(
    Gauge,
    "pg_wal",
    """
    segments Files of the log.
    size_bytes Size of the log's files.
    """,
    optional="unless: GRANT EXECUTE ON FUNCTION pg_ls_waldir() TO obs_exporter",
)
(LAST_REPLAY,) = _of(
    Gauge,
    "pg_replication",
    "last_replay_seconds Age of the last transaction that was replayed; 0 where nothing was.",
    unit="seconds",
)
SLOT_NUMBERS = _of(
    Gauge,
    "pg_replication_slots",
    """
    slot_current_wal_lsn Where the log ends, in bytes.
    slot_confirmed_flush_lsn Up to where the reader of the slot has confirmed, in bytes.
    slot_is_active 1 if somebody reads the slot.
    safe_wal_size_bytes Log that may be written before the slot loses some; of slots with a limit.
    """,
    SLOT_LABELS,
    NO_SLOT,
)
SLOT_STATUS = Info(
    name="pg_replication_slots_wal_status",
    help="Whether the log that the slot needs is there.",
    collector=COLLECTOR,
    unit="info",
    labels=(*SLOT_LABELS, WAL_STATUS),
    optional=NO_SLOT,
)
REPLICAS = _of(
    Gauge,
    "pg_stat_replication",
    """
    pg_current_wal_lsn_bytes Where the log ends, in bytes.
    pg_wal_lsn_diff Bytes of the log that the replica does not show yet.
    """,
    REPLICA_LABELS,
    "without a replica",
)

# What metrics of the rest of the catalogue are told apart by there.
LABELS: Mapping[str, tuple[Label, ...]] = {
    metric.name: (DATID,)
    for metric in vars(postgres).values()
    if isinstance(metric, Metric) and metric.name.startswith("pg_stat_database_") and DATNAME in metric.labels
}
SETTINGS = "pg_settings_"
METRICS = (
    *DATABASE_TIMES,
    *DATABASE_CONFLICTS,
    *DATABASE_CHECKSUMS,
    *DATABASE_SESSIONS,
    *DATABASE_SLOT_CONFLICTS,
    *DATABASE_WORKERS,
    *TABLE_RUNS,
    *TABLE_TIMES,
    *TABLE_SIZES,
    *TABLE_BLOCKS,
    *CHECKPOINTS,
    *BACKEND_WRITES,
    *ARCHIVED,
    *WAL_FILES,
    *SLOT_NUMBERS,
    *REPLICAS,
)


@cache
def wider(metric: Metric) -> Metric:
    """With the labels that it has there."""
    return metric.with_labels(LABELS.get(metric.name, ()))


def estimated(metric: Metric) -> Metric:
    """A size that is not measured, and says so."""
    return replace(metric, help=f"{metric.help.partition(',')[0]}. {ESTIMATED}")


@cache
def setting(name: str, unit: str) -> Metric:
    """The gauge of a setting: a number, or 1 or 0 of a switch.

    Args:
        name: of the setting.
        unit: seconds, bytes or none.
    """
    plain = name.replace(".", "_").replace("-", "_").lower()
    return Gauge(
        name=f"{SETTINGS}{plain}{unit and f'_{unit}'}", help=f"The setting {name}.", collector=COLLECTOR
    )
