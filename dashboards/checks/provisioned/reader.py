"""Files as Grafana reads them: all of them, also JSON, by a YAML parser that takes no key twice."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

import yaml

from dashboards.checks.provisioned.nodes import Kind, Node

# A thousand rules are some 120 000 nodes.
NODES = 1_000_000
DEPTH = 100
MERGE = "<<"
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# What JSON has and YAML's double quotes have not: right as JSON, and yet the end of Grafana at start.
REFUSED = (
    (re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"), "half of a surrogate pair as an escape"),
    (re.compile(r"\\/"), "an escaped slash"),
    (re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]"), "a control character"),
)
_CONTROL = REFUSED[2][0]
_VERSION = re.compile(r"\A(?:[ \t\r]*(?:#.*)?\n|%TAG.*\n)*+%YAML[ \t]+(?!1\.1\s)\S+")


class UnreadableError(ValueError):
    """What keeps a file from being read, and where."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class BoundsError(UnreadableError):
    """It is larger, deeper or wider than anybody writes."""


def json_refused(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The first place of each thing in JSON that Grafana's parser refuses, and what it is."""
    for pattern, what in REFUSED:
        found = pattern.search(text)
        # A backslash that is escaped itself escapes nothing.
        while found and found[0].startswith("\\") and _escaped(text, found.start()):
            found = pattern.search(text, found.start() + 1)
        if found:
            yield found, what


def _escaped(text: str, at: int) -> bool:
    before = len(text[:at]) - len(text[:at].rstrip("\\"))
    return before % 2 == 1


def at(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def text_of(content: bytes, errors: str = "strict") -> str:
    """A file's text: UTF-8, or UTF-16 by the mark at its beginning, as readers of YAML take it."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8-sig", errors)


def read(content: bytes, *, json: bool = False) -> Node | None:
    """What is in the first document of a file; see ``first``."""
    return first(content, json=json)[0]


def first(content: bytes, *, json: bool = False) -> tuple[Node | None, int]:
    """What is in the first document of a file, and the line of a second one that holds something, or 0.

    Raises:
        UnreadableError: Grafana's parser takes it no more than this one.
        BoundsError: this project does not look at so much.
    """
    try:
        text = text_of(content)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            f"it is no {error.encoding.upper()} ({error.reason} at byte {error.start})", line
        ) from None
    for found, what in json_refused(text) if json else _refused(text):
        raise UnreadableError(f"it has {what}, {found[0]!r}", *at(text, found.start()))
    try:
        composer = _Composer(text)
        return composer.document(), composer.second()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        if "nesting depth" in str(error.problem):
            raise BoundsError(f"it is nested more than {DEPTH} deep", *place) from None
        raise UnreadableError(f"it is no YAML: {error.problem or error.context}", *place) from None
    except yaml.YAMLError as error:
        raise UnreadableError(f"it is no YAML: {' '.join(str(error).split())}") from None


def _refused(text: str) -> Iterator[tuple[re.Match[str], str]]:
    for pattern, what in ((_CONTROL, REFUSED[2][1]), (_VERSION, "another version of YAML than 1.1")):
        if found := pattern.search(text):
            yield found, what


class _Composer:
    """Nodes from the parser's events, without recursion, which has an end of its own."""

    def __init__(self, text: str) -> None:
        self.events: Iterator[Any] = yaml.parse(text, Loader=Loader)
        self.anchors: dict[str, Node] = {}
        self.open: list[Node] = []
        self.keys: list[Node | None] = []
        self.seen: list[dict[str, Node]] = []
        self.names: list[str | None] = []
        self.root: Node | None = None

    def document(self) -> Node | None:
        """The first one."""
        for event in self.events:
            kind = type(event)
            if kind is yaml.ScalarEvent:
                mark = event.start_mark
                plain = event.implicit[0] and not event.style
                node = Node("text", mark.line + 1, mark.column + 1, event.value, bool(plain))
                self._placed(node, event.anchor)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._opened(event, "map" if kind is yaml.MappingStartEvent else "list")
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._closed()
            elif kind is yaml.AliasEvent:
                self._placed(self._alias(event), None, is_alias=True)
            elif kind is yaml.DocumentEndEvent:
                break
        return self.root

    def second(self) -> int:
        """The line in which another document begins, unless nothing is in it."""
        line = 0
        try:
            for event in self.events:
                if isinstance(event, yaml.DocumentStartEvent) and event.start_mark:
                    line = event.start_mark.line + 1
                elif isinstance(event, yaml.NodeEvent) and getattr(event, "value", event) != "":
                    return line
        except yaml.YAMLError:
            return line  # it is none, of which no reader comes to know
        return 0

    def _alias(self, event: Any) -> Node:
        place = event.start_mark.line + 1, event.start_mark.column + 1
        node = self.anchors.get(event.anchor)
        if node is None:
            raise UnreadableError(f"it is no YAML: there is no anchor &{event.anchor}", *place)
        if node in self.open:
            raise UnreadableError(f"it is no YAML: the anchor &{event.anchor} contains itself", *place)
        return node

    def _opened(self, event: Any, kind: Kind) -> None:
        node = Node(kind, event.start_mark.line + 1, event.start_mark.column + 1)
        if len(self.open) >= DEPTH:
            raise BoundsError(f"it is nested more than {DEPTH} deep", node.line, node.column)
        if event.anchor:
            self.anchors[event.anchor] = node
        self.open.append(node)
        self.keys.append(None)
        self.seen.append({})

    def _closed(self) -> None:
        node = self.open.pop()
        self.keys.pop()
        self.seen.pop()
        self._placed(node, None)

    def _placed(self, node: Node, anchor: str | None, *, is_alias: bool = False) -> None:
        if anchor:
            self.anchors[anchor] = node
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.size += node.size
        if parent.size > NODES:
            what = "written out, its aliases make" if is_alias else "it holds"
            raise BoundsError(f"{what} more than {NODES} values", node.line, node.column)
        if parent.kind == "list":
            parent.items.append(node)
            return
        key = self.keys[-1]
        if key is None:
            self._key(node, self.seen[-1])
            self.keys[-1] = node
            return
        self.keys[-1] = None
        if key.text == MERGE and key.plain:
            self._merged(parent, node)
        else:
            parent.pairs.append((key, node))

    def _key(self, node: Node, seen: dict[str, Node]) -> None:
        if node.kind == "text" and node.text in seen:
            first = seen[node.text].line
            raise UnreadableError(
                f"the key {node.text!r} stands twice in one mapping, first in line {first}",
                node.line,
                node.column,
            )
        seen[node.text] = node

    def _merged(self, parent: Node, node: Node) -> None:
        own = set(self.seen[-1])
        for each in node.items if node.kind == "list" else (node,):
            if each.kind != "map":
                raise UnreadableError(
                    "it is no YAML: << takes a mapping, or a list of them", each.line, each.column
                )
            parent.pairs += [(key, value) for key, value in each.pairs if key.text not in own]
