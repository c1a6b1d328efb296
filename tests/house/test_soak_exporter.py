"""Every fault of the soak befalls a real exporter once; the half hour is for `make soak-exporter`."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from benchmarks.soak_report import GROWTH, grown, section, told
from benchmarks.soaked import Held, Scrapes, Soaked, site, soak
from examples.demo.process import wait_until

HELD = Held(memory=50e6, descriptors=9, threads=4, postgres=1, redis=1)


def test_each_fault_is_seen_and_over_and_every_scrape_is_answered() -> None:
    with site() as place:
        soaked = soak(place, 1, fault=1.2, calm=0.2)
        assert len(soaked.rounds) == 1
        assert soaked.scrapes.lost == []
        # One that stands still, or is cut off, for a second is waited for; each restart meets a scrape.
        assert soaked.scrapes.dark >= 2, "a server that restarts is away"
        assert (soaked.rounds[0].postgres, soaked.rounds[0].redis) == (1, 1)
        assert len(set(soaked.faults)) == 9
        # Nobody who scrapes takes a dead exporter for an answer.
        place.exporter.stop()
        wait_until(lambda: bool(place.scrapes.lost), "a scrape without an answer")


def of(*rounds: Held) -> Soaked:
    return Soaked(list(rounds), ("a fault",), Scrapes(seconds=[0.1, 0.2]))


def test_what_comes_and_goes_has_not_grown() -> None:
    busy = replace(HELD, threads=5)
    assert grown(of(HELD, HELD, busy, HELD, HELD, busy)) == []
    assert grown(of(HELD, HELD, HELD, HELD, busy, busy)) == ["threads"]


@pytest.mark.parametrize(
    ("last", "found"),
    [
        (HELD, []),
        (replace(HELD, memory=HELD.memory + GROWTH), []),
        (replace(HELD, memory=HELD.memory + GROWTH + 1), ["memory"]),
        (replace(HELD, descriptors=10), ["descriptors"]),
        (replace(HELD, threads=5, postgres=2), ["threads", "connections of PostgreSQL"]),
        (replace(HELD, redis=2), ["of Redis"]),
    ],
)
def test_what_is_held_in_the_end_and_was_not_before_is_named(last: Held, found: list[str]) -> None:
    soaked = of(replace(HELD, threads=9), HELD, HELD, last)
    assert grown(soaked) == found
    assert ("Nothing grew" in section(soaked)) == (not found)
    assert [int(each) for each in re.findall(r"^\| (\d+) \|", told(soaked), re.MULTILINE)] == [1, 2, 3, 4]
