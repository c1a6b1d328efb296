"""A count of keys says by how much it may be off, and memory by pattern is what Redis itself would say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis as Client
from redis.exceptions import NoPermissionError

from examples.demo.databases import Redis
from examples.demo.process import wait_until
from exporters.catalogue import redis as catalogue
from exporters.catalogue import redis_detail as detail
from exporters.catalogue import self_
from exporters.collectors.redis import RedisBackend, RedisSettings
from exporters.config import read_config
from tests.house.test_docs import blocks
from tests.servers.exporter_support import (
    LOG,
    MANY,
    add_user,
    admin,
    allow_measuring,
    collect,
    collect_until,
    fill,
    fill_many,
    hasten,
    scans,
    url_of,
    watch,
)

EXPIRE = "for n = 0, ARGV[1] - 1 do redis.call('PEXPIRE', 'short:' .. n, 1) end"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of its own."""
    server = Redis(tmp_path / "redis").start()
    add_user(server)
    yield server
    server.stop()


def test_a_count_of_keys_that_stand_still_is_exact_and_one_of_keys_that_come_says_by_how_many(
    server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch)
    fill_many(server)
    with closing(watch(server, key_patterns=("user:*",), scan_interval=0.1)) as backend:
        still = collect_until(backend, catalogue.KEYS, MANY, db="db0", key="user:*")
        begun = scans(server)
        wait_until(lambda: scans(server) > begun + 20, "the next pass is under way", timeout=10)
        more = MANY // 10
        with admin(server) as client:
            client.mset({f"user:late:{number}": "" for number in range(more)})
            client.mset({f"short:{number}": "" for number in range(more)})
            client.execute_command("EVAL", EXPIRE, 0, more)
        before = still.of(catalogue.KEYSPACE_PASS_TIMESTAMP)

        def passed() -> bool:
            return collect(backend).of(catalogue.KEYSPACE_PASS_TIMESTAMP) != before

        wait_until(passed, "the pass ended", timeout=20)
        page = collect(backend)

    assert still.of(detail.COUNT_ERROR, db="db0") == 0
    error = page.of(detail.COUNT_ERROR, db="db0") or 0
    truth = MANY + more
    assert abs((page.of(catalogue.KEYS, db="db0", key="user:*") or 0) - truth) <= error
    # Those that expired came too: of both kinds the sum, and no more.
    assert more <= error <= 2 * more


def test_the_memory_of_a_pattern_is_estimated_from_some_of_its_keys(server: Redis) -> None:
    chance = random.Random(3)  # noqa: S311  no secret
    allow_measuring(server)
    with admin(server) as client:
        for number in range(2000):
            client.set(f"page:{number}", "x" * chance.randint(100, 2000))
        client.mset({f"one:{number}": "x" * 50 for number in range(5)})
        client.config_resetstat()
        truth = sum(client.memory_usage(key) for key in client.keys("page:*"))
        few = sum(client.memory_usage(key) for key in client.keys("one:*"))
        patterns = ("page:*", "one:*", "none:*")
        held = 0
        for _ in range(20):
            with closing(watch(server, key_patterns=patterns, sample_keys=100)) as backend:
                page = collect_until(backend, catalogue.KEYS, 2000, db="db0", key="page:*")
            memory, error = (
                page.of(metric, db="db0", key="page:*") or 0
                for metric in (detail.PATTERN_MEMORY, detail.PATTERN_MEMORY_ERROR)
            )
            assert 0.05 < error / truth < 0.2
            held += abs(memory - truth) <= error
        stats = client.info("stats")

    assert held >= 15  # 19 of 20 on average
    # All keys of a small pattern are asked, and of none there is none.
    assert page.of(detail.PATTERN_MEMORY, db="db0", key="one:*") == few
    assert page.of(detail.PATTERN_MEMORY_ERROR, db="db0", key="one:*") == 0
    assert page.of(detail.PATTERN_MEMORY, db="db0", key="none:*") == 0
    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.sample") == 1
    # What is asked counts no hit, which would raise the ratio.
    assert (stats["keyspace_hits"], stats["keyspace_misses"]) == (0, 0)


def test_the_user_and_the_file_that_the_readme_shows_go_together(server: Redis, tmp_path: Path) -> None:
    (users,) = blocks("README.md", "text")
    (file,) = (block for block in blocks("README.md", "yaml") if "key_patterns" in block)
    (tmp_path / "exporter.yml").write_text(file)
    config = read_config(tmp_path / "exporter.yml").redis
    assert config["sample_keys"]
    with admin(server) as client:
        client.execute_command("ACL", "DELUSER", "obs_exporter")
        for line in users.splitlines():
            client.execute_command(*line.split())
    fill(server, "session:1")
    settings = RedisSettings(url=lambda: url_of(server, "PASSWORD"), **config)
    with closing(RedisBackend(settings, LOG)) as backend:
        page = collect_until(backend, catalogue.KEYS, 1, db="db0", key="session:*")

    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.sample") == 1
    assert page.of(detail.PATTERN_MEMORY, db="db0", key="session:*")
    with (
        closing(Client.from_url(url_of(server, "PASSWORD"))) as client,
        pytest.raises(NoPermissionError, match="get"),
    ):
        client.get("session:1")


def test_without_the_right_to_measure_keys_they_are_counted_all_the_same(server: Redis) -> None:
    fill(server, "a:1")
    with closing(watch(server, key_patterns=("a:*",), sample_keys=10)) as backend:
        page = collect_until(backend, catalogue.KEYS, 1, db="db0", key="a:*")

    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.keyspace") == 1
    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.sample") == 0
    code = {"backend": "redis", "collector": "redis.sample", "code": "NoPermissionError"}
    assert page.of(self_.COLLECTOR_ERRORS, **code) == 1
    assert detail.PATTERN_MEMORY.name not in page.names()
