"""What the exporter says of Redis. Names as in redis_exporter where the meaning is the same."""

from __future__ import annotations

from exporters.catalogue.types import Counter, Gauge, Info, Label

CMD = Label(name="cmd", help="Command, lower case.", bound="the 30 commands called most, the rest as `other`")
DB = Label(name="db", help="Logical database, such as db0.", bound="databases that hold keys, 32 at most")
KEY = Label(name="key", help="Configured glob pattern.", bound="the patterns in the configuration")
ERR = Label(
    name="err", help="Prefix of an error reply, such as WRONGTYPE.", bound="30 prefixes, the rest as `other`"
)
ROLE = Label(name="role", help="Replication role.", values=("master", "slave"))
REDIS_VERSION = Label(
    name="redis_version", help="Version of Redis that it is or is compatible with.", bound="one per server"
)
SERVER_NAME = Label(name="server_name", help="redis, valkey or another kin.", bound="one per server")
SERVER_VERSION = Label(name="server_version", help="Version of the server.", bound="one per server")
REDIS_MODE = Label(
    name="redis_mode", help="standalone, sentinel or cluster.", values=("standalone", "sentinel", "cluster")
)
MAXMEMORY_POLICY = Label(
    name="maxmemory_policy",
    help="What Redis does when its memory is full.",
    values=(
        "noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random", "allkeys-lrm",
        "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "volatile-lrm",
    ),
)  # fmt: skip

