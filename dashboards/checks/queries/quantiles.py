"""A percentile needs the buckets kept apart."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import ASKED, Problem, query_rule
from dashboards.checks.promql import Call, selectors
from dashboards.checks.subject import Query


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
