"""The section on targets of docs/performance.md, from what was measured and nothing else."""

from __future__ import annotations

import datetime
import os
import statistics
import textwrap
from collections.abc import Iterator

from benchmarks import sections
from benchmarks.bench_targets import INTERVAL, ONE_IN, TABLES, Many, Measured, measure
from benchmarks.report import table, verdict
from exporters.crew import MOST_IDLE
from exporters.targets import IDLE_SECONDS

HEADING = "## Targets"
MILLI, MEGA = 1e3, 2.0**20
LINEAR = 1.3  # of the same per target, where it should be equal
CREWS = 2  # of those who answer scrapers, and those who ask servers
FEW = 10  # from which on what an exporter is itself does not weigh

HOW = """\
`make bench-exporter` asks one exporter for the page of each of its targets, one after the other: databases
of one PostgreSQL with {tables} tables each (`own_database_only`), one in {one_in} a Redis. The first round
connects and asks everything; {rounds} more follow, one every {interval:g} s however many targets there are,
in which what is dear is remembered. Milliseconds are of one page: the clock, and processor time of both
servers and of the exporter. Memory is what came between the start and the last page. Somebody of the lowest
priority writes to memory meanwhile: some machines slow it down in pauses.
"""


def section(measured: Measured) -> str:
    """The bars, then the curve."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    how = HOW.format(tables=TABLES, one_in=ONE_IN, rounds=len(measured.points[0].rounds), interval=INTERVAL)
    rows = [
        [what, f"<= {bar:g}{unit}", f"{found:.{digits}f}{unit}", verdict(found <= bar)]
        for what, bar, found, unit, digits in bars(measured)
    ]
    head = [
        "targets", "series", "first page", "page, wall", "page, servers", "page, own", "MB", "kB a target",
        "threads", "connections",
    ]  # fmt: skip
    parts = [
        HEADING,
        f"Date: {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}; {os.cpu_count()} cores; load over 1, 5 "
        f"and 15 minutes at the end: {load}.",
        textwrap.fill(" ".join(how.split()), 118),
        table(["what", "bar", "measured", "verdict"], rows),
        table(head, [_row(point) for point in measured.points]),
    ]
    if measured.left is not None:
        last = measured.points[-1]
        parts.append(
            f"After {IDLE_SECONDS:g} s without a scrape of any of {last.targets}: "
            f"{measured.left.connections} connections, {measured.left.threads} threads, "
            f"{measured.left.resident / MEGA:.0f} MB."
        )
    return "\n\n".join(parts)


def bars(measured: Measured) -> Iterator[tuple[str, float, float, str, int]]:
    """What is promised, the bar, what was measured, its unit, and how many digits of it count."""
    few = next(point for point in measured.points if point.targets >= FEW)
    most = measured.points[-1]
    counts = f"{most.targets} targets against {few.targets}"
    yield f"Time of a page, {counts}", LINEAR, wall(most) / wall(few), "x", 2
    yield f"Processor time of the exporter for a page, {counts}", LINEAR, own(most) / own(few), "x", 2
    yield f"Memory of a target, {counts}", LINEAR, held(most) / held(few), "x", 2
    more = most.after.threads - most.before.threads
    yield (
        "Threads more between scrapes than at the start, however many the targets",
        CREWS * MOST_IDLE,
        more,
        "",
        0,
    )
    if measured.left is not None:
        left = measured.left
        yield "Connections of targets that nobody asks for", 0, left.connections, "", 0
        yield "Threads more than before the first scrape then", 0, left.threads - most.before.threads, "", 0


def wall(point: Many) -> float:
    """Seconds of a page."""
    return statistics.median(each.wall for each in point.rounds) / point.targets


def own(point: Many) -> float:
    """The exporter's own processor time of a page."""
    return statistics.fmean(each.own for each in point.rounds) / point.targets


def held(point: Many) -> float:
    """Bytes of a target."""
    return (point.after.resident - point.before.resident) / point.targets


def _row(point: Many) -> list[str]:
    servers = statistics.fmean(each.servers for each in point.rounds) / point.targets
    return [
        str(point.targets),
        str(point.series),
        f"{point.first.wall / point.targets * MILLI:.1f}",
        f"{wall(point) * MILLI:.1f}",
        f"{servers * MILLI:.1f}",
        f"{own(point) * MILLI:.1f}",
        f"{point.after.resident / MEGA:.0f}",
        f"{held(point) / 1024:.0f}",
        str(point.after.threads),
        str(point.after.connections),
    ]


def main() -> None:
    """Measure, and write it into docs/performance.md."""
    saying = "measuring targets: eight minutes, five of them without a scrape"
    sections.fill(saying, measure, HEADING, section)


if __name__ == "__main__":
    main()
