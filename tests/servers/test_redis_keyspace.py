"""Keys by pattern are counted as Redis itself would, slowly, and without a trace in the server."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis.exceptions import NoPermissionError

from examples.demo.databases import Redis
from examples.demo.process import wait_until
from exporters.catalogue import CATALOGUE, self_
from exporters.catalogue import redis as catalogue
from exporters.collectors.redis import passes
from exporters.globs import GlobError, compile_globs
from tests.servers.exporter_support import (
    MANY,
    PASSWORD,
    Samples,
    add_user,
    admin,
    collect,
    collect_until,
    fill,
    fill_many,
    hasten,
    scans,
    watch,
)


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)


@pytest.fixture
def server(redis_server: Redis) -> Redis:
    """The shared Redis, empty, with statistics at zero."""
    with admin(redis_server) as client:
        client.flushall()
        client.config_resetstat()
        client.execute_command("ACL", "LOG", "RESET")
    add_user(redis_server)
    return redis_server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that the test may break."""
    server = Redis(tmp_path / "redis").start()
    add_user(server)
    yield server
    server.stop()


def counted(page: Samples, db: str = "db0") -> dict[str, float]:
    """By pattern the keys of a database; `rest` for those without one."""
    found = {
        dict(labels)["key"]: value
        for (name, labels), value in page.items()
        if name == catalogue.KEYS.name and dict(labels)["db"] == db
    }
    return found | {"rest": page.of(catalogue.UNMATCHED_KEYS, db=db) or 0}


def test_a_pattern_fits_the_keys_that_redis_itself_finds_for_it(server: Redis) -> None:
    chance = random.Random(7)  # noqa: S311  no secret
    alphabet = "ab]-^\\*?[:é\n"
    keys = {"".join(chance.choices(alphabet, k=chance.randint(1, 5))) for _ in range(400)}
    fill(server, *keys, b"\xff\xfe", b"a\xff")
    patterns = ["".join(chance.choices(alphabet + "**??[[]]", k=chance.randint(1, 7))) for _ in range(1500)]
    understood = 0
    with admin(server) as client:
        everything = client.keys("*")
        for pattern in patterns:
            try:
                match = compile_globs([pattern]).match
            except GlobError:
                continue
            understood += 1
            assert sorted(filter(match, everything)) == sorted(client.keys(pattern)), repr(pattern)

    assert understood > 500


def test_a_key_counts_for_the_first_pattern_that_fits(server: Redis) -> None:
    fill(server, "user:1", "user:12", "user:x", "dashboard:1", "stray", "USER:1")

    with closing(watch(server, key_patterns=("user:?", "user:*", "dashboard:[0-9]", "cache:*"))) as backend:
        page = collect_until(backend, catalogue.KEYS, 1, db="db0", key="dashboard:[0-9]")

    assert counted(page) == {"user:?": 2, "user:*": 1, "dashboard:[0-9]": 1, "cache:*": 0, "rest": 2}
    assert page.of(catalogue.KEYSPACE_COVERAGE) == 1
    assert page.of(catalogue.KEYSPACE_PASS_TIMESTAMP) == pytest.approx(time.time(), abs=5)
    assert 0 < (page.of(catalogue.KEYSPACE_PASS_SECONDS) or 0) < 2
    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.keyspace") == 1
    assert 0 <= (page.of(self_.CACHE_AGE, backend="redis", collector="redis.keyspace") or 0) < 5
    took = page.of(catalogue.KEYSPACE_PASS_SECONDS) or 0
    assert page.of(self_.CACHE_RENEWAL, backend="redis", collector="redis.keyspace") == pytest.approx(
        60 + took
    )


def test_every_database_that_holds_keys_is_counted(server: Redis) -> None:
    fill(server, "a:1", db=0)
    fill(server, "a:1", "a:2", "b", db=5)

    with closing(watch(server, key_patterns=("a:*",))) as backend:
        page = collect_until(backend, catalogue.KEYS, 2, db="db5", key="a:*")

    assert counted(page, "db0") == {"a:*": 1, "rest": 0}
    assert counted(page, "db5") == {"a:*": 2, "rest": 1}
    assert {dict(labels).get("db") for name, labels in page if name == catalogue.KEYS.name} == {"db0", "db5"}


