"""A PostgreSQL watched by exactly the role that role.sql makes."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

import exporters
from examples.demo.databases import Postgres
from examples.demo.process import wait_until
from exporters.collectors.postgres import PostgresBackend, PostgresSettings
from exporters.conninfo import libpq_conninfo
from tests.servers.exporter_support import Samples, samples

ROLE_SQL = Path(exporters.__file__).parent / "sql" / "role.sql"
ROLE = "obs_exporter"
PASSWORD = "s3cret/:@ '{"
LOG = logging.getLogger("test.postgres")

Session = psycopg.Connection[tuple[Any, ...]]


def admin(server: Postgres, database: str = "postgres") -> Session:
    """A session of the superuser, each statement a transaction of its own."""
    return psycopg.connect(f"{server.superuser_dsn} dbname={database}", autocommit=True)


def run_role_sql(server: Postgres, database: str, password: str = PASSWORD) -> str:
    """Run the file that ships as its head says; gives what psql wrote."""
    command = ["psql", "-X", "-q", "-v", f"password={password}", "-v", f"database={database}"]
    done = subprocess.run(
        [*command, "-f", str(ROLE_SQL), server.superuser_dsn], check=True, capture_output=True, text=True
    )
    return done.stdout + done.stderr


def create_database(server: Postgres, name: str) -> None:
    """An empty database that the exporter may watch, made anew."""
    with admin(server) as session:
        session.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        session.execute(f'CREATE DATABASE "{name}"')
    run_role_sql(server, name)


def conninfo(server: Postgres, database: str, password: str = PASSWORD, role: str = ROLE) -> str:
    """As the exporter's command line makes it."""
    pairs = psycopg.conninfo.make_conninfo(
        "", host="127.0.0.1", port=server.port, user=role, password=password, dbname=database
    )
    return libpq_conninfo(pairs, "DATABASE_URL")


def watch(server: Postgres, database: str, **settings: Any) -> PostgresBackend:
    """A backend under the exporter's role; the caller closes it. Nothing is cached unless asked for."""
    text = conninfo(server, database)
    given = {"heavy_ttl": 0.0, "sizes_ttl": 0.0} | settings
    return PostgresBackend(PostgresSettings(conninfo=lambda: text, **given), LOG)


def collect(backend: PostgresBackend, seconds: float = 1.8) -> Samples:
    """One scrape."""
    return samples(backend.collect(time.monotonic() + seconds))


def sessions(server: Postgres) -> list[tuple[int, str]]:
    """Process and state of each session of the exporter's role."""
    with admin(server) as session:
        found = session.execute(
            "SELECT pid, state FROM pg_stat_activity WHERE usename = %s ORDER BY pid", [ROLE]
        )
        return [(pid, state) for pid, state in found]


def wait_for_no_session(server: Postgres, seconds: float = 3.0) -> None:
    """Nothing is left behind, at the latest after this time."""
    wait_until(lambda: not sessions(server), "no session of the exporter", timeout=seconds)


@contextmanager
def frozen(server: Postgres) -> Iterator[None]:
    """All processes are there, and none does anything. Each session is a process group of its own."""
    assert server.process is not None
    pid = server.process.pid
    os.kill(pid, signal.SIGSTOP)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGSTOP)
    try:
        yield
    finally:
        for process in (pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
