"""What the exporter says of a Redis that is well, and of one that is not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ResponseError
from redis.retry import Retry

from examples.demo.databases import Redis
from examples.demo.process import free_port
from exporters.catalogue import CATALOGUE, self_
from exporters.catalogue import redis as catalogue
from exporters.collectors.redis import RedisBackend, RedisSettings
from exporters.exposition import render
from tests.servers.exporter_support import (
    LOG,
    PASSWORD,
    add_user,
    admin,
    allow_measuring,
    collect,
    collect_until,
    declared,
    schema,
    url_of,
    watch,
)


@pytest.fixture
def server(redis_server: Redis) -> Redis:
    """The shared Redis, empty, with statistics at zero."""
    with admin(redis_server) as client:
        client.flushall()
        client.config_resetstat()
        client.slowlog_reset()
    add_user(redis_server)
    return redis_server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that the test may break."""
    home = tmp_path / "redis"
    server = Redis(home, repl_diskless_sync_delay="0", unixsocket=str(home / "redis.sock")).start()
    add_user(server)
    yield server
    server.stop()


@pytest.fixture
def backend(server: Redis) -> Iterator[RedisBackend]:
    with closing(watch(server)) as backend:
        yield backend


@contextmanager
def frozen(server: Redis) -> Iterator[None]:
    """The process is there and the kernel takes connections, but nobody answers."""
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


def test_every_declared_metric_is_emitted_and_every_emitted_one_is_declared(
    own_server: Redis, tmp_path: Path
) -> None:
    replica = Redis(tmp_path / "replica").start()
    add_user(replica)
    emitted: dict[str, tuple[str, frozenset[str]]] = {}
    try:
        with admin(own_server) as client, admin(replica) as replica_client:
            client.set("dashboard:1", "x", ex=100)
            with pytest.raises(ResponseError):
                client.lpush("dashboard:1", "x")
            replica_client.replicaof("127.0.0.1", own_server.port)
        # Of the replica the master knows when that has joined.
        for one, keys in ((replica, 1), (own_server, 1)):
            settings = {"key_patterns": ("dashboard:*",), "scan_interval": 0.1, "keys": "estimated"}
            settings |= {"sample_keys": 10, "sample_ages": 10}
            allow_measuring(one)
            with admin(one) as client:
                client.execute_command("ACL", "SETUSER", "obs_exporter", "+ttl", "+object|idletime")
            with closing(watch(one, **settings)) as backend:
                collect_until(backend, catalogue.KEYS, keys, db="db0", key="dashboard:*")
                if one is replica:
                    collect_until(backend, catalogue.MASTER_LINK_UP, 1)
                emitted |= schema(render(backend.collect(time.monotonic() + 2)).body.decode())
    finally:
        replica.stop()

    of_backends = (
        self_.REDIS_COLLECTOR_SUCCESS,
        self_.REDIS_COLLECTOR_DURATION,
        self_.CONNECTS,
        self_.CACHE_AGE,
        self_.CACHE_RENEWAL,
    )
    assert emitted == declared(*CATALOGUE.of("redis"), *of_backends)


def test_a_replica_tells_whether_it_follows_and_a_master_does_not(own_server: Redis, tmp_path: Path) -> None:
    replica = Redis(tmp_path / "replica").start()
    add_user(replica)
    try:
        with admin(replica) as client, closing(watch(replica)) as backend:
            assert collect(backend).of(catalogue.MASTER_LINK_UP) is None
            client.replicaof("127.0.0.1", own_server.port)
            collect_until(backend, catalogue.MASTER_LINK_UP, 1)
            own_server.stop()
            collect_until(backend, catalogue.MASTER_LINK_UP, 0)
            client.replicaof("NO", "ONE")
            assert collect(backend).of(catalogue.MASTER_LINK_UP) is None
    finally:
        replica.stop()


def test_the_numbers_are_those_of_the_server(server: Redis, backend: RedisBackend) -> None:
    with admin(server) as client, admin(server, db=3) as third:
        client.config_set("maxmemory", 100_000_000)
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("slowlog-log-slower-than", 0)
        client.set("a", 1)
        client.set("b", 1, ex=100)
        third.set("c", 1)
        client.get("a")
        client.get("b")
        client.get("nothing")
        client.config_set("slowlog-log-slower-than", 10_000)
        with pytest.raises(ResponseError):
            client.lpush("a", 1)

        page = collect(backend)

        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")
        said = client.info()

    assert page.of(catalogue.UP) == 1
    assert page.of(catalogue.HITS) == 2
    assert page.of(catalogue.MISSES) == 1
    assert page.of(catalogue.MEMORY_MAX) == 100_000_000
    assert page.of(catalogue.MAX_CLIENTS) == said["maxclients"]
    assert page.of(catalogue.START_TIME) == pytest.approx(time.time() - said["uptime_in_seconds"], abs=3)
    assert page.of(catalogue.MEMORY_USED) == pytest.approx(said["used_memory"], rel=0.2)
    assert page.of(catalogue.DB_KEYS, db="db0") == 2
    assert page.of(catalogue.DB_KEYS_EXPIRING, db="db0") == 1
    assert page.of(catalogue.DB_KEYS, db="db3") == 1
    assert page.of(catalogue.DB_KEYS, db="db1") is None
    assert page.of(catalogue.COMMANDS, cmd="get") == 3
    assert 0 < (page.of(catalogue.COMMANDS_SECONDS, cmd="get") or 0) < 0.1
    assert page.of(catalogue.ERRORS, err="WRONGTYPE") == 1
    assert page.of(catalogue.SLOWLOG_LENGTH) == 8
    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.info") == 1
    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.slowlog") == 1
    assert page.of(
        catalogue.INFO,
        role="master",
        redis_version=said["redis_version"],
        redis_mode="standalone",
        maxmemory_policy="allkeys-lru",
    )


