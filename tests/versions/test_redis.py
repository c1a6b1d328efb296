"""Every collector on every Redis and Valkey that is here, under exactly the user that ships."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from examples.demo.databases import Redis
from exporters.catalogue import CATALOGUE, redis_detail, self_
from exporters.catalogue import redis as catalogue
from tests.servers.exporter_support import add_user, admin, allow_measuring, collect_until, fill, watch
from tests.versions.releases import REDIS, Release


@pytest.fixture(params=[release for release in REDIS if release.here], ids=str, scope="module")
def release(request: pytest.FixtureRequest) -> Release:
    return request.param  # type: ignore[no-any-return]  # pytest does not know


@pytest.fixture(scope="module")
def server(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    home: Path = tmp_path_factory.mktemp("redis")
    program = str(release.home / release.program) if release.package else ""
    server = Redis(home, program=program).start()
    add_user(server)
    allow_measuring(server)
    yield server
    server.stop()


def test_every_collector_works(server: Redis, release: Release) -> None:
    fill(server, *(f"user:{number}" for number in range(500)), "stray")
    with admin(server) as client:
        client.execute_command("ACL", "LOG", "RESET")
        with closing(watch(server, key_patterns=("user:*",), sample_keys=20, compat=True)) as backend:
            page = collect_until(backend, catalogue.KEYS, 500, db="db0", key="user:*")
        assert client.execute_command("ACL", "LOG") == []
        said = client.info("server")

    parts = [dict(labels)["collector"] for name, labels in page if name == self_.REDIS_COLLECTOR_SUCCESS.name]
    assert sorted(parts) == ["redis.info", "redis.keyspace", "redis.sample", "redis.slowlog"]
    assert {page.of(self_.REDIS_COLLECTOR_SUCCESS, collector=part) for part in parts} == {1}
    assert {metric.name for metric in CATALOGUE.of("redis") if not metric.optional} <= page.names()
    assert (page.of(redis_detail.PATTERN_MEMORY, db="db0", key="user:*") or 0) > 0
    name, number = release.name.split()
    own = str(said.get(f"{name.lower()}_version"))
    assert own.startswith(number)
    assert page.of(catalogue.SERVER, server_name=name.lower(), server_version=own) == 1
