"""A small filled database, and the backend on it in both states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import psycopg
import pytest
import requests
from redis import Redis as Client

from examples.backend.engine import make_engine
from examples.backend.seed import seed_sessions, seed_tables
from examples.backend.settings import Settings
from examples.demo.databases import Postgres, Redis
from examples.demo.prepare import create_database
from examples.demo.servers import Api
from examples.faults import Targets

FACTORIES = 20
EMPLOYEES = 4000


class StartApi(Protocol):
    def __call__(self, name: str, *, workers: int = 1, **env: str) -> Api: ...


def count(database: psycopg.Connection, query: str) -> int:
    row = database.execute(query).fetchone()
    assert row
    return int(row[0])


def statuses(api: Api, path: str, times: int = 12) -> set[int]:
    """Answers over new connections, so that both workers are asked."""
    return {requests.get(api.url + path, timeout=10).status_code for _ in range(times)}


@pytest.fixture(scope="session")
def backend_url(postgres: Postgres, redis_server: Redis) -> str:
    url = create_database(postgres, "example", owner="example", password="example-secret")
    engine = make_engine(Settings(database_url=url, redis_url=redis_server.url))
    assert seed_tables(engine, factories=FACTORIES, employees=EMPLOYEES)
    assert not seed_tables(engine), "a second seed must not fill the tables twice"
    engine.dispose()
    with Client.from_url(redis_server.url) as client:
        seed_sessions(client)
    return url


@pytest.fixture(scope="session")
def database(postgres: Postgres, backend_url: str) -> Iterator[psycopg.Connection]:
    """A superuser's connection to the backend's database."""
    with psycopg.connect(postgres.superuser_dsn, dbname="example", autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def fault_file(server_root: Path) -> Path:
    return server_root / "faults.json"


@pytest.fixture(scope="session")
def api_env(backend_url: str, redis_server: Redis, fault_file: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": backend_url,
        "REDIS_URL": redis_server.url,
        "BACKEND_FAULT_FILE": str(fault_file),
        "BACKEND_POOL_SIZE": "2",
        "BACKEND_MAX_OVERFLOW": "2",
        "BACKEND_POOL_TIMEOUT": "0.3",
    }


@pytest.fixture(scope="session")
def start_api(server_root: Path, api_env: dict[str, str]) -> Iterator[StartApi]:
    """Starts the backend with variables of its own, and stops each one at the end."""
    started: list[Api] = []

    def start(name: str, *, workers: int = 1, **env: str) -> Api:
        metrics = server_root / name / "metrics"
        metrics.mkdir(parents=True, exist_ok=True)  # it may have been tried before
        env = {**api_env, "PROMETHEUS_MULTIPROC_DIR": str(metrics), **env}
        started.append(Api(server_root / name, env, workers=workers).start())
        return started[-1]

    yield start
    for api in started:
        api.stop()


@pytest.fixture(scope="session")
def baseline(start_api: StartApi) -> Api:
    """With its own faults alone: it is not told to listen to injected ones."""
    return start_api("baseline", BACKEND_STATE="baseline")


@pytest.fixture(scope="session")
def fixed(start_api: StartApi) -> Api:
    """Two workers, so that what one of them is told must reach the other."""
    return start_api("fixed", workers=2, BACKEND_STATE="fixed", BACKEND_FAULTS="1")


@pytest.fixture
def targets(
    backend_url: str, redis_server: Redis, postgres: Postgres, fixed: Api, fault_file: Path
) -> Targets:
    processes = {"api": fixed, "postgres": postgres, "redis": redis_server}
    return Targets(
        fault_file=str(fault_file),
        database_url=backend_url,
        redis_url=redis_server.url,
        superuser_dsn=postgres.superuser_dsn,
        ports={"api": fixed.port},
        processes={name: server.process.pid for name, server in processes.items() if server.process},
    )
