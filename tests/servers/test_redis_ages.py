"""Which keys never expire and which nobody uses, where the file asks for it; what that costs is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from examples.demo.databases import Redis
from examples.demo.process import wait_until
from exporters.catalogue import redis as catalogue
from exporters.catalogue import redis_detail as detail
from exporters.catalogue import self_
from exporters.collectors.redis import RedisBackend
from tests.servers.exporter_process import run_to_its_end
from tests.servers.exporter_support import (
    Samples,
    add_user,
    admin,
    collect,
    collect_until,
    fill,
    url_of,
    watch,
)

IDLE = 5000  # seconds, as it is written with the keys
RIGHTS = ("~*", "+ttl", "+object|idletime")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of its own, where half of the pages and none of the sessions never expire."""
    server = Redis(tmp_path / "redis", maxmemory_policy="allkeys-lru").start()
    add_user(server)
    with admin(server) as client:
        client.execute_command("ACL", "SETUSER", "obs_exporter", *RIGHTS)
        client.set("seed", "value")
        dumped = client.dump("seed")
        for number in range(100):
            life = 0 if number % 2 else 3_600_000
            client.execute_command("RESTORE", f"page:{number}", life, dumped, "IDLETIME", IDLE)
            client.set(f"session:{number}", "x", ex=3600)
    yield server
    server.stop()


def aged(backend: RedisBackend) -> Samples:
    wait_until(lambda: detail.OWN_LOOKUPS.name in collect(backend).names(), "a pass is over")
    return collect(backend)


PATTERNS = ("page:*", "session:*", "none:*")


def test_the_share_that_never_expires_and_the_idle_time(server: Redis) -> None:
    with admin(server) as client:
        before = client.info("stats")
        with closing(watch(server, key_patterns=PATTERNS, sample_ages=200)) as backend:
            page = aged(backend)
        after = client.info("stats")
        ages = {client.object("idletime", f"page:{number}") for number in range(100)}

    assert page.of(detail.UNTIMED, db="db0", key="page:*") == 0.5
    assert page.of(detail.UNTIMED, db="db0", key="session:*") == 0
    assert (page.of(detail.IDLE, db="db0", key="page:*") or 0) == pytest.approx(IDLE, abs=60)
    assert (page.of(detail.IDLE, db="db0", key="session:*") or 0) < 60
    # Of no key there is neither.
    assert {page.of(metric, db="db0", key="none:*") for metric in (detail.UNTIMED, detail.IDLE)} == {None}
    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.ages") == 1
    # The order of eviction stays; the hits are those that we tell.
    assert min(ages) >= IDLE
    assert after["keyspace_hits"] - before["keyspace_hits"] == page.of(detail.OWN_LOOKUPS) == 400
    assert after["keyspace_misses"] == before["keyspace_misses"]


def test_no_more_keys_are_asked_than_the_file_says(server: Redis) -> None:
    with closing(watch(server, key_patterns=PATTERNS, sample_ages=20)) as backend:
        page = aged(backend)
    assert page.of(detail.OWN_LOOKUPS) == 2 * 2 * 20
    assert 0.1 < (page.of(detail.UNTIMED, db="db0", key="page:*") or 0) < 0.9


def test_under_an_lfu_policy_there_is_no_idle_time_and_the_log_says_so_once(
    server: Redis, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with admin(server) as client:
        client.config_set("maxmemory-policy", "allkeys-lfu")
        client.config_resetstat()
        with closing(watch(server, key_patterns=PATTERNS, sample_ages=20, scan_interval=0.05)) as backend:
            aged(backend)
            page = collect_until(backend, detail.OWN_LOOKUPS, 3 * 2 * 20)
        assert client.info("errorstats") == {}

    assert page.of(detail.UNTIMED, db="db0", key="session:*") == 0
    assert detail.IDLE.name not in page.names()
    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.ages") == 1
    (told,) = [record for record in caplog.records if "LFU" in record.message]
    assert told.levelno == logging.INFO

    file = tmp_path / "exporter.yml"
    file.write_text("redis: {key_patterns: ['page:*'], sample_ages: 5}\n")
    with admin(server) as client:
        client.execute_command("ACL", "SETUSER", "obs_exporter", "-object|idletime")  # never asked there
    done = run_to_its_end("check", "--config.file", str(file), REDIS_URL=url_of(server))
    assert done.returncode == 0
    assert "redis.ages      works: an LFU policy evicts, so Redis keeps no idle times" in done.stdout


@pytest.mark.parametrize(("denied", "lacks"), [("-ttl", "~* +ttl"), ("-object|idletime", "+object|idletime")])
def test_without_the_right_to_ask_keys_are_counted_all_the_same(
    server: Redis, denied: str, lacks: str, tmp_path: Path
) -> None:
    with admin(server) as client:
        client.execute_command("ACL", "SETUSER", "obs_exporter", denied)
    with closing(watch(server, key_patterns=PATTERNS, sample_ages=20)) as backend:
        page = collect_until(backend, catalogue.KEYS, 100, db="db0", key="page:*")
    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.keyspace") == 1
    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.ages") == 0
    assert not {detail.UNTIMED.name, detail.IDLE.name} & page.names()

    file = tmp_path / "exporter.yml"
    file.write_text("redis: {key_patterns: ['page:*'], sample_ages: 5}\n")
    done = run_to_its_end("check", "--config.file", str(file), REDIS_URL=url_of(server))
    assert done.returncode == 1
    assert f"    ACL SETUSER obs_exporter {lacks}" in done.stdout.splitlines()


def test_by_default_no_key_is_looked_up(server: Redis) -> None:
    fill(server, "page:more")
    with closing(watch(server, key_patterns=PATTERNS)) as backend:
        page = collect_until(backend, catalogue.KEYS, 101, db="db0", key="page:*")
    assert not {detail.UNTIMED.name, detail.IDLE.name, detail.OWN_LOOKUPS.name} & page.names()
