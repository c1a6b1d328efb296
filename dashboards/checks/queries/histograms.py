"""A percentile needs the buckets kept apart; a sum over buckets counts each observation many times."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import ASKED, Problem, query_rule
from dashboards.checks.labels import SELECTING
from dashboards.checks.promql import Aggregation, Call, Selector, selectors
from dashboards.checks.subject import Query

EXISTENCE = SELECTING | {"count", "group"}


@query_rule("quantile-le", "histogram_quantile() gets buckets with their `le`", ASKED, answers=("E18",))
def quantiles(query: Query) -> Iterable[Problem]:
    """Percentiles of something without bounds."""
    for node, _ in query.nodes:
        if isinstance(node, Call) and node.function == "histogram_quantile":
            names = query.labels.names(node.arguments[1])
            if names is not None and "le" not in names:
                series = ", ".join(dict.fromkeys(each.name for each in selectors(node.arguments[1])))
                yield Problem(
                    f"histogram_quantile() of {series} without the label 'le' is always empty",
                    "Take the `_bucket` series, and keep `le` in `by`.",
                    "histogram_quantile",
                )


@query_rule("bucket-sum", "buckets are never added up over `le`", ASKED, answers=("E18",))
def bucket_sums(query: Query) -> Iterable[Problem]:
    """Each bucket holds those below it."""
    for node, _ in query.nodes:
        if not isinstance(node, Aggregation) or node.operator in EXISTENCE:
            continue
        inner = query.labels.of(node.expression)
        outer = query.labels.names(node)
        if inner is None or outer is None or "le" in outer or _picks_bound(node):
            continue
        if any("le" in shape.free() for shape in inner):
            yield Problem(
                f"{node.operator}() over buckets without `le` counts each observation once per bucket",
                "Keep `le` in `by`, or take the `_count` series.",
                "_bucket",
            )


def _picks_bound(node: Aggregation) -> bool:
    """Whether each selector of buckets names its bound."""
    return all(
        any(matcher.label == "le" for matcher in each.matchers)
        for each in selectors(node)
        if each.name.endswith("_bucket")
    )


@query_rule("timestamp-series", "timestamp() is asked of series, never of a computed value", ASKED)
def timestamps(query: Query) -> Iterable[Problem]:
    """The timestamp of a computed value is the time of the evaluation."""
    for node, _ in query.nodes:
        if not isinstance(node, Call) or node.function != "timestamp":
            continue
        if not isinstance(node.arguments[0], Selector):
            yield Problem(
                "timestamp() of a computed value is the time of the evaluation, so its age is always 0",
                "Take timestamp() of the series itself.",
                "timestamp",
            )
