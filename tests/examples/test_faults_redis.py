"""Each fault at Redis breaks what it says, as the server itself tells, and heals without a trace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from redis import Redis as Client
from redis import exceptions

from examples.demo.databases import Redis
from examples.demo.process import wait_until
from examples.demo.servers import Api
from examples.faults import FaultError, Targets, injected, make


@pytest.fixture
def small_redis(redis_server: Redis, targets: Targets) -> Iterator[Client]:
    with Client.from_url(redis_server.url) as client:
        client.config_set("maxmemory", "24mb")
        client.config_set("maxmemory-policy", "allkeys-lru")
        yield client
        client.config_set("maxmemory", "0")


def test_a_filled_redis_evicts_until_it_is_healed(small_redis: Client, targets: Targets) -> None:
    def evicted() -> int:
        return int(small_redis.info("stats")["evicted_keys"])

    before = evicted()
    with injected(make("fill-redis", targets)):
        wait_until(lambda: evicted() > before + 10, "evictions")
    assert not list(small_redis.scan_iter("session:fill:*"))
    after = evicted()
    small_redis.set("session:one-more", "value", ex=60)
    assert evicted() == after


def test_under_a_volatile_policy_what_expires_pushes_others_out(
    small_redis: Client, targets: Targets
) -> None:
    before = int(small_redis.info("stats")["evicted_keys"])
    with injected(make("fill-redis", targets, policy="volatile-lru")):
        wait_until(lambda: int(small_redis.info("stats")["evicted_keys"]) > before + 10, "evictions")
        assert small_redis.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-lru"}
    assert small_redis.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}


def test_redis_without_a_limit_is_not_filled(redis_server: Redis, targets: Targets) -> None:
    with pytest.raises(FaultError, match="no maxmemory"), injected(make("fill-redis", targets)):
        pass


def test_a_flushed_cache_finds_nothing_and_keeps_sessions(
    redis_server: Redis, fixed: Api, targets: Targets
) -> None:
    with Client.from_url(redis_server.url) as client:
        key = "factory_config:factory_id=F004"
        sessions = len(list(client.scan_iter("session:*")))
        with injected(make("flush-cache", targets, pause=0.02)):
            requests.get(f"{fixed.url}/api/factories/F004/config", timeout=5).raise_for_status()
            wait_until(lambda: not client.exists(key), "flushed")
        assert len(list(client.scan_iter("session:*"))) == sessions > 0
        requests.get(f"{fixed.url}/api/factories/F004/config", timeout=5).raise_for_status()
        assert client.exists(key)


@pytest.fixture
def client(redis_server: Redis) -> Iterator[Client]:
    with Client.from_url(redis_server.url) as client:
        yield client


def config(client: Client) -> dict[str, str]:
    return dict(client.config_get("*"))


def test_a_full_redis_that_lets_nothing_go_refuses_writes(client: Client, targets: Targets) -> None:
    before = config(client)
    with injected(make("refuse-writes", targets)), pytest.raises(exceptions.OutOfMemoryError):
        client.set("session:refused", bytes(100_000))
    assert config(client) == before
    assert client.set("session:taken", "value", ex=1)


def test_a_setting_is_changed_and_set_back(client: Client, targets: Targets) -> None:
    before = config(client)
    with injected(make("configure-redis", targets, setting="maxmemory", value="33mb")):
        assert config(client)["maxmemory"] == str(33 * 1024**2)
    assert config(client) == before
    with pytest.raises(FaultError, match="no setting maxmemry"):
        make("configure-redis", targets, setting="maxmemry", value="1").inject()


def test_what_is_asked_for_again_and_again_does_not_fit(client: Client, targets: Targets) -> None:
    before, stats = config(client), client.info("stats")
    with injected(make("outgrow-redis", targets, per_second=1000)):
        wait_until(lambda: client.info("stats")["evicted_keys"] > stats["evicted_keys"] + 50, "evictions")
        now = client.info("stats")
        hits, misses = (now[name] - stats[name] for name in ("keyspace_hits", "keyspace_misses"))
        assert misses > hits
    assert config(client) == before
    assert not list(client.scan_iter("factory_config:large=*"))


def test_keys_that_nobody_wrote_are_missed(client: Client, targets: Targets) -> None:
    before, keys = client.info("stats")["keyspace_misses"], client.dbsize()
    with injected(make("miss-keys", targets)):
        wait_until(lambda: client.info("stats")["keyspace_misses"] > before + 20, "misses")
    assert client.dbsize() <= keys


def test_keys_grow_without_an_end_to_their_life(client: Client, targets: Targets) -> None:
    with injected(make("grow-keys", targets, prefix="orphan")):
        wait_until(lambda: len(list(client.scan_iter("orphan:*"))) > 40, "keys")
        assert client.ttl("orphan:1") == -1
    assert not list(client.scan_iter("orphan:*"))


def test_pages_of_removed_keys_are_not_given_back(client: Client, targets: Targets) -> None:
    def wasted() -> tuple[float, int]:
        info = client.info("memory")
        return info["allocator_frag_ratio"], info["allocator_frag_bytes"]

    with injected(make("fragment-redis", targets)):
        wait_until(lambda: wasted()[0] > 1.5 and wasted()[1] > 100 * 1024**2, "fragmentation")
    assert not list(client.scan_iter("session:small:*"))
    wait_until(lambda: wasted()[1] < 50 * 1024**2, "given back")


def test_clients_hold_nearly_all_that_may_connect(client: Client, targets: Targets) -> None:
    before = config(client)
    with injected(make("hold-redis-clients", targets, connections=30, share=0.9)):
        info = client.info("clients")
        assert 0.85 <= info["connected_clients"] / info["maxclients"] <= 0.95
    assert config(client) == before
    wait_until(lambda: client.info("clients")["connected_clients"] < 30, "disconnected")


def test_a_full_server_refuses_clients_until_it_is_healed(client: Client, targets: Targets) -> None:
    before = config(client)
    refused = client.info("stats")["rejected_connections"]
    with injected(make("hold-redis-clients", targets, connections=10, share=1.1)):
        wait_until(lambda: client.info("stats")["rejected_connections"] > refused + 1, "refused")
    assert config(client) == before


def test_clients_wait_for_what_nobody_writes(client: Client, targets: Targets) -> None:
    with injected(make("block-clients", targets, clients=7)):
        wait_until(lambda: client.info("clients")["blocked_clients"] == 7, "blocked")
    wait_until(lambda: client.info("clients")["blocked_clients"] == 0, "gone")


def test_snapshots_fail_until_their_place_is_free(
    redis_server: Redis, client: Client, targets: Targets
) -> None:
    def saved() -> str:
        return str(client.info("persistence")["rdb_last_bgsave_status"])

    before, files = config(client), sorted(redis_server.home.iterdir())
    assert saved() == "ok"
    with injected(make("fail-saves", targets)):
        assert saved() == "err"
        client.set("session:still", "written", ex=1)
    assert saved() == "ok"
    assert config(client) == before
    assert {each for each in redis_server.home.iterdir() if each.is_dir()} == {
        each for each in files if each.is_dir()
    }
