"""The section on boards of docs/performance.md, from what was measured and nothing else."""

from __future__ import annotations

import datetime
import os
import textwrap
from collections.abc import Mapping, Sequence

from benchmarks import bench_boards, sections
from benchmarks.bench_boards import BUILD, IMPORT, RAW, READINGS, RECORDED, RENDER, TENFOLD, Cost, Filled
from benchmarks.figures import CLOCKS, Times, by_clock
from benchmarks.floors import FLOORS
from benchmarks.report import CLOCK_NAMES, table, verdict
from signals.kept import EACH, RECORDINGS

HEADING = "## Boards"
MILLI = 1e3
CLOCK = "wall"
DEARER = "dearer: to be recorded"
# The slowest panel as it is read, and all that open with a board.
BAR = {RAW: 0.5, RECORDED: 0.1}
BAR_SUM = 1.0
BAR_CHEAPER = 10
BAR_BUILDS = {RENDER: 1.0, BUILD: 2.0}

HOW = """\
`make bench-boards` writes blocks of Prometheus' database with the names and labels that the real
processes write: an application of {handlers} endpoints on {hosts} hosts (four workers each, which their
exporter adds up), with a PostgreSQL and a Redis beside each; scraped every 15 s for two hours, and what
rules record for a day: {series} series, {samples} samples. A Prometheus {least} on them answers what each
panel asks, with Grafana's own steps, over the hour that boards open with, on a board 1440 pixels wide,
all variables on All. The queries of a panel are asked at once, ten of them, as Grafana's back end does; each
panel {rounds}, after it has been asked once before; medians. Wall is what one waits for until all of it is
there, and what the bars are on; CPU is what the server's process spends on it, on all cores.

Raw is how boards are built. With `Stack(recorded_boards=True)`, panels read what the rules of
`signals/kept.py` record of the application's endpoints, in place of what is scraped. The other panels of
the same boards, such as of statements, are raw in both, and so is the bar on them. An installation whose
endpoints are as many as here wants it: what is dearer raw than the bar is there to be recorded.
"""


def section(measured: Sequence[Filled], builds: Mapping[str, Sequence[Times]]) -> str:
    """Of the largest size each board, what recording saves; then how both grow, and builds."""
    large = measured[-1]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    rounds = max(len(each.taken) for each in large.costs[RAW])
    how = HOW.format(
        handlers=large.size.handlers,
        hosts=large.size.hosts,
        series=large.series,
        samples=large.samples,
        least=large.version,
        rounds="once" if rounds == 1 else f"{rounds} times",
    )
    parts = [
        HEADING,
        f"Date: {datetime.datetime.now(tz=datetime.UTC):%Y-%m-%d}; {os.cpu_count()} cores; load over 1, 5 "
        f"and 15 minutes at the end: {load} (the measuring itself is 1 to 2).",
        *(textwrap.fill(each, 118, break_on_hyphens=False) for each in how.strip().split("\n\n")),
        _boards(measured[0], large),
        "### What recording saves",
        _saved(large),
        "### What cannot be less",
        _least(large),
        "### How it grows",
        _growth(measured),
        "### Builds",
        _builds(builds),
    ]
    return "\n\n".join(parts)


def ms(seconds: float) -> str:
    """Milliseconds."""
    return f"{seconds * MILLI:.0f}"


def _total(costs: Sequence[Cost], clock: str = CLOCK) -> float:
    return sum(each.median(clock) for each in costs)


def _both(costs: Sequence[Cost]) -> str:
    return " / ".join(ms(_total(costs, clock)) for clock in CLOCKS)


def _dear(cost: Cost) -> bool:
    return cost.median(CLOCK) > BAR[RECORDED if cost.recorded else RAW]


def _held(large: Filled, board: str, reading: str) -> str:
    """Whether a board keeps its bars, or is recorded because it does not."""
    opened = large.of(board, reading)
    if not any(map(_dear, opened)) and _total(opened) <= BAR_SUM:
        return verdict(True)
    recorded = {each.title for each in large.of(board, RECORDED) if each.recorded}
    left = [each for each in opened if each.title not in recorded]
    record = reading == RAW and not any(map(_dear, left)) and _total(left) <= BAR_SUM
    return DEARER if record else verdict(False)


def _boards(small: Filled, large: Filled) -> str:
    rows = []
    for board, reading in large.readings:
        opened, closed = large.of(board, reading), small.of(board, reading, opened=False)
        rows.append(
            [
                f"`{board}`",
                reading,
                opened[0].title,
                _both(opened[:1]),
                _both(opened),
                f"{closed[0].title}: {ms(closed[0].median(CLOCK))}" if closed else "",
                _held(large, board, reading),
            ]
        )
    bars = f"Bars: an open panel {ms(BAR[RAW])} ms, {ms(BAR[RECORDED])} ms if all that it reads is recorded; "
    bars += f"a board {ms(BAR_SUM)} ms."
    clocks = " / ".join(CLOCK_NAMES[each] for each in CLOCKS)
    head = ["board", "reads", "slowest open panel", f"its ms, {clocks}", f"all open, {clocks}"]
    return f"{bars}\n\n" + table(
        [*head, f"slowest in collapsed rows, of {small.series} series", "verdict"], rows
    )


