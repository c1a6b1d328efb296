"""The files under test, and how a check goes through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

from dashboards.checks.provisioned.nodes import Node

T = TypeVar("T")
Reader = Literal["grafana", "prometheus", "sources"]
# Of any rule: what Grafana itself has without a file.
DEFAULT_RECEIVER = "grafana-default-email"


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """One file.

    Attributes:
        path: as the user wrote it, or below the folder that they named.
        root: what is in it.
        reader: who reads it.
    """

    path: str
    root: Node
    reader: Reader


def called(rule: Node) -> str:
    """How a finding calls a rule; empty where it has no name."""
    for key, kind in (("title", "alert"), ("alert", "alert"), ("record", "recording"), ("uid", "alert")):
        if name := rule.said(key):
            return f"{kind} {name}"
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule where it stands: of Grafana's or of Prometheus' files."""

    file: File
    group: Node
    node: Node
    number: int

    @property
    def where(self) -> str:
        """How a finding calls it."""
        return called(self.node) or f"group {self.group.said('name')}, rule {self.number}"

    @property
    def labels(self) -> list[tuple[Node, Node]]:
        """Its labels."""
        found = self.node.get("labels")
        return found.pairs if found is not None else []

    @property
    def annotations(self) -> list[tuple[Node, Node]]:
        """Its annotations."""
        found = self.node.get("annotations")
        return found.pairs if found is not None else []


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A query of one of Grafana's rules.

    Attributes:
        rule: whose it is.
        node: all of it.
        ref: its letter.
        model: what it asks; an empty mapping where there is none.
    """

    rule: Rule
    node: Node
    ref: str
    model: Node

    @property
    def where(self) -> str:
        """How a finding calls it."""
        return f"{self.rule.where}, query {self.ref or '?'}"

    @property
    def source(self) -> str:
        """The uid of its data source."""
        return self.node.said("datasourceUid")

    @property
    def is_expression(self) -> bool:
        """Whether Grafana computes it itself."""
        return self.source in ("__expr__", "-100")


def org(node: Node) -> int:
    """The organisation of a top-level thing."""
    text = node.said("orgId")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else 1


@dataclass(frozen=True)
class Files:
    """All files that are looked at together, of which those are here that could be read."""

    files: Sequence[File]
    _kept: dict[Any, Any] = field(default_factory=dict)

    def derived(self, make: Callable[[Files], T]) -> T:
        """What a function makes of the files, made once."""
        if make not in self._kept:
            self._kept[make] = make(self)
        found: T = self._kept[make]
        return found

    def of(self, reader: Reader) -> Iterator[File]:
        """The files of one reader."""
        return (file for file in self.files if file.reader == reader)

    def things(self, key: str) -> Iterator[tuple[File, Node]]:
        """The mappings of a top-level list of Grafana's files."""
        for file in self.of("grafana"):
            for node in file.root.each(key):
                if node.kind == "map":
                    yield file, node

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule of Grafana."""
        return tuple(_rules(self.of("grafana")))

    @cached_property
    def prometheus_rules(self) -> tuple[Rule, ...]:
        """Every rule of Prometheus."""
        return tuple(_rules(self.of("prometheus")))

    @cached_property
    def queries(self) -> tuple[Query, ...]:
        """Every query of Grafana's rules."""
        return tuple(
            Query(rule, node, node.said("refId"), node.get("model") or Node("map", node.line, node.column))
            for rule in self.rules
            for node in rule.node.each("data")
            if node.kind == "map"
        )

    @cached_property
    def by_rule(self) -> Mapping[Rule, list[Query]]:
        """The queries of each rule of Grafana."""
        found: dict[Rule, list[Query]] = {rule: [] for rule in self.rules}
        for query in self.queries:
            found[query.rule].append(query)
        return found


def _rules(files: Iterator[File]) -> Iterator[Rule]:
    for file in files:
        for group in file.root.each("groups"):
            for number, node in enumerate(group.each("rules"), 1):
                if node.kind == "map":
                    yield Rule(file, group, node, number)
