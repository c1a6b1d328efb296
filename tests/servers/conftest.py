"""A PostgreSQL of its own for each module that breaks one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from examples.demo.databases import Postgres
from exporters.collectors.postgres import PostgresBackend
from tests.servers.failure_support import DATABASE, INDEX
from tests.servers.postgres_support import admin, create_database, watch


@pytest.fixture(scope="module")
def server(server_root: Path, request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """A server that a test may break, and must mend."""
    server = Postgres(server_root / f"for-{request.module.__name__}").start()
    create_database(server, DATABASE)
    with admin(server, DATABASE) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        session.execute("CREATE TABLE jobs (id int, open bool)")
        session.execute("CREATE INDEX jobs_open ON jobs (id) WHERE open")
    yield server
    server.stop()


@pytest.fixture
def backend(server: Postgres, caplog: pytest.LogCaptureFixture) -> Iterator[PostgresBackend]:
    caplog.set_level(logging.INFO)
    with closing(watch(server, DATABASE, expected_indexes=(INDEX,))) as backend:
        yield backend
