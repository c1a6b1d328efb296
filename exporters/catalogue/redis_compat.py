"""What redis_exporter says of Redis beyond the rest of the catalogue: emitted with ``--compat`` alone."""

from __future__ import annotations

from collections.abc import Mapping

from exporters.catalogue.redis import CMD
from exporters.catalogue.redis_detail import SLAVE_IP, SLAVE_PORT, SLAVE_STATE
from exporters.catalogue.types import Counter, Gauge, Info, Label, Metric, Unit

COLLECTOR = "compat.redis"
ONE = "one per server"

# By field of INFO; the names are those of redis_exporter without `redis_`.
GAUGES = """
active_defrag_running active_defrag_running
allocator_active allocator_active_bytes
allocator_allocated allocator_allocated_bytes
allocator_frag_bytes allocator_frag_bytes
allocator_frag_ratio allocator_frag_ratio
allocator_muzzy allocator_muzzy_bytes
allocator_resident allocator_resident_bytes
allocator_rss_bytes allocator_rss_bytes
allocator_rss_ratio allocator_rss_ratio
aof_base_size aof_base_size_bytes
aof_buffer_length aof_buffer_length
aof_current_rewrite_time_sec aof_current_rewrite_duration_sec
aof_current_size aof_current_size_bytes
aof_delayed_fsync aof_delayed_fsync
aof_last_cow_size aof_last_cow_size_bytes
aof_last_rewrite_time_sec aof_last_rewrite_duration_sec
aof_pending_bio_fsync aof_pending_bio_fsync
aof_pending_rewrite aof_pending_rewrite
aof_rewrite_buffer_length aof_rewrite_buffer_length
aof_rewrite_in_progress aof_rewrite_in_progress
aof_rewrite_scheduled aof_rewrite_scheduled
async_loading async_loading
client_recent_max_input_buffer client_recent_max_input_buffer_bytes
clients_in_timeout_table clients_in_timeout_table
cluster_connections cluster_connections
cluster_enabled cluster_enabled
configured_hz configured_hz
current_eviction_exceeded_time current_eviction_exceeded_time_ms
active_defrag_hits defrag_hits
active_defrag_key_hits defrag_key_hits
active_defrag_key_misses defrag_key_misses
active_defrag_misses defrag_misses
expired_stale_perc expired_stale_percentage
hz hz
instantaneous_eventloop_cycles_per_sec instantaneous_eventloop_cycles_per_sec
instantaneous_eventloop_duration_usec instantaneous_eventloop_duration_usec
io_threads_active io_threads_active
lazyfree_pending_objects lazyfree_pending_objects
lazyfreed_objects lazyfreed_objects
loading loading_dump_file
maxclients config_maxclients
maxmemory config_maxmemory
mem_aof_buffer mem_aof_buffer_bytes
mem_clients_normal mem_clients_normal
mem_clients_slaves mem_clients_slaves
mem_cluster_links mem_cluster_links_bytes
mem_fragmentation_bytes mem_fragmentation_bytes
mem_fragmentation_ratio mem_fragmentation_ratio
mem_not_counted_for_evict mem_not_counted_for_eviction_bytes
mem_overhead_db_hashtable_rehashing mem_overhead_db_hashtable_rehashing_bytes
mem_replication_backlog mem_replication_backlog_bytes
mem_total_replication_buffers mem_total_replication_buffers_bytes
used_memory_functions memory_used_functions_bytes
used_memory_lua memory_used_lua_bytes
used_memory_overhead memory_used_overhead_bytes
used_memory_scripts memory_used_scripts_bytes
used_memory_scripts_eval memory_used_scripts_eval_bytes
used_memory_startup memory_used_startup_bytes
used_memory_vm_eval memory_used_vm_eval_bytes
used_memory_vm_functions memory_used_vm_functions_bytes
used_memory_vm_total memory_used_vm_total
migrate_cached_sockets migrate_cached_sockets_total
module_fork_in_progress module_fork_in_progress
module_fork_last_cow_size module_fork_last_cow_size
number_of_cached_scripts number_of_cached_scripts
number_of_functions number_of_functions
number_of_libraries number_of_libraries
process_id process_id
pubsub_channels pubsub_channels
pubsub_clients pubsub_clients
pubsub_patterns pubsub_patterns
pubsubshard_channels pubsubshard_channels
rdb_bgsave_in_progress rdb_bgsave_in_progress
rdb_current_bgsave_time_sec rdb_current_bgsave_duration_sec
rdb_last_bgsave_time_sec rdb_last_bgsave_duration_sec
rdb_last_cow_size rdb_last_cow_size_bytes
rdb_last_load_keys_expired rdb_last_load_expired_keys
rdb_last_load_keys_loaded rdb_last_load_loaded_keys
rdb_saves rdb_saves_total
repl_backlog_active repl_backlog_is_active
repl_backlog_first_byte_offset repl_backlog_first_byte_offset
repl_backlog_histlen repl_backlog_history_bytes
repl_backlog_size config_repl_backlog_size
repl_backlog_size replication_backlog_bytes
second_repl_offset second_repl_offset
slave_expires_tracked_keys slave_expires_tracked_keys
slave_priority slave_priority
sync_full replica_resyncs_full
sync_partial_err replica_partial_resync_denied
sync_partial_ok replica_partial_resync_accepted
total_blocking_keys total_blocking_keys
total_blocking_keys_on_nokey total_blocking_keys_on_nokey
total_watched_keys total_watched_keys
tracking_clients tracking_clients
tracking_total_items tracking_total_items
tracking_total_keys tracking_total_keys
tracking_total_prefixes tracking_total_prefixes
uptime_in_seconds uptime_in_seconds
watching_clients watching_clients
"""
COUNTERS = """
acl_access_denied_auth acl_access_denied_auth_total
acl_access_denied_channel acl_access_denied_channel_total
acl_access_denied_cmd acl_access_denied_cmd_total
acl_access_denied_key acl_access_denied_key_total
client_output_buffer_limit_disconnections client_output_buffer_limit_disconnections_total
client_query_buffer_limit_disconnections client_query_buffer_limit_disconnections_total
dump_payload_sanitizations dump_payload_sanitizations
eventloop_cycles eventloop_cycles_total
eventloop_duration_cmd_sum eventloop_duration_cmd_sum_usec_total
eventloop_duration_sum eventloop_duration_sum_usec_total
evicted_clients evicted_clients_total
evicted_scripts evicted_scripts_total
expire_cycle_cpu_milliseconds expire_cycle_cpu_time_ms_total
expired_subkeys expired_subkeys_total
expired_time_cap_reached_count expired_time_cap_reached_total
io_threaded_reads_processed io_threaded_reads_processed
io_threaded_writes_processed io_threaded_writes_processed
reply_buffer_expands reply_buffer_expands_total
reply_buffer_shrinks reply_buffer_shrinks_total
total_commands_processed commands_processed_total
total_error_replies total_error_replies
total_eviction_exceeded_time eviction_exceeded_time_ms_total
total_net_repl_input_bytes net_repl_input_bytes_total
total_net_repl_output_bytes net_repl_output_bytes_total
total_reads_processed total_reads_processed
total_writes_processed total_writes_processed
unexpected_error_replies unexpected_error_replies
used_active_time_main_thread active_time_main_thread_seconds_total
used_cpu_sys_children cpu_sys_children_seconds_total
used_cpu_sys_main_thread cpu_sys_main_thread_seconds_total
used_cpu_user_children cpu_user_children_seconds_total
used_cpu_user_main_thread cpu_user_main_thread_seconds_total
"""


