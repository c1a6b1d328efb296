"""Each number of a Redis stands under the name of its field, in a state where no two fields are alike."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import combinations
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import redis

from examples.demo.databases import Redis
from examples.demo.process import wait_until
from exporters.catalogue import Metric
from exporters.catalogue import redis as catalogue
from exporters.catalogue import redis_detail as detail
from exporters.collectors.redis.info import PLAIN
from tests.servers.exporter_support import add_user, admin, collect, watch

# Written down once more: a field that stands beside the wrong metric must not be right by itself.
FIELDS = {
    catalogue.HITS: "keyspace_hits",
    catalogue.MISSES: "keyspace_misses",
    catalogue.EVICTED: "evicted_keys",
    catalogue.EXPIRED: "expired_keys",
    catalogue.MEMORY_USED: "used_memory",
    catalogue.MEMORY_RSS: "used_memory_rss",
    catalogue.MEMORY_PEAK: "used_memory_peak",
    catalogue.MEMORY_DATASET: "used_memory_dataset",
    catalogue.MEMORY_MAX: "maxmemory",
    catalogue.CLIENTS: "connected_clients",
    catalogue.BLOCKED_CLIENTS: "blocked_clients",
    catalogue.MAX_CLIENTS: "maxclients",
    catalogue.REJECTED: "rejected_connections",
    catalogue.NET_INPUT: "total_net_input_bytes",
    catalogue.NET_OUTPUT: "total_net_output_bytes",
    catalogue.CPU_USER: "used_cpu_user",
    catalogue.CPU_SYSTEM: "used_cpu_sys",
    catalogue.RDB_LAST_SAVE: "rdb_last_save_time",
    catalogue.AOF_ENABLED: "aof_enabled",
    catalogue.REPLICAS: "connected_slaves",
    detail.CONNECTIONS: "total_connections_received",
    detail.OUTPUT_BUFFER: "client_recent_max_output_buffer",
    detail.RDB_CHANGES: "rdb_changes_since_last_save",
    detail.MASTER_OFFSET: "master_repl_offset",
}
# What an INFO, or the exporter's, moves by itself, and by how much more than it moved while it was watched.
SLACK = {
    catalogue.MEMORY_USED: 300_000,
    catalogue.MEMORY_RSS: 300_000,
    catalogue.MEMORY_PEAK: 300_000,
    catalogue.MEMORY_DATASET: 300_000,
}
MEGABYTE = 1_000_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of its own."""
    server = Redis(tmp_path / "redis", repl_diskless_sync_delay="60").start()
    add_user(server)
    yield server
    server.stop()


def fill(client: redis.Redis) -> None:
    """Memory that was used, is used, and is not for data; keys found, missed, expired and evicted."""
    client.mset({f"big:{number}": "x" * MEGABYTE for number in range(24)})
    client.delete(*(f"big:{number}" for number in range(18)))
    for _ in range(7):
        client.exists("big:20")
    for _ in range(5):
        client.get("nothing")
    for number in range(3):
        client.set(f"short:{number}", "x", px=1)
    wait_until(lambda: client.info("stats")["expired_keys"] == 3, "keys expire")
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.config_set("maxmemory", int(client.info("memory")["used_memory"]))
    for number in range(40):
        client.set(f"more:{number}", "x" * MEGABYTE)
    client.config_set("maxmemory", 90 * MEGABYTE)
    client.mset({f"kept:{number}": "x" * MEGABYTE for number in range(16)})


def append(client: redis.Redis) -> None:
    """Switch the append-only file on, and wait until it is there."""
    client.config_set("appendonly", "yes")
    wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"], "the file is written")


