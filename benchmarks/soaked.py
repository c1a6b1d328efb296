"""An exporter that is scraped each second, while one fault after another befalls what it watches."""

from __future__ import annotations

import contextlib
import http
import http.client
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
import redis

from benchmarks.relay import Relay
from benchmarks.watched import DATABASE, ROLE, Exporter, Size, postgres
from examples.demo.databases import Postgres, Redis
from examples.demo.process import Server, ServerError, wait_until

# Seconds that a fault lasts, for which all is well after it, and within which it must be.
FAULT, CALM, MENDED = 5.0, 6.0, 15.0
# As Prometheus says it with each scrape.
LIMIT = 3.0
EVERY = 1.0
CONFIG = "redis: {key_patterns: ['session:*', 'cart:*']}\n"
KEYS = 5000
SERVERS = ("pg", "redis")
UP = re.compile(rf"^({'|'.join(SERVERS)})_up(?:\{{.*\}})? 1$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Held:
    """What the exporter holds while all is well.

    Attributes:
        memory: bytes.
        descriptors, threads: of the process.
        postgres, redis: connections, as the servers count them.
    """

    memory: float
    descriptors: int
    threads: int
    postgres: int
    redis: int


@dataclass
class Scrapes:
    """What became of each scrape.

    Attributes:
        seconds: that each took.
        lost: what went wrong with those without an answer.
        dark: how many said that a server is down, or nothing of it.
        last: the last page.
    """

    seconds: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    dark: int = 0
    last: str = ""


@dataclass(frozen=True, slots=True)
class Soaked:
    """What was held after each round, what befell the servers in each, and the scrapes."""

    rounds: list[Held]
    faults: tuple[str, ...]
    scrapes: Scrapes


class Site:
    """Two servers, a network each, and an exporter that watches both through it."""

    def __init__(self, server: Postgres, cache: Redis, home: Path) -> None:
        self.server, self.cache = server, cache
        self.to_server, self.to_cache = Relay(server.port), Relay(cache.port)
        self.environ = {
            "DATABASE_URL": f"postgresql://{ROLE}@127.0.0.1:{self.to_server.port}/{DATABASE}?sslmode=disable",
            "REDIS_URL": f"redis://127.0.0.1:{self.to_cache.port}/0",
        }
        config = home / "soaked.yml"
        config.write_text(CONFIG)
        command = [sys.executable, "-m", "exporters", "--web.listen-address=127.0.0.1:{port}"]
        self.exporter = Exporter("soaked", home, [*command, f"--config.file={config}"], self.environ)
        self.scrapes = Scrapes()
        self._ended = threading.Event()
        self._scraping = threading.Thread(target=self._scrape, daemon=True)

    def __enter__(self) -> Site:
        self.exporter.start()
        self._scraping.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._scraping.join()
        self.exporter.stop()
        self.to_server.close()
        self.to_cache.close()

    def held(self) -> Held:
        """What the exporter holds now."""
        assert self.exporter.process is not None  # noqa: S101 - it was started
        process = Path(f"/proc/{self.exporter.process.pid}")
        asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
        with psycopg.connect(self.server.superuser_dsn) as session:
            row = session.execute(asked, [ROLE]).fetchone()
        with contextlib.closing(redis.Redis(port=self.cache.port)) as client:
            clients = len(client.client_list()) - 1  # but this one
        descriptors, threads = (len(list((process / each).iterdir())) for each in ("fd", "task"))
        return Held(self.exporter.resident(), descriptors, threads, row[0] if row else 0, clients)

    def well(self) -> bool:
        """Whether the last page says that both servers answer."""
        return len(set(UP.findall(self.scrapes.last))) == len(SERVERS)

    def _scrape(self) -> None:
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + EVERY, time.monotonic())
            began = time.monotonic()
            try:
                self.scrapes.last = _page(self.exporter.port)
            except (OSError, http.client.HTTPException, ServerError) as error:
                self.scrapes.lost.append(f"{type(error).__name__}: {error}")
            self.scrapes.seconds.append(time.monotonic() - began)
            self.scrapes.dark += not self.well()


