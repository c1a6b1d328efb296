"""Read the answer to INFO, and say which of its fields is which metric."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Mapping

from exporters.catalogue import Metric
from exporters.catalogue import redis as catalogue
from exporters.catalogue import redis_detail as detail
from exporters.collectors.base import Family
from exporters.collectors.names import Names
from exporters.collectors.redis.top import Row, Top

NAMES_KEPT = 30
MOST_REPLICAS = 50

PLAIN: tuple[tuple[Metric, str], ...] = (
    (catalogue.HITS, "keyspace_hits"),
    (catalogue.MISSES, "keyspace_misses"),
    (catalogue.EVICTED, "evicted_keys"),
    (catalogue.EXPIRED, "expired_keys"),
    (catalogue.MEMORY_USED, "used_memory"),
    (catalogue.MEMORY_RSS, "used_memory_rss"),
    (catalogue.MEMORY_PEAK, "used_memory_peak"),
    (catalogue.MEMORY_DATASET, "used_memory_dataset"),
    (catalogue.MEMORY_MAX, "maxmemory"),
    (catalogue.CLIENTS, "connected_clients"),
    (catalogue.BLOCKED_CLIENTS, "blocked_clients"),
    (catalogue.MAX_CLIENTS, "maxclients"),
    (catalogue.REJECTED, "rejected_connections"),
    (catalogue.NET_INPUT, "total_net_input_bytes"),
    (catalogue.NET_OUTPUT, "total_net_output_bytes"),
    (catalogue.CPU_USER, "used_cpu_user"),
    (catalogue.CPU_SYSTEM, "used_cpu_sys"),
    (catalogue.RDB_LAST_SAVE, "rdb_last_save_time"),
    (catalogue.AOF_ENABLED, "aof_enabled"),
    (catalogue.REPLICAS, "connected_slaves"),
    (detail.CONNECTIONS, "total_connections_received"),
    (detail.OUTPUT_BUFFER, "client_recent_max_output_buffer"),
    (detail.RDB_CHANGES, "rdb_changes_since_last_save"),
    (detail.MASTER_OFFSET, "master_repl_offset"),
)
# The word that stands for 1; any other is a 0.
WORDS: tuple[tuple[Metric, str, str], ...] = (
    (catalogue.RDB_LAST_OK, "rdb_last_bgsave_status", "ok"),
    (catalogue.AOF_WRITE_OK, "aof_last_write_status", "ok"),
    (catalogue.AOF_REWRITE_OK, "aof_last_bgrewrite_status", "ok"),
    (catalogue.MASTER_LINK_UP, "master_link_status", "up"),
)
MICROSECONDS = 1e6  # of a second
REPLICA = re.compile(r"slave\d+\Z")
IDENTITY = ("role", "redis_version", "redis_mode", "maxmemory_policy")


def parse_info(text: bytes) -> dict[str, str]:
    """The fields of INFO; sections carry no meaning and are left out."""
    lines = (line for line in text.decode("utf-8", "replace").split("\r\n") if not line.startswith("#"))
    return {name: value for name, colon, value in (line.partition(":") for line in lines) if colon}


def databases(info: Mapping[str, str]) -> dict[int, tuple[int, int]]:
    """By database that holds keys: how many, and how many with a time to live."""
    found: dict[int, tuple[int, int]] = {}
    for name, value in info.items():
        if name.startswith("db") and name[2:].isdecimal():
            row = pairs(value)
            found[int(name[2:])] = (int(row["keys"]), int(row["expires"]))
    return found


class InfoCollector:
    """INFO as families. It remembers which commands and errors have a name of their own."""

    def __init__(self, databases: Names) -> None:
        self._databases = databases
        self._replicas = Names(MOST_REPLICAS)
        self._commands = Top(NAMES_KEPT)
        self._errors = Top(NAMES_KEPT)
        self._started = 0

    def families(self, info: Mapping[str, str]) -> Iterator[Family]:
        """Everything the catalogue says of ``redis.info``; a field that this server lacks is left out."""
        yield Family(catalogue.INFO, [tuple(info.get(field, "") for field in IDENTITY)], [1])
        server = info.get("server_name", "redis")
        version = info.get(f"{server}_version", info.get("redis_version", ""))
        yield Family(catalogue.SERVER, [(server, version)], [1])
        yield Family(catalogue.START_TIME, [()], [self._start_time(info)])
        for metric, field in PLAIN:
            if field in info:
                yield Family(metric, [()], [float(info[field])])
        for metric, field, word in WORDS:
            if field in info:
                yield Family(metric, [()], [info[field] == word])
        if "latest_fork_usec" in info:
            yield Family(detail.FORK, [()], [float(info["latest_fork_usec"]) / MICROSECONDS])
        self._databases.seat({f"db{number}": keys for number, (keys, _) in databases(info).items()})
        yield from _keyspace(info)
        yield from self._replication(info)
        yield from self._top(info)

    def _replication(self, info: Mapping[str, str]) -> Iterator[Family]:
        """How far each replica of a master has come, and how long a replica has heard nothing."""
        offsets: dict[tuple[str, str, str], float] = {}
        for row in (pairs(value) for name, value in info.items() if REPLICA.match(name)):
            replica = (row["ip"], row["port"], row["state"])
            # Those that have not told their port yet look alike: the one that is furthest behind counts.
            offsets[replica] = min(float(row["offset"]), offsets.get(replica, math.inf))
        self._replicas.seat({f"{ip} {port}": 0 for ip, port, _ in offsets})
        shown = {key: offset for key, offset in offsets.items() if f"{key[0]} {key[1]}" in self._replicas}
        yield Family(detail.REPLICA_OFFSET, list(shown), list(shown.values()), len(offsets) - len(shown))
        silence = float(info.get("master_last_io_seconds_ago", -1))
        if silence >= 0:
            yield Family(detail.MASTER_SILENCE, [()], [silence])

    def _start_time(self, info: Mapping[str, str]) -> int:
        """The difference of two clocks may waver by a second, so a small change is none."""
        now = int(info.get("server_time_usec", time.time_ns() // 1000)) // 1_000_000
        started = now - int(info["uptime_in_seconds"])
        if abs(started - self._started) > 1:
            self._started = started
        return self._started

    def _top(self, info: Mapping[str, str]) -> Iterator[Family]:
        calls = _statistics(
            info, "cmdstat_", lambda row: (float(row["calls"]), float(row["usec"]) / MICROSECONDS)
        )
        commands = self._commands.fold(calls)
        labels = [(name,) for name in commands]
        yield Family(catalogue.COMMANDS, labels, [count for count, _ in commands.values()])
        yield Family(catalogue.COMMANDS_SECONDS, labels, [seconds for _, seconds in commands.values()])
        yield _latencies(info, commands)
        errors = self._errors.fold(_statistics(info, "errorstat_", lambda row: (float(row["count"]),)))
        yield Family(catalogue.ERRORS, [(name,) for name in errors], [count for (count,) in errors.values()])


def _keyspace(info: Mapping[str, str]) -> Iterator[Family]:
    held = databases(info)
    labels = [(f"db{number}",) for number in held]
    yield Family(catalogue.DB_KEYS, labels, [keys for keys, _ in held.values()])
    yield Family(catalogue.DB_KEYS_EXPIRING, labels, [expiring for _, expiring in held.values()])
    lives = [float(pairs(info[f"db{number}"]).get("avg_ttl", 0)) / 1000 for number in held]
    yield Family(detail.DB_TTL, labels, lives)


def _latencies(info: Mapping[str, str], commands: Mapping[str, Row]) -> Family:
    """Percentiles of the commands that have a name of their own; none before Redis 7."""
    found = [
        ((command, percentile), float(usec) / MICROSECONDS)
        for command in commands
        for percentile, usec in pairs(info.get(f"latency_percentiles_usec_{command}", "")).items()
        if percentile
    ]
    return Family(detail.COMMAND_LATENCY, [labels for labels, _ in found], [value for _, value in found])


def _statistics(
    info: Mapping[str, str], prefix: str, row: Callable[[Mapping[str, str]], Row]
) -> dict[str, Row]:
    return {
        name.removeprefix(prefix): row(pairs(value))
        for name, value in info.items()
        if name.startswith(prefix)
    }


def pairs(value: str) -> dict[str, str]:
    """The parts of a field such as ``keys=5,expires=0``."""
    return {name: number for name, _, number in (item.partition("=") for item in value.split(","))}
