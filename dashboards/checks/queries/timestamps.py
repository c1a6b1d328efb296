"""The timestamp of a computed value is the time of the evaluation."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import ASKED, Problem, query_rule
from dashboards.checks.promql import Call, Selector
from dashboards.checks.subject import Query


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