UP = Gauge(
    name="redis_up",
    help="1 if Redis answered in this scrape and had loaded its data, else 0.",
    collector="redis.up",
)
INFO = Info(
    name="redis_instance_info",
    help="Role, version, mode and eviction policy.",
    collector="redis.info",
    unit="info",
    labels=(ROLE, REDIS_VERSION, REDIS_MODE, MAXMEMORY_POLICY),
)
SERVER = Info(
    name="obs_redis_server_info",
    help="Which server it is, and its own version: Valkey tells that of a Redis as redis_version.",
    collector="redis.info",
    unit="info",
    labels=(SERVER_NAME, SERVER_VERSION),
)
START_TIME = Gauge(
    name="redis_start_time_seconds",
    help="When the server started, in Unix time.",
    collector="redis.info",
    unit="timestamp",
)
HITS = Counter(
    name="redis_keyspace_hits_total",
    help="Look-ups that found a key, of every client and database.",
    collector="redis.info",
)
MISSES = Counter(
    name="redis_keyspace_misses_total",
    help="Look-ups that found no key, of every client and database.",
    collector="redis.info",
)
EVICTED = Counter(
    name="redis_evicted_keys_total",
    help="Keys removed because memory was full.",
    collector="redis.info",
)
EXPIRED = Counter(
    name="redis_expired_keys_total",
    help="Keys removed because their time had come.",
    collector="redis.info",
)
MEMORY_USED = Gauge(
    name="redis_memory_used_bytes",
    help="Memory that Redis allocated.",
    collector="redis.info",
    unit="bytes",
)
MEMORY_RSS = Gauge(
    name="redis_memory_used_rss_bytes",
    help="Memory of the process as the system sees it.",
    collector="redis.info",
    unit="bytes",
)
MEMORY_PEAK = Gauge(
    name="redis_memory_used_peak_bytes",
    help="Most memory allocated since the start.",
    collector="redis.info",
    unit="bytes",
)
MEMORY_DATASET = Gauge(
    name="redis_memory_used_dataset_bytes",
    help="Memory of the data alone, without overhead.",
    collector="redis.info",
    unit="bytes",
)
MEMORY_MAX = Gauge(
    name="redis_memory_max_bytes",
    help="The limit, maxmemory; 0 means none.",
    collector="redis.info",
    unit="bytes",
    zero="no maxmemory is set",
)
CLIENTS = Gauge(
    name="redis_connected_clients",
    help="Clients connected, the exporter among them.",
    collector="redis.info",
)
BLOCKED_CLIENTS = Gauge(
    name="redis_blocked_clients",
    help="Clients waiting in a blocking command.",
    collector="redis.info",
)
MAX_CLIENTS = Gauge(
    name="redis_max_clients",
    help="The limit, maxclients.",
    collector="redis.info",
)
REJECTED = Counter(
    name="redis_rejected_connections_total",
    help="Connections refused because maxclients was reached.",
    collector="redis.info",
)
COMMANDS = Counter(
    name="redis_commands_total",
    help="Calls by command.",
    collector="redis.info",
    labels=(CMD,),
)
COMMANDS_SECONDS = Counter(
    name="redis_commands_duration_seconds_total",
    help="Time spent in a command.",
    collector="redis.info",
    unit="seconds",
    labels=(CMD,),
)
DB_KEYS = Gauge(
    name="redis_db_keys",
    help="Keys in the database.",
    collector="redis.info",
    labels=(DB,),
    optional="for an empty database",
)
DB_KEYS_EXPIRING = Gauge(
    name="redis_db_keys_expiring",
    help="Keys in the database that have a time to live.",
    collector="redis.info",
    labels=(DB,),
    optional="for an empty database",
)
ERRORS = Counter(
    name="redis_errors_total",
    help="Error replies by prefix.",
    collector="redis.info",
    labels=(ERR,),
    optional="until the first error reply",
)
NET_INPUT = Counter(
    name="redis_net_input_bytes_total",
    help="Bytes received.",
    collector="redis.info",
    unit="bytes",
)
NET_OUTPUT = Counter(
    name="redis_net_output_bytes_total",
    help="Bytes sent.",
    collector="redis.info",
    unit="bytes",
)
CPU_USER = Counter(
    name="redis_cpu_user_seconds_total",
    help="User processor time of the server.",
    collector="redis.info",
    unit="seconds",
)
CPU_SYSTEM = Counter(
    name="redis_cpu_sys_seconds_total",
    help="System processor time of the server.",
    collector="redis.info",
    unit="seconds",
)
RDB_LAST_SAVE = Gauge(
    name="redis_rdb_last_save_timestamp_seconds",
    help="When the last snapshot was written, in Unix time.",
    collector="redis.info",
    unit="timestamp",
)
RDB_LAST_OK = Gauge(
    name="redis_rdb_last_bgsave_status",
    help="1 if the last snapshot was written, else 0.",
    collector="redis.info",
)
AOF_ENABLED = Gauge(
    name="redis_aof_enabled",
    help="1 if the append-only file is on.",
    collector="redis.info",
)
AOF_WRITE_OK = Gauge(
    name="redis_aof_last_write_status",
    help="1 if the last write to the append-only file succeeded, also where there is none, else 0.",
    collector="redis.info",
)
AOF_REWRITE_OK = Gauge(
    name="redis_aof_last_bgrewrite_status",
    help="1 if the last rewrite of the append-only file succeeded, also where there is none, else 0.",
    collector="redis.info",
)
REPLICAS = Gauge(
    name="redis_connected_slaves",
    help="Replicas connected.",
    collector="redis.info",
)
MASTER_LINK_UP = Gauge(
    name="redis_master_link_up",
    help="1 if this replica's link to its master is up.",
    collector="redis.info",
    optional="on a master",
)
SLOWLOG_LENGTH = Gauge(
    name="redis_slowlog_length",
    help="Entries in the slow log.",
    collector="redis.slowlog",
)
KEYS = Gauge(
    name="redis_keys_count",
    help="Keys that match a configured pattern, counted or estimated by the last pass.",
    collector="redis.keyspace",
    labels=(DB, KEY),
    optional="until the first pass is complete",
)
UNMATCHED_KEYS = Gauge(
    name="obs_redis_unmatched_keys",
    help="Keys that match no configured pattern, counted or estimated by the last pass.",
    collector="redis.keyspace",
    labels=(DB,),
    optional="until the first pass is complete",
)
KEYSPACE_PASS_TIMESTAMP = Gauge(
    name="obs_redis_keyspace_last_pass_timestamp_seconds",
    help="When the last complete pass over the keys ended, in Unix time.",
    collector="redis.keyspace",
    unit="timestamp",
    optional="until the first pass is complete",
)
KEYSPACE_PASS_SECONDS = Gauge(
    name="obs_redis_keyspace_pass_duration_seconds",
    help="How long the last complete pass took.",
    collector="redis.keyspace",
    unit="seconds",
    optional="until the first pass is complete",
)
KEYSPACE_COVERAGE = Gauge(
    name="obs_redis_keyspace_coverage_ratio",
    help="Keys seen by the last pass that ended, also if broken off, as a share of those when it began.",
    collector="redis.keyspace",
    unit="ratio",
    optional="until the first pass has ended, and without patterns",
)
