"""Boards are measured on blocks that Prometheus reads as its own; how long anything takes is not asserted."""

from __future__ import annotations

import random
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import blocks
from benchmarks.bench_boards import BUILDS, LARGE, RAW, READINGS, RECORDED, SMALL, Filled, measure
from benchmarks.boards_report import HEADING, section
from benchmarks.figures import Times
from benchmarks.filled import Size, series
from benchmarks.floors import FLOORS, Floor
from benchmarks.sections import TARGET, kept, put
from benchmarks.tenfold import STACK as TENFOLD
from benchmarks.tenfold import TIMES
from dashboards import write as files
from dashboards.checks.promql import parse, selectors
from dashboards.grafana import render_board
from dashboards.prove.ask import flat
from dashboards.stack import STACK
from signals.kept import RECORDINGS

TINY = Size(handlers=4, hosts=2, raw=3600, recorded=3600)
TAKEN = {name: [Times(0.5, 0.4)] for name in BUILDS}


def names(text: str) -> set[str]:
    return {each.name for each in selectors(parse(re.sub(r"\$\{?__\w+\}?", "1m", text)))}


def test_prometheus_reads_each_sample_of_a_block(tmp_path: Path) -> None:
    chance = random.Random(1)  # noqa: S311 - the same each time
    steps = [15_000] * 150 + [15_001, 14_999, 1, 3_600_000, 70_000_000, 15_000, 400_000, 15_000]
    times = [1_700_000_000_000]
    for step in steps:
        times.append(times[-1] + step)
    ways = {
        "counts": [float(place) for place in range(len(times))],
        "rises": [chance.random() * 1e9 for _ in times],
        "still": [0.0] * len(times),
        "falls": [-1.5 * place**3 for place in range(len(times))],
        "€": [float("inf"), *([1.0] * (len(times) - 1))],
    }
    given = {(("__name__", "x"), ("way", way)): blocks.chunks(times, values) for way, values in ways.items()}
    assert blocks.write(tmp_path, given) == len(ways) * len(times)
    (tmp_path / "wal").mkdir()
    dumped = subprocess.run(
        ["promtool", "tsdb", "dump", tmp_path], capture_output=True, text=True, check=True
    )
    lines = [
        re.fullmatch(r'\{__name__="x", way="(.+)"\} (\S+) (\d+)', line) for line in dumped.stdout.splitlines()
    ]
    found = [(each[1], int(each[3]), float(each[2])) for each in lines if each]
    assert sorted(found) == sorted(
        (way, at, value) for way, values in ways.items() for at, value in zip(times, values, strict=True)
    )


def test_what_is_filled_has_the_names_of_the_catalogue_and_all_that_is_recorded() -> None:
    stack = READINGS[RECORDED]
    found = {dict(labels)["__name__"] for labels in series(stack, TINY, 1_700_000_000_000)}
    known = {name for metric in stack.catalogue for name in metric.series}
    assert {each.metric.name for each in stack.recorded} <= found
    assert {"http_request_duration_seconds_bucket", "pg_up", "redis_up", "up"} <= found & known
    more = len(series(stack, Size(handlers=8, hosts=2, raw=900, recorded=900), 1_700_000_000_000))
    assert more > len(series(stack, TINY, 1_700_000_000_000))


def test_the_larger_size_has_ten_times_the_series_of_the_smaller() -> None:
    small, large = (
        len(series(READINGS[RECORDED], replace(size, raw=900, recorded=900), 1_700_000_000_000))
        for size in (SMALL, LARGE)
    )
    assert large / small == pytest.approx(10, rel=0.02)


@pytest.fixture(scope="module")
def measured() -> Filled:
    (found,) = measure([TINY], rounds=1)
    return found


def test_every_panel_is_asked_raw_and_what_reads_recordings_both_ways(measured: Filled) -> None:
    panels = {
        (board.uid, panel.title) for board in STACK.boards for panel in board.panels if panel.kind != "text"
    }
    assert {(each.board, each.title) for each in measured.costs[RAW]} == panels
    read = {each.board for each in measured.costs[RECORDED] if each.recorded}
    assert read == {f"backend-{each}" for each in ("overview", "api", "queries", "audit")}
    assert not any(each.recorded for each in measured.costs[RAW])
    assert all(times.wall > 0 for each in measured.costs[RAW] for times in each.taken)
    shown = {each.title: each.series for each in measured.of("backend-overview", RECORDED)}
    assert shown == {each.title: each.series for each in measured.of("backend-overview", RAW)}


@pytest.mark.parametrize("floor", FLOORS, ids=lambda each: f"{each.board}, {each.title}")
def test_what_a_panel_cannot_do_without_is_what_it_reads(floor: Floor, measured: Filled) -> None:
    (board,) = (each for each in STACK.boards if each.uid == floor.board)
    panels = flat(render_board(board, READINGS[RAW].context)["panels"])
    (panel,) = (each for each in panels if each["title"] == floor.title)
    read = set().union(*(names(each["expr"]) for each in panel["targets"]))
    for expr, step, times in floor.asked:
        assert names(expr) <= read
        assert times <= sum(bool(names(expr) & names(each["expr"])) for each in panel["targets"])
        assert measured.floors[expr, step][0].wall > 0


def test_the_section_is_put_in_its_place_and_nothing_else_is_touched(
    measured: Filled, tmp_path: Path
) -> None:
    target = tmp_path / "performance.md"
    target.write_text("# Performance\n\nOther figures.\n")
    for _ in range(2):
        text = put(target, HEADING, section([measured, measured], TAKEN))
        assert target.read_text() == f"# Performance\n\nOther figures.\n\n{text}\n"
        assert kept(target, HEADING) == text
    tables = re.findall(r"(?:^\|.*\n?)+", section([measured, measured], TAKEN), re.MULTILINE)
    assert all(len({line.count("|") for line in one.splitlines()}) == 1 for one in tables)
    assert "`backend-overview` | recorded |" in text
    assert "1.0x" in text
    (least,) = re.findall(r"### What cannot be less\n\n(.*?)\n\n###", text, re.DOTALL)
    assert least.count("\n| `backend-") == len(FLOORS)


def test_what_is_committed_was_generated() -> None:
    assert "`backend-overview` | recorded |" in kept(TARGET, HEADING)


def test_ten_times_the_boards_are_boards_too() -> None:
    assert len(TENFOLD.boards) == TIMES * len(STACK.boards)


def test_recorded_boards_are_built_and_read_all_that_is_recorded_for_them() -> None:
    stack = READINGS[RECORDED]
    rendered, findings = files.checked(stack)
    assert not findings
    assert "prometheus/rules/boards.yml" in rendered
    read: set[str] = set()
    for board in stack.boards:
        for panel in flat(render_board(board, stack.context)["panels"]):
            read |= {name for each in panel.get("targets", []) for name in names(each["expr"])}
    assert {each.metric.name for each in RECORDINGS} <= read
    assert not {each.metric.name for each in RECORDINGS} & {each.metric.name for each in STACK.recorded}
