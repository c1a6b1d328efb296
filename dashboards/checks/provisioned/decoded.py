"""Every field of every file against what its reader takes; the checks on fields tell of what is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dashboards.checks.finding import excerpt, nearest
from dashboards.checks.provisioned.check import IGNORED, REFUSED, STOPS
from dashboards.checks.provisioned.contacts import contact
from dashboards.checks.provisioned.files import File, called
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.structs import GRAFANA, PROMETHEUS, ListOf, MapOf, Shape, Struct
from dashboards.checks.times import seconds, written

Sort = Literal["known", "type", "required", "value"]
NAMES = ("name", "refId", "uid")
# What Go takes for true and false.
FLAGS = frozenset(("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"))
JSON = {"json-text": "text", "json-flag": "true or false", "json-time": "text"}


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A field that is wrong."""

    sort: Sort
    file: File
    node: Node
    where: str
    message: str
    fix: str
    effect: str


def is_time(text: str) -> bool:
    """Whether Prometheus and Grafana take it for a duration; `0` needs no unit."""
    return text == "0" or seconds(text) is not None


def decoded(file: File) -> Iterator[Problem]:
    """What its reader would not take from a file, or would drop."""
    if file.reader == "sources":
        return
    struct = GRAFANA if file.reader == "grafana" else PROMETHEUS
    decoder = _Decoder(file, struct.strict)
    yield from decoder.struct(struct, file.root, "file")
    for point in file.root.each("contactPoints") if file.reader == "grafana" else ():
        for receiver in point.each("receivers"):
            known = contact(receiver.said("type"))
            settings = receiver.get("settings")
            if known is not None and settings is not None and settings.kind == "map":
                yield from decoder.struct(known.settings, settings, f"contact point {point.said('name')}")
    for node, where in _free(file) if file.reader == "grafana" else ():
        yield from decoder.free(node, where)


def _free(file: File) -> Iterator[tuple[Node, str]]:
    """What Grafana reads without knowing its fields, and goes through as text by text."""
    for group in file.root.each("groups"):
        for rule in group.each("rules"):
            for query in rule.each("data"):
                yield query.get("model") or query, f"{called(rule)}, query {query.said('refId')}"
    for point in file.root.each("contactPoints"):
        for receiver in point.each("receivers"):
            yield receiver.get("settings") or receiver, f"contact point {point.said('name')}"
    for tree in file.root.each("policies"):
        yield tree, "policy"


