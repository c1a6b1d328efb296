"""When routes speak: working hours, and named windows in which they are mute, alike in both engines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from alerts.secret import NotifyError
from signals.numbers import require_fields

Json = dict[str, Any]

NAME = re.compile(r"[a-z][a-z0-9-]{0,29}\Z")
DAY = "(?:sun|mon|tues|wednes|thurs|fri|satur)day"
MONTH = "(?:january|february|march|april|may|june|july|august|september|october|november|december)"
CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
# What both engines read; `24:00` is the end of a day.
PARTS = {
    "weekdays": (re.compile(rf"{DAY}(?::{DAY})?\Z"), "monday or monday:friday"),
    "times": (re.compile(rf"{CLOCK}-(?:{CLOCK}|24:00)\Z"), "09:00-17:30"),
    "days_of_month": (re.compile(r"-?\d{1,2}(?::-?\d{1,2})?\Z"), "1:7 or -1"),
    "months": (re.compile(rf"(?:{MONTH}|\d{{1,2}})(?::(?:{MONTH}|\d{{1,2}}))?\Z"), "december or may:august"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteTime:
    """A window that comes again and again, such as that of maintenance. What is left empty is any.

    An alert that still fires when the window ends is told then.

    Attributes:
        name: unique within the notifications.
        weekdays: days or ranges of them, ``saturday:sunday``.
        times: of the day, ``22:00-24:00``; a night across midnight is two.
        days_of_month: from 1, or from -1 at the end; or ranges.
        months: by name or number, or ranges.
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
    known = available_timezones()
    # Without the database of time zones nothing can be said.
    if known and when.location not in known:
        raise NotifyError(
            f"{what}: location is {when.location!r}; expected a name of the time zone database, such as "
            "Europe/Berlin; correct it"
        )


def _interval(when: MuteTime | Hours) -> Json:
    interval: Json = {}
    for part in PARTS:
        if found := getattr(when, part, ()):
            interval[part] = list(found)
    if when.times:
        clocks = (each.partition("-") for each in when.times)
        interval["times"] = [{"start_time": start, "end_time": end} for start, _, end in clocks]
    return interval | {"location": when.location}
