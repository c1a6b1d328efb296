"""The queries of rules, given to the checks that look at PromQL anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from dashboards.checks.expressions import Place
from dashboards.checks.finding import Finding
from dashboards.checks.finding import Rule as QueryRule
from dashboards.checks.labels import Known
from dashboards.checks.others.judged import Boards
from dashboards.checks.others.known import Exported, seen
from dashboards.checks.provisioned.check import ERRS, MISLEADS, NEVER, REFUSED, SILENT
from dashboards.checks.provisioned.files import Files, Query, Rule
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.queries.division import unguarded
from dashboards.checks.queries.rates import UNKNOWN
from dashboards.checks.subject import Subject
from exporters.catalogue import Catalogue

if TYPE_CHECKING:
    from dashboards.checks.others.source import Source

# What Grafana itself fills in in a rule; the numbers stand for any.
_FILLED = (
    (re.compile(r"\$(?:__rate_interval|__interval|__range|\{__(?:rate_)?(?:interval|range)\})(?!\w)"), "5m"),
    (re.compile(r"\$(?:__interval_ms|__range_ms|\{__(?:interval|range)_ms\})(?!\w)"), "300000"),
    (re.compile(r"\$(?:__range_s|\{__range_s\})(?!\w)"), "300"),
)
# Of other sources, which call their query `expr` too.
_LOGS = re.compile(
    r"\|[=~>]|!>|\|\s*(json|logfmt|regexp|pattern|unpack|line_format|label_format|unwrap|drop|keep)\b"
)
PARSES = "promql-parses"
DIVIDES = "division-guarded"
# Which thresholds NaN never crosses.
SILENT_ON_NAN = frozenset(("gt", "lt", "gte", "lte", "eq")) | {
    f"{side}_range{ends}" for side in ("within", "outside") for ends in ("", "_included")
}
EXISTS = "metric-exists"
_ABSENT = re.compile(r"\babsent(?:_over_time)?\s*\(\s*([a-zA-Z_:][\w:]*)")
PAUSED = "Grafana loads it, and it fails once it is no longer paused"
# Of what nobody but the author can know: whether a divisor is ever 0, or a counter's own value is meant.
OPINIONS = frozenset(("counter-growth", DIVIDES))


@dataclass(frozen=True, kw_only=True)
class _Rules(Boards):
    """Queries of rules, as the checks on queries see them."""

    asked: tuple[Place, ...] = ()

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every place where PromQL stands."""
        return self.asked

    @cached_property
    def names(self) -> frozenset[str]:
        """Every metric that the rules ask for."""
        bare = _Rules(files={}, catalogue=Catalogue(()), identity=(), shaped={}, asked=self.asked)
        object.__setattr__(bare, "known", Known(Catalogue(()), (), frozenset()))
        return frozenset(each.name for query in bare.queries.values() for each in query.selectors)


def _numbers(node: Node) -> list[float]:
    try:
        return [float(each.text) for each in node.each("params")]
    except ValueError:
        return []


def _thing(rule: Rule) -> dict[str, Any]:
    """Of a rule what the checks on queries look at, and nothing of another type than they expect."""
    conditions = []
    for query in rule.node.each("data"):
        model = query.get("model") if query.kind == "map" else None
        for each in model.each("conditions") if model is not None else ():
            found = each.get("evaluator") if each.kind == "map" else None
            if found is not None and found.kind == "map":
                conditions.append({"evaluator": {"type": found.said("type"), "params": _numbers(found)}})
    return {
        "record": rule.node.said("record"),
        "annotations": {key.text: value.text for key, value in rule.annotations},
        "labels": {key.text: value.text for key, value in rule.labels},
        "data": [{"model": {"conditions": conditions}}],
    }


def _of_prometheus(query: Query, kinds: dict[str, str]) -> bool:
    """Whether a query is one of Prometheus, as far as its file or the data source's says."""
    source = query.model.get("datasource")
    kind = source.said("type") if source is not None and source.kind == "map" else ""
    kind = kind or kinds.get(query.source, "")
    if kind:
        return kind in ("prometheus", "mimir", "grafana-amazonprometheus-datasource")
    return not _LOGS.search(query.model.said("expr")) and "loki" not in query.source.lower()


