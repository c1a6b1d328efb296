"""Each time that a team may write is one that Alertmanager reads, and Grafana, which has its code."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
import yaml

from alerts.notifications import Hours, MuteTime, NotifyError
from alerts.times import WEEK, YEAR

Json = dict[str, Any]

DATES = [str(each) for each in range(-33, 34)] + ["01", "-05", "45", "00"]
MONTHS = [*YEAR, *map(str, range(15)), "04"]
CLOCKS = ["00:00", "09:00", "23:59", "24:00", "24:01", "9:00", "12:60"]
WORDS = {"weekdays": [*WEEK, "Sunday", "mon"], "days_of_month": DATES, "months": MONTHS, "times": CLOCKS}


def written(part: str) -> Iterator[str]:
    """One, and each range of two."""
    words = WORDS[part]
    if part != "times":
        yield from words
    yield from map(("-" if part == "times" else ":").join, itertools.product(words, repeat=2))


def made(part: str, text: str) -> MuteTime | None:
    try:
        return MuteTime(name="night", **{part: (text,)})  # type: ignore[arg-type]
    except NotifyError:
        return None


def taken(folder: Path, intervals: list[Json]) -> str:
    """What amtool says against them; empty where it takes all."""
    named = [{"name": f"t{index}", "time_intervals": [each]} for index, each in enumerate(intervals)]
    config = folder / "alertmanager.yml"
    receivers = [{"name": "all"}]
    config.write_text(
        yaml.safe_dump({"route": {"receiver": "all"}, "receivers": receivers, "time_intervals": named})
    )
    done = subprocess.run(["amtool", "check-config", config], check=False, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr + done.stdout


@pytest.mark.parametrize("part", WORDS)
def test_alertmanager_takes_every_time_that_is_taken_here(part: str, tmp_path: Path) -> None:
    intervals = [
        mute.interval["time_intervals"][0] for text in written(part) if (mute := made(part, text)) is not None
    ]
    assert len(intervals) > len(WORDS[part]) / 2
    assert taken(tmp_path, intervals) == ""


def test_alertmanager_takes_every_place_that_is_taken_here(tmp_path: Path) -> None:
    assert taken(tmp_path, [Hours(location=each).interval["time_intervals"][0] for each in PLACES]) == ""


PLACES = sorted(available_timezones() - {"localtime", "Factory", "posixrules"})


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("weekdays", "saturday:sunday"),
        ("months", "december:january"),
        ("days_of_month", "0"),
        ("days_of_month", "45"),
        ("days_of_month", "31:1"),
        ("days_of_month", "-1:-5"),
        ("days_of_month", "-5:5"),
        ("days_of_month", "20:-20"),
        ("days_of_month", "28:-1"),
    ],
)
def test_alertmanager_refuses_what_is_refused_or_divided_here(part: str, text: str, tmp_path: Path) -> None:
    assert taken(tmp_path, [{part: [text]}]) != ""
    mute = made(part, text)
    assert mute is None or text not in mute.interval["time_intervals"][0][part]


@pytest.mark.parametrize(
    ("part", "text", "divided"),
    [
        ("weekdays", "saturday:sunday", ["saturday", "sunday"]),
        ("weekdays", "friday:monday", ["friday:saturday", "sunday:monday"]),
        ("weekdays", "monday:sunday", ["monday:saturday", "sunday"]),
        ("weekdays", "monday:friday", ["monday:friday"]),
        ("months", "december:january", ["december", "january"]),
        ("months", "11:february", ["11:december", "january:february"]),
    ],
)
def test_a_range_across_the_end_of_a_week_or_year_is_divided(
    part: str, text: str, divided: list[str]
) -> None:
    mute = made(part, text)
    assert mute is not None
    assert mute.interval["time_intervals"][0][part] == divided


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("31:1", "write 31:31 and 1:1 for"),
        ("25:5", "write 25:31 and 1:5 for"),
        ("-5:5", "write -5:-1 and 1:5 for"),
        ("-1:-5", "write -1:-1 and -31:-5 for"),
        ("28:-1", "such as 28:31"),
        ("20:-20", "which the engines take to end before"),
    ],
)
def test_a_range_across_the_end_of_a_month_is_refused_with_the_two_to_write(text: str, instead: str) -> None:
    with pytest.raises(NotifyError, match=f"days_of_month has '{text}'.*{instead}"):
        MuteTime(name="night", days_of_month=(text,))
    if instead.startswith("write"):
        MuteTime(name="night", days_of_month=tuple(instead.split()[1:4:2]))


@pytest.mark.parametrize("location", ["localtime", "Factory", "Local"])
def test_a_clock_that_is_the_hosts_is_refused(location: str) -> None:
    with pytest.raises(NotifyError, match=f"location is '{location}'; expected a name of the time zone"):
        Hours(location=location)
