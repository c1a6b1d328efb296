"""Seconds added to bytes, or compared with a count, mean nothing."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Problem, query_rule
from dashboards.checks.promql import COMPARISONS, Binary
from dashboards.checks.subject import Query
from dashboards.checks.units import Dimension


@query_rule("units-meet", "what is added or compared has one unit", answers=("E19",))
def meeting(query: Query) -> Iterator[Problem]:
    """Seconds added to bytes, or compared with a count."""
    for node, _ in query.nodes:
        if isinstance(node, Binary) and node.operator in COMPARISONS | {"+", "-"}:
            left, right = query.units.of(node.left), query.units.of(node.right)
            if not isinstance(left, Dimension) or not isinstance(right, Dimension) or left.same(right):
                continue
            if left.moment != right.moment and node.operator in ("+", "-"):
                continue  # a point in time, moved by a stretch of time
            yield Problem(
                f"`{node.operator}` meets {left} with {right}", "Convert one side.", f" {node.operator} "
            )
