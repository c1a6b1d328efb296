"""The section on the exporter of docs/performance.md, from what was measured and nothing else."""

from __future__ import annotations

import datetime
import os
import statistics
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from benchmarks import equal_work, sections
from benchmarks.bench_exporter import (
    CLIENTS,
    DELAY,
    EXPOSITIONS,
    METRICS,
    PEER,
    REMEMBERED,
    ROWS,
    SHARES,
    WHOLE,
    Measured,
    measure,
)
from benchmarks.figures import Figures
from benchmarks.report import table, verdict
from benchmarks.scrapes import Scrape

HEADING = "## Exporter"
MILLI, MEGA = 1e3, 2.0**20
BAR_WALL, BAR_SERVER, BAR_FAR = 0.1, 0.12, 0.12
BAR_EXPOSITION, BAR_MEMORY, BAR_MANY = 0.1, 1.2, 1.3

HOW = """\
`make bench-exporter` watches one PostgreSQL of {tables} tables with four indexes each and {statements}
statements by our exporter and by the peer, with the defaults of both, in turns and in another order every
round; {rounds} rounds. Debian's peers are taken, or those that `PEER_POSTGRES_EXPORTER` and
`PEER_REDIS_EXPORTER` name; here {versions}. Server is the processor time of PostgreSQL with all its
processes, own that of the exporter; wall is what a scraper waits, and grows with whoever else uses the
machine. Somebody of the lowest priority writes to memory meanwhile: some machines slow it down in pauses.

Ours remembers what is dear to ask (tables, indexes, statements) for a minute, and sizes of databases for
five. So it runs in three states, and {scrapes} scrapes, one every 15 s, are reckoned as {shares}.
Wall ratios are medians of the rounds, those of processor time of their sums. The
work is not equal: the peer shows every table and its exact size (before 0.12 none), and no statements; ours
the 50 busiest tables, the 50 largest indexes, totals of all indexes, and 30 statements.
"""
EQUAL = """\
The peer with its defaults and the collectors of what ours says besides; ours with `--compat`, every table,
and nothing remembered. Sizes estimated are by the pages that vacuum and analyze noted (`exact_sizes: false`),
with those of databases remembered for five minutes, as by default. A round trip is a question after an
answer, as a proxy sees it in one page; the peer connects anew for each. Milliseconds.
"""


def section(measured: Measured) -> str:
    """The bars, then what each exporter took."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    how = HOW.format(
        tables=measured.size.tables,
        statements=measured.size.tables * measured.size.shapes,
        rounds=len(measured.near[PEER]),
        versions=" and ".join(f"{name} {version}" for name, version in measured.versions.items()),
        scrapes=sum(SHARES.values()),
        shares=", ".join(f"{share} of '{name}'" for name, share in SHARES.items()),
    )
    rows = [
        [what, f"<= {bar:g}x", f"{found:.3f}x", verdict(found <= bar)] for what, bar, found in bars(measured)
    ]
    parts = [
        HEADING,
        f"Date: {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}; {os.cpu_count()} cores; load over 1, 5 "
        f"and 15 minutes at the end: {load} (the measuring itself is 1 to 2).",
        *(textwrap.fill(" ".join(each.split()), 118) for each in how.strip().split("\n\n")),
        table(["what", "bar", "measured", "verdict"], rows),
        "### Pages",
        _pages(measured),
        "### Equal work",
        *(textwrap.fill(" ".join(EQUAL.split()), 118), *map(equal_work.told, measured.equal)),
        "### Exposition and memory",
        _libraries(measured),
    ]
    return "\n\n".join(parts)


def bars(measured: Measured) -> Iterator[tuple[str, float, float]]:
    """What is promised, the bar, and what was measured."""
    for equal in measured.equal:
        yield from equal_work.bars(equal)
    yield "Scrapes every 15 s, wall", BAR_WALL, _wall(measured.near)
    yield "Scrapes every 15 s, processor time of PostgreSQL", BAR_SERVER, _server(measured.near)
    far = f"The same through {DELAY * MILLI:g} ms of network"
    yield f"{far}, wall", BAR_FAR, _wall(measured.far)
    yield f"{far}, processor time of PostgreSQL", BAR_FAR, _server(measured.far)
    for name in (WHOLE, REMEMBERED):
        what = f"The slowest of {CLIENTS} scrapers at once against one: {name}"
        yield what, BAR_MANY, statistics.median(measured.many[name]) / statistics.median(measured.one[name])
    medians = {name: statistics.median(taken) for name, taken in measured.exposition.items()}
    for name in EXPOSITIONS[1:]:
        yield (
            f"{METRICS * ROWS} series and gzip against {name}",
            BAR_EXPOSITION,
            medians[EXPOSITIONS[0]] / medians[name],
        )
    mine, *peers = measured.resident.values()
    yield "Memory for both servers against the two peers", BAR_MEMORY, mine / sum(peers)


def _mean(by_state: Mapping[str, float]) -> float:
    """Of all scrapes, each state with its share."""
    return sum(by_state[name] * share for name, share in SHARES.items()) / sum(SHARES.values())


def _wall(taken: Mapping[str, Sequence[Scrape]]) -> float:
    rounds = [dict(zip(taken, each, strict=True)) for each in zip(*taken.values(), strict=True)]
    walls = [{name: scrape.wall for name, scrape in each.items()} for each in rounds]
    ratios: list[float] = [_mean(each) / each[PEER] for each in walls]
    return statistics.median(ratios)


def _server(taken: Mapping[str, Sequence[Scrape]]) -> float:
    spent = {name: sum(scrape.server for scrape in scrapes) for name, scrapes in taken.items()}
    return _mean(spent) / spent[PEER]


def _pages(measured: Measured) -> str:
    rows = []
    for where, taken in (("loopback", measured.near), (f"{DELAY * MILLI:g} ms", measured.far)):
        for name, scrapes in taken.items():
            page = measured.pages[name]
            rows.append(
                [
                    name,
                    where,
                    str(page.series),
                    Figures.of(scrape.wall for scrape in scrapes).told(MILLI, 0),
                    f"{statistics.fmean(scrape.server for scrape in scrapes) * MILLI:.1f}",
                    f"{statistics.fmean(scrape.own for scrape in scrapes) * MILLI:.1f}",
                ]
            )
    head = ["exporter", "through", "series", "wall: median | least | greatest", "server, mean", "own, mean"]
    many = [
        [name, Figures.of(measured.one[name]).told(MILLI, 0), Figures.of(measured.many[name]).told(MILLI, 0)]
        for name in measured.one
    ]
    return (
        f"Milliseconds of one page.\n\n{table(head, rows)}\n\nMilliseconds until the last of {CLIENTS} that "
        "ask at once has its page; they are connected before.\n\n"
        + table(
            ["exporter", "one: median | least | greatest", "slowest: median | least | greatest"],
            many,
        )
    )


def _libraries(measured: Measured) -> str:
    taken = [[name, Figures.of(times).told(MILLI, 1)] for name, times in measured.exposition.items()]
    held = [[name, f"{size / MEGA:.0f}"] for name, size in measured.resident.items()]
    return (
        f"{METRICS * ROWS} series of {METRICS} metrics from what each library is given, and gzip at level 1: "
        "milliseconds of\nprocessor time.\n\n"
        + table(["library", "median | least | greatest"], taken)
        + "\n\nMemory after some pages, resident.\n\n"
        + table(["exporter", "MB"], held)
    )


def main() -> None:
    """Measure, and write it into docs/performance.md."""
    sections.fill("measuring exporters: some minutes", measure, HEADING, section)


if __name__ == "__main__":
    main()