def test_clients_that_wait_in_a_blocking_command_are_counted(server: Redis, backend: RedisBackend) -> None:
    with admin(server) as waiting:
        thread = threading.Thread(target=waiting.blpop, args=(["nothing"], 5))
        thread.start()

        collect_until(backend, catalogue.BLOCKED_CLIENTS, 1)

        with admin(server) as client:
            client.lpush("nothing", "x")
        thread.join()


def test_one_connection_serves_every_scrape(server: Redis, backend: RedisBackend) -> None:
    pages = [collect(backend) for _ in range(5)]

    with admin(server) as client:
        names = [one["name"] for one in client.client_list()]
    assert names.count("obs-exporter") == 1
    assert pages[-1].of(self_.CONNECTS, backend="redis", result="ok") == 1
    assert len({page.of(catalogue.START_TIME) for page in pages}) == 1


def test_the_server_may_be_on_a_unix_socket(own_server: Redis) -> None:
    url = f"unix://{own_server.home}/redis.sock"

    with closing(RedisBackend(RedisSettings(url=lambda: url), LOG)) as backend:
        assert collect(backend).of(catalogue.UP) == 1


def test_the_server_may_speak_tls(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *files, *subject], check=True, capture_output=True)
    port = free_port()
    server = Redis(
        tmp_path / "redis",
        tls_port=str(port),
        tls_key_file=str(key),
        tls_cert_file=str(certificate),
        tls_auth_clients="no",
        tls_protocols="TLSv1.2",
    ).start()
    trusting = f"rediss://127.0.0.1:{port}?ssl_ca_certs={certificate}"
    wary = f"rediss://127.0.0.1:{port}"
    other = trusting.replace("127.0.0.1", "localhost") + "&ssl_check_hostname="  # no name of the certificate
    unsafe = f"{other}false&ssl_ciphers=ECDHE-ECDSA-AES128-GCM-SHA256"
    newer, older = f"{trusting}&ssl_min_version=772", f"{trusting}&ssl_min_version=TLSv1.2"
    urls = {trusting: 1, wary: 0, f"{other}true": 0, unsafe: 1, newer: 0, older: 1}
    try:
        for url, up in urls.items():
            with closing(RedisBackend(RedisSettings(url=partial(str, url)), LOG)) as backend:
                assert collect(backend).of(catalogue.UP) == up
    finally:
        server.stop()


def test_a_server_that_was_restarted_is_up_at_the_next_scrape(own_server: Redis) -> None:
    with closing(watch(own_server)) as backend:
        before = collect(backend)
        own_server.stop()
        own_server.start()
        add_user(own_server)
        after = collect(backend)

    assert (before.of(catalogue.UP), after.of(catalogue.UP)) == (1, 1)
    assert after.of(self_.CONNECTS, backend="redis", result="ok") == 2


def test_a_dead_server_is_down_at_once_and_up_when_it_is_back(own_server: Redis) -> None:
    with closing(watch(own_server)) as backend:
        assert collect(backend).of(catalogue.UP) == 1
        own_server.stop()
        started = time.monotonic()
        page = collect(backend)
        assert time.monotonic() - started < 1
        assert page.of(catalogue.UP) == 0
        assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.info") == 0
        assert page.of(self_.CONNECTS, backend="redis", result="error") == 1
        assert page.of(self_.COLLECTOR_ERRORS, backend="redis", collector="redis.up", code="ConnectionError")
        assert page.of(catalogue.MEMORY_USED) is None
        own_server.start()
        add_user(own_server)
        assert collect(backend).of(catalogue.UP) == 1


def test_a_frozen_server_is_down_by_the_deadline_and_up_when_it_thaws(own_server: Redis) -> None:
    with closing(watch(own_server)) as known, closing(watch(own_server)) as new:
        assert collect(known).of(catalogue.UP) == 1
        with frozen(own_server):
            for backend in (known, new):
                started = time.monotonic()
                page = collect(backend, 0.5)
                assert time.monotonic() - started < 1.5
                assert page.of(catalogue.UP) == 0
        page = collect(known)
        assert page.of(catalogue.UP) == 1
        # A late answer to the first question must not be taken for one to the second.
        assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.slowlog") == 1
        assert collect(new).of(catalogue.UP) == 1


