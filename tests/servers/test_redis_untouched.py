"""Redis is as it was after we asked; what is set up or changes otherwise than usual is no trouble."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from examples.demo.databases import Redis
from examples.demo.process import wait_until
from exporters.catalogue import redis as catalogue
from exporters.catalogue import redis_detail, self_
from exporters.collectors.redis import MOST_DATABASES, RedisBackend, RedisSettings, passes
from exporters.config import WAYS
from exporters.exposition import render
from tests.servers.exporter_support import (
    LOG,
    add_user,
    admin,
    allow_measuring,
    collect,
    collect_until,
    fill,
    fill_many,
    hasten,
    parse,
    scans,
    url_of,
    watch,
)

KEYS = 21_000  # more than are counted without a pause; twice as many do not fit into a table of 32768 places


@contextmanager
def running(home: Path, **settings: str) -> Iterator[Redis]:
    server = Redis(home / "redis", **settings).start()
    try:
        add_user(server)
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("way", WAYS)
def test_neither_the_order_of_eviction_nor_hits_and_misses_change(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "SMALL", 0)  # so few keys are estimated too
    idle = 5000  # seconds, as it was written with the key
    with running(tmp_path, maxmemory_policy="allkeys-lru") as server, admin(server) as client:
        allow_measuring(server)
        client.set("seed", "value")
        dumped = client.dump("seed")
        for number in range(50):
            client.execute_command("RESTORE", f"user:{number}", 0, dumped, "IDLETIME", idle)
        before = client.info("stats")
        with closing(watch(server, key_patterns=("user:*",), keys=way, sample_keys=50)) as backend:
            page = collect_until(backend, catalogue.KEYS, 50, db="db0", key="user:*")
        after = client.info("stats")
        ages = {client.object("idletime", f"user:{number}") for number in range(50)}

    assert (page.of(redis_detail.PATTERN_MEMORY, db="db0", key="user:*") or 0) > 0
    assert min(ages) >= idle
    for field in ("keyspace_hits", "keyspace_misses", "evicted_keys", "expired_keys"):
        assert after[field] == before[field], field


def test_keys_that_stand_still_are_counted_while_the_table_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch)
    with running(tmp_path) as server, admin(server) as client:
        fill_many(server, KEYS)
        more = dict.fromkeys((f"more:{number}" for number in range(KEYS)), "")

        def grow() -> None:
            wait_until(lambda: scans(server) > 10, "a pass is under way")
            client.mset(more)

        thread = threading.Thread(target=grow)
        with closing(watch(server, key_patterns=("user:*", "more:*"))) as backend:
            thread.start()
            wait_until(lambda: catalogue.KEYS.name in collect(backend).names(), "the pass is over", pause=0.1)
            thread.join()
            page = collect(backend)

    found = page.of(catalogue.KEYS, db="db0", key="user:*") or 0
    assert KEYS <= found <= KEYS + (page.of(redis_detail.COUNT_ERROR, db="db0") or 0)
    assert page.of(catalogue.DB_KEYS, db="db0") == 2 * KEYS


def test_a_command_that_is_renamed_away_costs_what_it_tells_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "renamed.conf").write_text('rename-command SLOWLOG ""\nrename-command SCAN hidden\n')
    with running(tmp_path, include=str(tmp_path / "renamed.conf")) as server:
        fill(server, "user:1")
        with closing(watch(server, key_patterns=("user:*",), scan_interval=0.05)) as backend:
            passes_failed = {"backend": "redis", "collector": "redis.keyspace", "code": "ResponseError"}

            def often() -> bool:
                return (collect(backend).of(self_.COLLECTOR_ERRORS, **passes_failed) or 0) > 3

            wait_until(often, "passes failed")
            page = collect(backend)

    # One line each, however often it is tried.
    told = sorted(record.message.partition(":")[0] for record in caplog.records)
    assert told == ["redis.keyspace", "redis.slowlog"]
    assert page.of(catalogue.UP) == 1
    assert page.of(catalogue.KEYSPACE_COVERAGE) == 0
    assert page.of(catalogue.HITS) == 0
    succeeded = {name: page.of(self_.REDIS_COLLECTOR_SUCCESS, collector=f"redis.{name}") for name in
                 ("info", "slowlog", "keyspace")}  # fmt: skip
    assert succeeded == {"info": 1, "slowlog": 0, "keyspace": 0}


def test_a_url_that_asks_for_resp3_is_read_and_the_protocol_stays_the_older_one(redis_server: Redis) -> None:
    add_user(redis_server)
    settings = RedisSettings(url=lambda: f"{url_of(redis_server)}?protocol=3")
    with closing(RedisBackend(settings, LOG)) as backend, admin(redis_server) as client:
        assert collect(backend).of(catalogue.UP) == 1
        ours = [one for one in client.client_list() if one["name"] == "obs-exporter"]
    assert {one.get("resp", "2") for one in ours} == {"2"}


def test_of_many_databases_the_fullest_are_shown(tmp_path: Path) -> None:
    databases = MOST_DATABASES + 8
    with running(tmp_path, databases="64") as server:
        for number in range(databases):
            with admin(server, db=number) as client:
                client.mset({f"user:{key}": "" for key in range(1 + number)})
        with closing(watch(server, key_patterns=("user:*",))) as backend:
            wait_until(lambda: _counted(backend) > 0, "the keys are counted")
            page = render(backend.collect(time.monotonic() + 2))

    shown = parse(page.body.decode())
    for metric in (catalogue.DB_KEYS, catalogue.KEYS):
        found = {dict(labels)["db"] for name, labels in shown if name == metric.name}
        assert found == {f"db{number}" for number in range(8, databases)}
    assert page.dropped["cap"] >= 8 * 5


def _counted(backend: RedisBackend) -> int:
    families = backend.collect(time.monotonic() + 2)
    return sum(len(family.values) for family in families if family.metric is catalogue.KEYS)


def test_a_name_is_looked_up_at_each_connect(redis_server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    add_user(redis_server)
    lives_at = "127.0.0.2"  # where nobody listens

    def look_up(_host: str, port: int, *_: object, **__: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (lives_at, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    url = url_of(redis_server).replace("127.0.0.1", "cache.example")
    with closing(RedisBackend(RedisSettings(url=lambda: url), LOG)) as backend:
        assert collect(backend).of(catalogue.UP) == 0
        lives_at = "127.0.0.1"
        assert collect(backend).of(catalogue.UP) == 1