def test_an_empty_server_has_zero_keys_of_every_pattern(server: Redis) -> None:
    with closing(watch(server, key_patterns=("a:*", "b:*"))) as backend:
        page = collect_until(backend, catalogue.KEYS, 0, db="db0", key="a:*")

    assert counted(page) == {"a:*": 0, "b:*": 0, "rest": 0}
    assert page.of(catalogue.UNMATCHED_KEYS, db="db0") == 0


def test_without_patterns_nothing_is_scanned(server: Redis) -> None:
    fill(server, "a")

    with closing(watch(server)) as backend:
        page = collect(backend)

    assert page.of(catalogue.COMMANDS, cmd="scan") is None
    of_passes = {metric.name for metric in CATALOGUE.of("redis") if metric.collector == "redis.keyspace"}
    assert len(of_passes) == 9
    assert not page.names() & of_passes


def test_counts_stay_between_passes_and_a_scrape_never_scans(server: Redis) -> None:
    fill(server, "a:1")
    with closing(watch(server, key_patterns=("a:*",))) as backend:
        collect_until(backend, catalogue.KEYS, 1, db="db0", key="a:*")
        fill(server, "a:2")
        pages = [collect(backend) for _ in range(5)]

    assert {page.of(catalogue.KEYS, db="db0", key="a:*") for page in pages} == {1}
    assert {page.of(catalogue.COMMANDS, cmd="scan") for page in pages} == {1}


def test_the_next_pass_follows_what_the_server_holds(server: Redis) -> None:
    fill(server, "a:1")
    fill(server, "a:1", db=2)
    with closing(watch(server, key_patterns=("a:*",), scan_interval=0.1)) as backend:
        collect_until(backend, catalogue.KEYS, 1, db="db2", key="a:*")
        fill(server, "a:2")
        collect_until(backend, catalogue.KEYS, 2, db="db0", key="a:*")
        with admin(server) as client:
            client.flushall()
        page = collect_until(backend, catalogue.KEYS, 0, db="db0", key="a:*")

    assert page.of(catalogue.KEYS, db="db2", key="a:*") is None


def test_a_server_that_is_replaced_by_an_empty_one_is_counted_anew(own_server: Redis) -> None:
    fill(own_server, "a:1")
    with closing(watch(own_server, key_patterns=("a:*",), scan_interval=0.2)) as backend:
        collect_until(backend, catalogue.KEYS, 1, db="db0", key="a:*")
        own_server.stop()
        collect_until(backend, self_.REDIS_COLLECTOR_SUCCESS, 0, collector="redis.keyspace")
        assert catalogue.KEYS.name not in collect(backend).names()
        own_server.start()
        add_user(own_server)
        page = collect_until(backend, catalogue.KEYS, 0, db="db0", key="a:*")

    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.keyspace") == 1


