"""What the exporter says of PostgreSQL. Names as in postgres_exporter where the meaning is the same."""

from __future__ import annotations

from exporters.catalogue.types import Counter, Gauge, Info, Label

DATNAME = Label(name="datname", help="Database.", bound="100 databases; the rest is left out")
STATE = Label(
    name="state",
    help="What a session does, as in pg_stat_activity.",
    values=(
        "active", "idle", "idle in transaction", "idle in transaction (aborted)",
        "fastpath function call", "disabled", "unknown",
    ),
)  # fmt: skip
USENAME = Label(name="usename", help="Role of the session.", bound="20 roles, the rest as `other`")
APPLICATION_NAME = Label(
    name="application_name", help="Name the client gave.", bound="20 names, the rest as `other`"
)
WAIT_EVENT_TYPE = Label(
    name="wait_event_type",
    help="What kind of thing a session waits for.",
    values=(
        "Activity", "BufferPin", "Client", "Extension", "InjectionPoint",
        "IO", "IPC", "Lock", "LWLock", "Timeout",
    ),
)  # fmt: skip
MODE = Label(
    name="mode",
    help="Lock mode, lower case.",
    values=(
        "accesssharelock", "rowsharelock", "rowexclusivelock", "shareupdateexclusivelock", "sharelock",
        "sharerowexclusivelock", "exclusivelock", "accessexclusivelock", "sireadlock",
    ),
)  # fmt: skip
PG_VERSION = Label(name="version", help="Version of the server.", bound="one per server")
SHORT_VERSION = Label(name="short_version", help="Version number.", bound="one per server")


