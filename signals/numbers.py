"""Objectives and limits: every number that draws a line, fires an alert or stands in a runbook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from exporters.catalogue import Matcher

Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What one unit of a signal's value is.

    Attributes:
        name: for descriptions.
        seconds, bytes: the exponents of its dimension; a rate of bytes has 1 byte and -1 second.
    """

    name: str
    seconds: int = 0
    bytes: int = 0


SECONDS = Unit(name="seconds", seconds=1)
RATIO = Unit(name="share")
COUNT = Unit(name="count")
REQUESTS_PER_SECOND = Unit(name="requests/s", seconds=-1)
PER_SECOND = Unit(name="per second", seconds=-1)
BYTES = Unit(name="bytes", bytes=1)
BYTES_PER_SECOND = Unit(name="bytes/s", bytes=1, seconds=-1)
STATE = Unit(name="state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A number to reach, with where the audited backend started and what it was to reach when.

    Attributes:
        key: its name; a stack replaces an objective by giving another of the same key.
        title: a row of the scorecard.
        value: the number that counts today: lines, alerts and runbooks read it.
        unit: of the value.
        better: the direction of good.
        baseline, week1, month1: as the audit gives them; None where it gives none.
        where: selectors of what it applies to, such as one endpoint or one cache prefix.
    """

    key: str
    title: str
    value: float
    unit: Unit
    better: Better
    baseline: float | None = None
    week1: float | None = None
    month1: float | None = None
    where: tuple[Matcher, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A number that is no objective: where an alert draws its line, and why there."""

    key: str
    value: float
    unit: Unit
    why: str
    better: Better = "lower"


Number = Objective | Limit

# In texts of people: the value of an objective or limit, as a person says it.
NAMED = re.compile(r"\{number:([a-z][a-z0-9_]*)\}")


def with_numbers(text: str, numbers: Mapping[str, Number]) -> str:
    """The text with each ``{number:KEY}`` replaced by the value that counts in this stack.

    Raises:
        KeyError: there is no such number.
    """
    return NAMED.sub(lambda found: spoken(numbers[found[1]].value, numbers[found[1]].unit), text)


def spoken(value: float, unit: Unit) -> str:
    """A value as a person says it: ``150 ms``, ``85 %``, ``512 MiB``."""
    if unit is SECONDS:
        return _seconds(value)
    if unit is RATIO:
        return f"{value * 100:.4g} %"
    if unit in (BYTES, BYTES_PER_SECOND):
        return _bytes(value) + ("/s" if unit is BYTES_PER_SECOND else "")
    return f"{value:.6g}" + ("" if unit in (COUNT, STATE) else f" {unit.name}")


def _seconds(value: float) -> str:
    if 0 < value < 1:
        return f"{value * 1000:.4g} ms"
    for size, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if value >= 2 * size or value == size:
            return f"{value / size:.4g} {name}"
    return f"{value:.4g} s"


def _bytes(value: float) -> str:
    for size, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if value >= size:
            return f"{value / size:.4g} {name}"
    return f"{value:.4g} B"