def _places(files: Files) -> Iterator[tuple[Place, Node]]:
    kinds = {
        each.said("uid"): each.said("type")
        for file in files.of("sources")
        for each in file.root.each("datasources")
        if each.kind == "map"
    }
    for query in files.queries:
        node = query.model.get("expr") if query.model.kind == "map" else None
        if node is None or node.kind != "text" or query.is_expression or not _of_prometheus(query, kinds):
            continue
        text = node.text
        for variable, filled in _FILLED:
            text = variable.sub(filled, text)
        where = f"{query.where} (line {node.line})"
        path, thing = query.rule.file.path, _thing(query.rule)
        yield Place(file=path, where=where, kind="alert", text=text, thing=thing), node
    for rule in files.prometheus_rules:
        node = rule.node.get("expr")
        if node is not None and node.kind == "text":
            where, path = f"{rule.where} (line {node.line})", rule.file.path
            kind: Literal["record", "alert"] = "record" if rule.node.said("record") else "alert"
            yield Place(file=path, where=where, kind=kind, text=node.text, thing=_thing(rule)), node


def _exported(files: Files, names: frozenset[str], sources: Sequence[Source]) -> Exported | None:
    """What is exported, and what the rules themselves record."""
    if not sources:
        return None
    records = [rule.node.said("record") for rule in files.prometheus_rules]
    found = Exported({name: seen(name, UNKNOWN) for name in records if name})
    for source in sources:
        found = source.exported(names).joined(found)
    return found


def judge(files: Files, rules: Sequence[QueryRule], sources: Sequence[Source] = ()) -> list[Finding]:
    """What is wrong in the queries of rules.

    Raises:
        StackError: a source does not answer, or with something else.
    """
    placed = list(_places(files))
    paused = {
        (query.rule.file.path, f"{query.where} (line {node.line})")
        for query in files.queries
        if query.rule.node.said("isPaused").lower() in ("true", "t", "1") and query.model.kind == "map"
        for node in [query.model.near("expr")]
    }
    places = {(place.file, place.where): (place, node) for place, node in placed}
    readers = {file.path: file.reader for file in files.files}
    asked = tuple(place for place, _ in placed)
    subject = _Rules(files={}, catalogue=Catalogue(()), identity=(), shaped={}, asked=asked)
    exported = _exported(files, subject.names, sources)
    subject = replace(subject, exported=exported)
    found: list[Finding] = []
    for rule in rules:
        if rule.about == "every" and (exported is not None or not rule.lookup):
            for each in set(rule.run(subject)):
                place, node = places[each.file, each.where]
                if each.rule == DIVIDES and _never_fires(each, place, subject):
                    continue
                effect = _effect(each.rule, readers[each.file])
                where = each.where.rpartition(" (line ")[0]
                level = "warning" if each.rule in OPINIONS else each.level
                if each.rule == PARSES and (each.file, each.where) in paused:
                    effect, level = PAUSED, "warning"
                if each.rule == EXISTS and _looked_for(node.text, each.message):
                    effect, level = MISLEADS, "warning"
                here = replace(each, where=where, line=node.line, column=node.column)
                found.append(replace(here, effect=effect, level=level))
    return found


def _never_fires(found: Finding, place: Place, subject: Subject) -> bool:
    """Whether a division by 0 gives what no threshold of the rule fires on."""
    (asked,) = place.thing["data"]
    kinds = {each["evaluator"]["type"] for each in asked["model"]["conditions"]}
    left = unguarded(subject.queries[place.text], compared=True)
    silent = bool(kinds) and kinds <= SILENT_ON_NAN
    return silent and not any(found.message.startswith(each.message) for each in left)


def _looked_for(text: str, message: str) -> bool:
    """Whether the metric that is not there is only asked whether it is there."""
    name = message.split("'")[1] if "'" in message else ""
    looked = _ABSENT.findall(text).count(name)
    return 0 < looked == len(re.findall(rf"(?<![\w:]){re.escape(name)}(?![\w:])", text))


def _effect(rule: str, reader: str) -> str:
    if rule == PARSES:
        return REFUSED if reader == "prometheus" else ERRS
    if rule in OPINIONS:
        return MISLEADS
    return NEVER if reader == "prometheus" else SILENT
