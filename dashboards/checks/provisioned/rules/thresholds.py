"""Expressions that Grafana computes: their parts, and what they can say."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, listed, nearest
from dashboards.checks.provisioned.check import ERRS, SILENT, Report, check
from dashboards.checks.provisioned.files import Files, Query
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.rules.conditions import read as read_by
from dashboards.checks.provisioned.sample import rule
from dashboards.words import counted

ONE = ("gt", "lt", "eq", "ne", "gte", "lte")
TWO = ("within_range", "outside_range", "within_range_included", "outside_range_included")
CLASSIC = "no_value"
# Which of two answers comes first is left to chance.
SOMETIMES = "Grafana loads it, and it fails at most evaluations"


def _numbers(evaluator: Node) -> list[float] | None:
    """Its parameters; None where one is no number, as text in quotation marks is none."""
    try:
        return [_number(node) for node in evaluator.each("params")]
    except ValueError:
        return None


def _number(node: Node) -> float:
    if node.type == "a whole number":
        return float(int(node.text.replace("_", ""), 10 if node.text.lstrip("+-0").isdigit() else 0))
    return 0.0 if node.is_null else float(node.text if node.plain else "")


def evaluators(query: Query, name: str = "evaluator") -> Iterator[Node]:
    """What the conditions of an expression compare with."""
    for each in query.model.spelt(("conditions",)).each("conditions"):
        evaluator = each.spelt((name,)).get(name)
        if evaluator is not None and evaluator.kind == "map":
            yield evaluator.spelt(("type", "params"))


@check(
    "threshold-form",
    summary="a threshold has one condition, of a kind that there is, with its numbers",
    cause="`above` instead of `gt`, a range with one number.",
    effect=ERRS,
    fix="Correct it.",
    wrong=rule("type: lt", "type: below"),
    right=rule(),
)
def forms(files: Files, report: Report) -> Iterator[Finding]:
    """Of thresholds and classic conditions."""
    for query in files.queries:
        if not query.is_expression:
            continue
        kind, file = query.model.said("type"), query.rule.file
        if kind == "threshold" and len(list(evaluators(query))) != 1:
            count = len(list(evaluators(query)))
            message = f"the threshold has {count} conditions with an evaluator; expected one"
            yield report(file, query.model.near("conditions"), query.where, message)
        compared = [
            *evaluators(query),
            *(evaluators(query, "unloadEvaluator") if kind == "threshold" else ()),
        ]
        for evaluator in compared if kind in ("threshold", "classic_conditions") else ():
            named, numbers = evaluator.said("type"), _numbers(evaluator)
            known = (*ONE, *TWO, *((CLASSIC,) if kind != "threshold" else ()))
            wanted = 2 if named in TWO else 0 if named == CLASSIC else 1
            if named not in known:
                message = f"its evaluator's type is {named or 'missing'!r}; expected one of {listed(known)}"
                yield report(file, evaluator.near("type"), query.where, message, nearest(named, known))
            elif numbers is None or len(numbers) < wanted:
                message = f"{named} has the params {[node.text for node in evaluator.each('params')]}"
                fix = f"Give it {counted(wanted, 'number')}."
                yield report(file, evaluator.near("params"), query.where, message, fix)


@check(
    "threshold-possible",
    summary="a threshold can be crossed",
    cause="The two ends of a range swapped.",
    effect=SILENT,
    fix="Write the lower number first.",
    wrong=rule("{type: lt, params: [1]}", "{type: within_range, params: [10, 5]}"),
    right=rule("{type: lt, params: [1]}", "{type: within_range, params: [5, 10]}"),
)
def possible(files: Files, report: Report) -> Iterator[Finding]:
    """Of ranges."""
    for query in files.queries:
        for evaluator in evaluators(query) if query.is_expression else ():
            numbers = _numbers(evaluator) or []
            if evaluator.said("type").startswith("within_range") and len(numbers) > 1:
                low, high = numbers[:2]
                if low > high or (low == high and evaluator.said("type") == "within_range"):
                    message = f"nothing is between {low:g} and {high:g}"
                    yield report(query.rule.file, evaluator.near("params"), query.where, message)


@check(
    "series-reduced",
    summary="what a condition reads is one number for each series",
    cause="A query that does not say `instant: true`, under a threshold without a reduce between them.",
    effect=ERRS,
    fix="Make the query instant: true, or put a reduce between them.",
    wrong=rule(", instant: true", ", range: true"),
    right=rule(),
)
def reduced(files: Files, report: Report) -> Iterator[Finding]:
    """Of queries with an `expr`, and of resamples, which give series always."""
    for each, queries in files.by_rule.items():
        by_ref = {query.ref: query for query in queries}
        asked, seen = by_ref.get(each.node.said("condition")), set[str]()
        waiting = [asked] if asked is not None else []
        read = list(waiting)
        while waiting:
            query = waiting.pop()
            if query.ref in seen:
                continue
            seen.add(query.ref)
            if query.is_expression and query.model.said("type") == "resample":
                message = "a resample gives a series over time, and the condition reads it without a reduce"
                yield report(each.file, query.node.near("model"), query.where, message)
            elif query.is_expression:
                if query.model.said("type") in ("math", "threshold"):
                    names = {name for _, name in read_by(query.model)}
                    waiting += [by_ref[name] for name in names if name in by_ref]
            elif _is_range(query):
                message = "it gives a series over time, and the condition reads it without a reduce"
                fix = "Make it range: false." if _is_both(query) else ""
                yield report(each.file, query.node.near("model"), query.where, message, fix)
        for query in read:  # which grows
            read += [
                by_ref[name]
                for name in dict.fromkeys(name for _, name in read_by(query.model))
                if query.is_expression and name in by_ref and by_ref[name] not in read
            ]
            if query.ref not in seen and not query.is_expression and _is_both(query):
                message = "it asks for an instant and a range at once, and gives the numbers among the series"
                fix = "Make it range: false, or instant: false."
                yield report(each.file, query.node.near("model"), query.where, message, fix, SOMETIMES)


def is_instant(query: Query) -> bool:
    """Whether a query of Prometheus gives a number for each series, and not the series."""
    return query.model.said("instant").lower() == "true" and query.model.said("range").lower() != "true"


def _is_both(query: Query) -> bool:
    """Whether a query of Prometheus asks twice; one of Loki says which in its queryType."""
    source = query.model.get("datasource")
    kind = source.said("type") if source is not None and source.kind == "map" else ""
    asked = [query.model.said(key).lower() for key in ("instant", "range")]
    loki = kind == "loki" or query.model.said("queryType") or query.node.said("queryType")
    return bool(query.model.said("expr")) and asked == ["true", "true"] and not loki


def _is_range(query: Query) -> bool:
    """Whether a query gives series over time: of Prometheus and Loki what does not ask for an instant."""
    loki_instant = "instant" in (query.model.said("queryType"), query.node.said("queryType"))
    return bool(query.model.said("expr")) and not is_instant(query) and not loki_instant
