"""A server's answer that breaks off at any byte: a valid page in time, and then the right one again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from examples.demo.databases import Postgres, Redis
from exporters.catalogue import CATALOGUE, Metric
from exporters.catalogue import postgres as of_postgres
from exporters.catalogue import redis as of_redis
from exporters.collectors.postgres import PostgresBackend, PostgresSettings
from exporters.collectors.redis import RedisBackend, RedisSettings
from exporters.conninfo import libpq_conninfo
from tests.servers import exporter_support, postgres_support
from tests.servers.cutter import Break, Cutter
from tests.servers.exporter_support import Samples, add_user, samples
from tests.servers.failure_support import DATABASE, INDEX
from tests.servers.postgres_support import conninfo

Make = Callable[[], PostgresBackend | RedisBackend]

# Of each server, each way to break, whether it is asked first or again. More: CUTS=1000 make test ARGS=...
CUTS = int(os.environ.get("CUTS", "12"))
SOON = 0.4  # seconds for a page of a server that falls silent


@pytest.fixture
def postgres_behind(server: Postgres) -> Iterator[tuple[Cutter, Make, Metric, str]]:
    cutter = Cutter(server.port)
    text = conninfo(server, DATABASE).replace(f"port={server.port}", f"port={cutter.port}")
    assert f"port={cutter.port}" in text

    def make() -> PostgresBackend:
        settings = PostgresSettings(
            conninfo=lambda: libpq_conninfo(text, "DATABASE_URL"),
            expected_indexes=(INDEX,),
            heavy_ttl=0.0,
            sizes_ttl=0.0,
        )
        return PostgresBackend(settings, postgres_support.LOG)

    yield cutter, make, of_postgres.UP, postgres_support.PASSWORD
    cutter.close()


@pytest.fixture
def redis_behind(redis_server: Redis) -> Iterator[tuple[Cutter, Make, Metric, str]]:
    add_user(redis_server)
    cutter = Cutter(redis_server.port)
    url = exporter_support.url_of(redis_server).replace(f":{redis_server.port}/", f":{cutter.port}/")

    def make() -> RedisBackend:
        return RedisBackend(RedisSettings(url=lambda: url), exporter_support.LOG)

    yield cutter, make, of_redis.UP, exporter_support.PASSWORD
    cutter.close()


def collect(backend: PostgresBackend | RedisBackend, seconds: float = 1.8) -> Samples:
    """A page, which is valid and in time."""
    began = time.monotonic()
    page = samples(backend.collect(began + seconds))
    assert time.monotonic() - began < seconds + 1  # the machine has others too
    return page


def failing(page: Samples) -> set[str]:
    names = {str(metric.name) for metric in CATALOGUE.of("exporter") if "collector_success" in metric.name}
    return {
        dict(labels)["collector"] for (name, labels), value in page.items() if name in names and not value
    }


def sweep(cutter: Cutter, make: Make, up: Metric, how: Break, *, again: bool, cuts: int) -> None:
    """Break at bytes from the first to the last, when it connects or on the connection that it has."""
    with closing(make()) as backend:
        right = collect(backend)
        assert right.of(up) == 1
        first = cutter.passed
        assert not failing(collect(backend))
        said = cutter.passed - first if again else first
    step = max(1, said // cuts)
    for number, after in enumerate(range(1, said, step)):
        with closing(make()) as backend:
            if again:
                assert collect(backend).of(up) == 1
            broken = cutter.broken
            cutter.cut(after + number % step, how)
            page = collect(backend, SOON if how is Break.SILENCE else 1.8)
            cutter.cut(None)
            whole = collect(backend)
        assert page.of(up) in (0, 1)
        assert cutter.broken == broken + 1 or page.of(up) == 1
        assert (whole.of(up), failing(whole)) == (1, set()), after
        assert right.names() <= whole.names(), after


@pytest.mark.parametrize("again", [False, True], ids=["connecting", "connected"])
@pytest.mark.parametrize("how", Break)
@pytest.mark.parametrize("behind", ["postgres_behind", "redis_behind"])
def test_an_answer_that_breaks_off_costs_one_page_at_most(
    behind: str, how: Break, again: bool, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    cutter, make, up, password = request.getfixturevalue(behind)

    sweep(cutter, make, up, how, again=again, cuts=CUTS // 4 if how is Break.SILENCE else CUTS)

    assert cutter.broken >= 2  # on a busy machine some answers are too late to be cut
    assert password not in caplog.text
