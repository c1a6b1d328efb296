"""What the exporter says of a Redis in detail: latencies, clients, disk, replicas, and how sure a count is.

Names as in redis_exporter where the meaning is the same.
"""

from __future__ import annotations

from exporters.catalogue.redis import CMD, DB, KEY
from exporters.catalogue.types import Counter, Gauge, Label

PREFIX = Label(
    name="prefix",
    help="Beginning of keys, as a pattern that fits them.",
    bound="top_prefixes, by default 10, and the rest as `other`",
)
PERCENTILE = Label(
    name="percentile",
    help="Such as p99.",
    bound="latency-tracking-info-percentiles of the server, by default p50, p99 and p99.9",
)
SLAVE_IP = Label(name="slave_ip", help="Address of a replica.", bound="the replicas connected")
SLAVE_PORT = Label(name="slave_port", help="Port of a replica.", bound="the replicas connected")
SLAVE_STATE = Label(
    name="slave_state",
    help="State of a replica, such as online.",
    bound="the few states of a replica that Redis has",
)

COMMAND_LATENCY = Gauge(
    name="obs_redis_command_latency_seconds",
    help="Percentiles of the time that a command ran, over all calls since the start or CONFIG RESETSTAT.",
    collector="redis.info",
    unit="seconds",
    labels=(CMD, PERCENTILE),
    optional="before Redis 7, or with latency-tracking off",
)
CONNECTIONS = Counter(
    name="redis_connections_received_total",
    help="Connections accepted.",
    collector="redis.info",
)
OUTPUT_BUFFER = Gauge(
    name="redis_client_recent_max_output_buffer_bytes",
    help="The largest output buffer of a client lately.",
    collector="redis.info",
    unit="bytes",
)
DB_TTL = Gauge(
    name="redis_db_avg_ttl_seconds",
    help="Mean time to live of the keys that have one, as Redis estimates it; 0 where it has no estimate.",
    collector="redis.info",
    unit="seconds",
    labels=(DB,),
    optional="for an empty database",
)
RDB_CHANGES = Gauge(
    name="redis_rdb_changes_since_last_save",
    help="Writes since the last snapshot.",
    collector="redis.info",
)
FORK = Gauge(
    name="redis_latest_fork_seconds",
    help="How long the last fork held up the server; 0 before the first.",
    collector="redis.info",
    unit="seconds",
)
MASTER_OFFSET = Gauge(
    name="redis_master_repl_offset",
    help="Bytes written to the stream of replication.",
    collector="redis.info",
    unit="bytes",
)
REPLICA_OFFSET = Gauge(
    name="redis_connected_slave_offset_bytes",
    help="Bytes of the stream of replication that a replica acknowledged.",
    collector="redis.info",
    unit="bytes",
    labels=(SLAVE_IP, SLAVE_PORT, SLAVE_STATE),
    optional="without a replica",
)
MASTER_SILENCE = Gauge(
    name="redis_master_last_io_seconds_ago",
    help="Time since this replica last heard of its master.",
    collector="redis.info",
    unit="seconds",
    optional="on a master, and on a replica without a link",
)
COUNT_ERROR = Gauge(
    name="obs_redis_keys_count_error",
    help="By how many the counts of the last pass may be off: keys that came, expired or were evicted "
    "meanwhile; of estimates, the distance to the farthest limit of one. 0 is exact.",
    collector="redis.keyspace",
    labels=(DB,),
    optional="until the first pass is complete",
)
KEYS_LOW = Gauge(
    name="obs_redis_keys_low",
    help="The lower limit of the interval that holds the true number of keys in 95 of 100 estimates.",
    collector="redis.keyspace",
    labels=(DB, KEY),
    optional="without keys: estimated",
)
KEYS_HIGH = Gauge(
    name="obs_redis_keys_high",
    help="The upper limit of the interval that holds the true number of keys in 95 of 100 estimates.",
    collector="redis.keyspace",
    labels=(DB, KEY),
    optional="without keys: estimated",
)
UNMATCHED_PREFIX = Gauge(
    name="obs_redis_unmatched_prefix_keys",
    help="Keys that match no configured pattern, by what they begin with, as the last pass found them.",
    collector="redis.keyspace",
    labels=(DB, PREFIX),
    optional="until the first pass is complete, and with top_prefixes: 0",
)
PATTERN_MEMORY = Gauge(
    name="obs_redis_keys_memory_bytes",
    help="Memory of the keys of a pattern, estimated from some of them that the last pass drew by chance.",
    collector="redis.sample",
    unit="bytes",
    labels=(DB, KEY),
    optional="without sample_keys",
)
PATTERN_MEMORY_ERROR = Gauge(
    name="obs_redis_keys_memory_error_bytes",
    help="Half the width of the interval that holds the true memory in 95 of 100 passes. 0 is exact.",
    collector="redis.sample",
    unit="bytes",
    labels=(DB, KEY),
    optional="without sample_keys",
)
UNTIMED = Gauge(
    name="obs_redis_keys_without_ttl_ratio",
    help="Share of the keys of a pattern that never expire, of some that the last pass drew by chance.",
    collector="redis.ages",
    unit="ratio",
    labels=(DB, KEY),
    optional="without sample_ages, and for a pattern without keys",
)
IDLE = Gauge(
    name="obs_redis_keys_idle_seconds",
    help="For how long half of the keys of a pattern, or more, have not been used, of some that were drawn.",
    collector="redis.ages",
    unit="seconds",
    labels=(DB, KEY),
    optional="without sample_ages, for a pattern without keys, and where an LFU policy evicts",
)
OWN_LOOKUPS = Counter(
    name="obs_redis_own_lookups_total",
    help="Look-ups that Redis counted as hits or misses because sample_ages asked for them.",
    collector="redis.ages",
    optional="without sample_ages",
)
