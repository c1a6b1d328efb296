"""The default series of postgres_exporter and redis_exporter: names and labels, as their pages show them.

Of postgres_exporter 0.11.1 and a build of 0.20.1, and of redis_exporter 1.45.0 and 1.88.0, beside every
server that the tests have: PostgreSQL 13 to 18, Redis 6.2 to 8.2, Valkey 8 and 9. `new` stands where the
older ones lack it, `old` where the newer do. Left out: the label `server` of postgres_exporter, which is the
`instance` of Prometheus, and what the language of both says of its own process.
"""

from __future__ import annotations

from collections.abc import Mapping

# `pg_settings_*` is all settings that are numbers or switches; `*` elsewhere is whatever stands there.
POSTGRES = """
pg_database_connection_limit datname new
pg_database_size_bytes datname
pg_exporter_last_scrape_duration_seconds -
pg_exporter_last_scrape_error -
pg_exporter_scrapes_total -
pg_locks_count datname,mode
pg_replication_is_replica - new
pg_replication_lag_seconds - new
pg_replication_last_replay_seconds - new
pg_replication_slots_active database,slot_name
pg_replication_slots_pg_wal_lsn_diff database,slot_name
pg_replication_slots_safe_wal_size_bytes slot_name,slot_type new
pg_replication_slots_slot_confirmed_flush_lsn slot_name,slot_type new
pg_replication_slots_slot_current_wal_lsn slot_name,slot_type new
pg_replication_slots_slot_is_active slot_name,slot_type new
pg_replication_slots_wal_status slot_name,slot_type,wal_status new
pg_roles_connection_limit rolname new
pg_scrape_collector_duration_seconds collector
pg_scrape_collector_success collector
pg_settings_* -
pg_stat_activity_count application_name,backend_type,datname,state,usename,wait_event,wait_event_type
pg_stat_activity_max_tx_duration \
application_name,backend_type,datname,state,usename,wait_event,wait_event_type
pg_stat_archiver_archived_count -
pg_stat_archiver_failed_count -
pg_stat_archiver_last_archive_age - old
pg_stat_bgwriter_buffers_alloc_total -
pg_stat_bgwriter_buffers_backend_fsync_total -
pg_stat_bgwriter_buffers_backend_total -
pg_stat_bgwriter_buffers_checkpoint_total -
pg_stat_bgwriter_buffers_clean_total -
pg_stat_bgwriter_checkpoint_sync_time_total -
pg_stat_bgwriter_checkpoint_write_time_total -
pg_stat_bgwriter_checkpoints_req_total -
pg_stat_bgwriter_checkpoints_timed_total -
pg_stat_bgwriter_maxwritten_clean_total -
pg_stat_bgwriter_stats_reset_total -
pg_stat_database_active_time datid,datname old
pg_stat_database_active_time_seconds_total datid,datname new
pg_stat_database_blk_read_time datid,datname
pg_stat_database_blk_write_time datid,datname
pg_stat_database_blks_hit datid,datname
pg_stat_database_blks_read datid,datname
pg_stat_database_checksum_failures datid,datname old
pg_stat_database_checksum_last_failure datid,datname old
pg_stat_database_conflicts datid,datname
pg_stat_database_conflicts_confl_active_logicalslot datid,datname
pg_stat_database_conflicts_confl_bufferpin datid,datname
pg_stat_database_conflicts_confl_deadlock datid,datname
pg_stat_database_conflicts_confl_lock datid,datname
pg_stat_database_conflicts_confl_snapshot datid,datname
pg_stat_database_conflicts_confl_tablespace datid,datname
pg_stat_database_deadlocks datid,datname
pg_stat_database_idle_in_transaction_time datid,datname old
pg_stat_database_numbackends datid,datname
pg_stat_database_parallel_workers_launched datid,datname old
pg_stat_database_parallel_workers_to_launch datid,datname old
pg_stat_database_session_time datid,datname old
pg_stat_database_sessions datid,datname old
pg_stat_database_sessions_abandoned datid,datname old
pg_stat_database_sessions_fatal datid,datname old
pg_stat_database_sessions_killed datid,datname old
pg_stat_database_stats_reset datid,datname
pg_stat_database_temp_bytes datid,datname
pg_stat_database_temp_files datid,datname
pg_stat_database_tup_deleted datid,datname
pg_stat_database_tup_fetched datid,datname
pg_stat_database_tup_inserted datid,datname
pg_stat_database_tup_returned datid,datname
pg_stat_database_tup_updated datid,datname
pg_stat_database_xact_commit datid,datname
pg_stat_database_xact_rollback datid,datname
pg_stat_progress_vacuum_heap_blks datname,relname new
pg_stat_progress_vacuum_heap_blks_scanned datname,relname new
pg_stat_progress_vacuum_heap_blks_vacuumed datname,relname new
pg_stat_progress_vacuum_index_vacuums datname,relname new
pg_stat_progress_vacuum_max_dead_tuples datname,relname new
pg_stat_progress_vacuum_num_dead_tuples datname,relname new
pg_stat_progress_vacuum_phase datname,relname,phase new
pg_stat_replication_pg_current_wal_lsn_bytes application_name,client_addr,state,slot_name
pg_stat_replication_pg_wal_lsn_diff application_name,client_addr,state,slot_name
pg_stat_replication_reply_time application_name,client_addr,slot_name,state old
pg_stat_user_tables_analyze_count datname,relname,schemaname new
pg_stat_user_tables_autoanalyze_count datname,relname,schemaname new
pg_stat_user_tables_autovacuum_count datname,relname,schemaname new
pg_stat_user_tables_idx_scan datname,relname,schemaname new
pg_stat_user_tables_idx_tup_fetch datname,relname,schemaname new
pg_stat_user_tables_index_size_bytes datname,relname,schemaname new
pg_stat_user_tables_last_analyze datname,relname,schemaname new
pg_stat_user_tables_last_autoanalyze datname,relname,schemaname new
pg_stat_user_tables_last_autovacuum datname,relname,schemaname new
pg_stat_user_tables_last_vacuum datname,relname,schemaname new
pg_stat_user_tables_n_dead_tup datname,relname,schemaname new
pg_stat_user_tables_n_live_tup datname,relname,schemaname new
pg_stat_user_tables_n_mod_since_analyze datname,relname,schemaname new
pg_stat_user_tables_n_tup_del datname,relname,schemaname new
pg_stat_user_tables_n_tup_hot_upd datname,relname,schemaname new
pg_stat_user_tables_n_tup_ins datname,relname,schemaname new
pg_stat_user_tables_n_tup_upd datname,relname,schemaname new
pg_stat_user_tables_seq_scan datname,relname,schemaname new
pg_stat_user_tables_seq_tup_read datname,relname,schemaname new
pg_stat_user_tables_table_size_bytes datname,relname,schemaname new
pg_stat_user_tables_vacuum_count datname,relname,schemaname new
pg_static short_version,version
pg_statio_user_tables_heap_blocks_hit datname,relname,schemaname new
pg_statio_user_tables_heap_blocks_read datname,relname,schemaname new
pg_statio_user_tables_idx_blocks_hit datname,relname,schemaname new
pg_statio_user_tables_idx_blocks_read datname,relname,schemaname new
pg_statio_user_tables_tidx_blocks_hit datname,relname,schemaname new
pg_statio_user_tables_tidx_blocks_read datname,relname,schemaname new
pg_statio_user_tables_toast_blocks_hit datname,relname,schemaname new
pg_statio_user_tables_toast_blocks_read datname,relname,schemaname new
pg_up -
pg_wal_segments - new
pg_wal_size_bytes - new
postgres_exporter_build_info branch,goarch,goos,goversion,revision,tags,version
postgres_exporter_config_last_reload_success_timestamp_seconds - new
postgres_exporter_config_last_reload_successful - new
"""
REDIS = """
redis_acl_access_denied_auth_total - new
redis_acl_access_denied_channel_total - new
redis_acl_access_denied_cmd_total - new
redis_acl_access_denied_key_total - new
redis_active_defrag_running -
redis_active_time_main_thread_seconds_total - new
redis_allocator_active_bytes -
redis_allocator_allocated_bytes -
redis_allocator_frag_bytes -
redis_allocator_frag_ratio -
redis_allocator_muzzy_bytes - new
redis_allocator_resident_bytes -
redis_allocator_rss_bytes -
redis_allocator_rss_ratio -
redis_aof_base_size_bytes -
redis_aof_buffer_length -
redis_aof_current_rewrite_duration_sec -
redis_aof_current_size_bytes -
redis_aof_delayed_fsync -
redis_aof_enabled -
redis_aof_last_bgrewrite_status -
redis_aof_last_cow_size_bytes -
redis_aof_last_rewrite_duration_sec -
redis_aof_last_write_status -
redis_aof_pending_bio_fsync -
redis_aof_pending_rewrite -
redis_aof_rewrite_buffer_length -
redis_aof_rewrite_in_progress -
redis_aof_rewrite_scheduled -
redis_async_loading - new
redis_blocked_clients -
redis_client_output_buffer_limit_disconnections_total - new
redis_client_query_buffer_limit_disconnections_total - new
redis_client_recent_max_input_buffer_bytes -
redis_client_recent_max_output_buffer_bytes -
redis_clients_in_timeout_table -
redis_cluster_* -
redis_cluster_connections -
redis_cluster_enabled -
redis_commandlog_* - new
redis_commands_duration_seconds_total cmd
redis_commands_failed_calls_total cmd
redis_commands_latencies_usec cmd new
redis_commands_processed_total -
redis_commands_rejected_calls_total cmd
redis_commands_total cmd
redis_config_client_output_buffer_limit_bytes class,limit new
redis_config_client_output_buffer_limit_overcome_seconds class,limit new
redis_config_io_threads -
redis_config_maxclients -
redis_config_maxmemory -
redis_config_repl_backlog_size - new
redis_configured_hz - new
redis_connected_clients -
redis_connected_slave_lag_seconds slave_ip,slave_port,slave_state
redis_connected_slave_offset_bytes slave_ip,slave_port,slave_state
redis_connected_slaves -
redis_connections_received_total -
redis_cpu_sys_children_seconds_total -
redis_cpu_sys_main_thread_seconds_total -
redis_cpu_sys_seconds_total -
redis_cpu_user_children_seconds_total -
redis_cpu_user_main_thread_seconds_total -
redis_cpu_user_seconds_total -
redis_current_eviction_exceeded_time_ms - new
redis_db*_distrib_* - old
redis_db_avg_ttl_seconds db
redis_db_keys db
redis_db_keys_cached db
redis_db_keys_expiring db
redis_defrag_hits -
redis_defrag_key_hits -
redis_defrag_key_misses -
redis_defrag_misses -
redis_dump_payload_sanitizations -
redis_errors_total err
redis_eventloop_cycles_total - new
redis_eventloop_duration_cmd_sum_usec_total - new
redis_eventloop_duration_sum_usec_total - new
redis_evicted_clients_total - new
redis_evicted_keys_total -
redis_evicted_scripts_total - new
redis_eviction_exceeded_time_ms_total - new
redis_expire_cycle_cpu_time_ms_total - new
redis_expired_keys_total -
redis_expired_stale_percentage -
redis_expired_subkeys_total - new
redis_expired_time_cap_reached_total -
redis_exporter_build_info build_date,commit_sha,golang_version,version
redis_exporter_last_scrape_connect_time_seconds -
redis_exporter_last_scrape_duration_seconds -
redis_exporter_last_scrape_error err
redis_exporter_scrape_duration_seconds -
redis_exporter_scrapes_total -
redis_hz - new
redis_instance_info master_replid,maxmemory_policy,os,process_id,redis_build_id,\
redis_mode,redis_version,role,run_id,tcp_port,valkey_release_stage,valkey_version
redis_instantaneous_eventloop_cycles_per_sec - new
redis_instantaneous_eventloop_duration_usec - new
redis_io_threaded_reads_processed -
redis_io_threaded_writes_processed -
redis_io_threads_active -
redis_keys_count db,key
redis_keyspace_hits_total -
redis_keyspace_misses_total -
redis_last_key_groups_scrape_duration_milliseconds -
redis_last_slow_execution_duration_seconds -
redis_latency_percentiles_usec cmd
redis_latest_fork_seconds -
redis_lazyfree_pending_objects -
redis_lazyfreed_objects - new
redis_loading_dump_file -
redis_master_last_io_seconds_ago master_host,master_port
redis_master_link_up master_host,master_port
redis_master_repl_offset -
redis_master_sync_in_progress master_host,master_port
redis_max_clients - new
redis_mem_aof_buffer_bytes - new
redis_mem_clients_normal -
redis_mem_clients_slaves -
redis_mem_cluster_links_bytes - new
redis_mem_fragmentation_bytes -
redis_mem_fragmentation_ratio -
redis_mem_not_counted_for_eviction_bytes -
redis_mem_overhead_db_hashtable_rehashing_bytes - new
redis_mem_replication_backlog_bytes - new
redis_mem_total_replication_buffers_bytes - new
redis_memory_max_bytes -
redis_memory_used_bytes -
redis_memory_used_dataset_bytes -
redis_memory_used_functions_bytes - new
redis_memory_used_lua_bytes -
redis_memory_used_overhead_bytes -
redis_memory_used_peak_bytes -
redis_memory_used_rss_bytes -
redis_memory_used_scripts_bytes -
redis_memory_used_scripts_eval_bytes - new
redis_memory_used_startup_bytes -
redis_memory_used_vm_eval_bytes - new
redis_memory_used_vm_functions_bytes - new
redis_memory_used_vm_total - new
redis_migrate_cached_sockets_total -
redis_module_fork_in_progress -
redis_module_fork_last_cow_size -
redis_net_input_bytes_total -
redis_net_output_bytes_total -
redis_net_repl_input_bytes_total - new
redis_net_repl_output_bytes_total - new
redis_number_of_cached_scripts -
redis_number_of_functions - new
redis_number_of_libraries - new
redis_process_id -
redis_pubsub_channels -
redis_pubsub_clients - new
redis_pubsub_patterns -
redis_pubsubshard_channels - new
redis_rdb_bgsave_in_progress -
redis_rdb_changes_since_last_save -
redis_rdb_current_bgsave_duration_sec -
redis_rdb_last_bgsave_duration_sec -
redis_rdb_last_bgsave_status -
redis_rdb_last_cow_size_bytes -
redis_rdb_last_load_expired_keys - new
redis_rdb_last_load_loaded_keys - new
redis_rdb_last_save_timestamp_seconds -
redis_rdb_saves_total - new
redis_rejected_connections_total -
redis_repl_backlog_first_byte_offset -
redis_repl_backlog_history_bytes -
redis_repl_backlog_is_active -
redis_replica_partial_resync_accepted -
redis_replica_partial_resync_denied -
redis_replica_resyncs_full -
redis_replication_backlog_bytes -
redis_reply_buffer_expands_total - new
redis_reply_buffer_shrinks_total - new
redis_second_repl_offset -
redis_sentinel_* -
redis_slave_expires_tracked_keys -
redis_slave_info master_host,master_port,read_only
redis_slave_priority -
redis_slave_repl_offset master_host,master_port
redis_slowlog_last_id -
redis_slowlog_length -
redis_start_time_seconds -
redis_target_scrape_request_errors_total -
redis_total_blocking_keys - new
redis_total_blocking_keys_on_nokey - new
redis_total_error_replies -
redis_total_reads_processed -
redis_total_watched_keys - new
redis_total_writes_processed -
redis_tracking_clients -
redis_tracking_total_items -
redis_tracking_total_keys -
redis_tracking_total_prefixes -
redis_unexpected_error_replies -
redis_up -
redis_uptime_in_seconds -
redis_watching_clients - new
"""
PEERS = {"postgres_exporter": POSTGRES, "redis_exporter": REDIS}

