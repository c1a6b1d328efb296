"""What postgres_exporter says beyond the rest, under its names and labels: asked with ``--compat`` alone."""

from __future__ import annotations

from collections.abc import Sequence

from exporters.catalogue import Metric
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_compat as compat
from exporters.catalogue.postgres_replication import SLOT_NAME
from exporters.collectors.base import Family
from exporters.collectors.names import Names, within
from exporters.collectors.postgres.model import Collector, Needs, Rows, Server, always, table_of, text
from exporters.collectors.postgres.settings import METRICS as OWN_SETTINGS

MOST_ROLES = 200
MOST_SLOTS = 50

# What this session set for itself is said as it was before.
SETTINGS_SQL = """
SELECT name, CASE WHEN source = 'session' THEN reset_val ELSE setting END, unit, vartype = 'bool'
  FROM pg_settings
 WHERE vartype IN ('bool', 'integer', 'real')
"""
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400}
BYTES = {"B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
OWN_NAMES = frozenset(metric.name for metric in OWN_SETTINGS)

DATABASE_COLUMNS = """
       s.blk_read_time, s.blk_write_time,
       pg_stat_get_db_conflict_tablespace(d.oid), pg_stat_get_db_conflict_lock(d.oid),
       pg_stat_get_db_conflict_snapshot(d.oid), pg_stat_get_db_conflict_bufferpin(d.oid),
       pg_stat_get_db_conflict_startup_deadlock(d.oid),
       s.checksum_failures"""
# Columns that came later, by the version that brought them.
LATER_COLUMNS = {
    140000: (
        "s.active_time", "s.idle_in_transaction_time", "s.session_time", "s.sessions", "s.sessions_abandoned",
        "s.sessions_fatal", "s.sessions_killed",
    ),
    160000: ("pg_stat_get_db_conflict_logicalslot(d.oid)",),
    180000: ("s.parallel_workers_to_launch", "s.parallel_workers_launched"),
}  # fmt: skip
DATABASE_METRICS = (
    *compat.DATABASE_TIMES,
    *compat.DATABASE_CONFLICTS,
    *compat.DATABASE_CHECKSUMS,
    *compat.DATABASE_SESSIONS,
    *compat.DATABASE_SLOT_CONFLICTS,
    *compat.DATABASE_WORKERS,
)
LIMITS_SQL = """
SELECT 'database', d.datname, d.datconnlimit FROM pg_database d WHERE NOT d.datistemplate
UNION ALL
SELECT 'role', rolname, rolconnlimit FROM pg_roles
"""

CHECKPOINTS_BEFORE_17 = """
SELECT checkpoints_timed, checkpoints_req, checkpoint_write_time, checkpoint_sync_time, buffers_checkpoint,
       coalesce(extract(epoch FROM stats_reset), 0), buffers_backend, buffers_backend_fsync
  FROM pg_stat_bgwriter
"""
CHECKPOINTS_SINCE_17 = """
SELECT c.num_timed, c.num_requested, c.write_time, c.sync_time, c.buffers_written,
       coalesce(extract(epoch FROM b.stats_reset), 0), NULL, NULL
  FROM pg_stat_checkpointer c, pg_stat_bgwriter b
"""
ARCHIVER_SQL = """
SELECT archived_count, failed_count, extract(epoch FROM now() - last_archived_time),
       coalesce(greatest(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp())), 0)
  FROM pg_stat_archiver
"""
WAL_SQL = "SELECT count(*), coalesce(sum(size), 0) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'"

LOG_END = "(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END)"
SLOTS_SQL = f"""
SELECT slot_name, slot_type, {LOG_END} - '0/0'::pg_lsn,
       coalesce(confirmed_flush_lsn, '0/0') - '0/0'::pg_lsn, active::int, safe_wal_size, wal_status
  FROM pg_replication_slots
 WHERE NOT temporary
"""  # noqa: S608  an expression of this file
REPLICAS_SQL = f"""
SELECT r.application_name, host(r.client_addr), r.state, s.slot_name, r.pid,
       {LOG_END} - '0/0'::pg_lsn, {LOG_END} - r.replay_lsn
  FROM pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid
 ORDER BY r.backend_start, r.pid
 LIMIT 50
"""  # noqa: S608  an expression of this file


def identified(families: Sequence[Family], rows: Rows) -> list[Family]:
    """Families by database, with the identifiers that stand at the end of the rows."""
    identifiers = {text(row[0]): text(row[-1]) for row in rows}
    labels: dict[int, list[tuple[str, ...]]] = {}  # shared lists stay shared
    found = []
    for family in families:
        if family.metric.name not in compat.LABELS:
            found.append(family)
            continue
        if id(family.labels) not in labels:
            labels[id(family.labels)] = [(*row, identifiers[row[0]]) for row in family.labels]
        wider = compat.wider(family.metric)
        found.append(Family(wider, labels[id(family.labels)], family.values, family.dropped))
    return found


def number_and_unit(value: str, unit: str) -> tuple[str, str]:
    """A setting in base units; -1 is not a number of them."""
    digits = unit.rstrip("BkMGT") if unit[-1:] == "B" else ""
    letters = unit.removeprefix(digits)
    if letters in BYTES:
        name, factor = "bytes", float(BYTES[letters] * int(digits or 1))
    elif unit in SECONDS:
        name, factor = "seconds", SECONDS[unit]
    else:
        return value, ""
    return (value if value == "-1" else repr(round(float(value) * factor, 9))), name


def parse_settings(rows: Rows) -> list[Family]:
    """One gauge a setting, but for those that are shown anyway."""
    families = []
    for name, value, unit, switch in rows:
        if switch == "t":
            number, in_unit = str(int(value == "on")), ""
        else:
            number, in_unit = number_and_unit(text(value), text(unit))
        metric = compat.setting(text(name), in_unit)
        if metric.name not in OWN_NAMES:
            families.append(Family(metric, [()], [number]))
    return families


def database_sql(server: Server) -> str:
    """The columns that this version has."""
    later = [
        column if server.version >= since else "NULL"
        for since, columns in LATER_COLUMNS.items()
        for column in columns
    ]
    return f"""
SELECT d.datname, d.oid, {DATABASE_COLUMNS}, {", ".join(later)}
  FROM pg_database d
  JOIN pg_stat_database s ON s.datid = d.oid
 WHERE NOT d.datistemplate
"""  # noqa: S608  column names of this file


def parse_limits(rows: Rows, databases: Names, roles: Names) -> list[Family]:
    """How many connections databases and roles may have."""
    families = []
    kinds: tuple[tuple[str, Metric, Names], ...] = (
        ("database", compat.CONNECTION_LIMIT, databases),
        ("role", compat.ROLE_LIMIT, roles),
    )
    for kind, metric, names in kinds:
        found = table_of(1, (metric,), [row[1:] for row in rows if row[0] == kind])
        families += within(found, metric.labels[0].name, names)
    return families


def parse_slots(rows: Rows, slots: Names) -> list[Family]:
    """The numbers of each slot, and whether its log is there."""
    status = [(text(row[0]), text(row[1]), row[-1]) for row in rows if row[-1] is not None]
    families = [
        *table_of(2, compat.SLOT_NUMBERS, rows),
        Family(compat.SLOT_STATUS, status, [1] * len(status)),
    ]
    return within(families, SLOT_NAME.name, slots)


def compatible(databases: Names) -> tuple[Collector, ...]:
    """All of it but for what is asked of each table anyway."""
    roles, slots = Names(MOST_ROLES), Names(MOST_SLOTS)
    return (
        Collector(name="postgres.compat_settings", sql=always(SETTINGS_SQL), parse=parse_settings),
        Collector(
            name="postgres.compat_databases",
            sql=database_sql,
            parse=lambda rows: within(table_of(2, DATABASE_METRICS, rows), catalogue.DATNAME.name, databases),
        ),
        Collector(
            name="postgres.compat_limits",
            sql=always(LIMITS_SQL),
            parse=lambda rows: parse_limits(rows, databases, roles),
        ),
        Collector(
            name="postgres.compat_checkpoints",
            sql=lambda server: CHECKPOINTS_SINCE_17 if server.version >= 170000 else CHECKPOINTS_BEFORE_17,
            parse=lambda rows: table_of(0, (*compat.CHECKPOINTS, *compat.BACKEND_WRITES), rows),
        ),
        Collector(
            name="postgres.compat_archiver",
            sql=always(ARCHIVER_SQL),
            parse=lambda rows: table_of(0, (*compat.ARCHIVED, compat.ARCHIVE_AGE, compat.LAST_REPLAY), rows),
        ),
        Collector(
            name="postgres.compat_wal_files",
            sql=always(WAL_SQL),
            parse=lambda rows: table_of(0, compat.WAL_FILES, rows),
            needs=Needs(lists_log=True),
        ),
        Collector(
            name="postgres.compat_slots",
            sql=always(SLOTS_SQL),
            parse=lambda rows: parse_slots(rows, slots),
        ),
        Collector(
            name="postgres.compat_replicas",
            sql=always(REPLICAS_SQL),
            parse=lambda rows: table_of(len(compat.REPLICA_LABELS), compat.REPLICAS, rows),
            needs=Needs(statistics="how far replicas are"),
        ),
    )
