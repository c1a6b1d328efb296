"""What exporters are measured on: a PostgreSQL with many tables, and ours and the peers' beside it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from examples.demo.databases import Postgres
from examples.demo.process import ROOT, Server, ServerError, free_port, listening, program

DATABASE, ROLE = "app", "watcher"
REQUEST = (
    b"GET /metrics HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\n"
    b"X-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n"
)
TICKS = os.sysconf("SC_CLK_TCK")
# By variable, which names the newest where Debian's is old, what is looked for on PATH, and Debian's package.
PEERS = {
    "PEER_POSTGRES_EXPORTER": "prometheus-postgres-exporter",
    "PEER_REDIS_EXPORTER": "prometheus-redis-exporter",
}


# Writes to so many bytes as long as its parent lives.
WRITES = """\
import mmap, os, sys
os.nice(19)
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
try:  # Linux shares the processors among sessions first
    open("/proc/self/autogroup", "w").write("19")
except OSError:
    pass
held, parent = mmap.mmap(-1, int(sys.argv[1])), int(sys.argv[2])
while os.getppid() == parent:
    for place in range(0, len(held), mmap.PAGESIZE):
        held[place] = 1
"""
WRITTEN = 300_000_000


@contextmanager
def awake() -> Iterator[None]:
    """Somebody of the lowest priority writes to memory: some machines slow it down tenfold in every pause.

    Then a page costs as much as the memory it touches, and how much that is says nothing of any exporter.
    """
    command = [sys.executable, "-c", WRITES, str(WRITTEN), str(os.getpid())]
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            yield
        finally:
            process.kill()


@dataclass(frozen=True)
class Size:
    """How much there is to watch; four indexes a table, and so many shapes of statement."""

    tables: int = 500
    shapes: int = 10


def peer(variable: str) -> str:
    """The path of a peer's program: what the variable says, else Debian's on PATH.

    Raises:
        ServerError: there is none.
    """
    given = os.environ.get(variable)
    if given and not os.access(given, os.X_OK):
        raise ServerError(f"{variable}={given}: no program; expected the path of one, or unset it")
    return given or program(PEERS[variable], package=PEERS[variable])


def version(binary: str) -> str:
    """What it says of itself."""
    done = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(?:version|Exporter)[ :=\"]+v?(\d[^\s,\"]*)", done.stdout + done.stderr)
    return found[1] if found else "of unknown version"


@contextmanager
def postgres(home: Path, size: Size) -> Iterator[Postgres]:
    """A server with tables, indexes and statements, and a role that may read all statistics."""
    server = Postgres(home, autovacuum="off", shared_buffers="128MB").start()
    try:
        let_in(server)
        with psycopg.connect(f"{server.superuser_dsn} dbname={DATABASE}") as session:
            session.execute("CREATE EXTENSION pg_stat_statements")
            for number in range(size.tables):
                session.execute(table(number))
        with psycopg.connect(f"{server.superuser_dsn} dbname={DATABASE}", autocommit=True) as session:
            session.execute("VACUUM ANALYZE")
            for number in range(size.tables):
                for more in range(size.shapes):
                    shape = f"a = 1{' OR b = 1' * more}"
                    session.execute(f"SELECT count(*) FROM t{number} WHERE {shape}".encode())  # noqa: S608
        yield server
    finally:
        server.stop()


def let_in(server: Postgres) -> None:
    """Make the role that watches, and a database."""
    rules = server.data / "pg_hba.conf"
    # Without a password: peers connect anew for each scrape, which is no part of what is compared.
    rules.write_text(f"host all {ROLE} 127.0.0.1/32 trust\n{rules.read_text()}")
    with psycopg.connect(server.superuser_dsn, autocommit=True) as session:
        session.execute(f"CREATE ROLE {ROLE} LOGIN IN ROLE pg_monitor")
        session.execute(f"CREATE DATABASE {DATABASE}")
        session.execute("SELECT pg_reload_conf()")


def table(number: int) -> bytes:
    """What makes a table of some rows with four indexes."""
    name = f"t{number}"
    indexes = "".join(f"CREATE INDEX {name}_{column} ON {name} ({column});" for column in "abc")
    rows = "SELECT n, n % 7, n % 11, md5(n::text) FROM generate_series(1, 200) n"
    head = f"CREATE TABLE {name} (id int PRIMARY KEY, a int, b int, c text);"
    return f"{head} {indexes} INSERT INTO {name} {rows}".encode()


class Exporter(Server):
    """A process that serves metrics.

    Args:
        command: with ``{port}`` where it is to listen.
    """

    def __init__(self, name: str, home: Path, command: Sequence[str], env: Mapping[str, str]) -> None:
        super().__init__(name, home / f"{name.replace(' ', '-')}.log")
        self.port = free_port()
        self._command = [word.replace("{port}", str(self.port)) for word in command]
        self._env = env

    def start(self) -> Exporter:
        """Start, and wait until it listens."""
        self.launch(self._command, env=self._env, cwd=ROOT)
        self.wait_for(lambda: listening(self.port))
        return self

    def spent(self) -> float:
        """Seconds of processor time so far."""
        assert self.process is not None  # noqa: S101 - it was started
        return _spent(self.process.pid)

    def resident(self) -> float:
        """Bytes of memory that it holds."""
        assert self.process is not None  # noqa: S101 - it was started
        return self._status("VmRSS") * 1024.0

    def threads(self) -> int:
        """How many it has."""
        return self._status("Threads")

    def _status(self, field: str) -> int:
        assert self.process is not None  # noqa: S101 - it was started
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{field}:\s+(\d+)", status)
        return int(found[1]) if found else 0

    def page(self) -> bytes:
        """One page."""
        return pages(self.port, 1)[1]


def ours(name: str, home: Path, env: Mapping[str, str], **options: float | bool) -> Exporter:
    """Our exporter, with these options of PostgreSQL."""
    config = home / f"{name.replace(' ', '-')}.yml"
    config.write_text(f"postgres: {json.dumps(options)}\n")
    command = [sys.executable, "-m", "exporters", "--web.listen-address=127.0.0.1:{port}"]
    return Exporter(name, home, [*command, "--config.file", str(config)], env)


@contextmanager
def warm(exporters: Iterable[Exporter], asked: int = 2) -> Iterator[None]:
    """They run, and are connected: each has been asked so many times."""
    with contextlib.ExitStack() as stack:
        for exporter in exporters:
            stack.callback(exporter.stop)
            exporter.start()
            for _ in range(asked):
                exporter.page()
        yield


def pages(port: int, clients: int, path: str = "/metrics") -> tuple[float, bytes]:
    """So many ask at once: how long the slowest waited, and the last answer, with its head."""
    request = REQUEST.replace(b"/metrics", path.encode()).replace(
        b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"
    )
    answers: dict[socket.socket, bytes] = {}
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for _ in range(clients):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            answers[client] = b""
            selector.register(client, selectors.EVENT_READ)
        time.sleep(0.02)  # all are known to the server
        began = last = time.perf_counter()
        for client in answers:
            client.sendall(request)
        answer = b""
        while selector.get_map():
            for key, _ in selector.select():
                client = key.fileobj  # type: ignore[assignment]  # these are sockets
                data = client.recv(1 << 20)
                answers[client] += data
                if not data:
                    last, answer = time.perf_counter(), answers[client]
                    selector.unregister(client)
    return last - began, answer


def spent_by(server: Server) -> float:
    """Processor time of a server and of all its children so far, also those that ended."""
    assert server.process is not None  # noqa: S101 - it was started
    pid = server.process.pid
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ended = (int(stat[13]) + int(stat[14])) / TICKS
    children: list[str] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return ended + sum(_spent(each) for each in (pid, *map(int, children)))


def _spent(pid: int) -> float:
    try:
        # The clock of a process as Linux numbers it: of all its threads, also those that ended.
        return time.clock_gettime(~pid << 3 | 2)
    except OSError:  # it has ended since
        return 0.0
