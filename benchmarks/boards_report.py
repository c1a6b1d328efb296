"""The section on boards of docs/performance.md, from what was measured and nothing else."""

from __future__ import annotations

import datetime
import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import bench_boards, sections
from benchmarks.bench_boards import BUILD, IMPORT, RAW, READINGS, RECORDED, RENDER, TENFOLD, Cost, Filled
from benchmarks.figures import CLOCKS, Times, by_clock
from benchmarks.floors import FLOORS
from benchmarks.report import CLOCK_NAMES, table, verdict
from signals.kept import EACH, RECORDINGS

HEADING = "## Boards"
MILLI = 1e3
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
all variables on All. Of a panel all queries are added up, as if one waited for the other. Each is asked
{rounds}, raw and recorded in turns; medians. CPU is what the server's process spent, whoever else
used the machine; wall is what one waited for, and grows with whoever else did. The bars are on CPU time.

Raw is how boards are built. With `Stack(recorded_boards=True)`, panels read what the rules of
`signals/kept.py` record of the application's endpoints, in place of what is scraped. The other panels of
the same boards, such as of statements, are raw in both, and so is the bar on them.
"""


def write(target: Path, measured: Sequence[Filled], builds: Mapping[str, Sequence[Times]]) -> str:
    """Put the section in its place; what else stands in the file stays.

    Returns:
        The section.
    """
    text = section(measured, builds)
    sections.put(target, HEADING, text)
    return text


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


def _total(costs: Sequence[Cost], clock: str = "cpu") -> float:
    return sum(each.median(clock) for each in costs)


def _boards(small: Filled, large: Filled) -> str:
    rows = []
    for board, reading in large.readings:
        opened, closed = large.of(board, reading), small.of(board, reading, opened=False)
        slowest, total = opened[0], _total(opened)
        held = all(each.median("cpu") <= BAR[RECORDED if each.recorded else RAW] for each in opened)
        rows.append(
            [
                f"`{board}`",
                reading,
                slowest.title,
                f"{ms(slowest.median('cpu'))} / {ms(slowest.median('wall'))}",
                f"{ms(total)} / {ms(_total(opened, 'wall'))}",
                f"{closed[0].title}: {ms(closed[0].median('cpu'))}" if closed else "",
                verdict(held and total <= BAR_SUM),
            ]
        )
    bars = f"Bars: an open panel {ms(BAR[RAW])} ms, {ms(BAR[RECORDED])} ms if all that it reads is recorded; "
    bars += f"a board {ms(BAR_SUM)} ms."
    head = ["board", "reads", "slowest open panel", "its ms, CPU / wall", "all open, CPU / wall"]
    return f"{bars}\n\n" + table(
        [*head, f"slowest in collapsed rows, CPU, of {small.series} series", "verdict"], rows
    )


def _saved(large: Filled) -> str:
    rows = []
    for board in dict.fromkeys(each.board for each in large.costs[RECORDED]):
        raw = {each.title: each for each in large.of(board, RAW)}
        for cost in large.of(board, RECORDED):
            before, now = raw[cost.title].median("cpu"), cost.median("cpu")
            if cost.recorded and before > BAR[RECORDED]:
                rows.append((before / now, board, cost.title, before, now))
    seldom = READINGS[RECORDED].rules.step * EACH
    told = [
        [f"`{board}`", title, ms(before), ms(now), f"{ratio:.0f}x", verdict(ratio >= BAR_CHEAPER)]
        for ratio, board, title, before, now in sorted(rows, reverse=True)
    ]
    return (
        f"Panels that cost more than {ms(BAR[RECORDED])} ms raw; the bar is {BAR_CHEAPER}x less.\n\n"
        + table(["board", "panel", "raw, ms CPU", "recorded, ms CPU", "cheaper", "verdict"], told)
        + f"\n\nFor it {len(RECORDINGS)} rules take {ms(by_clock(large.rules, 'cpu').median)} ms of a core "
        f"at each evaluation, every {seldom:g} s, and add {large.recorded} series."
    )


def _least(large: Filled) -> str:
    """Beside what a panel takes, what it takes to read what it is about; no text of a query is below that."""
    rows = []
    for floor in FLOORS:
        costs = {each.title: each.median("cpu") for each in large.of(floor.board, floor.reading)}
        raw = {each.title: each.median("cpu") for each in large.of(floor.board, RAW)}
        least = sum(
            times * by_clock(large.floors[expr, step], "cpu").median for expr, step, times in floor.asked
        )
        bar = BAR[floor.reading]
        if floor.reading == RECORDED and raw[floor.title] > bar:
            bar = min(bar, raw[floor.title] / BAR_CHEAPER)
        ways = [f"`{floor.board}`", floor.title, floor.reading, floor.why]
        rows.append([*ways, ms(least), ms(costs[floor.title]), ms(bar), "yes" if least > bar else "no"])
    head = ["board", "panel", "reads", "what it cannot do without", "that alone, ms CPU", "it takes", "bar"]
    return (
        "Only to read the series that a panel is about, and to do nothing with them: beyond that is all\n"
        "that another query could save. Recorded, the bar is also a tenth of what the panel takes "
        "raw.\n\n" + table([*head, "alone above the bar"], rows)
    )


def _growth(measured: Sequence[Filled]) -> str:
    rows = []
    for board, reading in measured[-1].readings:
        sums = [_total(each.of(board, reading)) for each in measured]
        rows.append([f"`{board}`", reading, *map(ms, sums), f"{sums[-1] / sums[0]:.1f}x"])
    head = [f"{each.series} series" for each in measured]
    grown = measured[-1].series / measured[0].series
    return f"All open panels of a board, ms CPU, when the series are {grown:.1f} times as many.\n\n" + table(
        ["board", "reads", *head, "grows"], rows
    )


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
    print(write(sections.TARGET, bench_boards.measure(), built))


if __name__ == "__main__":
    main()