UP = Gauge(
    name="pg_up",
    help="1 if PostgreSQL answered in this scrape, else 0.",
    collector="postgres.up",
)
STATIC = Info(
    name="pg_static",
    help="Version of the server.",
    collector="postgres.server",
    unit="info",
    labels=(PG_VERSION, SHORT_VERSION),
)
START_TIME = Gauge(
    name="pg_postmaster_start_time_seconds",
    help="When the server started, in Unix time.",
    collector="postgres.server",
    unit="timestamp",
)
IS_REPLICA = Gauge(
    name="pg_replication_is_replica",
    help="1 if the server is a replica.",
    collector="postgres.server",
)
ACTIVITY = Gauge(
    name="pg_stat_activity_count",
    help="Sessions of clients; every state of a known database is present, as 0 if empty.",
    collector="postgres.activity",
    labels=(DATNAME, STATE, USENAME, APPLICATION_NAME),
)
OLDEST_TRANSACTION = Gauge(
    name="pg_stat_activity_max_tx_duration",
    help="Age of the oldest transaction, in seconds; 0 if there is none.",
    collector="postgres.activity",
    unit="seconds",
    labels=(DATNAME, STATE),
)
OLDEST_OPEN = Gauge(
    name="obs_pg_oldest_transaction_seconds",
    help="Age of the oldest transaction, without maintenance and pg_dump; 0 if there is none.",
    collector="postgres.activity",
    unit="seconds",
    labels=(DATNAME,),
)
IDLE_IN_TRANSACTION = Gauge(
    name="obs_pg_idle_in_transaction_seconds",
    help="Longest time that a client now does nothing inside a transaction; 0 if none does.",
    collector="postgres.activity",
    unit="seconds",
    labels=(DATNAME,),
)
OLDEST_QUERY = Gauge(
    name="pg_stat_activity_max_query_duration_seconds",
    help="Age of the oldest statement now running; 0 if there is none.",
    collector="postgres.activity",
    unit="seconds",
    labels=(DATNAME, STATE),
)
WAITING = Gauge(
    name="pg_stat_activity_waiting_backends",
    help="Active sessions that wait, by what they wait for.",
    collector="postgres.activity",
    labels=(DATNAME, WAIT_EVENT_TYPE),
)
BLOCKED = Gauge(
    name="pg_blocked_backends",
    help="Sessions that wait for a lock.",
    collector="postgres.activity",
    labels=(DATNAME,),
)
LONGEST_BLOCKED = Gauge(
    name="pg_longest_blocked_seconds",
    help="Longest time a session now waits for a lock, not counted who lets old transactions end; or 0.",
    collector="postgres.activity",
    unit="seconds",
    labels=(DATNAME,),
)
SETTING_MAX_CONNECTIONS = Gauge(
    name="pg_settings_max_connections",
    help="Most connections the server takes.",
    collector="postgres.settings",
)
SETTING_SUPERUSER_RESERVED = Gauge(
    name="pg_settings_superuser_reserved_connections",
    help="Connections kept for superusers.",
    collector="postgres.settings",
)
SETTING_RESERVED = Gauge(
    name="pg_settings_reserved_connections",
    help="Connections kept for pg_use_reserved_connections; 0 before version 16.",
    collector="postgres.settings",
)
SETTING_SHARED_BUFFERS = Gauge(
    name="pg_settings_shared_buffers_bytes",
    help="Memory for cached blocks.",
    collector="postgres.settings",
    unit="bytes",
)
SETTING_WORK_MEM = Gauge(
    name="pg_settings_work_mem_bytes",
    help="Memory of one sort or hash before it goes to disk.",
    collector="postgres.settings",
    unit="bytes",
)
SETTING_EFFECTIVE_CACHE_SIZE = Gauge(
    name="pg_settings_effective_cache_size_bytes",
    help="Cache the planner assumes.",
    collector="postgres.settings",
    unit="bytes",
)
SETTING_FREEZE_MAX_AGE = Gauge(
    name="pg_settings_autovacuum_freeze_max_age",
    help="Transactions after which a table is vacuumed by force.",
    collector="postgres.settings",
    unit="xids",
)
SETTING_MAX_WAL_SIZE = Gauge(
    name="pg_settings_max_wal_size_bytes",
    help="Log size that starts a checkpoint.",
    collector="postgres.settings",
    unit="bytes",
)
SETTING_MAX_SLOT_KEEP = Gauge(
    name="pg_settings_max_slot_wal_keep_size_bytes",
    help="Most log that is kept for a slot; -1 is no limit.",
    collector="postgres.settings",
    unit="bytes",
)
SETTING_TRACK_IO_TIMING = Gauge(
    name="pg_settings_track_io_timing",
    help="1 if the server takes the time that sessions wait for disks, else 0.",
    collector="postgres.settings",
)
SETTING_STATEMENTS_MAX = Gauge(
    name="pg_settings_pg_stat_statements_max",
    help="Most statements that pg_stat_statements remembers.",
    collector="postgres.settings",
    optional="where pg_stat_statements is not loaded",
)
COMMITS = Counter(
    name="pg_stat_database_xact_commit",
    help="Transactions committed.",
    collector="postgres.database",
    labels=(DATNAME,),
)
ROLLBACKS = Counter(
    name="pg_stat_database_xact_rollback",
    help="Transactions rolled back.",
    collector="postgres.database",
    labels=(DATNAME,),
)
BLOCKS_READ = Counter(
    name="pg_stat_database_blks_read",
    help="Blocks read from outside shared buffers.",
    collector="postgres.database",
    labels=(DATNAME,),
)
BLOCKS_HIT = Counter(
    name="pg_stat_database_blks_hit",
    help="Blocks found in shared buffers.",
    collector="postgres.database",
    labels=(DATNAME,),
)
ROWS_RETURNED = Counter(
    name="pg_stat_database_tup_returned",
    help="Rows read by scans.",
    collector="postgres.database",
    labels=(DATNAME,),
)
ROWS_FETCHED = Counter(
    name="pg_stat_database_tup_fetched",
    help="Rows fetched by index scans.",
    collector="postgres.database",
    labels=(DATNAME,),
)
ROWS_INSERTED = Counter(
    name="pg_stat_database_tup_inserted",
    help="Rows inserted.",
    collector="postgres.database",
    labels=(DATNAME,),
)
ROWS_UPDATED = Counter(
    name="pg_stat_database_tup_updated",
    help="Rows updated.",
    collector="postgres.database",
    labels=(DATNAME,),
)
ROWS_DELETED = Counter(
    name="pg_stat_database_tup_deleted",
    help="Rows deleted.",
    collector="postgres.database",
    labels=(DATNAME,),
)
CONFLICTS = Counter(
    name="pg_stat_database_conflicts",
    help="Statements cancelled by recovery.",
    collector="postgres.database",
    labels=(DATNAME,),
)
TEMP_FILES = Counter(
    name="pg_stat_database_temp_files",
    help="Temporary files written.",
    collector="postgres.database",
    labels=(DATNAME,),
    spare="boards show the bytes; how many files they are tells one large sort from many small ones",
)
TEMP_BYTES = Counter(
    name="pg_stat_database_temp_bytes",
    help="Bytes written to temporary files.",
    collector="postgres.database",
    unit="bytes",
    labels=(DATNAME,),
)
DEADLOCKS = Counter(
    name="pg_stat_database_deadlocks",
    help="Deadlocks broken.",
    collector="postgres.database",
    labels=(DATNAME,),
)
BACKENDS = Gauge(
    name="pg_stat_database_numbackends",
    help="Sessions connected to the database.",
    collector="postgres.database",
    labels=(DATNAME,),
    spare="sessions by state say more; dashboards of postgres_exporter ask for it",
)
STATS_RESET = Gauge(
    name="pg_stat_database_stats_reset",
    help="When the counters of the database were last reset, in Unix time.",
    collector="postgres.database",
    unit="timestamp",
    labels=(DATNAME,),
    optional="until the first reset",
    spare="for whoever wonders why a counter began again",
)
SESSIONS = Counter(
    name="pg_stat_database_sessions_total",
    help="Sessions started.",
    collector="postgres.database",
    labels=(DATNAME,),
    optional="before version 14",
)
SESSIONS_ABANDONED = Counter(
    name="pg_stat_database_sessions_abandoned_total",
    help="Sessions whose client went away.",
    collector="postgres.database",
    labels=(DATNAME,),
    optional="before version 14",
)
SESSIONS_FATAL = Counter(
    name="pg_stat_database_sessions_fatal_total",
    help="Sessions ended by a fatal error.",
    collector="postgres.database",
    labels=(DATNAME,),
    optional="before version 14",
)
SESSIONS_KILLED = Counter(
    name="pg_stat_database_sessions_killed_total",
    help="Sessions ended by an operator.",
    collector="postgres.database",
    labels=(DATNAME,),
    optional="before version 14",
)
ACTIVE_SECONDS = Counter(
    name="pg_stat_database_active_time_seconds_total",
    help="Time sessions spent executing.",
    collector="postgres.database",
    unit="seconds",
    labels=(DATNAME,),
    optional="before version 14",
)
IDLE_IN_TRANSACTION_SECONDS = Counter(
    name="pg_stat_database_idle_in_transaction_time_seconds_total",
    help="Time sessions spent idle in a transaction.",
    collector="postgres.database",
    unit="seconds",
    labels=(DATNAME,),
    optional="before version 14",
)
READ_SECONDS = Counter(
    name="pg_stat_database_blk_read_time_seconds_total",
    help="Time sessions waited for blocks to be read; 0 unless track_io_timing is on.",
    collector="postgres.database",
    unit="seconds",
    labels=(DATNAME,),
)
WRITE_SECONDS = Counter(
    name="pg_stat_database_blk_write_time_seconds_total",
    help="Time sessions waited for blocks to be written; 0 unless track_io_timing is on.",
    collector="postgres.database",
    unit="seconds",
    labels=(DATNAME,),
)
FROZEN_XID_AGE = Gauge(
    name="pg_database_frozenxid_age_xids",
    help="Age of the oldest transaction id that is not frozen.",
    collector="postgres.database",
    unit="xids",
    labels=(DATNAME,),
)
LOCKS = Gauge(
    name="pg_locks_count",
    help="Locks held or awaited, by mode.",
    collector="postgres.locks",
    labels=(DATNAME, MODE),
)
CHECKPOINTS_TIMED = Counter(
    name="pg_stat_checkpointer_num_timed_total",
    help="Checkpoints started by time.",
    collector="postgres.bgwriter",
)
CHECKPOINTS_REQUESTED = Counter(
    name="pg_stat_checkpointer_num_requested_total",
    help="Checkpoints started by log volume or request.",
    collector="postgres.bgwriter",
)
CHECKPOINT_WRITE_SECONDS = Counter(
    name="pg_stat_checkpointer_write_time_seconds_total",
    help="Time checkpoints spent writing.",
    collector="postgres.bgwriter",
    unit="seconds",
)
CHECKPOINT_SYNC_SECONDS = Counter(
    name="pg_stat_checkpointer_sync_time_seconds_total",
    help="Time checkpoints spent syncing.",
    collector="postgres.bgwriter",
    unit="seconds",
)
CHECKPOINT_BUFFERS = Counter(
    name="pg_stat_checkpointer_buffers_written_total",
    help="Buffers written by checkpoints.",
    collector="postgres.bgwriter",
)
BGWRITER_BUFFERS_CLEAN = Counter(
    name="pg_stat_bgwriter_buffers_clean_total",
    help="Buffers written by the background writer.",
    collector="postgres.bgwriter",
)
BGWRITER_MAXWRITTEN = Counter(
    name="pg_stat_bgwriter_maxwritten_clean_total",
    help="Rounds in which the background writer stopped at its limit.",
    collector="postgres.bgwriter",
)
BGWRITER_BUFFERS_ALLOC = Counter(
    name="pg_stat_bgwriter_buffers_alloc_total",
    help="Buffers allocated.",
    collector="postgres.bgwriter",
)
DATABASE_SIZE = Gauge(
    name="pg_database_size_bytes",
    help="Size of the database on disk.",
    collector="postgres.sizes",
    unit="bytes",
    labels=(DATNAME,),
)
