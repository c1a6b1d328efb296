"""Mute times: hours, days and months as Alertmanager takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from zoneinfo import available_timezones

from dashboards.checks.finding import Finding, nearest
from dashboards.checks.provisioned.check import STOPS, Report, check
from dashboards.checks.provisioned.files import Files
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.sample import notifications

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
CLOCK = re.compile(r"(([01][0-9])|(2[0-3])):[0-5][0-9]\Z|24:00\Z")
WHOLE = re.compile(r"[-+]?[0-9]{1,9}\Z")
# The shortest month: from the end of the month, a day may lie before one from its beginning.
SHORTEST = 28


def _day(text: str) -> int | None:
    return DAYS.index(text) if text in DAYS else None


def _month(text: str) -> int | None:
    return MONTHS.index(text) + 1 if text in MONTHS else _number(text)


def _number(text: str) -> int | None:
    return int(text) if WHOLE.match(text) else None


def _range(text: str, member: Callable[[str], int | None], wanted: str) -> tuple[int, int] | str:
    """Both ends, or what is wrong."""
    parts = text.lower().split(":")
    ends = [member(part) for part in parts]
    if len(parts) > 2 or None in ends:
        return f"{text!r} is no range of {wanted}"
    first, last = ends[0], ends[-1]
    return (first or 0, last or 0)


def _ordered(text: str, member: Callable[[str], int | None], wanted: str) -> str:
    found = _range(text, member, wanted)
    if isinstance(found, str):
        return found
    return f"{text!r} ends before it begins" if found[0] > found[1] else ""


def _day_of_month(text: str) -> str:
    found = _range(text, _number, "days of the month, such as 1:5 or -3:-1")
    if isinstance(found, str):
        return found
    first, last = found
    if any(day == 0 or abs(day) > 31 for day in found):
        return f"{text!r} has a day that no month has"
    if first < 0 < last:
        return f"{text!r} begins from the end of the month and ends from its beginning"
    begin, end = (day if day > 0 else SHORTEST + day for day in found)
    return f"{text!r} ends before it begins" if begin > end else ""


_PARTS: dict[str, Callable[[str], str]] = {
    "weekdays": lambda text: _ordered(text, _day, "weekdays, such as monday:friday"),
    "days_of_month": _day_of_month,
    "months": lambda text: _ordered(text, _month, "months, such as may:august or 5:8"),
    "years": lambda text: _ordered(text, _number, "years, such as 2026:2027"),
}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() | {"Local", "UTC", ""})


# How each is written right.
_FIXES = {
    "weekdays": "Write names in full, the earlier first: monday:friday; sunday is the first.",
    "days_of_month": "Write days from 1 to 31, or from the end from -31 to -1, the earlier first.",
    "months": "Write names in full or numbers from 1 to 12, the earlier first: january, 5:8.",
    "years": "Write years in four digits, the earlier first: 2026:2027.",
}


def _times(interval: Node) -> Iterator[tuple[Node, str, str]]:
    for each in interval.each("times"):
        if each.kind != "map":
            continue
        ends = [each.said("start_time"), each.said("end_time")]
        wrong = [key for key in ("start_time", "end_time") if not CLOCK.match(each.said(key))]
        if wrong:
            text = f"{wrong[0]} {each.said(wrong[0])!r} is no time of day"
            fix = "Write hours and minutes in two digits each; a day ends at 24:00."
            yield each, f"{text}; expected two digits each, from 00:00 to 24:00", fix
        elif ends[0] >= ends[1]:
            fix = "Write an end that is later than the beginning; a day ends at 24:00."
            if ends[0] > ends[1] > "00:00":
                fix = f"Write two intervals, {ends[0]} to 24:00 and 00:00 to {ends[1]}."
            yield each, f"it is from {ends[0]} to {ends[1]}, and none goes over midnight", fix


@check(
    "mute-range",
    summary="mute times have hours, days and months that there are, from earlier to later",
    cause="`22:00` to `06:00` over midnight, `9:00` with one digit, `Mon-Fri`, a zone by its short name.",
    effect=STOPS,
    fix="Write two intervals, 22:00 to 24:00 and 00:00 to 06:00; monday:friday; Europe/Berlin.",
    wrong=notifications("start_time: '00:00', end_time: '06:00'", "start_time: '22:00', end_time: '06:00'"),
    right=notifications(
        "{start_time: '00:00', end_time: '06:00'}",
        "{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '06:00'}",
    ),
)
def ranges(files: Files, report: Report) -> Iterator[Finding]:
    """Of every interval."""
    zones = _zones()
    for file, mute in files.things("muteTimes"):
        where = f"mute time {mute.said('name')}"
        for interval in mute.each("time_intervals"):
            if interval.kind != "map":
                continue
            for node, message, fix in _times(interval):
                yield report(file, node, where, message, fix)
            for key, judge in _PARTS.items():
                for node in interval.each(key):
                    if node.kind == "text" and not node.is_null and (why := judge(node.text)):
                        yield report(file, node, where, f"{key}: {why}", _FIXES[key])
            zone = interval.said("location")
            if zone not in zones:
                message = f"there is no time zone {zone!r}"
                fix = nearest(zone, zones) or "Write its name in full, such as Europe/Berlin."
                yield report(file, interval.near("location"), where, message, fix)
