"""The same work as the peer's: every table and its exact size, all settings; and with sizes estimated."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import watched
from benchmarks.delay import delayed
from benchmarks.figures import Figures
from benchmarks.report import table
from benchmarks.scrapes import Pages, Scrape, postgres_peer, url
from benchmarks.scrapes import rounds as in_turns
from benchmarks.watched import Exporter, Size
from examples.demo.databases import Postgres

PEER, EXACT, ESTIMATED = "peer", "ours, equal work", "ours, sizes estimated"
BAR_WALL, BAR_SERVER, BAR_ESTIMATED = 0.45, 0.5, 0.25
# What ours says beyond the peer's defaults, as far as the peer can.
MORE = ("database_wraparound", "postmaster", "long_running_transactions", "stat_checkpointer")
# A peer without this one shows no tables.
TABLES = "collector.stat_user_tables"
DELAY = 0.005  # an answer that is late is not taken for one to the first half of a question
MILLI = 1e3


@dataclass(frozen=True)
class Equal:
    """What it took; nothing where the peer shows no tables.

    Attributes:
        pages: by exporter.
        taken: by exporter its scrapes, round by round.
        turns: by exporter how often in a scrape it waited for the server, the connection among it.
    """

    pages: dict[str, Pages] = field(default_factory=dict)
    taken: dict[str, list[Scrape]] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)


def collectors(binary: str) -> list[str]:
    """The flags with which the peer does the same work; none if it cannot."""
    done = subprocess.run([binary, "--help"], capture_output=True, text=True, check=False)
    known = done.stdout + done.stderr
    return [f"--collector.{name}" for name in MORE if name in known] if TABLES in known else []


def measure(home: Path, server: Postgres, size: Size, binary: str, rounds: int) -> Equal:
    """Each in turns; only ours if no peer is given."""
    more = collectors(binary) if binary else []
    equal = Equal()
    if binary and not more:
        return equal
    with _started(home, "equal", server.port, size, binary, more) as near:
        for name, exporter in near.items():
            equal.pages[name] = Pages.of(exporter.page())
        equal.taken.update(in_turns(near, server, rounds))
    with (
        delayed(server.port, DELAY) as proxy,
        _started(home, "counted", proxy.port, size, binary, more) as counted,
    ):

        def turns(exporter: Exporter) -> int:
            before = proxy.turns
            exporter.page()
            return proxy.turns - before

        # The least of three: where the machine is held up, halves of one question look like two.
        equal.turns.update({name: min(turns(each) for _ in range(3)) for name, each in counted.items()})
    return equal


@contextmanager
def _started(
    home: Path, where: str, port: int, size: Size, binary: str, more: Sequence[str]
) -> Iterator[dict[str, Exporter]]:
    env = {"DATABASE_URL": url(port), "REDIS_URL": "", "OBS_EXPORTER_COMPAT": "1"}
    all_of_it = {"top_tables": size.tables, "top_indexes": 0, "top_statements": 0, "heavy_ttl": 0}
    found = {PEER: postgres_peer(f"{where} peer", home, port, binary, *more)} if binary else {}
    found |= {
        EXACT: watched.ours(f"{where} exact", home, env, **all_of_it, sizes_ttl=0),
        ESTIMATED: watched.ours(f"{where} estimated", home, env, **all_of_it, exact_sizes=False),
    }
    with watched.warm(found.values()):
        yield found


def bars(equal: Equal) -> Iterator[tuple[str, float, float]]:
    """What is promised, the bar, and what was measured."""
    if PEER not in equal.taken:
        return
    for name, wall, server in (
        (EXACT, BAR_WALL, BAR_SERVER),
        (ESTIMATED, BAR_ESTIMATED, BAR_ESTIMATED),
    ):
        pairs = zip(equal.taken[name], equal.taken[PEER], strict=True)
        what = "Equal work" if name == EXACT else "Equal work, sizes estimated"
        yield f"{what}, wall", wall, Figures.of(mine.wall / theirs.wall for mine, theirs in pairs).median
        spent = [sum(one.server for one in equal.taken[each]) for each in (name, PEER)]
        yield f"{what}, processor time of PostgreSQL", server, spent[0] / spent[1]


def told(equal: Equal) -> str:
    """The table of it."""
    if not equal.taken:
        return "This peer shows no tables (before 0.12 none does): there is no equal work to compare."
    rows = [
        [
            name,
            str(equal.pages[name].series),
            str(equal.turns[name]),
            Figures.of(scrape.wall for scrape in scrapes).told(MILLI, 0),
            f"{sum(scrape.server for scrape in scrapes) / len(scrapes) * MILLI:.1f}",
            f"{sum(scrape.own for scrape in scrapes) / len(scrapes) * MILLI:.1f}",
        ]
        for name, scrapes in equal.taken.items()
    ]
    head = [
        "exporter",
        "series",
        "round trips",
        "wall: median | least | greatest",
        "server, mean",
        "own, mean",
    ]
    return table(head, rows)
