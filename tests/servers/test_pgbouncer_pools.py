"""What PgBouncer's console says of its pools, under a user that may only look."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from examples.demo.databases import Postgres
from examples.demo.pooler import PgBouncer
from examples.demo.process import wait_until
from exporters.catalogue import CATALOGUE, self_
from exporters.catalogue import pgbouncer as catalogue
from exporters.collectors.pgbouncer import PgBouncerBackend, PgBouncerSettings
from exporters.collectors.pgbouncer.console import console_conninfo
from exporters.commands.check import command
from exporters.errors import ConfigError
from exporters.exposition import render
from exporters.secrets import Redactor
from tests.servers.exporter_process import Exporter
from tests.servers.exporter_support import Samples, declared, parse, samples, schema
from tests.servers.postgres_support import admin, create_database

DATABASE, ROLE, PASSWORD = "pools", "of_pools", "pl@in"
LOOKER, LOOKER_PASSWORD = "looker", "hunter2"
LOG = logging.getLogger("test.pgbouncer")


@dataclass
class Pooled:
    """A pooler, as clients and as the exporter know it."""

    server: PgBouncer
    client: str

    def url(self, user: str = LOOKER, database: str = "pgbouncer") -> str:
        password = LOOKER_PASSWORD if user == LOOKER else PASSWORD.replace("@", "%40")
        return f"postgresql://{user}:{password}@127.0.0.1:{self.server.port}/{database}"


@pytest.fixture(scope="module")
def pooled(server_root: Path, postgres: Postgres) -> Iterator[Pooled]:
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        session.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {ROLE}")
    users = {ROLE: PASSWORD, LOOKER: LOOKER_PASSWORD}
    server = PgBouncer(
        server_root / "pools", postgres, users, stats_users=LOOKER, max_client_conn="77"
    ).start()
    yield Pooled(
        server, f"host=127.0.0.1 port={server.port} user={ROLE} password={PASSWORD} dbname={DATABASE}"
    )
    server.stop()
    with admin(postgres, DATABASE) as session:
        session.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


@pytest.fixture
def backend(pooled: Pooled) -> Iterator[PgBouncerBackend]:
    with closing(watch(pooled.url())) as backend:
        yield backend


def watch(url: str) -> PgBouncerBackend:
    return PgBouncerBackend(PgBouncerSettings(conninfo=lambda: console_conninfo(url, "POOLS_URL")), LOG)


def collect(backend: PgBouncerBackend) -> Samples:
    return samples(backend.collect(time.monotonic() + 1.8))


def test_it_emits_what_is_declared(backend: PgBouncerBackend) -> None:
    emitted = schema(render(backend.collect(time.monotonic() + 2)).body.decode())

    own = (self_.PGBOUNCER_COLLECTOR_SUCCESS, self_.PGBOUNCER_COLLECTOR_DURATION, self_.CONNECTS)
    always = [metric for metric in CATALOGUE.of("pgbouncer") if not metric.optional]
    assert emitted == declared(*always, *own)


def test_the_pool_shows_who_has_a_connection_and_who_waits(pooled: Pooled, backend: PgBouncerBackend) -> None:
    pool = {"database": DATABASE, "user": ROLE}
    released = threading.Event()

    def wait_for_a_connection() -> None:
        with psycopg.connect(pooled.client, autocommit=True, prepare_threshold=None) as second:
            second.execute("SELECT 1")
        released.set()

    before = collect(backend)
    with psycopg.connect(pooled.client, prepare_threshold=None) as first:
        first.execute("SELECT 1")
        thread = threading.Thread(target=wait_for_a_connection)
        thread.start()
        wait_until(
            lambda: collect(backend).of(catalogue.CLIENTS_WAITING, **pool) == 1, "the second waits", timeout=5
        )
        time.sleep(0.2)
        page = collect(backend)
        first.rollback()
    assert released.wait(5)
    thread.join()
    wait_until(
        lambda: (collect(backend).of(catalogue.WAIT_SECONDS, database=DATABASE) or 0) > 0.2,
        "the wait is counted",
        timeout=5,
    )
    after = collect(backend)

    assert page.of(catalogue.CLIENTS_ACTIVE, **pool) == 1
    assert page.of(catalogue.SERVERS_ACTIVE, **pool) == 1
    assert (page.of(catalogue.LONGEST_WAIT, **pool) or 0) > 0.1
    assert after.of(catalogue.CLIENTS_WAITING, **pool) == after.of(catalogue.LONGEST_WAIT, **pool) == 0
    queries = catalogue.QUERIES
    assert (after.of(queries, database=DATABASE) or 0) >= (before.of(queries, database=DATABASE) or 0) + 2
    assert after.of(catalogue.MAX_CLIENTS) == 77
    (size,) = [
        value
        for (name, labels), value in after.items()
        if name == catalogue.POOL_SIZE.name and ("name", DATABASE) in labels
    ]
    assert size == 1
    assert after.of(self_.CONNECTS, backend="pgbouncer", result="ok") == 1


def test_a_restart_between_two_scrapes_costs_none(pooled: Pooled, backend: PgBouncerBackend) -> None:
    assert collect(backend).of(catalogue.UP) == 1
    pooled.server.stop()
    assert collect(backend).of(catalogue.UP) == 0
    pooled.server.start()
    assert collect(backend).of(catalogue.UP) == 1
    pooled.server.stop()
    pooled.server.start()

    page = collect(backend)

    assert page.of(catalogue.UP) == 1
    assert page.of(self_.PGBOUNCER_COLLECTOR_SUCCESS, collector="pgbouncer.pools") == 1


def test_one_that_is_frozen_is_down_in_time(pooled: Pooled, backend: PgBouncerBackend) -> None:
    assert collect(backend).of(catalogue.UP) == 1
    assert pooled.server.process is not None
    os.kill(pooled.server.process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        page = collect(backend)
        assert time.monotonic() - began < 2
    finally:
        os.kill(pooled.server.process.pid, signal.SIGCONT)

    assert page.of(catalogue.UP) == 0
    assert not page.names() & {
        metric.name for metric in CATALOGUE.of("pgbouncer") if metric is not catalogue.UP
    }
    assert collect(backend).of(catalogue.UP) == 1


def test_who_may_not_look_is_told_what_to_write(
    pooled: Pooled, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(watch(pooled.url(ROLE))) as backend:
        page = collect(backend)
    assert page.of(catalogue.UP) == 0
    assert (
        page.of(self_.COLLECTOR_ERRORS, backend="pgbouncer", collector="pgbouncer.up", code="NotAllowed") == 1
    )
    assert "the user must stand in stats_users" in caplog.text

    file = tmp_path / "exporter.yml"
    file.write_text(
        "targets:\n  looks: {kind: pgbouncer, connection_env: LOOKS}\n"
        "  may-not: {kind: pgbouncer, connection_env: MAY_NOT}\n"
    )
    env = {"LOOKS": pooled.url(), "MAY_NOT": pooled.url(ROLE), "DATABASE_URL": "", "REDIS_URL": ""}

    def checked(name: str) -> tuple[int, str]:
        flags = ["--config.file", str(file), "--target", name]
        done = CliRunner().invoke(command, flags, env=env, obj=Redactor(), catch_exceptions=False)
        return done.exit_code, done.output

    code, said = checked("looks")
    parts = ("up", "pools", "stats", "databases", "lists", "config")  # each once
    told = [line.split() for line in said.splitlines()[1:]]
    assert (code, told) == (0, [[f"pgbouncer.{part}", "works"] for part in parts])
    code, said = checked("may-not")
    assert code == 2
    assert "pgbouncer.up  refused: NotAllowed; the user must stand in stats_users" in said
    assert f"    in pgbouncer.ini: stats_users = {ROLE}\n" in said


def test_another_database_is_refused_and_a_postgresql_is_no_pgbouncer(
    pooled: Pooled, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigError, match="POOLS_URL: the database is 'pools'; expected 'pgbouncer'"):
        console_conninfo(pooled.url(database=DATABASE), "POOLS_URL")

    with admin(postgres) as session:
        session.execute("DROP DATABASE IF EXISTS pgbouncer WITH (FORCE)")
        session.execute("CREATE DATABASE pgbouncer")
    with closing(watch(f"host={postgres.home} port={postgres.port} user=postgres")) as backend:
        page = collect(backend)
    assert page.of(catalogue.UP) == 0
    assert "42704" in caplog.text


def test_its_pages_are_those_of_a_target(pooled: Pooled, tmp_path: Path) -> None:
    (tmp_path / "exporter.yml").write_text(
        "targets: {pools: {kind: pgbouncer, connection_env: POOLS_URL, labels: {team: data}}}\n"
    )
    exporter = Exporter(tmp_path, "--config.file", "exporter.yml", POOLS_URL=pooled.url())
    try:
        page = parse(exporter.get("/probe?target=pools").text)
    finally:
        exporter.stop()

    assert page.of(catalogue.UP, team="data") == 1
    assert page.of(catalogue.CLIENTS_ACTIVE, team="data", database="pgbouncer", user="pgbouncer") == 1
    assert LOOKER_PASSWORD not in exporter.written()
