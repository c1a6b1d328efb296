"""What the checks look at: the rendered files, read once, and every query in them, parsed once."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from dashboards.checks import expressions
from dashboards.checks.expressions import Json, Place
from dashboards.checks.labels import Known, LabelEngine
from dashboards.checks.promql import Node, OpenError, ParseError, Selector, parse, walk
from dashboards.checks.times import seconds
from dashboards.checks.units import UnitEngine
from exporters.catalogue import Catalogue

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

BOARDS = "grafana/dashboards/"
ALERTING = "grafana/alerting/"
RULES = "prometheus/rules/"
SOURCES = "grafana/datasources/"
PROMETHEUS = "prometheus/prometheus.yml"
ALERTMANAGER = "alertmanager/alertmanager.yml"


class DuplicateKeyError(ValueError):
    """A mapping that names a key twice."""


class _StrictLoader(Loader):  # type: ignore[misc]  # the C loader is there or not
    """As the Go programs read YAML: a key may stand once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(found) != len(node.value):
            line = node.start_mark.line + 1
            raise DuplicateKeyError(f"a key stands twice in the mapping that starts in line {line}")
        return found


def _pairs(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DuplicateKeyError(f"the keys {twice} stand twice in one object")
    return found


def read(path: str, content: bytes) -> Any:
    """The content of a file as plain values.

    Raises:
        ValueError: it is no UTF-8, no JSON or YAML, or names a key twice.
    """
    text = content.decode("utf-8")
    if path.endswith(".json"):
        return json.loads(text, object_pairs_hook=_pairs)
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


@dataclass(frozen=True)
class Query:
    """A distinct text of PromQL, parsed, with what can be derived from it."""

    text: str
    node: Node
    known: Known

    @cached_property
    def nodes(self) -> tuple[tuple[Node, Node | None], ...]:
        """Every node with the one that it stands in, from the outside inwards."""
        return tuple(walk(self.node))

    @cached_property
    def selectors(self) -> tuple[Selector, ...]:
        """Every selector."""
        return tuple(each for each, _ in self.nodes if isinstance(each, Selector))

    @cached_property
    def labels(self) -> LabelEngine:
        """The labels of each node."""
        return LabelEngine(self.known)

    @cached_property
    def units(self) -> UnitEngine:
        """The units of each node."""
        return UnitEngine(self.known)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The files under test.

    Attributes:
        files: bytes by path below the output directory.
        catalogue: every metric that a query may name, recorded ones included.
        identity: the labels that every aggregation keeps.
        alone: names of alerts that are declared for one engine only.
        left_out: names of alerts that are not rendered, and that others yield to all the same.
        retention: how long Prometheus keeps data, in seconds.
        time_scale: factor on what emitters do by default; 1 in production.
        undeclared: sample names of metrics that the queries are made of, and the catalogue lacks.
    """

    files: Mapping[str, bytes]
    catalogue: Catalogue
    identity: tuple[str, ...]
    alone: Collection[str] = ()
    left_out: Collection[str] = ()
    retention: float = math.inf
    time_scale: float = 1.0
    undeclared: Collection[str] = ()

    @cached_property
    def _read(self) -> tuple[dict[str, Any], dict[str, str]]:
        found, unreadable = {}, {}
        for path in sorted(self.files):
            if path.endswith((".json", ".yml", ".yaml")):
                try:
                    found[path] = read(path, self.files[path])
                except ValueError as error:
                    unreadable[path] = str(error)
        return found, unreadable

    @property
    def documents(self) -> dict[str, Any]:
        """What the files hold, of those that can be read."""
        return self._read[0]

    @property
    def unreadable(self) -> dict[str, str]:
        """Why a file cannot be read."""
        return self._read[1]

    def below(self, folder: str) -> dict[str, Json]:
        """The documents of a folder that are mappings."""
        return {
            path: document
            for path, document in self.documents.items()
            if path.startswith(folder) and isinstance(document, dict)
        }

    @cached_property
    def boards(self) -> dict[str, Json]:
        """Dashboards by path."""
        return {path: each for path, each in self.below(BOARDS).items() if path.endswith(".json")}

    @cached_property
    def alerting(self) -> dict[str, Json]:
        """Grafana's files of rules and notifications by path."""
        return self.below(ALERTING)

    @cached_property
    def rule_files(self) -> dict[str, Json]:
        """Prometheus' files of rules by path."""
        return self.below(RULES)

    @cached_property
    def prometheus(self) -> Json:
        """prometheus.yml; empty if there is none."""
        return self.below(PROMETHEUS).get(PROMETHEUS, {})

    @cached_property
    def alertmanager(self) -> Json:
        """alertmanager.yml; empty if there is none."""
        return self.below(ALERTMANAGER).get(ALERTMANAGER, {})

    @cached_property
    def scrape_interval(self) -> float:
        """How often Prometheus looks, in seconds; 0 if that is unknown."""
        return seconds(self.prometheus.get("global", {}).get("scrape_interval", "")) or 0

    @cached_property
    def sources(self) -> list[tuple[str, Json]]:
        """Grafana's data sources with their files."""
        return [
            (path, source)
            for path, each in self.below(SOURCES).items()
            for source in each.get("datasources", ())
        ]

    @cached_property
    def boards_by_uid(self) -> dict[str, Json]:
        """Dashboards by uid."""
        return {str(each.get("uid")): each for each in self.boards.values()}

    @cached_property
    def texts(self) -> tuple[tuple[str, str, str], ...]:
        """Every text in a dashboard, with its file and the panel in which it stands."""
        return tuple(
            (path, where, text)
            for path, board in self.boards.items()
            for where, text in expressions.texts(board, "board")
        )

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every place where PromQL stands."""
        found: list[Place] = []
        for path, board in self.boards.items():
            found += expressions.of_board(path, board)
        for path, document in self.alerting.items():
            found += expressions.of_alerting(path, document)
        for path, document in self.rule_files.items():
            found += expressions.of_rules(path, document)
        return tuple(found)

    @cached_property
    def known(self) -> Known:
        """What is known of series."""
        jobs = frozenset(str(job.get("job_name")) for job in self.prometheus.get("scrape_configs", ()))
        groups = (group for each in self.rule_files.values() for group in each.get("groups", ()))
        alerts = (rule.get("alert") for group in groups for rule in group.get("rules", ()))
        names = frozenset(str(each) for each in alerts if each)
        alerting = names.union(self.left_out) if names else names
        return Known(self.catalogue, self.identity, jobs, alerting, self.undeclared)

    @cached_property
    def _parsed(self) -> tuple[dict[str, Query], dict[str, str]]:
        found, wrong = {}, {}
        for text in dict.fromkeys(place.text for place in self.places):
            try:
                found[text] = Query(text, parse(text), self.known)
            except OpenError:
                continue  # whatever it may become is not known here
            except ParseError as error:
                wrong[text] = str(error)
        return found, wrong

    @property
    def queries(self) -> dict[str, Query]:
        """Each distinct text, parsed, of those that are PromQL."""
        return self._parsed[0]

    @property
    def parse_errors(self) -> dict[str, str]:
        """Why a text is no PromQL."""
        return self._parsed[1]
