"""What differs between a thing as rendered and as a server holds it: each place, with both values."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.secret import holds_secret, is_secret
from alerts.times import YEAR
from dashboards.checks.promql import ParseError, parse
from dashboards.checks.times import seconds
from dashboards.seen import Things

Json = dict[str, Any]

# One time in many forms: 60s, 1m, 1m0s.
TIMES = frozenset(("for", "keepFiringFor", "interval", "group_wait", "group_interval", "repeat_interval"))
RANGES = frozenset(("weekdays", "days_of_month", "months"))
# What tells the things of a list apart.
NAMES = ("uid", "refId", "name", "id")
EMPTY: tuple[Any, ...] = (None, "", "0s", [], {})
# Both engines show these in place of a secret that they read.
HIDDEN = ("[REDACTED]", "<secret>")
REFERENCE = re.compile(r"\$__(file|env)\{")
SECRET_KEY = re.compile(r"pass|token|secret|key|credential|api_url", re.IGNORECASE)
ADDRESS = re.compile(r"(\w+://)(?:[^\s/]*@)?([^\s/?#\"]*)([^\s\"]*)")
NOT_SHOWN = "(not shown)"
WIDTH = 100
AROUND = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a server gives back what it read.

    Attributes:
        owned: keys that it adds by itself, which mean nothing here.
        defaults: what it adds by these keys where the file says nothing; anything else is a difference.
        unordered: keys of lists whose order means nothing.
        private: whether a value may be a secret; then addresses lose their path, and keys are not shown.
    """

    owned: Collection[str] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    unordered: Collection[str] = ()
    private: bool = False


def differences(expected: Any, found: Any, terms: Terms, place: str = "", key: str = "") -> Iterator[str]:
    """Each place where they differ, with what was expected there and what was found, on one line.

    Args:
        expected: as rendered.
        found: as the server gives it.
        terms: of that server.
        place: where in the whole this stands, for the line.
        key: by which it stands there.
    """
    if isinstance(found, dict) and (isinstance(expected, dict) or expected in EMPTY):
        yield from _of_dicts(expected or {}, found, terms, place)
    elif _are_lists(expected, found):
        yield from _of_lists(expected or [], found or [], terms, place, key)
    elif not _same(key, expected, found):
        wanted, seen = _told(key, expected, found, terms)
        yield f"{place}: expected {wanted}, found {seen}"


def things(kind: str, wanted: Mapping[str, Json], found: Mapping[str, Json], terms: Terms) -> Things:
    """What differs of things that are known by name, where one of either side may be missing."""
    told: Things = {}
    for name in dict.fromkeys((*wanted, *found)):
        if name not in found:
            told[f"{kind} {name}"] = ["is not there"]
        elif name not in wanted:
            told[f"{kind} {name}"] = ["is there, but not in the files"]
        else:
            told[f"{kind} {name}"] = list(differences(wanted[name], found[name], terms))
    return told


def _of_dicts(expected: Json, found: Json, terms: Terms, place: str) -> Iterator[str]:
    for key in dict.fromkeys((*expected, *found)):
        if key not in expected and (key in terms.owned or _is_default(key, found[key], terms)):
            continue
        below = f"{place}.{key}" if place else key
        yield from differences(expected.get(key), found.get(key), terms, below, key)


def _is_default(key: str, value: Any, terms: Terms) -> bool:
    if key in terms.defaults:
        return bool(value == terms.defaults[key])
    return value in EMPTY or value is False or value == 0


def _are_lists(*values: Any) -> bool:
    """Both, or one where the other is missing or empty."""
    lists = [isinstance(each, list) for each in values]
    return any(lists) and all(there or each in EMPTY for there, each in zip(lists, values, strict=True))


def _of_lists(expected: list[Any], found: list[Any], terms: Terms, place: str, key: str) -> Iterator[str]:
    if key in RANGES:
        expected, found = ([_range(str(each)) for each in one] for one in (expected, found))
    wanted, there = _by_name(expected, found)
    for name in dict.fromkeys((*wanted, *there)):
        below = f"{place}[{_shown_name(name, wanted.get(name))}]"
        if name not in there:
            yield f"{below}: expected {_told(key, wanted[name], None, terms)[0]}, found nothing"
        elif name not in wanted:
            yield f"{below}: expected nothing, found {_told(key, None, there[name], terms)[1]}"
        else:
            yield from differences(wanted[name], there[name], terms, below, key)
    both = [name for name in there if name in wanted]
    if key not in terms.unordered and (order := [name for name in wanted if name in there]) != both:
        yield f"{place}: expected the order {', '.join(map(str, order))}, found {', '.join(map(str, both))}"


def _range(text: str) -> str:
    """Days or months as both engines write them again: months by number, and one day not as a range."""
    ends = [str(YEAR.index(each) + 1 if each in YEAR else each) for each in text.split(":")]
    ends = [str(int(each)) if each.lstrip("-").isdigit() else each for each in ends]
    return ":".join(dict.fromkeys(ends))


def _by_name(*lists: list[Any]) -> list[dict[Any, Any]]:
    """The things of each list by what tells them apart: a name that all have once, themselves, a number."""
    for key in NAMES:
        named = [[each.get(key) if isinstance(each, dict) else None for each in one] for one in lists]
        if all(None not in names and len(set(names)) == len(names) for names in named):
            return [dict(zip(names, one, strict=True)) for names, one in zip(named, lists, strict=True)]
    if all(isinstance(each, str) for one in lists for each in one) and all(
        len(set(one)) == len(one) for one in lists
    ):
        return [dict(zip(one, one, strict=True)) for one in lists]
    return [dict(enumerate(one)) for one in lists]


def _shown_name(name: Any, thing: Any) -> str:
    """Routes have numbers alone; who hears them says more."""
    return f"{name} {thing['receiver']}" if isinstance(thing, dict) and "receiver" in thing else str(name)


def _same(key: str, expected: Any, found: Any) -> bool:
    if expected == found or (expected in EMPTY and found in EMPTY) or found in HIDDEN:
        return True
    if isinstance(expected, str) and REFERENCE.match(expected):
        return found not in EMPTY
    if key in TIMES:
        times = seconds(expected), seconds(found)
        return None not in times and times[0] == times[1]
    if key == "expr":
        try:
            return parse(expected) == parse(found)
        except (ParseError, TypeError):
            return False
    return False


def _told(key: str, expected: Any, found: Any, terms: Terms) -> tuple[str, str]:
    """Both values as words; of long ones what stands around the first place where they differ."""
    texts = [_words(value) for value in (expected, found)]
    if terms.private:
        texts[1] = _public(key, texts[1])
    same = next((at for at, pair in enumerate(zip(*texts, strict=False)) if len(set(pair)) > 1), 0)
    start = max(0, same - AROUND) if max(map(len, texts)) > WIDTH else 0
    cut = [f"{'…' * bool(start)}{text[start:][:WIDTH]}{'…' * (len(text) > start + WIDTH)}" for text in texts]
    return cut[0], cut[1]


def _words(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _public(key: str, text: str) -> str:
    """What of a value found may be shown: somebody else may have put a secret where none belongs."""
    if text == "nothing":
        return text
    if (SECRET_KEY.search(key) and not key.endswith("_file")) or text[0] in "[{" or holds_secret(text):
        return NOT_SHOWN
    if key == "template":  # long words of a program look drawn
        return text
    without = ADDRESS.sub(lambda found: f"{found[1]}{found[2]}{'/…' if found[3] else ''}", text)
    return NOT_SHOWN if any(is_secret(word) for word in without.split() if "://" not in word) else without