def test_a_large_keyspace_is_passed_over_slowly_and_nothing_is_told_before_the_end(own_server: Redis) -> None:
    patterns = ("user:*9", "user:*")
    fill_many(own_server, MANY // 2)
    with closing(watch(own_server, key_patterns=patterns)) as backend:
        page = collect_until(backend, catalogue.KEYS, MANY // 20, db="db0", key="user:*9")
    at_once = page.of(catalogue.KEYSPACE_PASS_SECONDS)
    scrapes = 0
    fill_many(own_server, MANY)
    with closing(watch(own_server, key_patterns=patterns)) as backend:
        page = collect(backend)
        while page.of(catalogue.KEYS, db="db0", key="user:*") is None:
            assert catalogue.KEYSPACE_COVERAGE.name not in page.names()
            scrapes += 1
            time.sleep(0.02)
            page = collect(backend)
    paced = page.of(catalogue.KEYSPACE_PASS_SECONDS)

    assert counted(page) == {"user:*9": MANY / 10, "user:*": MANY * 9 / 10, "rest": 0}
    assert at_once
    assert paced
    # Twice the keys; without pauses twice the time, with them many times that.
    assert paced > 3 * at_once
    assert paced > MANY / passes.BATCH * passes.LONGEST_REST
    assert scrapes > 1
    assert page.of(catalogue.KEYSPACE_COVERAGE) == 1


def test_a_pass_that_is_broken_off_tells_how_far_it_came_and_the_counts_before_it_grow_old(
    own_server: Redis,
) -> None:
    fill_many(own_server)
    labels = {"backend": "redis", "collector": "redis.keyspace"}
    with closing(watch(own_server, key_patterns=("user:*",), scan_interval=0.1)) as backend:
        complete = collect_until(backend, catalogue.KEYS, MANY, db="db0", key="user:*")
        begun = scans(own_server)
        assert complete.of(catalogue.KEYSPACE_COVERAGE) == 1
        wait_until(lambda: scans(own_server) > begun + 20, "the next pass is under way", timeout=10)
        # What a pass under way has seen is not what the last one saw.
        assert collect(backend).of(catalogue.KEYSPACE_COVERAGE) == 1
        with admin(own_server) as client:
            client.execute_command("ACL", "SETUSER", "obs_exporter", "-scan")
        denied = collect_until(backend, self_.REDIS_COLLECTOR_SUCCESS, 0, collector="redis.keyspace")
        began = time.monotonic()
        nothing = collect_until(backend, catalogue.KEYSPACE_COVERAGE, 0)
        waited = time.monotonic() - began

    assert 0 < (denied.of(catalogue.KEYSPACE_COVERAGE) or 0) < 1
    assert nothing.of(catalogue.UP) == 1
    for page in (denied, nothing):  # the counts are still those of the complete pass, and say how old
        assert page.of(catalogue.KEYS, db="db0", key="user:*") == MANY
        assert page.of(catalogue.KEYSPACE_PASS_TIMESTAMP) == complete.of(catalogue.KEYSPACE_PASS_TIMESTAMP)
    ages = [page.of(self_.CACHE_AGE, **labels) or 0 for page in (complete, denied, nothing)]
    assert ages[0] < ages[1]
    assert ages[2] - ages[1] == pytest.approx(waited, abs=0.5)


def test_what_broke_off_one_pass_is_over_when_the_next_is_under_way_unless_that_is_broken_off_too(
    own_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "LEAST_REST", 0.05)
    fill_many(own_server)
    told = []
    with closing(watch(own_server, key_patterns=("user:*",), scan_interval=1)) as backend:
        for _ in range(3):
            seen = scans(own_server) + 10
            wait_until(lambda seen=seen: scans(own_server) > seen, "a pass is under way", timeout=20)
            page = collect(backend)
            assert page.of(catalogue.UP) == 1
            told.append(page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.keyspace"))
            with admin(own_server) as client:
                client.client_kill_filter(_type="normal", skipme=True)
            page = collect_until(backend, self_.REDIS_COLLECTOR_SUCCESS, 0, collector="redis.keyspace")
            assert 0 < (page.of(catalogue.KEYSPACE_COVERAGE) or 0) < 1

    assert told == [None, None, 0]


def test_while_every_pass_fails_nothing_is_said_to_be_covered(own_server: Redis) -> None:
    with admin(own_server) as client:
        client.set("user:1", "")
        client.execute_command("ACL", "SETUSER", "obs_exporter", "-scan")
    with closing(watch(own_server, key_patterns=("user:*",))) as backend:
        page = collect_until(backend, catalogue.KEYSPACE_COVERAGE, 0)

    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.keyspace") == 0
    assert page.of(self_.CACHE_AGE, backend="redis", collector="redis.keyspace") is None
    assert not page.names() & {catalogue.KEYS.name, catalogue.UNMATCHED_KEYS.name}


def test_keys_are_asked_for_50_at_a_time(server: Redis) -> None:
    fill_many(server, 1000)
    with admin(server) as client:
        client.slowlog_reset()
        client.config_set("slowlog-log-slower-than", 0)
        with closing(watch(server, key_patterns=("user:*",))) as backend:
            collect_until(backend, catalogue.KEYS, 1000, db="db0", key="user:*")
        client.config_set("slowlog-log-slower-than", 10_000)
        said = [bytes(entry["command"]) for entry in client.slowlog_get(100)]

    asked = [command for command in said if command.startswith(b"SCAN ")]
    assert len(asked) >= 4
    assert {command.split(b" ", 2)[2] for command in asked} == {b"COUNT 50"}


def keyspace_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "redis.keyspace"]


def test_closing_ends_a_pass_that_is_under_way(own_server: Redis) -> None:
    fill_many(own_server)
    backend = watch(own_server, key_patterns=("user:*",))
    wait_until(lambda: scans(own_server) > 2, "a pass is under way", timeout=10)

    started = time.monotonic()
    backend.close()

    assert time.monotonic() - started < 1
    assert not keyspace_threads()


def test_closing_ends_a_pass_that_waits_for_a_frozen_server(own_server: Redis) -> None:
    fill_many(own_server)
    assert own_server.process is not None
    backend = watch(own_server, key_patterns=("user:*",))
    wait_until(lambda: scans(own_server) > 2, "a pass is under way", timeout=10)
    os.kill(own_server.process.pid, signal.SIGSTOP)
    time.sleep(0.1)

    started = time.monotonic()
    backend.close()

    assert time.monotonic() - started < 1
    assert not keyspace_threads()


def test_the_users_rights_are_enough_and_no_more_is_tried(server: Redis) -> None:
    fill(server, "a:1", "secret")
    fill(server, "a:1", db=1)
    with admin(server) as client:
        client.config_resetstat()

        with closing(watch(server, key_patterns=("a:*",), scan_interval=0.1)) as backend:
            for _ in range(3):
                page = collect_until(backend, catalogue.KEYS, 1, db="db1", key="a:*")
                time.sleep(0.15)

        assert client.execute_command("ACL", "LOG") == []
        assert client.info("errorstats") == {}
        ours = {"auth", "info", "scan", "select", "slowlog|len", "client|setname"}
        used = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}
        assert used - {"config|resetstat", "acl|log"} == ours
        stats = client.info("stats")

    assert page.of(catalogue.HITS) == page.of(catalogue.MISSES) == 0
    assert stats["keyspace_hits"] == stats["keyspace_misses"] == 0


@pytest.mark.parametrize(
    "command",
    ["GET secret", "KEYS *", "TYPE secret", "CONFIG GET *", "SLOWLOG GET", "FLUSHALL", "EVAL return(1) 0",
     "SET a b", "SUBSCRIBE x", "MONITOR", "CLIENT LIST", "ACL LIST"],
)  # fmt: skip
def test_the_user_may_do_nothing_else(server: Redis, command: str) -> None:
    fill(server, "secret")
    with (
        admin(server, username="obs_exporter", password=PASSWORD) as client,
        pytest.raises(NoPermissionError),
    ):
        client.execute_command(*command.split())


def test_the_user_cannot_log_in_until_it_is_given_a_password(tmp_path: Path) -> None:
    import exporters

    acl = tmp_path / "users.acl"
    acl.write_text((Path(exporters.__file__).parent / "redis.acl").read_text())
    server = Redis(tmp_path / "redis", aclfile=str(acl)).start()
    try:
        with admin(server) as client:
            (user,) = [line for line in client.acl_list() if "obs_exporter" in line]
        assert " on " in user
        assert "nopass" not in user
        with closing(watch(server)) as backend:
            assert collect(backend).of(catalogue.UP) == 0
        with admin(server) as client:
            client.execute_command("ACL", "SETUSER", "obs_exporter", f">{PASSWORD}")
        with closing(watch(server)) as backend:
            assert collect(backend).of(catalogue.UP) == 1
    finally:
        server.stop()
