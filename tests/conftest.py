"""Real servers for the tests; each is started once, and only for tests that ask for it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.demo.databases import Postgres, Redis


@pytest.fixture(scope="session")
def server_root() -> Iterator[Path]:
    """A directory that the user `postgres` may enter too; pytest closes its own to others at each start.

    Its name is short: the path of a socket below it has at most 107 bytes.
    """
    with tempfile.TemporaryDirectory(prefix="obs-tests-") as name:
        root = Path(name)
        root.chmod(0o755)
        yield root


@pytest.fixture(scope="session")
def postgres(server_root: Path) -> Iterator[Postgres]:
    """A PostgreSQL that many tests share; one that breaks it starts its own."""
    server = Postgres(server_root / "postgres").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server(server_root: Path) -> Iterator[Redis]:
    """A Redis that many tests share; one that breaks it starts its own."""
    server = Redis(server_root / "redis").start()
    yield server
    server.stop()
