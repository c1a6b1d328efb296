"""How the queries of a rule name each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.finding import Finding, listed, nearest
from dashboards.checks.provisioned.check import ERRS, STOPS, Report, check
from dashboards.checks.provisioned.files import Files, Query
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.sample import rule

MATH = re.compile(r"\$(?:\{([\w\s]+)\}|(\w+))")
KINDS = ("math", "reduce", "resample", "classic_conditions", "threshold", "sql")


@check(
    "condition-known",
    summary="a rule's condition is one of its queries",
    cause="A query that was renamed or taken out, and the condition forgotten.",
    effect=ERRS,
    fix="Name one of them.",
    wrong=rule("condition: B", "condition: C"),
    right=rule(),
)
def condition(files: Files, report: Report) -> Iterator[Finding]:
    """Grafana asks for that in its API alone."""
    for each, queries in files.by_rule.items():
        refs = [query.ref for query in queries]
        for node, key, name in (
            (each.node, "condition", "condition"),
            (each.node.get("record"), "from", "record.from"),
        ):
            named = node.fixed(key) if node is not None and node.kind == "map" else None
            if node is not None and named and named not in refs and refs:
                message = f"its {name} is {named!r}, and its queries are {listed(refs)}"
                yield report(each.file, node.near(key), each.where, message, nearest(named, refs))


@check(
    "ref-unique",
    summary="the queries of a rule have letters of their own",
    cause="A query that was copied.",
    effect="Grafana loads it, and one of two with one letter is lost without a word",
    fix="Give each its own refId.",
    wrong=rule("condition: B", "condition: A")
    .replace("refId: B", "refId: A")
    .replace("type: threshold", "type: math")
    .replace("expression: A", "expression: 1 > 0"),
    right=rule(),
)
def unique(files: Files, report: Report) -> Iterator[Finding]:
    """One of two is lost; without a refId none can be named."""
    for each, queries in files.by_rule.items():
        seen: dict[str, Query] = {}
        for query in queries:
            if not query.ref:
                message = "a query has no refId, so that nothing can name it"
                yield report(each.file, query.node.near("refId"), each.where, message, "", ERRS)
            elif query.ref in seen:
                message = f"two queries are {query.ref!r}, the first in line {seen[query.ref].node.line}"
                yield report(each.file, query.node.near("refId"), each.where, message)
            seen.setdefault(query.ref, query)


def read(model: Node) -> Iterator[tuple[Node, str]]:
    """What an expression reads."""
    expression = model.get("expression")
    if model.said("type") == "math" and expression is not None:
        for found in MATH.finditer(expression.text):
            yield expression, found[1] or found[2]
    elif model.said("type") in ("reduce", "resample") and expression is not None:
        yield expression, expression.text.removeprefix("$")
    elif model.said("type") == "threshold" and expression is not None:
        yield expression, expression.text
    elif model.said("type") == "classic_conditions":
        for each in model.each("conditions"):
            query = each.get("query")
            params = list(query.each("params")) if query is not None and query.kind == "map" else []
            for node in params[:1]:  # the rest is a time range, which nothing reads any more
                yield node, node.text


def _circle(queries: list[Query]) -> list[Query]:
    """The expressions that wait for each other; not one that reads itself, which is told as that."""
    left = {
        query.ref: {name for _, name in read(query.model)} - {query.ref}
        for query in queries
        if query.is_expression and query.ref
    }
    while free := [ref for ref, names in left.items() if not names & left.keys()]:
        for ref in free:
            del left[ref]
    return [query for query in queries if query.ref in left]


@check(
    "expression-reads",
    summary="an expression reads queries of its rule, and is of a kind that there is",
    cause="A query that was renamed, and the expression on it forgotten.",
    effect=ERRS,
    fix="Name one of them.",
    wrong=rule("expression: A", "expression: Q"),
    right=rule(),
)
def reads(files: Files, report: Report) -> Iterator[Finding]:
    """Of math, reduce, resample, threshold and classic conditions."""
    for query in files.queries:
        if not query.is_expression:
            continue
        model, kind = query.model, query.model.said("type")
        if kind not in KINDS:
            message = f"the expression's type is {kind or 'missing'!r}; expected one of {listed(KINDS)}"
            place = model.near("type")
            yield report(query.rule.file, place, query.where, message, nearest(kind, KINDS))
            continue
        if kind in ("math", "reduce", "resample", "threshold") and not model.said("expression"):
            message = f"the {kind} has no expression"
            yield report(query.rule.file, model.near("expression"), query.where, message)
        refs = {other.ref for other in files.by_rule[query.rule]}
        for node, name in read(model):
            if name not in refs:
                message = f"it reads {name!r}, which is none of {listed(refs)}"
                yield report(query.rule.file, node, query.where, message, nearest(name, refs))
            elif name == query.ref:
                yield report(query.rule.file, node, query.where, f"it reads itself, {name!r}")
    for each, queries in files.by_rule.items():
        for query in _circle(queries):
            message = "it reads what reads it, in a circle"
            yield report(each.file, query.model.near("expression"), query.where, message)


def span_of(query: Query) -> tuple[int, int] | None:
    """Begin and end of a query's time range, in seconds before now; None for what is told as a wrong type."""
    span = query.node.get("relativeTimeRange")
    texts = [span.said(key) if span is not None and span.kind == "map" else "" for key in ("from", "to")]
    try:
        return int(texts[0].replace("_", "") or "0", 0), int(texts[1].replace("_", "") or "0", 0)
    except ValueError:
        return None


@check(
    "range-order",
    summary="a query's time range begins before it ends, in seconds before now",
    cause="`from` and `to` swapped, or the range forgotten, which is 0 to 0.",
    effect=STOPS,
    fix="Write from above to, such as from: 600, to: 0.",
    wrong=rule("from: 600, to: 0", "from: 0, to: 600"),
    right=rule(),
)
def ranges(files: Files, report: Report) -> Iterator[Finding]:
    """Of queries that ask a data source."""
    for query in files.queries:
        if query.is_expression or "$" in query.source:
            continue
        span = span_of(query)
        if span is not None and span[0] <= span[1]:
            message = f"its relativeTimeRange is from {span[0]} to {span[1]} seconds before now"
            yield report(query.rule.file, query.node.near("relativeTimeRange"), query.where, message)