def _unit(name: str) -> Unit:
    if "_bytes" in name:
        return "bytes"
    seconds = name.endswith(("_seconds", "_seconds_total", "_sec")) and not name.endswith("_per_sec")
    return "seconds" if seconds else "count"


def _plain(kind: type[Metric], table: str) -> list[tuple[Metric, str]]:
    rows = (line.split() for line in table.strip().splitlines())
    return [
        (
            kind(
                name=f"redis_{name}",
                help=f"As {field} in INFO.",
                collector=COLLECTOR,
                unit=_unit(name),
                optional="where this server or its role has no such field",
            ),
            field,
        )
        for field, name in rows
    ]


PLAIN = (*_plain(Gauge, GAUGES), *_plain(Counter, COUNTERS))

MASTER_HOST = Label(name="master_host", help="Whom a replica follows.", bound=ONE)
MASTER_PORT = Label(name="master_port", help="The port there.", bound=ONE)
READ_ONLY = Label(name="read_only", help="Whether a replica refuses writes.", values=("0", "1"))
FOLLOWS = ((MASTER_HOST, "master_host"), (MASTER_PORT, "master_port"))
ON_MASTER = "on a master"

# By command, and by what stands of it in INFO.
OF_COMMANDS: tuple[tuple[Metric, str], ...] = tuple(
    (
        Counter(
            name=f"redis_commands_{field}_total",
            help=f"As {field} of the command in INFO.",
            collector=COLLECTOR,
            labels=(CMD,),
        ),
        field,
    )
    for field in ("failed_calls", "rejected_calls")
)
REPLICA_LAG = Gauge(
    name="redis_connected_slave_lag_seconds",
    help="Time since a replica was last heard of.",
    collector=COLLECTOR,
    unit="seconds",
    labels=(SLAVE_IP, SLAVE_PORT, SLAVE_STATE),
    optional="without a replica",
)
REPLICA = Info(
    name="redis_slave_info",
    help="Whom this replica follows.",
    collector=COLLECTOR,
    unit="info",
    labels=(MASTER_HOST, MASTER_PORT, READ_ONLY),
    optional=ON_MASTER,
)
# Of a replica, by field of INFO.
OF_REPLICA: tuple[tuple[Metric, str], ...] = tuple(
    (
        Gauge(
            name=f"redis_{field}",
            help=f"As {field} in INFO.",
            collector=COLLECTOR,
            labels=(MASTER_HOST, MASTER_PORT),
            optional=ON_MASTER,
        ),
        field,
    )
    for field in ("master_sync_in_progress", "slave_repl_offset")
)
THEIR_IDENTITY = (
    "os", "process_id", "redis_build_id", "run_id", "tcp_port", "master_replid", "valkey_version",
    "valkey_release_stage",
)  # fmt: skip
# What metrics of the rest of the catalogue are told apart by there, and the fields that say so.
LABELS: Mapping[str, tuple[tuple[Label, str], ...]] = {
    "redis_instance_info": tuple(
        (Label(name=field, help=f"As {field} in INFO.", bound=ONE), field) for field in THEIR_IDENTITY
    ),
    "redis_master_link_up": FOLLOWS,
    "redis_master_last_io_seconds_ago": FOLLOWS,
}
WIDER = frozenset(label.name for labels in LABELS.values() for label, _ in labels)
METRICS = tuple(metric for metric, _ in (*PLAIN, *OF_COMMANDS, *OF_REPLICA))