RELOAD = "exporter_config_last_reload"
# What says the same under another name.
RENAMED: Mapping[str, str] = {
    "pg_exporter_last_scrape_duration_seconds": "pg_scrape_collector_duration_seconds",
    "pg_exporter_last_scrape_error": "pg_scrape_collector_success",
    "postgres_exporter_build_info": "obs_exporter_build_info",
    f"postgres_{RELOAD}_success_timestamp_seconds": f"obs_{RELOAD}_success_timestamp_seconds",
    f"postgres_{RELOAD}_successful": f"obs_{RELOAD}_successful",
    "redis_commands_latencies_usec": "obs_redis_command_latency_seconds",
    "redis_exporter_build_info": "obs_exporter_build_info",
    "redis_exporter_last_scrape_duration_seconds": "redis_scrape_collector_duration_seconds",
    "redis_exporter_last_scrape_error": "redis_scrape_collector_success",
    "redis_exporter_scrape_duration_seconds": "redis_scrape_collector_duration_seconds",
    "redis_latency_percentiles_usec": "obs_redis_command_latency_seconds",
}
# What a query must say otherwise of the new name.
OTHERWISE: Mapping[str, str] = {
    "obs_redis_command_latency_seconds": "in seconds, by `percentile` such as p99",
    "pg_scrape_collector_duration_seconds": "of each collector",
    "pg_scrape_collector_success": "of each collector, and 0 where theirs is 1",
    "redis_scrape_collector_duration_seconds": "of each collector",
    "redis_scrape_collector_success": "of each collector, and 0 where theirs is 1",
}
PROMETHEUS_KNOWS = "Prometheus knows its scrapes: `up` and `scrape_duration_seconds`"
CONFIG = "it needs CONFIG GET, which shows passwords too"
SLOWLOG = "it needs SLOWLOG GET, which shows what clients sent"
VACUUM = "most vacuums are shorter than a scrape; `obs_pg_table_vacuum_due_rows` says which are due"
# Why there is no such series; a name may end in `*`.
ABSENT: Mapping[str, str] = {
    "pg_exporter_scrapes_total": PROMETHEUS_KNOWS,
    "pg_stat_database_checksum_last_failure": "`pg_stat_database_checksum_failures` rises then",
    "pg_stat_progress_vacuum_*": VACUUM,
    "pg_stat_replication_reply_time": "`pg_stat_replication_pg_wal_lsn_diff` says how far a replica is",
    "redis_cluster_*": "it needs CLUSTER INFO, and is of all nodes",
    "redis_commandlog_*": "it needs COMMANDLOG and CONFIG GET; `redis_slowlog_length` is of the slow ones",
    "redis_config_client_output_buffer_limit_*": CONFIG,
    "redis_config_io_threads": CONFIG,
    "redis_db*_distrib_*": "keys by size, under a name for each database",
    "redis_db_keys_cached": "of KeyDB; of others it is a number of keys whose fields expire",
    "redis_exporter_last_scrape_connect_time_seconds": "the connection stays open from scrape to scrape",
    "redis_exporter_scrapes_total": PROMETHEUS_KNOWS,
    "redis_last_key_groups_scrape_duration_milliseconds": "there are no groups by Lua patterns",
    "redis_last_slow_execution_duration_seconds": SLOWLOG,
    "redis_sentinel_*": "sentinels are not watched",
    "redis_slowlog_last_id": SLOWLOG,
    "redis_target_scrape_request_errors_total": PROMETHEUS_KNOWS,
}
# Why a series lacks labels that it has there.
FEWER: Mapping[str, str] = {
    "pg_stat_activity_count": "sessions of clients alone, the exporter's among them; "
    "`pg_stat_activity_waiting_backends` says what they wait for",
    "pg_stat_activity_max_tx_duration": "the oldest of a database and state",
}