def _page(port: int) -> str:
    """One scrape, as Prometheus asks it.

    Raises:
        OSError, HTTPException: there is no answer within the limit.
        ServerError: it is none of a page.
    """
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    with contextlib.closing(link):
        link.request("GET", "/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": f"{LIMIT:g}"})
        answer = link.getresponse()
        text = answer.read().decode()
    if answer.status != http.HTTPStatus.OK:
        raise ServerError(f"HTTP {answer.status}")
    return text


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """A server and all its processes stand still."""
    assert server.process is not None  # noqa: S101 - it was started
    pid = server.process.pid
    children: list[str] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    group = [pid, *map(int, children)]
    for each in group:
        _send(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in group:
            _send(each, signal.SIGCONT)


def _send(pid: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, what)


@contextmanager
def down(site: Site, server: Postgres | Redis) -> Iterator[None]:
    """A server that is stopped, and started again when a scrape has said so."""
    server.stop()
    dark = site.scrapes.dark
    try:
        yield
        wait_until(lambda: site.scrapes.dark > dark, "a scrape of a server that is down", timeout=MENDED)
    finally:
        server.start()


@contextmanager
def locked(server: Postgres) -> Iterator[None]:
    """Somebody holds the strongest lock on a table."""
    with psycopg.connect(f"{server.superuser_dsn} dbname={DATABASE}") as session:
        session.execute("LOCK TABLE t0 IN ACCESS EXCLUSIVE MODE")
        yield
        session.rollback()


@contextmanager
def killed(server: Postgres, how: signal.Signals) -> Iterator[None]:
    """The backend of the exporter gets a signal; by SIGKILL the whole server begins anew."""
    with psycopg.connect(server.superuser_dsn) as session:
        asked = "SELECT pid FROM pg_stat_activity WHERE usename = %s"
        found = [pid for (pid,) in session.execute(asked, [ROLE])]
    for pid in found:
        _send(pid, how)
    yield


def faults(site: Site) -> dict[str, Callable[[], contextlib.AbstractContextManager[None]]]:
    """What befalls the servers, in turns."""
    return {
        "PostgreSQL restarts": partial(down, site, site.server),
        "PostgreSQL stands still": partial(frozen, site.server),
        "a table is locked": partial(locked, site.server),
        "the exporter's backend is killed": partial(killed, site.server, signal.SIGKILL),
        "the exporter's backend is ended": partial(killed, site.server, signal.SIGTERM),
        "no network to PostgreSQL": site.to_server.cut,
        "Redis restarts": partial(down, site, site.cache),
        "Redis stands still": partial(frozen, site.cache),
        "no network to Redis": site.to_cache.cut,
    }


def fill(cache: Redis) -> None:
    """Keys to count; a Redis that restarted has none, as in production without persistence."""
    with contextlib.closing(redis.Redis(port=cache.port)) as client:
        client.mset({f"{('session', 'cart', 'other')[number % 3]}:{number}": "x" for number in range(KEYS)})


def soak(site: Site, seconds: float, *, fault: float = FAULT, calm: float = CALM) -> Soaked:
    """Faults in turns, for that long and to the end of a round.

    Raises:
        ServerError: a fault was over, and the page did not say so.
    """
    rounds: list[Held] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        fill(site.cache)
        for name, begins in faults(site).items():
            with begins():
                time.sleep(fault)
            wait_until(site.well, f"after {name!r}, both servers on the page", timeout=MENDED)
            time.sleep(calm)
        rounds.append(site.held())
    return Soaked(rounds, tuple(faults(site)), site.scrapes)


@contextmanager
def site() -> Iterator[Site]:
    """Both servers and the exporter."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)  # PostgreSQL is another user's
        cache = Redis(home / "redis")
        with postgres(home / "postgres", Size(tables=20)) as server:
            try:
                with Site(server, cache.start(), home) as found:
                    yield found
            finally:
                cache.stop()
