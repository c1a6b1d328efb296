"""Objectives and limits: every number that draws a line, fires an alert or stands in a runbook.

And what refuses a definition whose fields are of another type, which every definition above asks too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from exporters.catalogue import Matcher

Better = Literal["lower", "higher"]
# Of a field that is annotated, the words are what a refusal says was expected.
Seconds = Annotated[float, "seconds, as a finite number"]
TEXT = Annotated[str, "characters that UTF-8 has, and of those without a shape none but new line and tab"]
# Halves of a character, such as of a file that was read in another encoding, and what no screen shows.
NO_TEXT = re.compile(r"[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

# Of names of types: none begins with an `hour` or an `unused`.
VOWELS = "AEIOaeio"


class NumberError(ValueError):
    """An objective or limit that cannot be: the message names its key, the value and what to do."""


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

    def agrees(self, other: Unit) -> bool:
        """Whether the two can be compared: one unit, or two names of one dimension, such as of rates."""
        dimension = (self.seconds, self.bytes)
        return self == other or (0, 0) != dimension == (other.seconds, other.bytes)


SECONDS = Unit(name="seconds", seconds=1)
RATIO = Unit(name="share")
COUNT = Unit(name="count")
REQUESTS_PER_SECOND = Unit(name="requests/s", seconds=-1)
PER_SECOND = Unit(name="per second", seconds=-1)
BYTES = Unit(name="bytes", bytes=1)
BYTES_PER_SECOND = Unit(name="bytes/s", bytes=1, seconds=-1)
STATE = Unit(name="state")
MILLION = 1_000_000
# Those that a board can draw.
UNITS = tuple(value for value in vars().copy().values() if isinstance(value, Unit))


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

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A number that is no objective: where an alert draws its line, and why there.

    Attributes:
        key: its name; a stack replaces a limit by giving another of the same key.
        value: the number.
        unit: of the value.
        why: it stands there and not elsewhere.
        better: the direction of good.
        whole: whether what it is compared with is a part of a whole, and so never above 1. Not every ratio
            is: one may be of now to then, or of what is asked to what is there.
    """

    key: str
    value: float
    unit: Unit
    why: str
    better: Better = "lower"
    whole: bool = False

    def __post_init__(self) -> None:
        _check(self)


Number = Objective | Limit


def _check(number: Number) -> None:
    require_fields(f"{type(number).__name__.lower()} {number.key!r}", number, NumberError)


def require_same_unit(what: str, unit: Unit, number: Number, error: type[Exception]) -> None:
    """Refuse an objective or limit that no value of the unit can be compared with.

    Raises:
        error: they are of different units; the message begins with `what`.
    """
    if not unit.agrees(number.unit):
        raise error(
            f"{what}: its values are in {unit.name!r}, but {number.key!r} is "
            f"{spoken(number.value, number.unit)}, in {number.unit.name!r}; the two cannot be compared; "
            "give both the same unit"
        )


def require_fields(what: str, definition: object, error: type[Exception], *, secret: bool = False) -> None:
    """Refuse a definition with a field of another type than the one declared.

    A number must be finite, a unit one of `UNITS`; a list passes for a tuple.

    Args:
        what: the definition, as the message names it.
        definition: an instance of a dataclass.
        error: the kind of error to raise.
        secret: whether a value may be a secret, so that nothing but its type is told.

    Raises:
        error: in one line, the first field that does not fit.
    """
    own: Any = type(definition)
    for name, kind in _declared(own).items():
        found = _misfit(name, getattr(definition, name), kind)
        if found is None:
            continue
        place, value, wanted = found
        shown, told = repr(value), type(value).__name__
        # A long value would fill the screen, and an address may be a secret.
        kind_of = f"{'an' if told[0] in VOWELS else 'a'} {told}"
        told = kind_of if secret or len(shown) > 40 or "://" in shown else f"{shown} ({told})"
        raise error(f"{what}: {place} is {told}; expected {_words(wanted)}; {_advice(value, wanted)}")


@cache
def _declared(definition: type) -> dict[str, Any]:
    return get_type_hints(definition, include_extras=True)


Misfit = tuple[str, object, Any]


def _misfit(place: str, value: object, kind: Any) -> Misfit | None:
    """Where a value is not of its kind: the place, what stands there, and the kind that should."""
    # Of a class, which most are, neither needs to be looked for.
    origin, inner = (None, ()) if isinstance(kind, type) else (get_origin(kind), get_args(kind))
    if isinstance(value, str) and NO_TEXT.search(value):
        return place, value, TEXT
    if origin is tuple and isinstance(value, tuple | list):
        found = (_misfit(f"{place}[{index}]", each, inner[0]) for index, each in enumerate(value))
        return next((each for each in found if each), None)
    if origin in (Union, UnionType):
        fits = any(_misfit(place, value, each) is None for each in inner)
    elif origin is Annotated:
        fits = _misfit(place, value, inner[0]) is None
    elif origin is Literal:
        fits = value in inner
    elif kind is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    elif kind is Unit:
        fits = value in UNITS
    elif kind is int:
        fits = isinstance(value, int) and not isinstance(value, bool)  # JSON has another word for true
    else:
        fits = isinstance(value, origin or kind)
    return None if fits else (place, value, kind)


SAID: dict[type, str] = {
    float: "a finite number",
    Unit: "a unit of signals.numbers, such as SECONDS, RATIO, COUNT, PER_SECOND or BYTES",
    NoneType: "None",
}


def _words(kind: Any) -> str:
    """A kind as a person says it."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return f"a tuple of {_words(inner[0])}"
    if origin in (Union, UnionType):
        return " or ".join(_words(each) for each in inner)
    if origin is Annotated:
        return str(inner[1])
    if origin is Literal:
        return " or ".join(map(repr, inner))
    if kind in SAID:
        return SAID[kind]
    if issubclass(kind, Enum):
        return " or ".join(f"{kind.__name__}.{each.name}" for each in kind)
    return str((origin or kind).__name__)


def _advice(value: object, kind: Any) -> str:
    if get_origin(kind) is tuple:
        return "a tuple of one is (it,)"
    if kind is TEXT:
        return "correct it, and save what it comes from as UTF-8"
    if isinstance(value, str) and float in (kind, *get_args(kind)):
        return "write it without quotes"
    return "give that"


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
        return f"{round(value * 100, 6) + 0.0:.4g} %"  # what is left of a difference is nothing
    if unit in (BYTES, BYTES_PER_SECOND):
        return _bytes(value) + ("/s" if unit is BYTES_PER_SECOND else "")
    if unit is COUNT and value >= MILLION:
        return f"{value / MILLION:.6g} million"
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
