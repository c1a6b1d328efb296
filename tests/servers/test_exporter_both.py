"""PostgreSQL and Redis on one page: neither waits for the other, and the page says all that is declared."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import exporters
from examples.demo.databases import Postgres, Redis
from examples.demo.process import Server, wait_until
from exporters.catalogue import CATALOGUE, postgres_objects, self_
from exporters.catalogue import postgres as postgres_catalogue
from exporters.catalogue import redis as redis_catalogue
from tests.servers.exporter_process import Exporter
from tests.servers.exporter_support import add_user, declared, schema, url_of

ROLE_SQL = Path(exporters.__file__).parent / "sql" / "role.sql"
CONFIG = """\
postgres:
  expected_indexes:
    - {name: ix_orders_created, table: orders, columns: [created_at DESC], where: "status = 'open'"}
redis:
  key_patterns: ["dashboard:*"]
"""


@pytest.fixture(scope="module")
def databases(server_root: Path) -> Iterator[tuple[Postgres, Redis]]:
    """Servers that a test may freeze, and must thaw."""
    postgres = Postgres(server_root / "postgres-of-both").start()
    redis = Redis(server_root / "redis-of-both").start()
    psql = ["psql", "-q", "-X", "-h", str(postgres.home), "-p", str(postgres.port), "-U", "postgres"]
    role = ["-v", "password=hunter2", "-v", "database=postgres", "-f", str(ROLE_SQL)]
    subprocess.run([*psql, *role], check=True, capture_output=True)
    table = "CREATE TABLE orders (created_at timestamptz, status text)"
    index = "CREATE INDEX ix_orders_created ON orders (created_at DESC) WHERE status = 'open'"
    subprocess.run([*psql, "-c", table, "-c", index], check=True, capture_output=True)
    add_user(redis)
    yield postgres, redis
    postgres.stop()
    redis.stop()


@pytest.fixture(scope="module")
def exporter(
    databases: tuple[Postgres, Redis], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Exporter]:
    home = tmp_path_factory.mktemp("exporter")
    (home / "exporter.yml").write_text(CONFIG)
    postgres, redis = databases
    url = postgres.url("obs_exporter", "hunter2").replace("postgresql", "postgresql+asyncpg")
    env = {"DATABASE_URL": f"{url}?ssl=disable", "REDIS_URL": url_of(redis)}
    exporter = Exporter(home, "--config.file", "exporter.yml", **env)
    yield exporter
    exporter.stop()


def processes(server: Server) -> list[int]:
    """The server and its children; a session of PostgreSQL is a process group of its own."""
    assert server.process is not None
    pid = server.process.pid
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


@contextmanager
def frozen(*servers: Server) -> Iterator[None]:
    """All processes are there, and none does anything."""
    stopped = [pid for server in servers for pid in processes(server)]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_both_servers_are_on_the_page(exporter: Exporter) -> None:
    wait_until(lambda: redis_catalogue.KEYS.name in exporter.scrape().names(), "the first pass")
    page = exporter.scrape()

    assert page.of(postgres_catalogue.UP) == page.of(redis_catalogue.UP) == 1
    assert page.of(postgres_objects.EXPECTED_PRESENT, index="ix_orders_created", table="orders") == 1
    assert page.of(redis_catalogue.KEYS, db="db0", key="dashboard:*") == 0
    assert page.of(self_.CONNECTS, backend="postgres", result="ok") == 1
    assert page.of(self_.SERIES) == len(page)
    assert all(page.of(self_.DROPPED_SERIES, reason=reason) == 0 for reason in self_.REASON.values)


@pytest.mark.parametrize("which", [0, 1], ids=["PostgreSQL frozen", "Redis frozen"])
def test_a_frozen_server_does_not_hold_back_the_other(
    which: int, exporter: Exporter, databases: tuple[Postgres, Redis]
) -> None:
    healthy = exporter.scrape()
    with frozen(databases[which]):
        started = time.monotonic()
        page = exporter.scrape()
        assert time.monotonic() - started < 2
    ups = [page.of(postgres_catalogue.UP), page.of(redis_catalogue.UP)]
    assert ups[which] == 0
    assert ups[1 - which] == 1
    other = ("redis_", "pg_")[which]
    kept = {name for name in healthy.names() if name.startswith(other)}
    assert len(kept) > 20
    assert kept <= page.names()
    again = exporter.scrape()
    assert again.of(postgres_catalogue.UP) == again.of(redis_catalogue.UP) == 1


def test_both_frozen_are_told_within_two_seconds(
    exporter: Exporter, databases: tuple[Postgres, Redis]
) -> None:
    with frozen(*databases):
        started = time.monotonic()
        page = exporter.scrape()
        assert time.monotonic() - started < 2

    assert page.of(postgres_catalogue.UP) == page.of(redis_catalogue.UP) == 0
    assert page.of(self_.SERIES) == len(page)


def test_the_exporter_says_of_itself_what_is_declared_and_nothing_else(
    exporter: Exporter, databases: tuple[Postgres, Redis]
) -> None:
    with frozen(databases[1]):
        exporter.scrape()  # an error to count
    found = schema(exporter.get("/metrics").text)

    of_servers = {metric.name for metric in CATALOGUE.of("postgres", "redis")}
    elsewhere = (
        self_.CERTIFICATE_END,
        self_.CERTIFICATE_LEFT,
        self_.LOGINS,
    )  # see test_exporter_tls and test_exporter_users
    own = [
        metric
        for metric in CATALOGUE.of("exporter")
        if not metric.name.startswith("pgbouncer_") and metric not in elsewhere
    ]
    assert {name: found[name] for name in found.keys() - of_servers} == declared(*own)


def test_promtool_finds_fault_with_names_kept_for_compatibility_alone(exporter: Exporter) -> None:
    page = exporter.get("/metrics").content

    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)

    complaints = (done.stdout + done.stderr).decode().splitlines()
    kept = (
        "pg_stat_database_",
        "pg_stat_user_tables_",
        "pg_stat_wal_",
        "pg_stat_activity_count ",
        "pg_locks_count ",
        "redis_keys_count ",
    )
    assert complaints
    assert [line for line in complaints if not line.startswith(kept)] == []


def test_a_signal_ends_it_within_a_second_while_both_servers_are_frozen(
    databases: tuple[Postgres, Redis], tmp_path: Path
) -> None:
    postgres, redis = databases
    env = {"DATABASE_URL": postgres.url("obs_exporter", "hunter2"), "REDIS_URL": url_of(redis)}
    exporter = Exporter(tmp_path, **env)

    def scrape() -> None:
        with suppress(OSError):
            exporter.get("/metrics")

    try:
        assert exporter.scrape().of(postgres_catalogue.UP) == 1
        assert exporter.process is not None
        with frozen(postgres, redis):
            waiting = threading.Thread(target=scrape)
            waiting.start()
            time.sleep(0.3)
            started = time.monotonic()
            exporter.process.send_signal(signal.SIGTERM)
            assert exporter.process.wait(5) == 0
            assert time.monotonic() - started < 1
            waiting.join()
        assert "Traceback" not in exporter.written()
    finally:
        exporter.stop()