def test_a_server_that_still_loads_its_data_is_down(tmp_path: Path) -> None:
    """It answers INFO, and whatever a client asks with LOADING."""
    slow = {"key_load_delay": "2000", "loading_process_events_interval_bytes": "1024"}
    server = Redis(tmp_path / "redis", **slow).start()
    with admin(server) as client:
        client.mset({f"key{number}": bytes(100) for number in range(1500)})
        client.save()
    server.stop()
    server.start()
    try:
        with closing(RedisBackend(RedisSettings(url=lambda: server.url), LOG)) as backend:
            page = collect(backend)
            with admin(server, retry=Retry(NoBackoff(), 0)) as client, pytest.raises(BusyLoadingError):
                client.get("key1")
            assert page.of(catalogue.UP) == 0
            assert page.names() & {catalogue.HITS.name, catalogue.MEMORY_USED.name} == set()
            assert collect_until(backend, catalogue.UP, 1).of(catalogue.DB_KEYS, db="db0") == 1500
    finally:
        server.stop()


def test_a_server_that_refuses_the_user_is_down(server: Redis) -> None:
    settings = RedisSettings(url=lambda: url_of(server, "wrong"))

    with closing(RedisBackend(settings, LOG)) as backend:
        page = collect(backend)

    assert page.of(catalogue.UP) == 0
    assert page.of(self_.COLLECTOR_ERRORS, backend="redis", collector="redis.up", code="AuthenticationError")
    assert not any(PASSWORD in text for _, labels in page for _, text in labels)


def test_a_server_that_has_no_room_for_the_exporter_is_down(own_server: Redis) -> None:
    with admin(own_server) as client, closing(watch(own_server)) as backend:
        client.config_set("maxclients", 1)

        assert collect(backend).of(catalogue.UP) == 0

        client.config_set("maxclients", 100)
        page = collect(backend)
    assert page.of(catalogue.UP) == 1
    assert page.of(catalogue.REJECTED) == 1


def test_a_peer_that_is_no_redis_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def chat() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(100)
                peer.sendall(b"220 mail.example.org ESMTP\r\n")

        thread = threading.Thread(target=chat)
        thread.start()
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        with closing(RedisBackend(RedisSettings(url=lambda: url), LOG)) as backend:
            assert collect(backend, 1).of(catalogue.UP) == 0
        thread.join()


def test_one_denied_command_costs_its_own_metric_alone(own_server: Redis) -> None:
    with admin(own_server) as client, closing(watch(own_server)) as backend:
        client.execute_command("ACL", "SETUSER", "obs_exporter", "-slowlog|len")

        page = collect(backend)

    assert page.of(catalogue.UP) == 1
    assert page.of(catalogue.HITS) == 0
    assert page.of(catalogue.SLOWLOG_LENGTH) is None
    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.info") == 1
    assert page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.slowlog") == 0
    assert page.of(
        self_.COLLECTOR_ERRORS, backend="redis", collector="redis.slowlog", code="NoPermissionError"
    )


def test_a_command_that_is_always_denied_is_sent_less_often(own_server: Redis) -> None:
    counted = {"backend": "redis", "collector": "redis.slowlog", "code": "NoPermissionError"}
    with admin(own_server) as client, closing(watch(own_server)) as backend:
        client.execute_command("ACL", "SETUSER", "obs_exporter", "-slowlog|len")
        pages = [collect(backend) for _ in range(60)]
        client.execute_command("ACL", "SETUSER", "obs_exporter", "+slowlog|len")
        collect_until(backend, self_.REDIS_COLLECTOR_SUCCESS, 1, collector="redis.slowlog")

    assert {page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.slowlog") for page in pages} == {0}
    assert {page.of(self_.REDIS_COLLECTOR_SUCCESS, collector="redis.info") for page in pages} == {1}
    assert 3 <= (pages[-1].of(self_.COLLECTOR_ERRORS, **counted) or 0) < 40


def test_a_rotated_password_is_used_at_the_next_connect(own_server: Redis) -> None:
    password = PASSWORD
    settings = RedisSettings(url=lambda: url_of(own_server, password))

    with admin(own_server) as client, closing(RedisBackend(settings, LOG)) as backend:
        assert collect(backend).of(catalogue.UP) == 1
        client.execute_command("ACL", "SETUSER", "obs_exporter", "resetpass", ">changed")
        client.client_kill_filter(user="obs_exporter")
        assert collect(backend).of(catalogue.UP) == 0
        password = "changed"
        assert collect(backend).of(catalogue.UP) == 1


def test_a_file_with_the_url_that_cannot_be_read_makes_the_server_down() -> None:
    def unreadable() -> str:
        raise PermissionError

    with closing(RedisBackend(RedisSettings(url=unreadable), LOG)) as backend:
        page = collect(backend)

    assert page.of(catalogue.UP) == 0
    assert page.of(self_.COLLECTOR_ERRORS, backend="redis", collector="redis.up", code="PermissionError")
