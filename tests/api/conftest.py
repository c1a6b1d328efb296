"""Each test starts with metrics of its own, as a new process would."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from examples.demo.databases import Postgres
from exporters.api import cache, metrics, render, siblings
from tests.api.samples import Samples


@pytest.fixture(autouse=True)
def _fresh_metrics(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    kept = (
        metrics.registry,
        metrics.http_metrics,
        metrics.sql_metrics,
        metrics.cache_metrics,
        metrics.cache_client_metrics,
        metrics.process_metrics,
        metrics.loop_metrics,
        metrics.workers_metrics,
        cache.shared_recorder,
    )
    for each in kept:
        each.cache_clear()
    metrics.logged.clear()
    yield
    for claim in siblings.claims.values():
        claim.close()
    siblings.claims.clear()


@pytest.fixture
def samples() -> Callable[[], Samples]:
    """Reads the page as it is now."""
    return lambda: Samples(render())


@pytest.fixture(scope="session")
def database(postgres: Postgres) -> str:
    """What stands behind `postgresql+driver:` in the URL of a database with a few people in it."""
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as connection:
        connection.execute("CREATE ROLE shop LOGIN PASSWORD 'shop'")
        connection.execute("CREATE DATABASE shop OWNER shop")
    url = postgres.url("shop", "shop", "shop")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE team (id int PRIMARY KEY, name text NOT NULL)")
        connection.execute(
            "CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL, team_id int REFERENCES team)"
        )
        connection.execute("INSERT INTO team SELECT n, 'team ' || n FROM generate_series(1, 20) n")
        connection.execute("INSERT INTO person SELECT n, 'person ' || n, n FROM generate_series(1, 20) n")
    return url.removeprefix("postgresql:")
