"""The exporter is measured beside its peers, a few rounds; how long anything takes is not asserted."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from benchmarks import equal_work, watched
from benchmarks.bench_exporter import (
    EXPOSITIONS,
    HEAVY,
    PEER,
    REMEMBERED,
    WHOLE,
    Measured,
    Pages,
    Scrape,
    measure,
)
from benchmarks.exporter_report import bars, section
from benchmarks.sections import TARGET, kept, put
from benchmarks.watched import Size
from examples.demo.process import ServerError

TINY = Size(tables=3, shapes=2)
HEADING = "## Exporter"


def scrapes(*walls: float) -> list[Scrape]:
    return [Scrape(wall, wall / 2, wall / 4) for wall in walls]


EQUAL = {
    equal_work.PEER: scrapes(1, 2, 4),
    equal_work.EXACT: scrapes(0.4, 0.8, 2),
    equal_work.ESTIMATED: scrapes(0.3, 0.6, 0.9),
}
MADE = Measured(
    TINY,
    equal=[equal_work.Equal(dict.fromkeys(EQUAL, Pages(10, 100)), EQUAL, dict.fromkeys(EQUAL, 1))],
    versions={"a": "1"},
    pages={name: Pages(10, 100) for name in (PEER, WHOLE, HEAVY, REMEMBERED)},
    near={
        PEER: scrapes(1, 2, 4),
        WHOLE: scrapes(0.4, 0.8, 1.6),
        HEAVY: scrapes(0.2, 0.4, 0.8),
        REMEMBERED: scrapes(0.04, 0.08, 0.16),
    },
    far={PEER: scrapes(1), WHOLE: scrapes(0.8), HEAVY: scrapes(0.6), REMEMBERED: scrapes(0.2)},
    one={PEER: [1.0], WHOLE: [1.0], REMEMBERED: [1.0, 1.0, 9.0]},
    many={PEER: [2.0], WHOLE: [1.3], REMEMBERED: [1.5, 1.5, 1.5]},
    resident={"ours": 50.0, "a": 20.0, "b": 30.0},
    exposition=dict(zip(EXPOSITIONS, ([1.0], [20.0], [5.0]), strict=True)),
)


def test_of_twenty_scrapes_one_asks_all_and_fifteen_nothing_dear() -> None:
    found = [round(ratio, 3) for _, _, ratio in bars(MADE)]
    assert found == [0.4, 0.457, 0.3, 0.257, 0.09, 0.09, 0.31, 0.31, 1.3, 1.5, 0.05, 0.2, 1.0]
    verdicts = re.findall(r"x \| \S+x \| (.*) \|", section(MADE))
    assert [each == "reached" for each in verdicts] == [
        *[True] * 2,
        *[False] * 2,
        True,
        True,
        *[False] * 2,
        True,
        False,
        True,
        False,
        True,
    ]


def test_the_section_is_put_between_others(tmp_path: Path) -> None:
    target = tmp_path / "performance.md"
    target.write_text(f"# Performance\n\n{HEADING}\n\nOld.\n\n### Part\n\n## Boards\n\nKept.\n")
    for _ in range(2):
        text = put(target, HEADING, section(MADE))
        assert target.read_text() == f"# Performance\n\n{text}\n\n## Boards\n\nKept.\n"
    assert kept(target, HEADING, "## Boards") == f"{text}\n\n## Boards\n\nKept."
    tables = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    assert len(tables) == 6
    assert all(len({line.count("|") for line in one.splitlines()}) == 1 for one in tables)


def test_what_is_committed_was_generated() -> None:
    assert "Scrapes every 15 s, wall | <= 0.1x |" in kept(TARGET, HEADING)


def test_every_page_is_measured_without_the_peers() -> None:
    measured = measure(TINY, rounds=1, peers=False)
    assert set(measured.near) == set(measured.far) == {WHOLE, HEAVY, REMEMBERED}
    taken = [*measured.near.values(), *measured.far.values()]
    assert all(one.wall > 0 and one.server > 0 and one.own > 0 for (one,) in taken)
    (equal,) = measured.equal
    assert set(equal.taken) == {equal_work.EXACT, equal_work.ESTIMATED}
    assert set(equal.turns.values()) == {1}
    assert all(page.series > 600 for page in equal.pages.values())
    assert "ours, equal work | " in equal_work.told(equal)
    assert list(equal_work.bars(equal)) == []
    assert all(page.series > 300 and page.size > 30_000 for page in measured.pages.values())
    (through,), (direct,) = measured.far[REMEMBERED], measured.near[REMEMBERED]
    assert through.wall > 0.005
    assert direct.wall > 0
    assert measured.resident["ours, both servers"] > 20 * 2**20
    assert all(times for times in measured.exposition.values())


def test_a_page_is_read_whole_in_chunks_too() -> None:
    text = b'# HELP a b\na 1\nb{c="d"} 2\n'
    packed = gzip.compress(text)
    chunks = b"5\r\n" + packed[:5] + b"\r\n%x\r\n" % len(packed[5:]) + packed[5:] + b"\r\n0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
    assert Pages.of(head + b"\r\n" + packed) == Pages(2, len(text))
    assert Pages.of(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks) == Pages(2, len(text))


def test_a_peer_that_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEER_REDIS_EXPORTER", "/nowhere")
    with pytest.raises(ServerError, match="PEER_REDIS_EXPORTER=/nowhere: no program"):
        watched.peer("PEER_REDIS_EXPORTER")


def test_a_peer_without_tables_is_no_match(tmp_path: Path) -> None:
    binary = tmp_path / "peer"
    for flags, wanted in (
        ("--collector.database", []),
        ("--collector.stat_user_tables --collector.postmaster", ["--collector.postmaster"]),
    ):
        binary.write_text(f"#!/bin/sh\necho '{flags}' >&2\n")
        binary.chmod(0o755)
        assert equal_work.collectors(str(binary)) == wanted
    assert "no equal work" in equal_work.told(equal_work.Equal())
