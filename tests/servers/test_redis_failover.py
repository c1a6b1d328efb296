"""A pass over keys when its server dies and another takes its place, or moves them into a larger table."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from examples.demo.databases import Redis
from examples.demo.process import wait_until
from exporters.catalogue import redis as catalogue
from exporters.catalogue import redis_detail as detail
from exporters.catalogue import self_
from exporters.collectors.redis.settings import RedisSettings
from tests.servers.exporter_support import (
    MANY,
    add_user,
    admin,
    collect_until,
    fill,
    fill_many,
    hasten,
    scans,
    watch,
)
from tests.servers.test_redis_counting import PATTERNS, SHARES, populate, walk


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)


def test_a_replica_that_takes_over_in_a_pass_is_counted_from_its_first_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    master, replica = (Redis(tmp_path / name).start() for name in ("master", "replica"))
    try:
        add_user(master)
        add_user(replica)
        fill_many(master)
        with admin(replica) as client:
            client.replicaof("127.0.0.1", str(master.port))  # type: ignore[no-untyped-call]
            wait_until(lambda: client.dbsize() == MANY, "all keys are copied")
        with closing(watch(master, key_patterns=("user:*", "late:*"), scan_interval=0.2)) as backend:
            first = collect_until(backend, catalogue.KEYS, MANY, db="db0", key="user:*")
            begun = scans(master)
            wait_until(lambda: scans(master) > begun + 50, "the next pass is under way")
            assert master.process is not None
            os.kill(master.process.pid, signal.SIGKILL)
            master.process.wait()
            broken = collect_until(backend, self_.REDIS_COLLECTOR_SUCCESS, 0, collector="redis.keyspace")
            with admin(replica) as client:
                client.replicaof("NO", "ONE")  # type: ignore[no-untyped-call]
                client.config_set("port", master.port)
            replica.port = master.port
            fill(replica, *(f"late:{number}" for number in range(500)))
            page = collect_until(backend, catalogue.KEYS, 500, db="db0", key="late:*")
    finally:
        replica.stop()
        master.stop()

    assert first.of(detail.COUNT_ERROR, db="db0") == 0
    assert not {catalogue.KEYS.name, catalogue.KEYSPACE_COVERAGE.name} & broken.names()
    assert page.of(catalogue.KEYS, db="db0", key="user:*") == MANY
    assert page.of(detail.COUNT_ERROR, db="db0") == 0
    assert page.of(catalogue.KEYSPACE_COVERAGE) == 1
    told = [record.message for record in caplog.records if record.message.startswith("redis.keyspace")]
    assert [line.split(": ")[1] for line in told] == ["ConnectionError", "answers again"]


def test_keys_are_right_while_redis_moves_them_into_a_larger_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Beyond the size of a table of 131 072 places; each command moves a little, and nothing else does.
    monkeypatch.setattr("tests.servers.test_redis_counting.HELD", 145_000)
    server = Redis(tmp_path / "redis", enable_debug_command="local", activerehashing="no").start()
    trials = 100
    try:
        add_user(server)
        truth = populate(server)
        held = dict.fromkeys(SHARES, 0)
        for seed in range(trials):
            settings = RedisSettings(url=str, key_patterns=PATTERNS, keys="estimated")
            limits = walk(server, settings, seed).found[0].limits[1:]
            for (name, number), limit in zip(truth.items(), limits, strict=True):
                held[name] += limit.low <= number <= limit.high
        settings = RedisSettings(url=str, key_patterns=PATTERNS, keys="active")
        found = walk(server, settings, 0).found[0]
        with admin(server) as client:
            tables = client.execute_command("DEBUG", "HTSTATS", 0)
    finally:
        server.stop()

    assert b"rehashing target" in tables
    assert found.counts == [0, *truth.values()]
    assert found.error == 0
    assert sum(held.values()) >= 0.9 * trials * len(SHARES), held
