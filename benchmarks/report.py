"""docs/performance.md, from what was measured and nothing else."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import textwrap
from collections.abc import Iterable, Sequence

from benchmarks import peer
from benchmarks.application import BARE, OURS, PEER, PEER_DEFAULTS
from benchmarks.bench_middleware import BAR_RATIO, Requests
from benchmarks.figures import CLOCKS, by_clock

MICRO = 1e6
LIBRARIES = ("fastapi", "starlette", "prometheus-client", "sqlalchemy", "grafanalib")
NAMES = {
    BARE: "bare application",
    OURS: "`exporters.api`",
    PEER: "peer, equal work",
    PEER_DEFAULTS: "peer, its defaults",
}
CLOCK_NAMES = {"wall": "wall", "cpu": "CPU"}

HOW_MIDDLEWARE = """\
The application is called through ASGI in the process itself: no server, no socket. Each variant runs in a
process of its own, and all answer a batch of requests in turns, in another order every round. What a variant
adds is its time less that of the bare application in the same round. All processes are started anew for each
sitting. Ours and the peer both write multi-process files (`PROMETHEUS_MULTIPROC_DIR`), as four workers would.
Afterwards the files are read: both must have counted every request, under the same handlers and statuses.

Equal work means that the peer counts requests by handler, method and exact status, and measures latency by
handler and method in the same buckets, response sizes, and requests in progress; ours moreover tells raw from
compressed bytes. The peer's defaults group statuses, keep two histograms and measure request sizes. The peer
matches the routes again for each request, so what it adds grows with their number. The bar asks both clocks;
where others use the machine, CPU time is the steadier one.
"""


def document(measured: Sequence[Requests], others: str = "") -> str:
    """The whole file; at its end, what was measured of other things another time."""
    parts = [
        "# Performance",
        "Written by `make bench`; the section on boards by `make bench-boards`, those on the exporter, on\n"
        "keys and on many targets by `make bench-exporter`, the last by `make soak-exporter`. What stands\n"
        "in a section was measured in one run, on the day that it names, and compares within it.",
        "\n".join(f"- {line}" for line in circumstances()),
        "## Bars",
        bars(measured),
        middleware_section(measured),
        others,
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def circumstances() -> list[str]:
    """When and on what it was measured."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return [
        f"Date: {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}",
        f"Machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()}; "
        f"load over 1, 5 and 15 minutes at the end: {load} (the measuring itself is 1)",
        f"{platform.python_implementation()} {platform.python_version()}; {versions}",
        f"Peer: {peer.requirement()}",
    ]


def bars(measured: Sequence[Requests]) -> str:
    """Each bar, what was measured, and whether it was reached."""
    rows = []
    for requests in measured:
        if requests.compared:
            told = ", ".join(f"{requests.ratio(clock):.2f}x {CLOCK_NAMES[clock]}" for clock in CLOCKS)
            rows.append(
                [
                    f"Middleware against the peer, {requests.scenario.title}",
                    f"<= {BAR_RATIO:g}x",
                    told,
                    verdict(requests.reached),
                ]
            )
    return table(["what", "bar", "measured", "verdict"], rows)


def verdict(reached: bool) -> str:
    """A word for it."""
    return "reached" if reached else "**not reached here**"


def middleware_section(measured: Sequence[Requests]) -> str:
    """What the middleware costs, scenario by scenario."""
    return "\n\n".join(
        ["## Middleware, per request", HOW_MIDDLEWARE.strip(), *(scenario(each) for each in measured)]
    )


def scenario(requests: Requests) -> str:
    """One shape of application."""
    rows = []
    for variant in requests.variants:
        for clock in CLOCKS:
            median = by_clock(requests.taken(variant), clock).median * MICRO
            added = "" if variant == BARE else by_clock(requests.added(variant), clock).told(MICRO, 1)
            rows.append([NAMES[variant], CLOCK_NAMES[clock], f"{median:.1f}", added or " |  | "])
    batches = len(requests.taken(BARE)) // len(requests.sittings)
    parts = [
        f"### {requests.scenario.title}",
        f"{len(requests.sittings)} sittings of {batches} rounds.",
        table(["microseconds", "clock", "request", "added: median | least | greatest"], rows),
    ]
    if requests.compared:
        told = " and ".join(f"{spread(requests, clock)} in {CLOCK_NAMES[clock]} time" for clock in CLOCKS)
        parts.append(
            textwrap.fill(
                f"What ours adds / what the peer adds at equal work: {told}; in brackets, single sittings.",
                110,
            )
        )
    return "\n\n".join(parts)


def spread(requests: Requests, clock: str) -> str:
    """The ratio, and in brackets the least and greatest of a single sitting."""
    ratios = requests.ratios(clock)
    return f"{requests.ratio(clock):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown; a cell may hold several columns, divided by bars."""
    lines = [" | ".join(cells) for cells in (head, *rows)]
    columns = lines[0].count("|") + 1
    lines.insert(1, " | ".join(["---"] * columns))
    return "\n".join(f"| {line} |" for line in lines)
