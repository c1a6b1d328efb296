"""An exporter of many targets is measured on a few; how long anything takes is not asserted."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.bench_targets import Held, Many, Measured, Round, measure
from benchmarks.sections import TARGET, kept, put
from benchmarks.targets_report import HEADING, bars, section

MEGA = 2.0**20


def point(targets: int, page: float, megabytes: float) -> Many:
    """Its pages take so long each, and it grows by so much."""
    taken = [Round(page * targets * factor, 0.1, page * targets / 2) for factor in (1, 1, 5)]
    before, after = Held(50 * MEGA, 3, 0), Held((50 + megabytes) * MEGA, 3 + targets // 8, targets)
    return Many(targets, targets * 100, Round(1, 1, 1), taken, before, after)


MADE = Measured([point(1, 9, 20), point(10, 1, 10), point(200, 1.2, 300)], Held(60 * MEGA, 4, 0))


def test_what_is_linear_is_told_of_a_target_and_what_is_left_of_all() -> None:
    assert [(round(found, 3), bar) for _, bar, found, _, _ in bars(MADE)] == [
        (1.2, 1.3),
        (1.2, 1.3),
        (1.5, 1.3),
        (25, 20),
        (0, 0),
        (1, 0),
    ]
    verdicts = re.findall(r"\| <= \S+ \| \S+ \| (.*) \|", section(MADE))
    assert [each == "reached" for each in verdicts] == [True, True, False, False, True, False]


def test_its_section_stands_beside_the_others(tmp_path: Path) -> None:
    target = tmp_path / "performance.md"
    target.write_text(TARGET.read_text())

    text = put(target, HEADING, section(MADE))

    assert kept(target, HEADING) == text.strip()
    assert kept(target, "## Exporter") == kept(TARGET, "## Exporter")


def test_a_few_targets_are_measured() -> None:
    measured = measure((1, 10), rounds=1, idle=False)

    one, ten = measured.points
    assert (one.targets, ten.targets) == (1, 10)
    assert (one.before.connections, ten.before.connections) == (0, 0)
    assert (one.after.connections, ten.after.connections) == (1, 10)
    # One by one: a thread that ends its work late may cost another, but no target has its own.
    assert ten.after.threads - ten.before.threads < ten.targets // 2
    assert 8 * one.series * 0.9 < ten.series < 10 * one.series
    assert ten.first.wall > 0
    assert ten.rounds[0].wall > 0
    assert ten.first.own > 0
    assert ten.first.servers > 0
    assert HEADING in section(measured)
