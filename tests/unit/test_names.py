"""What of a label is shown where there is more than there is room for, and what is said of the rest."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from exporters.catalogue import Gauge, Label, redis_detail, self_
from exporters.catalogue import postgres_replication as replication
from exporters.collectors.base import Family
from exporters.collectors.names import Names, within
from exporters.collectors.postgres.replication import slots
from exporters.collectors.redis.info import MOST_REPLICAS, InfoCollector, parse_info
from exporters.config import MOST_PATTERNS, read_config
from exporters.errors import ConfigError
from exporters.exposition import LONGEST_VALUE, render
from exporters.scrape import Scraper

PLACE = Label(name="place", help="Where.", bound="a test")
HEAT = Gauge(name="place_heat", help="How hot.", collector="test.heat", labels=(PLACE,))
UP = Gauge(name="all_up", help="All.", collector="test.up")


def test_what_has_no_place_is_left_out_and_counted_and_the_rest_is_as_it_was() -> None:
    names, labels = Names(2), [("a",), ("b",), ("c",)]
    names.seat({"b": 3, "c": 2, "a": 1})
    up = Family(UP, [()], [1])
    one, two, same = within(
        [Family(HEAT, labels, [1, 2, 3]), Family(HEAT, labels, [4, 5, 6]), up], "place", names
    )
    assert (one.labels, one.values, one.dropped) == ([("b",), ("c",)], [2, 3], 1)
    assert (two.labels, two.values, two.dropped) == ([("b",), ("c",)], [5, 6], 1)
    assert one.labels is two.labels
    assert same is up
    page = render([one, up])
    assert (page.series, +page.dropped, +page.of_metrics) == (3, {"cap": 1}, {("place_heat", "cap"): 1})


def test_a_newcomer_has_a_place_while_there_is_one() -> None:
    names = Names(2)
    for places in ("a", "ab", "abc", "cba"):
        (found,) = within([Family(HEAT, [(place,) for place in places], [0] * len(places))], "place", names)
        assert {place for (place,) in found.labels} == set(places) - {"c"}
        assert found.dropped == ("c" in places)


def test_the_slots_for_which_most_is_kept_are_shown() -> None:
    rows = [(f"slot{number}", "", "1", str(number)) for number in range(9)] + [("lost", "", "0", None)]
    active, retained = slots(3).parse(rows)
    kept = {name: float(value) for (name, _), value in zip(retained.labels, retained.values, strict=True)}
    assert kept == {"slot6": 6, "slot7": 7, "slot8": 8}
    assert (active.dropped, retained.dropped) == (7, 6)
    assert active.metric is replication.SLOT_ACTIVE


def test_a_redis_with_many_replicas_shows_those_that_came_first() -> None:
    def info(numbers: range) -> dict[str, str]:
        lines = [f"slave{n}:ip=10.0.0.1,port={n},state=online,offset=7,lag=0" for n in numbers]
        return parse_info(
            "\r\n".join([*lines, "uptime_in_seconds:1", "master_last_io_seconds_ago:-1"]).encode()
        )

    collector = InfoCollector(Names(1))
    for numbers in (range(MOST_REPLICAS), range(MOST_REPLICAS + 5)):
        (found,) = (
            one for one in collector.families(info(numbers)) if one.metric is redis_detail.REPLICA_OFFSET
        )
        assert [int(port) for _, port, _ in found.labels] == list(range(MOST_REPLICAS))
        assert found.dropped == len(numbers) - MOST_REPLICAS


def test_a_long_label_is_cut() -> None:
    fits, long = "x" * LONGEST_VALUE, "y" * 10_000
    page = render([Family(HEAT, [(fits,), (long,), (long + "z",)], [1, 2, 3])])
    assert f'"{fits}"' in page.body.decode()
    assert f'"{"y" * (LONGEST_VALUE - 3)}..."' in page.body.decode()
    assert page.dropped["duplicate"] == 1


class Backend:
    name = "redis"

    def collect(self, _deadline: float) -> list[Family]:
        return [Family(HEAT, [("a",)], [1], dropped=4)]

    def close(self) -> None:
        return


def test_what_is_left_out_counts_on_each_page_and_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    scraper = Scraper([Backend()], logging.getLogger("test"))
    pages = [scraper.page().decode() for _ in range(2)]
    assert [
        f'{self_.DROPPED_SERIES.name}{{reason="cap"}} {n}' in page
        for n, page in zip((4, 8), pages, strict=True)
    ]
    assert [record.getMessage() for record in caplog.records] == [
        "left out of the page: place_heat (cap, 4 series)"
    ]


def test_more_patterns_than_can_be_shown_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text(f"redis:\n  key_patterns: {[f'p{n}:*' for n in range(MOST_PATTERNS + 1)]}\n")
    with pytest.raises(ConfigError, match=r"key_patterns\[100\]: 'p100:\*'; expected 100 at most"):
        read_config(file)