def _saved(large: Filled) -> str:
    rows = []
    for board in dict.fromkeys(each.board for each in large.costs[RECORDED]):
        raw = {each.title: each for each in large.of(board, RAW)}
        for cost in large.of(board, RECORDED):
            before = raw[cost.title]
            if cost.recorded and before.median(CLOCK) > BAR[RECORDED]:
                ratio = before.median("cpu") / cost.median("cpu")
                kept = verdict(ratio >= BAR_CHEAPER) if _dear(before) else "keeps the bar raw"
                rows.append((ratio, board, cost, before, kept))
    seldom = READINGS[RECORDED].rules.step * EACH
    told = [
        [f"`{board}`", cost.title, _both([before]), _both([cost]), f"{ratio:.0f}x", kept]
        for ratio, board, cost, before, kept in sorted(rows, key=lambda each: -each[0])
    ]
    clocks = " / ".join(CLOCK_NAMES[each] for each in CLOCKS)
    return (
        f"Panels that take more than {ms(BAR[RECORDED])} ms raw; the bar is on the CPU time of those that\n"
        f"take more than {ms(BAR[RAW])} ms: {BAR_CHEAPER}x less.\n\n"
        + table(["board", "panel", f"raw, ms {clocks}", f"recorded, ms {clocks}", "cheaper", "verdict"], told)
        + f"\n\nFor it {len(RECORDINGS)} rules take {ms(by_clock(large.rules, 'cpu').median)} ms of a core "
        f"at each evaluation, every {seldom:g} s, and add {large.recorded} series."
    )


def _least(large: Filled) -> str:
    """Beside what a panel takes, what it takes to read what it is about; no text of a query is below that."""
    rows = []
    for floor in FLOORS:
        (cost,) = (each for each in large.of(floor.board, RAW) if each.title == floor.title)
        least = sum(
            times * by_clock(large.floors[expr, step], "cpu").median for expr, step, times in floor.asked
        )
        rows.append([f"`{floor.board}`", floor.title, floor.why, ms(least), ms(cost.median("cpu"))])
    head = ["board", "panel", "what it cannot do without", "that alone, ms CPU", "it takes, ms CPU"]
    return (
        "Only to read the series that a panel is about, raw, and to do nothing with them: beyond that is\n"
        "all that another query could save.\n\n" + table(head, rows)
    )


def _growth(measured: Sequence[Filled]) -> str:
    rows = []
    for board, reading in measured[-1].readings:
        sums = [_total(each.of(board, reading)) for each in measured]
        rows.append([f"`{board}`", reading, *map(ms, sums), f"{sums[-1] / sums[0]:.1f}x"])
    head = [f"{each.series} series" for each in measured]
    small, large = measured[0], measured[-1]
    grown = f"{large.series / small.series:.1f} times as many"
    told = (
        f"All open panels of a board, ms, when the series are {grown}: of\n"
        f"{large.size.handlers} endpoints on {large.size.hosts} hosts in place of {small.size.handlers} on "
        f"{small.size.hosts}; what rules record has no host.\n\n"
    )
    return told + table(["board", "reads", *head, "grows"], rows)


def _builds(builds: Mapping[str, Sequence[Times]]) -> str:
    rows = []
    for name, taken in builds.items():
        bar = BAR_BUILDS.get(name)
        for clock in CLOCKS:
            reached = verdict(by_clock(taken, clock).median <= bar) if bar and clock == "cpu" else ""
            told = f"<= {bar:g} s" if bar and clock == "cpu" else ""
            rows.append([name, CLOCK_NAMES[clock], by_clock(taken, clock).told(1, 2), told, reached])
    ratio = by_clock(builds[TENFOLD], "cpu").median / by_clock(builds[BUILD], "cpu").median
    beyond = by_clock(builds[IMPORT], "cpu").median
    return (
        "Whole cold processes into empty folders, in turns.\n\n"
        + table(["seconds", "clock", "median | least | greatest", "bar", "verdict"], rows)
        + f"\n\nTen times the boards take {ratio:.1f} times as long; {beyond:.2f} s of each is the import of "
        "grafanalib."
    )


def main() -> None:
    """Measure, and write it into docs/performance.md."""
    print("measuring builds")
    built = bench_boards.builds()
    print("filling Prometheus, and asking what boards ask: some minutes")
    print(sections.put(sections.TARGET, HEADING, section(bench_boards.measure(), built)))


if __name__ == "__main__":
    main()
