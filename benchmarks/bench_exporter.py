"""What our exporter and its peers cost, and how long they take, on the same servers in turns."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest as plain_text
from prometheus_client.openmetrics.exposition import generate_latest as open_metrics

from benchmarks import equal_work, watched
from benchmarks.delay import delayed
from benchmarks.equal_work import Equal
from benchmarks.scrapes import Pages, Scrape, postgres_peer, turns, url
from benchmarks.scrapes import rounds as in_turns
from benchmarks.watched import DATABASE, Exporter, Size
from examples.demo.databases import Postgres, Redis
from exporters.catalogue import Gauge, Label
from exporters.collectors.base import Family
from exporters.exposition import compress, render

ROUNDS = 15
CLIENTS = 10
DELAY = 0.005
FOR_EVER = 3600.0
PEER, WHOLE, HEAVY, REMEMBERED = "peer", "ours, all asked", "ours, sizes remembered", "ours, all remembered"
# What is dear to ask stands for a minute, sizes of databases for five; so of 20 scrapes, one in 15 s, are:
SHARES = {WHOLE: 1, HEAVY: 4, REMEMBERED: 15}
METRICS, ROWS = 30, 500
EXPOSITIONS = ("ours", "prometheus_client, text", "prometheus_client, OpenMetrics")


@dataclass(frozen=True)
class Measured:
    """All rounds.

    Attributes:
        size: of what was watched.
        versions: of the peers, by name.
        pages: by exporter.
        equal: the same work as the peer's.
        near, far: by exporter its scrapes, round by round, over loopback and through the delay.
        one, many: by exporter how long one scraper waited, and the slowest of ten at once.
        resident: bytes of memory by exporter; ours watches both servers.
        exposition: by library seconds of processor time for 15 000 series and gzip.
    """

    size: Size
    versions: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Pages] = field(default_factory=dict)
    equal: list[Equal] = field(default_factory=list)
    near: dict[str, list[Scrape]] = field(default_factory=dict)
    far: dict[str, list[Scrape]] = field(default_factory=dict)
    one: dict[str, list[float]] = field(default_factory=dict)
    many: dict[str, list[float]] = field(default_factory=dict)
    resident: dict[str, float] = field(default_factory=dict)
    exposition: dict[str, list[float]] = field(default_factory=dict)


def measure(
    size: Size = Size(),  # noqa: B008 - it is frozen
    *,
    rounds: int = ROUNDS,
    peers: bool = True,
) -> Measured:
    """Start everything, and ask each exporter in turns, in another order every round.

    Args:
        size: of what is watched.
        rounds: of each measurement.
        peers: whether they are measured too.

    Raises:
        ServerError: a peer or a server is not installed.
    """
    found = {name: watched.peer(variable) for variable, name in watched.PEERS.items()} if peers else {}
    measured = Measured(size)
    measured.versions.update({name: watched.version(path) for name, path in found.items()})
    postgres_exporter, redis_exporter = found.values() if peers else ("", "")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stack.enter_context(watched.awake())
        home = Path(folder)
        home.chmod(0o755)  # PostgreSQL has a user of its own
        server = stack.enter_context(watched.postgres(home / "postgres", size))
        near = stack.enter_context(_started(home, "near", server.port, postgres_exporter))
        for name, exporter in near.items():
            measured.pages[name] = Pages.of(exporter.page())
        measured.near.update(in_turns(near, server, rounds))
        measured.one.update({name: [] for name in near})
        measured.many.update({name: [] for name in near})
        for name, exporter in turns(near, rounds):
            measured.one[name].append(watched.pages(exporter.port, 1)[0])
            measured.many[name].append(watched.pages(exporter.port, CLIENTS)[0])
        for exporter in near.values():
            exporter.stop()
        measured.equal.append(equal_work.measure(home, server, size, postgres_exporter, rounds))
        proxy = stack.enter_context(delayed(server.port, DELAY))
        with _started(home, "far", proxy.port, postgres_exporter) as far:
            measured.far.update(in_turns(far, server, rounds))
        measured.resident.update(_memory(home, server, postgres_exporter, redis_exporter, rounds))
        measured.exposition.update(_expositions(rounds))
    return measured


@contextmanager
def _started(home: Path, where: str, port: int, binary: str) -> Iterator[dict[str, Exporter]]:
    """The peer, if its program is given, and ours in its three states, each asked twice and connected."""
    env = {"DATABASE_URL": url(port), "REDIS_URL": ""}
    peer = {PEER: postgres_peer(f"{where} peer", home, port, binary)} if binary else {}
    found = peer | {
        WHOLE: watched.ours(f"{where} whole", home, env, heavy_ttl=0, sizes_ttl=0),
        HEAVY: watched.ours(f"{where} heavy", home, env, heavy_ttl=0, sizes_ttl=FOR_EVER),
        REMEMBERED: watched.ours(f"{where} remembered", home, env, heavy_ttl=FOR_EVER, sizes_ttl=FOR_EVER),
    }
    with watched.warm(found.values()):
        yield found


def _memory(
    home: Path, server: Postgres, postgres_exporter: str, redis_exporter: str, pages: int
) -> dict[str, float]:
    """Of ours, which watches both servers, and of the peers, after so many pages."""
    redis = Redis(home / "redis").start()
    both = {"DATABASE_URL": url(server.port), "REDIS_URL": redis.url}
    command = [redis_exporter, "--web.listen-address=127.0.0.1:{port}", f"--redis.addr={redis.url}"]
    exporters = [watched.ours("ours, both servers", home, both)]
    if redis_exporter:
        exporters += [
            postgres_peer("postgres_exporter", home, server.port, postgres_exporter),
            Exporter("redis_exporter", home, command, {}),
        ]
    with ExitStack() as stack:
        stack.callback(redis.stop)
        stack.enter_context(watched.warm(exporters, pages))
        return {exporter.name: exporter.resident() for exporter in exporters}


def _expositions(rounds: int) -> dict[str, list[float]]:
    """The same series from what each library is given, with gzip; the first round does not count."""
    names = ("datname", "schemaname", "relname")
    labels = [(DATABASE, "public", f"table_{row}") for row in range(ROWS)]
    declared = tuple(Label(name=name, help="A name.", bound="the measurement") for name in names)
    families = [
        Family(
            Gauge(name=f"bench_{number}", help="A number.", collector="bench.rows", labels=declared),
            labels,
            [str(number * row) for row in range(ROWS)],  # as the server writes them
        )
        for number in range(METRICS)
    ]

    class Rows:
        def collect(self) -> Iterator[GaugeMetricFamily]:
            for number in range(METRICS):
                family = GaugeMetricFamily(f"bench_{number}", "A number.", labels=names)
                for row, values in enumerate(labels):
                    family.add_metric(values, float(number * row))
                yield family

    registry = CollectorRegistry()
    registry.register(Rows())
    ways: Sequence[Callable[[], bytes]] = (
        lambda: compress(render(families).body),
        lambda: compress(plain_text(registry)),
        lambda: compress(open_metrics(registry)),  # type: ignore[no-untyped-call]  # it has none
    )
    taken: dict[str, list[float]] = {name: [] for name in EXPOSITIONS}
    for round_ in range(rounds + 1):
        for name, way in zip(EXPOSITIONS, ways, strict=True):
            began = time.process_time()
            way()
            if round_:
                taken[name].append(time.process_time() - began)
    return taken
