"""What it costs to count keys by pattern, and what the clients of Redis notice, beside redis_exporter."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis as Client

from benchmarks import watched
from benchmarks.equal_work import PEER
from benchmarks.scrapes import Scrape
from benchmarks.watched import Exporter
from examples.demo.databases import Redis
from examples.demo.process import ServerError, wait_until
from exporters.collectors.redis.address import parse_url
from exporters.collectors.redis.connection import Session
from exporters.collectors.redis.passes import Walk
from exporters.collectors.redis.settings import ACTIVE, ESTIMATED, PACED, RedisSettings
from exporters.patterns import Patterns

ROUNDS = 7
KEYS = 1_000_000
TRIALS = 200
ESTIMATES = 10  # a round: one is over too soon
# By prefix, in thousandths of all keys.
SHARES = {
    "session": 300,
    "cart": 200,
    "user": 180,
    "product": 120,
    "page": 100,
    "feed": 50,
    "rate": 48,
    "lock": 2,
}
PATTERNS = tuple(f"{prefix}:*" for prefix in SHARES)
SLICES, SLICE_SECONDS, PING_PAUSE = 12, 5.0, 0.0005
MEAN_SECONDS = 10.0
QUIET, AGAIN, BUSY = "nobody counts", "nobody counts, once more", "somebody as busy, without Redis"
# Sleeps and computes for so many seconds, in turns.
SOMEBODY = """\
import sys, time
rest, busy = map(float, sys.argv[1:])
while True:
    time.sleep(rest)
    end = time.thread_time() + busy
    while time.thread_time() < end:
        pass
