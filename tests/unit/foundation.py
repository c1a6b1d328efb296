"""What Grafana's own models say of a dashboard: which keys they do not know, and which values do not fit.

The models drop what they do not know and take any value, so that a board is read into them, written back and
compared, and each value is held against the type that its field declares. Where they say no more than `Any`,
as of what an override sets, the same types are looked up by the name that is set; and of transformations, of
which they know nothing, this file says what there is.
"""

from __future__ import annotations

import enum
import json
import re
import types
import warnings
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

with warnings.catch_warnings():  # it would rather have boards of the next schema, which files cannot hold
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models import dashboard as models

Json = dict[str, Any]
# What Grafana 12 and 13 write for a column that is hidden; the models know its older name alone.
NEWER: dict[str, Any] = {"custom.hideFrom.viz": bool}
MATCHERS = frozenset({"byName", "byRegexp", "byType", "byFrameRefID", "byNames", "byValue"})
TRANSFORMATIONS = {
    "merge": frozenset[str](),
    "organize": frozenset({"excludeByName", "includeByName", "indexByName", "renameByName"}),
    "joinByField": frozenset({"byField", "mode"}),
    "filterFieldsByName": frozenset({"include", "exclude", "byVariable", "variable"}),
    "filterByValue": frozenset({"filters", "match", "type"}),
    "sortBy": frozenset({"fields", "sort"}),
}
# What stands below these options. Which columns there are, Grafana finds out.
BELOW = {
    "include": frozenset({"names", "pattern"}),
    "filters": frozenset({"fieldName", "config"}),
    "config": frozenset({"id", "options"}),
    "options": frozenset({"value"}),
}
register_default_plugins()


def misfits(board: Json) -> list[str]:
    """What of a dashboard Grafana would lose or misread, each with its place."""
    read = models.Dashboard.from_json(board)
    again = json.loads(json.dumps(read, cls=JSONEncoder))
    found = [*_lost(board, again, ""), *_nulls(board, ""), *_fields(read, "")]
    for panel in _panels(board["panels"]):
        found += [f"panel {panel.get('title')!r}: {each}" for each in (*_overrides(panel), *_steps(panel))]
    return found


def _panels(panels: list[Json]) -> Iterator[Json]:
    for panel in panels:
        yield panel
        yield from _panels(panel.get("panels", []))


def _lost(given: Any, kept: Any, path: str) -> Iterator[str]:
    """What is not there any more, or another value. What the models add are defaults."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            if key in kept:
                yield from _lost(value, kept[key], f"{path}.{key}")
            elif value is not None:
                yield f"{path}.{key} is unknown"
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for index, (one, other) in enumerate(zip(given, kept, strict=True)):
            yield from _lost(one, other, f"{path}[{index}]")
    elif type(given) is not type(kept) or given != kept:
        yield f"{path} is {given!r}, and becomes {kept!r}"


def _nulls(value: Any, path: str) -> Iterator[str]:
    if value is None and not re.search(r"\.steps\[0\]\.value$", path):
        yield f"{path} is null"
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _nulls(each, f"{path}.{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _nulls(each, f"{path}[{index}]")


@cache
def _hints(model: type) -> dict[str, Any]:
    return get_type_hints(model)


def _fields(thing: object, path: str) -> Iterator[str]:
    """The values of a model's fields that are not of their types."""
    for name, kind in _hints(type(thing)).items():
        yield from _unfit(getattr(thing, name), kind, f"{path}.{name}")


def _unfit(value: Any, kind: Any, path: str) -> Iterator[str]:
    origin, of = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is not None or types.NoneType not in of:
            tried = [list(_unfit(value, each, path)) for each in of if each is not types.NoneType]
            yield from min(tried, key=len)
    elif origin in (list, dict) and isinstance(value, origin):
        for key, each in enumerate(value) if isinstance(value, list) else value.items():
            yield from _unfit(each, of[-1], f"{path}[{key!r}]")
    elif hasattr(value, "to_json"):
        yield from _fields(value, path)
    elif isinstance(value, dict) and hasattr(kind, "from_json"):
        read = kind.from_json(value)
        yield from _lost(value, json.loads(json.dumps(read, cls=JSONEncoder)), path)
        yield from _fields(read, path)
    elif not _is(value.value if isinstance(value, enum.Enum) else value, kind):
        yield f"{path} is {value!r}; expected {kind}"


def _is(value: Any, kind: Any) -> bool:
    """Whether a value without parts is of a type."""
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return value in [each.value for each in kind]
    if kind is float:
        return type(value) in (int, float)
    return kind in (Any, object) or type(value) is kind


def _overrides(panel: Json) -> Iterator[str]:
    """Overrides that set what fields do not have, or to a value that they do not take."""
    config = models.Panel.from_json(panel).field_config
    if config is None:
        return
    custom = type(config.defaults.custom)
    for override in panel["fieldConfig"].get("overrides", []):
        if override["matcher"]["id"] not in MATCHERS or not override["properties"]:
            yield f"the override of {override['matcher']} matches nothing, or sets nothing"
        for each in override["properties"]:
            own, _, name = each["id"].rpartition(".")
            hints = _hints(custom) if own == "custom" else _hints(models.FieldConfig)
            field = re.sub(r"([A-Z])", r"_\1", name).lower()
            field = field if field in hints else f"{field}_val"  # of words that Python has itself
            if each["id"] in NEWER:
                yield from _unfit(each["value"], NEWER[each["id"]], each["id"])
            elif field not in hints:
                yield f"an override sets {each['id']!r}, which its fields do not have"
            else:
                yield from _unfit(each["value"], hints[field], each["id"])


def _steps(panel: Json) -> Iterator[str]:
    for step in panel.get("transformations", []):
        known = TRANSFORMATIONS.get(step["id"])
        if known is None:
            yield f"there is no transformation {step['id']!r}"
        elif unknown := step["options"].keys() - known:
            yield f"the transformation {step['id']!r} has no option {sorted(unknown)}"
        else:
            yield from _below(step["options"])


def _below(options: Json) -> Iterator[str]:
    for key, value in options.items():
        for each in value if isinstance(value, list) else [value]:
            if key in BELOW and isinstance(each, dict):
                yield from (f"{key} of a transformation has no {name!r}" for name in each.keys() - BELOW[key])
                yield from _below(each)