@contextmanager
def crowd(server: Redis, client: redis.Redis) -> Iterator[None]:
    """Two clients that wait, four replicas, some that do nothing, and six that were refused."""
    with ExitStack() as stack:
        for _ in range(11):
            stack.enter_context(admin(server)).ping()
        threads = [
            Thread(target=stack.enter_context(admin(server)).blpop, args=(["nothing"], 30)) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for _ in range(4):
            replica = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            replica.sendall(b"PSYNC ? -1\r\n")
        wait_until(lambda: client.info("clients")["blocked_clients"] == 2, "two clients wait")
        wait_until(lambda: client.info("replication")["connected_slaves"] == 4, "four replicas ask")
        reader = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        reader.sendall(b"GET more:39\r\n" * 12)  # and reads no answer
        wait_until(lambda: client.info("clients")[FIELDS[detail.OUTPUT_BUFFER]] > MEGABYTE, "answers wait")
        client.config_set("maxclients", 1)
        for _ in range(6):
            with socket.create_connection(("127.0.0.1", server.port)) as refused:
                assert b"max number of clients" in refused.recv(100)
        client.config_set("maxclients", 500)
        wait_until(lambda: not client.info("persistence")["rdb_bgsave_in_progress"], "it ended")
        for number in range(137):  # for the replicas, and since the snapshot that they asked for
            client.set(f"late:{number}", number)
        yield
        client.rpush("nothing", "x", "x")
        for thread in threads:
            thread.join()


def burn(client: redis.Redis) -> None:
    """More time in the program than in the system."""

    def enough() -> bool:
        client.eval("local n = 0; for i = 1, 1e7 do n = n + i end; return n", 0)
        used = client.info("cpu")
        return bool(used["used_cpu_user"] > 2 * used["used_cpu_sys"])

    wait_until(enough, "the program took twice the time that the system took")


def extent(before: dict[str, Any], after: dict[str, Any], metric: Metric) -> tuple[float, float]:
    """The least and the most that the field was between two INFOs."""
    ends = [float(info[FIELDS[metric]]) for info in (before, after)]
    return min(ends) - SLACK.get(metric, 0), max(ends) + SLACK.get(metric, 0)


def test_every_plain_field_is_under_its_own_metric(server: Redis) -> None:
    assert {metric for metric, _ in PLAIN} == set(FIELDS)
    with admin(server) as client, closing(watch(server)) as backend:
        append(client)
        fill(client)
        burn(client)
        collect(backend)  # its connection is there before the counting begins
        with crowd(server, client):
            before = client.info()
            page = collect(backend)
            after = client.info()

    ranges = {metric: extent(before, after, metric) for metric in FIELDS}
    alike = [
        f"{FIELDS[one]} {ranges[one]}, {FIELDS[other]} {ranges[other]}"
        for one, other in combinations(FIELDS, 2)
        if ranges[one][0] <= ranges[other][1] and ranges[other][0] <= ranges[one][1]
    ]
    assert alike == [], "two fields that are alike prove nothing"
    wrong = [
        f"{metric}: {page.of(metric)} is not in {ranges[metric]}, {FIELDS[metric]}"
        for metric in FIELDS
        if not ranges[metric][0] <= (page.of(metric) or 0) <= ranges[metric][1]
    ]
    assert wrong == []


def test_a_snapshot_that_cannot_be_written_shows(server: Redis) -> None:
    with admin(server) as client, closing(watch(server)) as backend:
        assert collect(backend).of(catalogue.RDB_LAST_OK) == 1
        (server.home / "dump.rdb").mkdir()
        client.bgsave()
        wait_until(
            lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err", "the snapshot fails"
        )
        assert collect(backend).of(catalogue.RDB_LAST_OK) == 0


def test_an_append_only_file_that_cannot_be_rewritten_shows(server: Redis) -> None:
    folder = server.home / "appendonlydir"
    with admin(server) as client, closing(watch(server)) as backend:
        append(client)
        page = collect(backend)
        assert (page.of(catalogue.AOF_REWRITE_OK), page.of(catalogue.AOF_WRITE_OK)) == (1, 1)
        folder.rename(server.home / "aside")
        folder.touch()
        with pytest.raises(redis.ResponseError, match="rewriting"):
            client.bgrewriteaof()
        page = collect(backend)
        assert (page.of(catalogue.AOF_REWRITE_OK), page.of(catalogue.AOF_WRITE_OK)) == (0, 1)


def test_an_append_only_file_that_cannot_be_written_shows(server: Redis) -> None:
    folder = server.home / "appendonlydir"
    folder.mkdir()
    # What Redis opens when it begins one: a disk that is always full.
    (folder / "temp-appendonly.aof.incr").symlink_to("/dev/full")
    with admin(server) as client, closing(watch(server)) as backend:
        append(client)
        client.set("a", 1)
        wait_until(lambda: client.info("persistence")["aof_last_write_status"] == "err", "the write fails")
        page = collect(backend)
        assert (page.of(catalogue.AOF_REWRITE_OK), page.of(catalogue.AOF_WRITE_OK)) == (1, 0)


def test_calls_and_time_of_a_command_are_those_of_the_server(server: Redis) -> None:
    with admin(server) as client, closing(watch(server)) as backend:
        for _ in range(9):
            client.set("a", 1)
        client.mset({str(number): 1 for number in range(5000)})
        page = collect(backend)
        said = client.info("commandstats")
    for command in ("set", "mset"):
        row = said[f"cmdstat_{command}"]
        assert page.of(catalogue.COMMANDS, cmd=command) == row["calls"]
        assert page.of(catalogue.COMMANDS_SECONDS, cmd=command) == pytest.approx(row["usec"] / 1e6)


def test_percentiles_of_a_command_are_those_of_the_server(server: Redis) -> None:
    with admin(server) as client, closing(watch(server)) as backend:
        for number in range(200):
            client.mset({str(key): 1 for key in range(1 + number)})
        page = collect(backend)
        said = client.info("latencystats")["latency_percentiles_usec_mset"]
        client.config_set("latency-tracking", "no")
        client.config_resetstat()
        client.set("a", 1)
        without = collect(backend)
    found = [
        page.of(detail.COMMAND_LATENCY, cmd="mset", percentile=each) or 0 for each in ("p50", "p99", "p99.9")
    ]
    assert found == [pytest.approx(said[each] / 1e6) for each in ("p50", "p99", "p99.9")]
    assert found == sorted(set(found))
    # As on every server before Redis 7.
    assert detail.COMMAND_LATENCY.name not in without.names()
    assert without.of(catalogue.COMMANDS, cmd="set") == 1


def test_a_fork_and_the_time_to_live_are_those_of_the_server(server: Redis) -> None:
    with admin(server) as client, closing(watch(server)) as backend:
        client.set("a", 1)
        page = collect(backend)
        assert page.of(detail.FORK) == 0
        assert page.of(detail.DB_TTL, db="db0") == 0
        client.set("b", 1, ex=1000)
        client.bgsave()
        wait_until(lambda: client.info("keyspace")["db0"]["avg_ttl"] > 0, "Redis estimates it")
        page = collect(backend)
        assert page.of(detail.DB_TTL, db="db0") == pytest.approx(1000, abs=60)
        assert page.of(detail.FORK) == pytest.approx(client.info("stats")["latest_fork_usec"] / 1e6)


def test_a_master_tells_how_far_its_replica_is_and_the_replica_when_it_heard_last(
    server: Redis, tmp_path: Path
) -> None:
    replica = Redis(tmp_path / "replica", replicaof=f"127.0.0.1 {server.port}").start()
    add_user(replica)
    labels = {"slave_ip": "127.0.0.1", "slave_port": str(replica.port), "slave_state": "online"}
    try:
        with admin(server) as client, closing(watch(server)) as backend, closing(watch(replica)) as other:
            client.config_set("repl-diskless-sync-delay", "0")
            assert collect(backend).of(detail.REPLICA_OFFSET, **labels) in (None, 0)
            client.set("a", "x" * 1000)

            def followed() -> bool:
                page = collect(backend)
                offset = page.of(detail.REPLICA_OFFSET, **labels) or 0
                return offset > 1000 and offset == page.of(detail.MASTER_OFFSET)

            wait_until(followed, "the replica has all", timeout=20)
            assert 0 <= (collect(other).of(detail.MASTER_SILENCE) or 0) < 15
            assert collect(backend).of(detail.MASTER_SILENCE) is None
    finally:
        replica.stop()