"""


@dataclass(frozen=True)
class Counted:
    """All rounds.

    Attributes:
        keys: how many there were.
        version: of the peer.
        taken: by way of counting its passes, round by round; the peer's are its pages.
        held: by pattern, of how many estimates the interval held the truth.
        pings: by what went on meanwhile, seconds of each PING.
        share: of the time that Redis spent on the pass of `paced`, by its own account.
    """

    keys: int
    version: str = ""
    taken: dict[str, list[Scrape]] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    pings: dict[str, list[float]] = field(default_factory=dict)
    share: list[float] = field(default_factory=list)


def measure(
    *, keys: int = KEYS, rounds: int = ROUNDS, trials: int = TRIALS, slices: int = SLICES, peers: bool = True
) -> Counted:
    """Fill a Redis, and count its keys in every way, in turns.

    Args:
        keys: of all patterns together.
        rounds: of counting.
        trials: of estimating.
        slices: of looking after the clients.
        peers: whether redis_exporter is measured too.

    Raises:
        ServerError: the peer or Redis is not installed, or a count is wrong.
    """
    binary = watched.peer("PEER_REDIS_EXPORTER") if peers else ""
    counted = Counted(keys, watched.version(binary) if peers else "")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stack.enter_context(watched.awake())
        home = Path(folder)
        server = Redis(home / "redis", enable_debug_command="local").start()
        stack.callback(server.stop)
        truth = _fill(server, keys)
        ways = [ACTIVE, ESTIMATED]
        if peers:
            exporter = _peer(home, server, binary)
            stack.callback(exporter.stop)
            exporter.start()
            ways.append(PEER)
        counted.taken.update({way: [] for way in ways})
        for round_ in range(rounds):
            for way in ways[round_ % len(ways) :] + ways[: round_ % len(ways)]:
                times = ESTIMATES if way == ESTIMATED else 1
                at_server = watched.spent_by(server)
                if way == PEER:
                    before = exporter.spent()
                    wall = watched.pages(exporter.port, 1)[0]
                    own = exporter.spent() - before
                else:
                    wall, own = _passes(server, way, times, truth)
                spent = watched.spent_by(server) - at_server
                counted.taken[way].append(Scrape(wall / times, spent / times, own / times))
        counted.held.update(_trials(server, truth, trials))
        pings, share = _beside(home, server, slices)
        counted.pings.update(pings)
        counted.share.extend(share)
        if peers:
            counted.pings[PEER] = _while(server, lambda: watched.pages(exporter.port, 1))
    return counted


def _fill(server: Redis, keys: int) -> dict[str, int]:
    truth = {prefix: share * keys // 1000 for prefix, share in SHARES.items()}
    with closing(Client.from_url(server.url)) as client:
        for prefix, number in truth.items():
            client.execute_command("DEBUG", "POPULATE", number, prefix, 40)  # type: ignore[no-untyped-call]
    return truth


def _peer(home: Path, server: Redis, binary: str) -> Exporter:
    asked = ",".join(f"db0={pattern}" for pattern in PATTERNS)
    flags = ["--web.listen-address=127.0.0.1:{port}", f"--redis.addr={server.url}", f"--count-keys={asked}"]
    return Exporter(PEER, home, [binary, *flags], {})


def _walks(server: Redis, way: str, seed: int) -> Walk:
    session = Session(parse_url(server.url), time.monotonic() + 5)
    settings = RedisSettings(url=str, key_patterns=PATTERNS, keys=way)
    chance = random.Random(seed)  # noqa: S311  no secret
    return Walk(session, settings, Patterns(PATTERNS), threading.Event(), chance)


def _passes(server: Redis, way: str, times: int, truth: dict[str, int]) -> tuple[float, float]:
    """Seconds on the wall and of our processor time; what is found must be right."""
    wall, own = 0.0, time.process_time()
    for number in range(times):
        done = _walks(server, way, number).run()
        wall += done.seconds
        if way == ACTIVE and done.found[0].counts != [0, *truth.values()]:
            raise ServerError(f"counted {done.found[0].counts}; expected {[0, *truth.values()]}")
    return wall, time.process_time() - own


def _trials(server: Redis, truth: dict[str, int], trials: int) -> dict[str, int]:
    held = dict.fromkeys(PATTERNS, 0)
    for seed in range(trials):
        limits = _walks(server, ESTIMATED, seed).run().found[0].limits
        for pattern, limit, number in zip(PATTERNS, limits[1:], truth.values(), strict=True):
            held[pattern] += limit.low <= number <= limit.high
    return held


def _beside(home: Path, server: Redis, slices: int) -> tuple[dict[str, list[float]], list[float]]:
    """While our exporter counts one pass after the other, and while it is stopped, in turns.

    Also while it is stopped once more, which shows by how much two such figures differ by chance; and while
    somebody wakes as often as it does and computes as long, and asks Redis nothing, which shows what is the
    processors' own. Beside the pings, what share of its time Redis spent on the pass, turn by turn.
    """
    config = home / "paced.yml"
    config.write_text(f"redis: {{key_patterns: {list(PATTERNS)}, keys: {PACED}, scan_interval: 1}}\n")
    command = [sys.executable, "-m", "exporters", "--web.listen-address=127.0.0.1:{port}"]
    exporter = Exporter(PACED, home, [*command, f"--config.file={config}"], {"REDIS_URL": server.url})
    exporter.start()
    with ExitStack() as stack:
        stack.callback(exporter.stop)
        assert exporter.process is not None  # noqa: S101 - it was started
        stack.callback(os.kill, exporter.process.pid, signal.SIGCONT)
        with closing(Client.from_url(server.url)) as client:
            wait_until(lambda: _scans(client) > 3, "a pass is under way")
            scans, spent = _scans(client), exporter.spent()
            time.sleep(MEAN_SECONDS)  # what is counted and spent meanwhile is a mean over many batches
            scans, spent = _scans(client) - scans, exporter.spent() - spent
        each, busy = MEAN_SECONDS / scans, spent / scans
        os.kill(exporter.process.pid, signal.SIGSTOP)
        somebody = subprocess.Popen([sys.executable, "-c", SOMEBODY, str(each), str(busy)])
        stack.callback(somebody.wait)
        stack.callback(somebody.kill)
        os.kill(somebody.pid, signal.SIGSTOP)
        at_work = {PACED: exporter.process.pid, BUSY: somebody.pid}
        taken: dict[str, list[float]] = {what: [] for what in (QUIET, PACED, AGAIN, BUSY)}
        share: list[float] = []
        for _ in range(slices):
            for what in taken:
                if what in at_work:
                    os.kill(at_work[what], signal.SIGCONT)
                time.sleep(0.05)
                scanning = _scanning(server)
                taken[what] += _pings(server, time.monotonic() + SLICE_SECONDS)
                if what == PACED:
                    share.append((_scanning(server) - scanning) / SLICE_SECONDS)
                if what in at_work:
                    os.kill(at_work[what], signal.SIGSTOP)
    return taken, share


def _scans(client: Client, what: str = "calls") -> int:
    return int(client.info("commandstats").get("cmdstat_scan", {}).get(what, 0))


def _scanning(server: Redis) -> float:
    """Seconds that Redis spent on SCAN so far."""
    with closing(Client.from_url(server.url)) as client:
        return _scans(client, "usec") / 1e6


def _while(server: Redis, ask: Callable[[], object]) -> list[float]:
    thread = threading.Thread(target=ask)
    thread.start()
    taken = list(_pings_while(server, thread.is_alive))
    thread.join()
    return taken


def _pings(server: Redis, end: float) -> list[float]:
    return list(_pings_while(server, lambda: time.monotonic() < end))


def _pings_while(server: Redis, goes_on: Callable[[], bool]) -> Iterator[float]:
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while goes_on():
            began = time.perf_counter()
            client.sendall(b"PING\r\n")
            client.recv(64)
            yield time.perf_counter() - began
            time.sleep(PING_PAUSE)
