"""The benchmarks run, a few rounds of them; how long anything takes is not asserted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import peer
from benchmarks.__main__ import APART
from benchmarks.application import BARE, OURS, PEER, PEER_DEFAULTS, SCENARIOS
from benchmarks.bench_middleware import Requests, Running, Scale, measure, same_work, sitting
from benchmarks.figures import Figures, Times
from benchmarks.report import document, middleware_section
from benchmarks.sections import TARGET, kept
from benchmarks.soak_report import HEADING as SOAK

TINY = Scale(sittings=1, rounds=2, requests=3)
ROOT = Path(__file__).parents[2]


def steady(milliseconds: float) -> list[Times]:
    return [Times(wall=milliseconds / 1000, cpu=milliseconds / 1000)] * 3


COMPARED = Requests(
    SCENARIOS["routes"],
    [{BARE: steady(1), OURS: steady(1.1), PEER: steady(1.4), PEER_DEFAULTS: steady(1.5)}],
)


def test_figures_are_the_least_the_middle_and_the_greatest() -> None:
    assert Figures.of([3, 1, 2, 10]) == Figures(1, 2.5, 10)


def test_the_report_says_what_was_measured_and_which_bars_were_reached() -> None:
    text = document([COMPARED])
    assert "| <= 0.35x | 0.25x wall, 0.25x CPU | reached |" in text
    assert "0.25 (0.25 to 0.25) in wall time" in text
    assert peer.requirement() in text
    slow = Requests(SCENARIOS["routes"], [{BARE: steady(1), OURS: steady(1.2), PEER: steady(1.4)}])
    assert "| 0.50x wall, 0.50x CPU | **not reached here** |" in document([slow])
    rows = [line for line in text.splitlines() if line.startswith("|")]
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 2
    assert all(len({line.count("|") for line in one.splitlines()}) == 1 for one in tables)
    assert rows


def test_what_is_committed_was_generated() -> None:
    committed = (ROOT / "docs/performance.md").read_text()
    assert re.findall(r"\| <= 0\.35x \| \d\.\d\dx wall, \d\.\d\dx CPU \|", committed)
    assert peer.requirement() in committed, "the peer has changed since; run: make bench"


def test_what_is_measured_apart_stays() -> None:
    headings = re.compile("^## .*", re.MULTILINE)
    committed = TARGET.read_text()
    again = document([COMPARED], kept(TARGET, *APART))
    assert set(headings.findall(again)) == set(headings.findall(committed))
    assert SOAK in APART


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_measured_without_the_peer(name: str) -> None:
    (measured,) = measure([name], scale=TINY, with_peer=False)
    assert measured.variants == [BARE, OURS]
    assert len(measured.taken(OURS)) == TINY.rounds
    assert all(times.wall > 0 and times.cpu > 0 for times in measured.taken(OURS))
    assert not measured.compared
    assert "`exporters.api`" in middleware_section([measured])


def test_a_variant_that_miscounts_is_no_measurement(tmp_path: Path) -> None:
    running = [Running("one", each, tmp_path / each, tmp_path) for each in (BARE, OURS)]
    for one in running:
        one.batch(2)
        one.stop()
        one.check()
    running[1].sent += 1
    with pytest.raises(RuntimeError, match="counted 2 requests; expected 3"):
        running[1].check()
    running[0].variant = PEER
    with pytest.raises(RuntimeError, match="counted differently"):
        same_work(running)


def test_an_application_that_cannot_start_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="'peer' ended"):
        sitting("one", [PEER], TINY, tmp_path)
    assert "ModuleNotFoundError" in capfd.readouterr().err
