"""`python -m benchmarks.soak_report`: faults in turns for half an hour, a scrape each second; what grows?

PostgreSQL and Redis restart, stand still, are cut off the network; a table is locked, the exporter's backend
is killed, and ended. Every scrape must be answered within its time limit, and after the last round of faults
the exporter must hold no more memory than after the second one, and no more descriptors, threads and
connections than in the first half: threads without work stay a while, and are as many as were needed at once.
"""

from __future__ import annotations

import argparse
import datetime
import os
import statistics
import sys
import textwrap

from benchmarks import sections
from benchmarks.report import table
from benchmarks.soaked import CALM, FAULT, LIMIT, Soaked, site, soak
from examples.demo.process import ServerError

HEADING = "## Exporter, half an hour of faults"
MINUTES = 30.0
# The round from which on nothing may grow, and the bytes that the allocator may keep beyond it.
WARM, GROWTH = 2, 3 << 20
SHOWN = 8
COUNTED = {
    "descriptors": "descriptors",
    "threads": "threads",
    "postgres": "connections of PostgreSQL",
    "redis": "of Redis",
}
HOW = """\
`make soak-exporter` scrapes an exporter each second, with {limit:g} s for an answer, while one after the
other befalls the PostgreSQL and the Redis that it watches, {fault:g} s each and well for {calm:g} s after:
{faults}. What it holds is looked at after each round of these: in the end no more memory than after the
second one, but for {growth} MiB that an allocator may keep, and no more of the rest than in the first half.
Threads without work stay for a while, and are as many as were needed at once.
"""


def grown(soaked: Soaked) -> list[str]:
    """What is held at the end that was not in the first half, from the second round on."""
    warm = soaked.rounds[min(WARM, len(soaked.rounds)) - 1 :]
    early, last = warm[: max(1, len(warm) // 2)], warm[-1]
    found = [
        told
        for name, told in COUNTED.items()
        if getattr(last, name) > max(getattr(each, name) for each in early)
    ]
    return found + ["memory"] * (last.memory > warm[0].memory + GROWTH)


def told(soaked: Soaked) -> str:
    """The figures."""
    last = len(soaked.rounds) - 1
    shown = sorted({0, min(WARM - 1, last), *range(WARM - 1, last, max(1, last // SHOWN)), last})
    rows = [
        [str(each + 1), f"{held.memory / 1e6:.1f}", *(str(getattr(held, name)) for name in COUNTED)]
        for each, held in ((each, soaked.rounds[each]) for each in shown)
    ]
    seconds, scrapes = soaked.scrapes.seconds, soaked.scrapes
    return (
        f"{len(seconds)} scrapes: {len(scrapes.lost)} without an answer, {scrapes.dark} while a server was\n"
        f"away; median {statistics.median(seconds) * 1e3:.0f} ms, slowest {max(seconds):.2f} s.\n\n"
        + table(["after round", "MB", *COUNTED.values()], rows)
    )


def section(soaked: Soaked) -> str:
    """Of docs/performance.md."""
    faults = ", ".join(soaked.faults)
    how = HOW.format(limit=LIMIT, fault=FAULT, calm=CALM, growth=GROWTH >> 20, faults=faults)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    date = f"Date: {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}; {os.cpu_count()} cores; "
    date += f"load over 1, 5 and 15 minutes at the end: {load}."
    more = ", ".join(grown(soaked))
    verdict = f"Grew: {more}." if more else "Nothing grew."
    paragraph = textwrap.fill(" ".join(how.split()), 118, break_on_hyphens=False)
    return "\n\n".join([HEADING, date, paragraph, told(soaked), verdict])


def main() -> int:
    """1 if a scrape had no answer or anything grew, 2 if a server is not there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak_report", description=__doc__)
    text = f"at least so long; default {MINUTES:g}. What is shorter is not put into docs/performance.md"
    parser.add_argument("--minutes", type=float, default=MINUTES, help=text)
    options = parser.parse_args()
    print(f"soaking for {options.minutes:g} min", flush=True)
    try:
        with site() as found:
            soaked = soak(found, options.minutes * 60)
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(told(soaked))
    if options.minutes >= MINUTES:
        sections.put(sections.TARGET, HEADING, section(soaked))
    more = grown(soaked)
    for each in (*soaked.scrapes.lost, *(f"{name}: more than before" for name in more)):
        print(f"error: {each}", file=sys.stderr)
    return 1 if soaked.scrapes.lost or more else 0


if __name__ == "__main__":
    sys.exit(main())
