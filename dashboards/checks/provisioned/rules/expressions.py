"""Grafana's own expressions beside thresholds: math, reduce, resample and classic conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from dashboards.checks.finding import Finding, excerpt, listed, nearest
from dashboards.checks.provisioned.arithmetic import wrong
from dashboards.checks.provisioned.check import ERRS, Report, check
from dashboards.checks.provisioned.files import Files, Query
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.rules.conditions import read, span_of
from dashboards.checks.provisioned.rules.thresholds import TWO, evaluators, is_instant
from dashboards.checks.provisioned.sample import rule
from dashboards.checks.times import seconds

REDUCERS = ("sum", "mean", "min", "max", "count", "last", "median")
MODES = ("dropNN", "replaceNN")
DOWN = ("sum", "mean", "min", "max", "last")
UP = ("pad", "backfilling", "fillna")
CLASSIC = (
    *("avg", "sum", "min", "max", "count", "last", "median"),
    *("diff", "diff_abs", "percent_diff", "percent_diff_abs", "count_non_null"),
)
OPERATORS = ("and", "or", "logic-or")
_GO = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|ms|s|m|h)"
_WINDOW = re.compile(rf"[-+]?(?:0|(?:{_GO})+)\Z|[0-9]+[dwMy]\Z")


class _Wrong(NamedTuple):
    node: Node
    message: str
    fix: str = ""


def _one_of(model: Node, key: str, known: tuple[str, ...], *, lower: bool = False) -> Iterator[_Wrong]:
    named = model.said(key)
    if (named.lower() if lower else named) not in known:
        message = f"its {key} is {named or 'missing'!r}; expected one of {listed(known)}"
        yield _Wrong(model.near(key), message, nearest(named, known))


def _math(model: Node) -> Iterator[_Wrong]:
    node = model.get("expression")
    if node is not None and node.text and (why := wrong(node.text)):
        yield _Wrong(node, f"the math {excerpt(node.text)!r}: {why}")


def _reduce(model: Node) -> Iterator[_Wrong]:
    yield from _one_of(model, "reducer", REDUCERS, lower=True)
    settings = model.written("settings")
    if settings is not None and settings.kind != "map":
        yield _Wrong(settings, f"its settings are {settings.type}; expected a mapping")
    mode = settings.written("mode") if settings is not None else None
    if settings is None or mode is None or not (mode.text or mode.is_null):
        return
    yield from _one_of(settings, "mode", MODES)
    instead = settings.get("replaceWithValue")
    if settings.said("mode") == "replaceNN" and (instead is None or "number" not in instead.type):
        yield _Wrong(settings.near("replaceWithValue"), "replaceNN has no number in replaceWithValue")


def _resample(model: Node) -> Iterator[_Wrong]:
    yield from _one_of(model, "downsampler", DOWN)
    yield from _one_of(model, "upsampler", UP)
    if not _WINDOW.match(model.said("window")):
        message = f"its window is {model.said('window') or 'missing'!r}; expected a duration such as 1m"
        yield _Wrong(model.near("window"), message)


def _sampled(query: Query, queries: list[Query]) -> Iterator[_Wrong]:
    """What a resample cannot work on: a time range of its own that is too short, or a single number."""
    model, span = query.model, span_of(query)
    window = seconds(model.said("window"))
    if span is not None and window and span[0] - span[1] < window:
        message = (
            f"its time range is {span[0] - span[1]} s, shorter than its window of {model.said('window')}"
        )
        yield _Wrong(query.node.near("relativeTimeRange"), message, "Give the expression a range of its own.")
    read_by = {name for _, name in read(model)}
    for other in queries:
        if other.ref in read_by and not other.is_expression and is_instant(other):
            message = f"it reads {other.ref!r}, which gives a number and no series"
            yield _Wrong(model.near("expression"), message, "Make the query range: true.")


def _classic(model: Node) -> Iterator[_Wrong]:
    for number, each in enumerate(model.each("conditions"), 1):
        if each.kind != "map":
            continue
        for part, known in (("reducer", CLASSIC), *((("operator", OPERATORS),) if number > 1 else ())):
            found = each.get(part)
            named = found.said("type") if found is not None else ""
            if named not in known:
                message = f"the {part} of condition {number} is {named or 'missing'!r}; "
                message += f"expected one of {listed(known)}"
                yield _Wrong(each.near(part), message, nearest(named, known))
        query = each.get("query")
        if query is None or not "".join(node.text for node in list(query.each("params"))[:1]):
            yield _Wrong(
                each.near("query"), f"condition {number} reads no query; expected its refId in params"
            )
        evaluator = each.get("evaluator")
        params = list(evaluator.each("params")) if evaluator is not None else []
        if evaluator is not None and evaluator.said("type") in TWO and len(params) > 2:
            yield _Wrong(
                evaluator.near("params"), f"{evaluator.said('type')} has {len(params)} numbers; expected 2"
            )


_KINDS = {"math": _math, "reduce": _reduce, "resample": _resample, "classic_conditions": _classic}


def _texts(model: Node) -> Iterator[_Wrong]:
    """What is no text where only text is read."""
    node = model.get("expression")
    if node is not None and node.type != "text":
        yield _Wrong(node, f"its expression is {node.type}; expected text", "Put it into quotation marks.")


def _inputs(query: Query, queries: list[Query]) -> Iterator[_Wrong]:
    """What an expression reads and may not."""
    classic = {each.ref for each in queries if each.model.said("type") == "classic_conditions"}
    expressions = {each.ref for each in queries if each.is_expression} - {query.ref}
    for node, name in read(query.model):
        if query.ref in classic and name in expressions:
            message = f"the classic condition reads {name!r}, an expression"
            yield _Wrong(node, message, "Let it read queries of data sources alone.")
        elif name in expressions & classic:
            yield _Wrong(
                node, f"it reads the classic condition {name!r}, which nothing may", "Turn them around."
            )


def _recovers(query: Query) -> Iterator[_Wrong]:
    """A recovery threshold that is not the rule's condition."""
    for found in evaluators(query, "unloadEvaluator"):
        if query.rule.node.fixed("condition") not in (None, query.ref):
            message = "a threshold with an unloadEvaluator is not the rule's condition"
            yield _Wrong(found, message, "Make it the condition, or take the unloadEvaluator out.")


@check(
    "expression-form",
    summary="math, reduce, resample and classic conditions are written as Grafana computes them",
    cause="`$A>-1` without a space, `$A = 1`, a function of PromQL in math, `avg` as a reducer.",
    effect=ERRS,
    fix="Correct it.",
    wrong=rule("type: threshold", "type: math").replace("expression: A", "expression: $A>-1"),
    right=rule("type: threshold", "type: math").replace("expression: A", "expression: $A > -1"),
)
def forms(files: Files, report: Report) -> Iterator[Finding]:
    """Of each kind beside thresholds."""
    for query in files.queries:
        if not query.is_expression:
            continue
        kind, queries = query.model.said("type"), files.by_rule[query.rule]
        found = [*_KINDS[kind](query.model)] if kind in _KINDS else []
        found += [*_texts(query.model), *_inputs(query, queries), *_recovers(query)]
        found += [*_sampled(query, queries)] if kind == "resample" else []
        for node, message, fix in found:
            yield report(query.rule.file, node, query.where, message, fix)
