"""When routes speak: working hours, and named windows in which they are mute, alike in both engines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from alerts.secret import NotifyError
from signals.numbers import require_fields

Json = dict[str, Any]

NAME = re.compile(r"[a-z][a-z0-9-]{0,29}\Z")
WEEK = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
YEAR = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
        "november", "december")  # fmt: skip
DAY = f"(?:{'|'.join(WEEK)})"
MONTH = f"(?:{'|'.join(YEAR)}|0?[1-9]|1[0-2])"
DATE = r"-?(?:0?[1-9]|[12]\d|3[01])"
# Where the week and the year begin anew: both engines refuse a range across it.
CIRCLES = {"weekdays": WEEK, "months": YEAR}
CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
# What both engines read; `24:00` is the end of a day.
PARTS = {
    "weekdays": (re.compile(rf"{DAY}(?::{DAY})?\Z"), "monday or monday:friday"),
    "times": (re.compile(rf"{CLOCK}-(?:{CLOCK}|24:00)\Z"), "09:00-17:30"),
    "days_of_month": (re.compile(rf"{DATE}(?::{DATE})?\Z"), "1:7 or -1, from 1 to 31 or from -31 to -1"),
    "months": (re.compile(rf"{MONTH}(?::{MONTH})?\Z"), "december or may:august, by name or from 1 to 12"),
}
# Of a host, not of a place: another machine has another one, or none.
NO_PLACE = frozenset(("localtime", "Factory", "posixrules"))


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteTime:
    """A window that comes again and again, such as that of maintenance. What is left empty is any.

    An alert that still fires when the window ends is told then.

    Attributes:
        name: unique within the notifications.
        weekdays: days or ranges of them, ``saturday:sunday``, also across the end of the week.
        times: of the day, ``22:00-24:00``; a night across midnight is two.
        days_of_month: from 1, or from -1 at the end; or ranges within a month.
        months: by name or number, or ranges, also across the end of the year.
        location: of the clock, by its name in the time zone database; the engine's host must have that.
        routes: which are mute: ``critical``, ``warning``, or a team's name.
    """

    name: str
    weekdays: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    days_of_month: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    location: str = "UTC"
    routes: tuple[str, ...] = ("warning",)

    def __post_init__(self) -> None:
        _check(f"mute time {self.name!r}", self)
        if not NAME.match(self.name):
            raise NotifyError(
                f"mute time {self.name!r}: expected a lower-case letter, then at most 29 lower-case letters, "
                "digits or -; choose a short word"
            )
        if not any(getattr(self, part) for part in PARTS):
            raise NotifyError(
                f"mute time {self.name!r} names no days and no times, so that its routes would be mute for "
                "ever; give weekdays, times, days_of_month or months"
            )

    @property
    def interval(self) -> Json:
        """As both engines read it."""
        return {"name": self.name, "time_intervals": [_interval(self)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When warnings are told. One that began outside is told when the hours begin, if it still fires.

    Attributes:
        location: whose clock, by its name in the time zone database, such as ``Europe/Berlin``.
        weekdays: days or ranges of them.
        times: of the day.
    """

    location: str
    weekdays: tuple[str, ...] = ("monday:friday",)
    times: tuple[str, ...] = ("09:00-18:00",)

    def __post_init__(self) -> None:
        _check("working hours", self)

    @property
    def interval(self) -> Json:
        """As both engines read it, called ``working-hours``."""
        return {"name": WORKING_HOURS, "time_intervals": [_interval(self)]}


WORKING_HOURS = "working-hours"


@cache
def _places() -> frozenset[str]:
    return frozenset(available_timezones())


def _check(what: str, when: MuteTime | Hours) -> None:
    require_fields(what, when, NotifyError)
    for part, (pattern, example) in PARTS.items():
        for each in getattr(when, part, ()):
            if not pattern.match(each):
                raise NotifyError(f"{what}: {part} has {each!r}; expected such as {example}; correct it")
    for each in when.times:
        start, _, end = each.partition("-")
        if start >= end:
            raise NotifyError(
                f"{what}: times has {each!r}, which ends before it begins; expected such as 22:00-24:00 and "
                "00:00-06:00; split it at midnight"
            )
    for each in getattr(when, "days_of_month", ()):
        _check_dates(what, each)
    known = _places()
    # Without the database of time zones nothing more can be said.
    if when.location in NO_PLACE or (known and when.location not in known):
        raise NotifyError(
            f"{what}: location is {when.location!r}; expected a name of the time zone database, such as "
            "Europe/Berlin; correct it"
        )


def _check_dates(what: str, dates: str) -> None:
    """A range of days that begins after its end, as both engines count: they take -1 for the 27th."""
    first, _, last = dates.partition(":")
    start, end = int(first), int(last or first)
    from_end = (start < 0, end < 0)
    if from_end == (False, True):
        if start > end + 28:
            raise NotifyError(
                f"{what}: days_of_month has {dates!r}, which the engines take to end before it begins, as -1 "
                f"is the 27th to them; expected such as 20:-1; give the end as a day, such as {start}:31"
            )
    elif start > end or from_end == (True, False):
        instead = f"{start}:{-1 if start < 0 else 31} and {-31 if end < 0 else 1}:{end}"
        raise NotifyError(
            f"{what}: days_of_month has {dates!r}, which ends before it begins; expected a range within a "
            f"month; write {instead} for one across its end, or the days in their order"
        )


def _within(each: str, circle: Sequence[str]) -> Iterator[str]:
    """A range, in two parts if it goes across the end of the week or year."""

    def place(name: str) -> int:
        return circle.index(name) if name in circle else int(name) - 1

    first, colon, last = each.partition(":")
    if not colon or place(first) <= place(last):
        yield each
        return
    for start, end in ((first, circle[-1]), (circle[0], last)):
        yield start if place(start) == place(end) else f"{start}:{end}"


def _interval(when: MuteTime | Hours) -> Json:
    interval: Json = {}
    for part in PARTS:
        if found := getattr(when, part, ()):
            circle = CIRCLES.get(part)
            interval[part] = (
                [piece for each in found for piece in _within(each, circle)] if circle else [*found]
            )
    if when.times:
        clocks = (each.partition("-") for each in when.times)
        interval["times"] = [{"start_time": start, "end_time": end} for start, _, end in clocks]
    return interval | {"location": when.location}
