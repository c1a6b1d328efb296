"""Ways of counting keys are measured beside the peer, a few rounds; how long any takes is not asserted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import bench_keys
from benchmarks.bench_exporter import PEER, Scrape
from benchmarks.bench_keys import AGAIN, BUSY, PATTERNS, QUIET, SHARES, TRIALS, Counted, measure
from benchmarks.keys_report import HEADING, bars, section
from benchmarks.sections import put
from exporters.collectors.redis.settings import ACTIVE, ESTIMATED, PACED

KEYS = 25_000  # more than are counted where they could be estimated
MADE = Counted(
    1000,
    "1",
    taken={
        ACTIVE: [Scrape(1, 0.1, 1), Scrape(3, 0.3, 1)],
        ESTIMATED: [Scrape(0.1, 0.06, 1)] * 2,
        PEER: [Scrape(10, 2, 1)] * 2,
    },
    held=dict.fromkeys(PATTERNS, TRIALS) | {PATTERNS[0]: TRIALS * 8 // 10},
    pings={QUIET: [1.0] * 98 + [2.0] * 2, PACED: [1.05] * 98 + [4.0] * 2, PEER: [9.0] * 10},
    share=[0.001, 0.002],
)


def test_each_way_is_held_against_the_peer() -> None:
    assert [found for _, _, found, _ in bars(MADE)] == [
        "0.2000x", "0.1000x", "0.0100x", "0.0300x", "80.0%", "1.05x", "2.00x",
    ]  # fmt: skip
    assert [reached for *_, reached in bars(MADE)] == [True, True, True, False, False, True, False]


def test_the_section_is_put_between_others(tmp_path: Path) -> None:
    target = tmp_path / "performance.md"
    target.write_text("# Performance\n\n## Keys by pattern\n\nOld.\n\n## Boards\n\nKept.\n")
    for _ in range(2):
        text = put(target, HEADING, section(MADE))
        assert target.read_text() == f"# Performance\n\n{text}\n\n## Boards\n\nKept.\n"
    tables = re.findall(r"(?:^\|.*\n?)+", section(MADE), re.MULTILINE)
    assert len(tables) == 3
    assert "busy with the paced pass for 0.15% of the time" in section(MADE)
    assert all(len({line.count("|") for line in one.splitlines()}) == 1 for one in tables)


def test_every_way_is_measured_without_the_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_keys, "SLICE_SECONDS", 2.0)
    counted = measure(keys=KEYS, rounds=1, trials=2, slices=1, peers=False)
    assert set(counted.taken) == {ACTIVE, ESTIMATED}
    assert all(one.wall > 0 and one.server > 0 and one.own > 0 for (one,) in counted.taken.values())
    assert len(counted.held) == len(SHARES)
    assert all(0 < share < 1 for share in counted.share)
    assert set(counted.pings) == {QUIET, PACED, AGAIN, BUSY}
    assert all(counted.pings.values())
