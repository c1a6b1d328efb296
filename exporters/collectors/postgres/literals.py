"""Types and literals as a predicate spells them: many spellings, one text for each value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

ALIASES = {
    "int": "integer",
    "int2": "integer",
    "int4": "integer",
    "int8": "integer",
    "smallint": "integer",
    "bigint": "integer",
    "decimal": "numeric",
    "float4": "real",
    "float8": "double precision",
    "float": "double precision",
    "bool": "boolean",
    "varchar": "text",
    "character varying": "text",
    "char": "character",
    "bpchar": "character",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
}
# Of two numbers the server takes the kind that comes later; reals with another kind become double.
WIDTHS = {"integer": 1, "numeric": 2, "real": 3, "double precision": 4}

_TRUE = frozenset({"t", "true", "y", "yes", "on", "1"})
_FALSE = frozenset({"f", "false", "n", "no", "off", "0"})
_LIST_MARK = re.compile(r"\s*([{},])\s*")


def type_of(name: str) -> str:
    """One name for a type; the integers are one, as nothing in a comparison depends on their width."""
    if name.endswith("[]"):
        return type_of(name[:-2]) + "[]"
    return ALIASES.get(name, name)


def wider(one: str, other: str) -> str:
    """The kind in which two are compared, the other of one not known; empty if they are no numbers."""
    if "" in (one, other) or one == other:
        return one or other
    if one not in WIDTHS or other not in WIDTHS:
        return ""
    return "double precision" if "real" in (one, other) else max(one, other, key=WIDTHS.__getitem__)


def number(text: str) -> str:
    """``1.50`` and ``15e-1`` are one number.

    Raises:
        ValueError: it is none.
    """
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number") from None
    if not value.is_finite() or abs(value.adjusted()) > 100:
        raise ValueError(f"{text!r} is no number that can be written out")
    return format(value.normalize() + 0, "f")


def quoted(content: str) -> str:
    """A literal in which nothing is evened out."""
    return "'" + content.replace("'", "''") + "'"


def literal(content: str, type_: str, zone: str) -> str:
    """The text of a value of this type.

    Args:
        content: without its quotes.
        type_: by `type_of`; empty if it is not known.
        zone: in which a time without one is meant, such as ``Europe/Berlin``.
    """
    try:
        if type_.endswith("[]"):
            return quoted(_LIST_MARK.sub(r"\1", content))
        reader = _READERS.get(type_)
        return quoted(content) if reader is None else reader(content, zone)
    except (ValueError, OverflowError):  # nothing that is known here
        return quoted(content)


def _boolean(content: str, _: str) -> str:
    word = content.strip().lower()
    return "true" if word in _TRUE else "false" if word in _FALSE else quoted(content)


def _json(content: str, _: str) -> str:
    return quoted(json.dumps(json.loads(content), sort_keys=True))


def _moment(content: str, _: str) -> str:
    """Midnight and its day are one."""
    return _written(datetime.fromisoformat(content.strip()).replace(tzinfo=None))


def _day(content: str, _: str) -> str:
    """Of a moment too: what is a date has no time of day."""
    return quoted(str(datetime.fromisoformat(content.strip()).date()))


def _time(content: str, _: str) -> str:
    return quoted(str(time.fromisoformat(content.strip())))


def _moment_of_zone(content: str, zone: str) -> str:
    """In UTC."""
    moment = datetime.fromisoformat(content.strip())
    if moment.tzinfo is None:
        try:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
        except (LookupError, OSError):  # a zone that is not known here
            moment = moment.replace(tzinfo=UTC)
    return _written(moment.astimezone(UTC).replace(tzinfo=None))


def _written(moment: datetime) -> str:
    return quoted(str(moment).removesuffix(" 00:00:00"))


def _number(content: str, _: str) -> str:
    return number(content)


def _uuid(content: str, _: str) -> str:
    return quoted(content.lower())


_READERS: dict[str, Callable[[str, str], str]] = {
    "boolean": _boolean,
    "date": _day,
    "time without time zone": _time,
    "timestamp without time zone": _moment,
    "timestamp with time zone": _moment_of_zone,
    "jsonb": _json,
    "uuid": _uuid,
    **dict.fromkeys(WIDTHS, _number),
}
