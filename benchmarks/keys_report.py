"""The section on keys by pattern of docs/performance.md, from what was measured and nothing else."""

from __future__ import annotations

import datetime
import os
import statistics
import textwrap
from collections.abc import Iterator, Sequence

from benchmarks import sections
from benchmarks.bench_keys import AGAIN, PATTERNS, QUIET, SLICE_SECONDS, TRIALS, Counted, measure
from benchmarks.equal_work import PEER
from benchmarks.figures import Figures
from benchmarks.report import table, verdict
from benchmarks.scrapes import Scrape
from exporters.collectors.redis.settings import ACTIVE, ESTIMATED, PACED

HEADING = "## Keys by pattern"
MILLI = 1e3
BAR_ACTIVE, BAR_ESTIMATED, BAR_HELD, BAR_PING = 0.2, 0.01, 0.9, 1.1

HOW = """\
`make bench-exporter` counts {keys} keys of {patterns} patterns by our ways and by redis_exporter with
`--count-keys` ({version}), in turns and in another order every round; {rounds} rounds. Server is the
processor time of Redis, own that of who counts. Wall ratios are medians of the rounds, those of processor
time of their sums.

How often the interval of an estimate holds the truth is said of {trials} trials and of the pattern that
fares worst. A client sends PING every half millisecond while our exporter counts `paced` and while it is
stopped, in turns of {slice:g} s, and while redis_exporter makes one page. In the same turns it is stopped
once more, which shows how far two such figures are apart by chance; the bar is against both together. And
somebody wakes as often as the exporter does between two batches, computes as long, and asks Redis nothing,
which shows what is the processors' own. Somebody of the lowest priority writes to memory meanwhile: some
machines slow it down in pauses.
"""


def section(counted: Counted) -> str:
    """The bars, then what each way took."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    how = HOW.format(
        keys=counted.keys,
        patterns=len(PATTERNS),
        version=counted.version,
        rounds=len(counted.taken[PEER]),
        trials=TRIALS,
        slice=SLICE_SECONDS,
    )
    rows = [[what, bar, found, verdict(reached)] for what, bar, found, reached in bars(counted)]
    ways = [
        [
            name,
            Figures.of(scrape.wall for scrape in scrapes).told(MILLI, 0),
            f"{statistics.fmean(scrape.server for scrape in scrapes) * MILLI:.1f}",
            f"{statistics.fmean(scrape.own for scrape in scrapes) * MILLI:.1f}",
        ]
        for name, scrapes in counted.taken.items()
    ]
    pings = [
        [name, str(len(taken)), *(f"{_quantile(taken, share) * MILLI:.2f}" for share in (0.5, 0.99))]
        for name, taken in counted.pings.items()
    ]
    parts = [
        HEADING,
        f"Date: {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}; {os.cpu_count()} cores; load over 1, 5 "
        f"and 15 minutes at the end: {load} (the measuring itself is 1 to 2).",
        *(textwrap.fill(" ".join(each.split()), 118) for each in how.strip().split("\n\n")),
        table(["what", "bar", "measured", "verdict"], rows),
        "Milliseconds of one pass, and of a page of the peer.",
        table(["way", "wall: median | least | greatest", "server, mean", "own, mean"], ways),
        "Milliseconds of a PING.",
        table(["while", "sent", "p50", "p99"], pings),
        f"Redis was busy with the paced pass for {statistics.fmean(counted.share):.2%} of the time: so many "
        "commands may meet it.",
    ]
    return "\n\n".join(parts)


def bars(counted: Counted) -> Iterator[tuple[str, str, str, bool]]:
    """What is promised, the bar, what was measured, and whether that is reached."""
    peer = counted.taken[PEER]
    for way, bar in ((ACTIVE, BAR_ACTIVE), (ESTIMATED, BAR_ESTIMATED)):
        ours = counted.taken[way]
        wall = statistics.median(mine.wall / its.wall for mine, its in zip(ours, peer, strict=True))
        yield f"`{way}`, wall", f"<= {bar:g}x", f"{wall:.4f}x", wall <= bar
        spent = _server(ours) / _server(peer)
        yield f"`{way}`, processor time of Redis", f"<= {bar:g}x", f"{spent:.4f}x", spent <= bar
    held = min(counted.held.values()) / TRIALS
    yield "`estimated`, intervals that hold the truth", f">= {BAR_HELD:.0%}", f"{held:.1%}", held >= BAR_HELD
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        quiet = counted.pings[QUIET] + counted.pings.get(AGAIN, [])
        ratio = _quantile(counted.pings[PACED], share) / _quantile(quiet, share)
        yield (
            f"`{PACED}`, {name} of PING against nobody counting",
            f"<= {BAR_PING:g}x",
            f"{ratio:.2f}x",
            ratio <= BAR_PING,
        )


def _server(scrapes: Sequence[Scrape]) -> float:
    return sum(scrape.server for scrape in scrapes)


def _quantile(taken: Sequence[float], share: float) -> float:
    return sorted(taken)[int(len(taken) * share)]


def main() -> None:
    """Measure, and write it into docs/performance.md."""
    sections.fill("measuring how keys are counted: five minutes", measure, HEADING, section)


if __name__ == "__main__":
    main()