class _Decoder:
    def __init__(self, file: File, strict: bool) -> None:
        self.file = file
        self.stops = REFUSED if strict else STOPS

    def problem(
        self, sort: Sort, node: Node, where: str, message: str, fix: str, effect: str = ""
    ) -> Problem:
        return Problem(sort, self.file, node, where, message, fix, effect or self.stops)

    def value(self, shape: Shape, node: Node, where: str, name: str) -> Iterator[Problem]:
        if node.is_null:
            return
        wanted = "map" if isinstance(shape, Struct | MapOf) else "list" if isinstance(shape, ListOf) else ""
        if wanted and node.kind != wanted:
            yield self.wrong(node, where, name, "a mapping" if wanted == "map" else "a list")
        elif isinstance(shape, Struct):
            yield from self.struct(shape, node, where)
        elif isinstance(shape, ListOf):
            for number, each in enumerate(node.items, 1):
                inside = _inside(where, shape.of, each, number) if isinstance(shape.of, Struct) else where
                yield from self.value(shape.of, each, inside, name)
        elif isinstance(shape, MapOf):
            for key, each in node.pairs:
                if key.kind != "text":
                    yield self.wrong(key, where, f"a key of {name}", "text")
                yield from self.value(shape.of, each, where, f"{name}.{key.text}")
        elif shape is not None and shape != "any":
            yield from self.scalar(shape, node, where, name)

    def free(self, node: Node, where: str) -> Iterator[Problem]:
        """What stands in a mapping without known fields and ends its reader: Grafana makes JSON of it."""
        pairs = [*((None, each) for each in node.items), *node.pairs]
        for key, each in pairs:
            if each.plain and each.text[-4:].lower() in (".nan", ".inf") and each.type == "a number":
                name = key.text if key is not None else "an item"
                yield self.wrong(each, where, name, "a number that JSON can hold")
            for inner, _ in each.pairs:
                if inner.type != "text":
                    yield self.wrong(inner, where, "a key", "text; put it into quotation marks")
            yield from self.free(each, where)

    def wrong(self, node: Node, where: str, name: str, wanted: str) -> Problem:
        found = node.type if node.kind != "text" else f"{node.text!r}, {node.type}"
        return self.problem("type", node, where, f"{name} is {found}; expected {wanted}", f"Write {wanted}.")

    def scalar(self, shape: str, node: Node, where: str, name: str) -> Iterator[Problem]:
        if node.kind != "text":
            yield self.wrong(node, where, name, "text" if shape == "json-text" else _WANTED[shape])
            return
        text = node.text
        if shape in JSON:
            if node.type != JSON[shape] and "$" not in text:
                yield self.wrong(node, where, name, _WANTED[shape])
                return
        elif shape == "seconds":
            if node.type != "a whole number":
                yield self.wrong(node, where, name, _WANTED[shape])
            return
        yield from self.written(shape, node, where, name)

    def written(self, shape: str, node: Node, where: str, name: str) -> Iterator[Problem]:
        """What is wrong in the text of a scalar; nothing where a variable decides it."""
        text = node.text
        empty = not text and shape not in ("flag", "json-time")
        if "$" in text or (empty and not (shape == "time" and self.stops == REFUSED)):
            return
        if shape in ("time", "json-time") and not is_time(text):
            message = f"{name} is {excerpt(text)!r}; expected a duration such as 30s, 5m or 1h30m"
            yield self.problem("value", node, where, message, _time_fix(text))
        elif (shape == "whole" and not _whole(text)) or (shape == "flag" and text not in FLAGS):
            yield self.wrong(node, where, name, _WANTED[shape])

    def struct(self, struct: Struct, node: Node, where: str) -> Iterator[Problem]:
        if node.kind != "map":
            yield self.wrong(node, where, struct.name, "a mapping")
            return
        node = node.spelt(struct.fields) if struct.any_case else node
        given = set()
        for key, value in node.pairs:
            name = key.text
            if name not in struct.fields:
                yield self.unknown(struct, key, where)
                continue
            yield from self.value(struct.fields[name], value, where, name)
            text = value.text.strip() if name in struct.stripped else value.text
            if not value.is_null and (value.kind != "text" or text):
                given.add(name)
            allowed = struct.enums.get(name)
            text = value.text.strip()
            if allowed and value.kind == "text" and text and "$" not in text and text not in allowed:
                message = f"{name} is {text!r}; expected one of {', '.join(allowed)}"
                fix = nearest(text, allowed) or f"Choose one; left out it is {allowed[0]}."
                yield self.problem("value", value, where, message, fix)
        for name in struct.required:
            if name not in given:
                message = f"the {struct.name} has no {name}"
                fix = f"Give it {_GIVEN.get(name, 'one')}."
                yield self.problem("required", node.near(name), where, message, fix, struct.lacking)

    def unknown(self, struct: Struct, key: Node, where: str) -> Problem:
        lower = {name.lower().replace("_", ""): name for name in struct.fields}
        meant = lower.get(key.text.lower().replace("_", ""))
        hint = f"Did you mean {meant!r}?" if meant else nearest(key.text, struct.fields)
        effect = REFUSED if struct.strict else IGNORED
        message = f"a {struct.name} has no field {key.text!r}"
        return self.problem("known", key, where, message, hint or "Take it out.", effect)


_WANTED = {
    "text": "text",
    "whole": "a whole number",
    "flag": "true or false",
    "time": "a duration",
    "seconds": "a whole number of seconds, without quotation marks",
    "json-text": "text; put it into quotation marks",
    "json-flag": "true or false, without quotation marks",
    "json-time": "a duration such as 5m",
}


def _whole(text: str) -> bool:
    digits = text[1:] if text[0] in "+-" else text
    return digits.isascii() and digits.isdigit() and len(digits) < 19


def _time_fix(text: str) -> str:
    if written(text):
        return "Write at most 292 years; no reader holds more."
    if text.isdigit():
        return f"Write {text}s, if seconds are meant."
    return "Write whole numbers with y, w, d, h, m, s or ms, from the longest to the shortest."


_GIVEN = {"settings": "what its type asks for", "data": "one query or more", "model": "what to ask"}


def _inside(where: str, struct: Struct, node: Node, number: int) -> str:
    """How to call an item: a rule by its name alone, what is in it after it."""
    rule = called(node) if struct.name == "rule" else ""
    part = f"{struct.name} {next((node.said(key) for key in NAMES if node.said(key)), str(number))}"
    return rule or (part if where == "file" else f"{where}, {part}")
