"""What one exporter of many targets costs: databases of one PostgreSQL, one in five a Redis."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from redis import Redis as Client

from benchmarks import watched
from benchmarks.scrapes import Pages
from benchmarks.watched import DATABASE, ROLE, Exporter
from examples.demo.databases import Postgres, Redis
from examples.demo.process import wait_until
from exporters.collectors.redis.connection import CLIENT_NAME
from exporters.targets import IDLE_SECONDS

COUNTS = (1, 10, 50, 200)
ROUNDS = 8
TABLES = 20
ONE_IN = 5  # is a Redis
SETTLED = 0.5  # after it what pages left to do is done
LATE_SECONDS = 30.0
# Of few targets and of many each is asked equally seldom, as by a scraper; a round of 200 takes six seconds.
INTERVAL = 8.0
REMEMBERED = 3600  # what is dear, in all rounds


@dataclass(frozen=True)
class Round:
    """All pages, one after the other: by the clock, and processor time of the servers and of the exporter."""

    wall: float
    servers: float
    own: float


@dataclass(frozen=True)
class Held:
    """What there is at one time: bytes and threads of the exporter, and its connections to servers."""

    resident: float
    threads: int
    connections: int


@dataclass(frozen=True)
class Many:
    """An exporter of so many targets.

    Attributes:
        series: on all pages.
        first: each target is connected to, and all is asked.
        rounds: what is dear is remembered.
        before, after: before the first page, and after the last.
    """

    targets: int
    series: int
    first: Round
    rounds: Sequence[Round]
    before: Held
    after: Held


@dataclass(frozen=True)
class Measured:
    """By number of targets; and of the last what it holds when nobody asks any more."""

    points: list[Many] = field(default_factory=list)
    left: Held | None = None


def measure(counts: Sequence[int] = COUNTS, *, rounds: int = ROUNDS, idle: bool = True) -> Measured:
    """Start everything, and ask for every target in turn.

    Args:
        counts: of targets.
        rounds: of all pages, after a first.
        idle: whether to wait until the targets are let go, which takes five minutes.

    Raises:
        ServerError: a server is not installed.
    """
    points: list[Many] = []
    left = None
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stack.enter_context(watched.awake())
        home = Path(folder)
        home.chmod(0o755)  # PostgreSQL has a user of its own
        postgres = stack.enter_context(_databases(home / "postgres", max(counts)))
        redis = Redis(home / "redis").start()
        stack.callback(redis.stop)
        for count in counts:
            with _exporter(home, count, postgres, redis) as exporter:
                points.append(_point(exporter, count, rounds, postgres, redis))
                if idle and count == counts[-1]:
                    wait_until(
                        lambda: _connections(postgres, redis) == 0,
                        "every target is let go of",
                        timeout=IDLE_SECONDS + LATE_SECONDS,
                    )
                    time.sleep(SETTLED)
                    left = _held(exporter, postgres, redis)
    return Measured(points, left)


@contextmanager
def _databases(home: Path, count: int) -> Iterator[Postgres]:
    """A server of so many databases of some tables."""
    server = Postgres(home, autovacuum="off", max_connections=str(count + 50)).start()
    try:
        watched.let_in(server)
        with psycopg.connect(f"{server.superuser_dsn} dbname={DATABASE}") as session:
            for number in range(TABLES):
                session.execute(watched.table(number))
        with psycopg.connect(server.superuser_dsn, autocommit=True) as session:
            for number in range(count):
                copy = f"CREATE DATABASE t{number} TEMPLATE {DATABASE} STRATEGY file_copy"
                session.execute(copy.encode())
        yield server
    finally:
        server.stop()


def _names(count: int) -> list[str]:
    return [f"t{number}" for number in range(count)]


@contextmanager
def _exporter(home: Path, count: int, postgres: Postgres, redis: Redis) -> Iterator[Exporter]:
    """An exporter of so many targets, none of which was asked for."""
    lines = [
        f"postgres: {{own_database_only: true, heavy_ttl: {REMEMBERED}, sizes_ttl: {REMEMBERED}}}",
        "targets:",
    ]
    for number, name in enumerate(_names(count)):
        kind = "redis" if number % ONE_IN == ONE_IN - 1 else "postgres"
        url = f"postgresql://{ROLE}@127.0.0.1:{postgres.port}/{name}?sslmode=disable"
        file = home / f"url-{name}"
        file.write_text(redis.url if kind == "redis" else url)
        file.chmod(0o600)
        lines.append(f"  {name}: {{kind: {kind}, connection_file: {file}}}")
    config = home / f"targets-{count}.yml"
    config.write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "exporters", "--web.listen-address=127.0.0.1:{port}"]
    env = {"DATABASE_URL": "", "REDIS_URL": ""}
    exporter = Exporter(f"of {count}", home, [*command, "--config.file", str(config)], env).start()
    try:
        yield exporter
    finally:
        exporter.stop()


def _point(exporter: Exporter, count: int, rounds: int, postgres: Postgres, redis: Redis) -> Many:
    before = _held(exporter, postgres, redis)
    first = _round(exporter, count, postgres, redis)
    taken = []
    for _ in range(rounds):
        began = time.monotonic()
        taken.append(_round(exporter, count, postgres, redis))
        time.sleep(max(0.0, began + INTERVAL - time.monotonic()))  # the next scrape is not due before
    series = 0
    for name in _names(count):
        answer = watched.pages(exporter.port, 1, f"/probe?target={name}")[1]
        if not re.match(rb"HTTP/1.. 200 ", answer):
            raise RuntimeError(f"target {name}: {answer[:80]!r}")
        series += Pages.of(answer).series
    return Many(count, series, first, taken, before, _held(exporter, postgres, redis))


def _round(exporter: Exporter, count: int, postgres: Postgres, redis: Redis) -> Round:
    servers, own = _spent(postgres, redis), exporter.spent()
    wall = sum(watched.pages(exporter.port, 1, f"/probe?target={name}")[0] for name in _names(count))
    time.sleep(SETTLED)
    return Round(wall, _spent(postgres, redis) - servers, exporter.spent() - own)


def _spent(postgres: Postgres, redis: Redis) -> float:
    return watched.spent_by(postgres) + watched.spent_by(redis)


def _held(exporter: Exporter, postgres: Postgres, redis: Redis) -> Held:
    time.sleep(SETTLED)
    return Held(exporter.resident(), exporter.threads(), _connections(postgres, redis))


def _connections(postgres: Postgres, redis: Redis) -> int:
    with psycopg.connect(postgres.superuser_dsn) as session:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
        row = session.execute(asked, [ROLE]).fetchone()
    with Client(port=redis.port) as client:
        named = [each for each in client.client_list() if each["name"] == CLIENT_NAME]
    return (row[0] if row else 0) + len(named)
