"""A percentile is exact at a bound of its histogram, and a guess between two."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dashboards.checks.expressions import Json, Place
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.promql import COMPARISONS, Aggregation, Binary, Call, Node, Number, selectors
from dashboards.checks.subject import Query, Subject
from exporters.catalogue import Histogram

# A line stands just above a limit that is good itself.
JUST = 1e-6
THROUGH = frozenset({"label_replace", "label_join", "sort", "sort_desc"})
CHOOSING = frozenset({"max", "min", "topk", "bottomk"})


@file_rule(
    "limit-is-bound", "a limit on a percentile is a bound of its histogram", answers=("E26",), about="own"
)
def limits(subject: Subject, report: Report) -> Iterator[Finding]:
    """Comparisons, thresholds of rules and lines of panels between two bounds."""
    for place in subject.places:
        query = subject.queries.get(place.text)
        for what, limit, histogram in _compared(query, place) if query else ():
            if not any(math.isclose(limit, bound, rel_tol=JUST) for bound in histogram.buckets):
                bounds = ", ".join(f"{bound:g}" for bound in histogram.buckets)
                message = (
                    f"{what} {limit:g} is no bound of {histogram.name}, so that the percentile is a guess"
                )
                yield report(
                    place.file, place.where, message, f"Its bounds are {bounds}; add one, or move it."
                )


def _compared(query: Query, place: Place) -> Iterator[tuple[str, float, Histogram]]:
    for node, _ in query.nodes:
        if isinstance(node, Binary) and node.operator in COMPARISONS and isinstance(node.right, Number):
            if (node.operator, node.right.value) == (">=", 0):
                continue  # no limit: it takes out NaN, the percentile of nothing
            for histogram in _observed(query, node.left):
                yield "the limit", node.right.value, histogram
    for histogram in _observed(query, query.node):
        for what, value in (*_lines(place), *_conditions(place)):
            yield what, value, histogram


def _observed(query: Query, node: Node) -> Iterator[Histogram]:
    """The histogram whose percentile is the node's value, if it is one."""
    match node:
        case Call():
            if node.function == "histogram_quantile":
                for each in selectors(node):
                    metric = query.known.metric(each.name)
                    if isinstance(metric, Histogram):
                        yield metric
            elif node.function in THROUGH:
                yield from _observed(query, node.arguments[0])
        case Binary():
            if node.operator in ("and", "unless") or (node.operator in COMPARISONS and not node.bool):
                yield from _observed(query, node.left)
        case Aggregation():
            if node.operator in CHOOSING:
                yield from _observed(query, node.expression)


def _lines(place: Place) -> Iterator[tuple[str, float]]:
    """The lines of a panel, which are those of its first query."""
    first: Json = (place.thing.get("targets") or ({},))[0]
    if (
        place.kind == "panel"
        and place.target is first
        and place.thing.get("type") not in ("table", "heatmap")
    ):
        thresholds = place.thing.get("fieldConfig", {}).get("defaults", {}).get("thresholds", {})
        for step in thresholds.get("steps", ()):
            if step.get("value") is not None:
                yield "the line", step["value"]


def _conditions(place: Place) -> Iterator[tuple[str, float]]:
    """What a rule of Grafana compares its query with."""
    for query in place.thing.get("data", ()) if place.kind == "alert" else ():
        for condition in query.get("model", {}).get("conditions", ()):
            for limit in condition.get("evaluator", {}).get("params", ()):
                yield "the limit", limit
