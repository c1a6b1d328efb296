"""A gauge means something only as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dashboards.checks.finding import ASKED, Problem, query_rule
from dashboards.checks.promql import Aggregation, Binary, Call, Node, Number, Selector, Subquery
from dashboards.checks.queries.rates import GROWTH, UNKNOWN, is_counter, renamed
from dashboards.checks.subject import Query


@query_rule(
    "gauge-growth",
    "gauges and computed values never stand under rate() or increase()",
    ASKED,
    answers=("E18",),
)
def gauges(query: Query) -> Iterable[Problem]:
    """rate() of what goes up and down: each fall counts as a restart from zero."""
    for node, _ in query.nodes:
        if isinstance(node, Call) and node.function in GROWTH:
            yield from _not_growing(query, node.function, node.arguments[0])


def _one(node: Node) -> Node:
    """The series whose growth it is: of several the highest, which falls when it starts again alone."""
    while True:
        node = renamed(node)
        if isinstance(node, Aggregation) and node.operator == "max":
            node = node.expression
        elif isinstance(node, Binary) and node.operator == "or" and _is_nothing(node.right):
            node = node.left
        else:
            return node


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Binary) and node.operator == "*" and Number(0) in (node.left, node.right)


def _not_growing(query: Query, function: str, argument: Node) -> Iterator[Problem]:
    inner = _one(argument.expression) if isinstance(argument, Subquery) else argument
    if not isinstance(inner, Selector):
        yield Problem(
            f"{function}() of a computed value: when one part of it starts again, the whole seems to fall",
            f"Take {function}() of each counter first, then add up.",
            function,
        )
        return
    metric = query.known.metric(inner.name)
    if metric is not None and metric.kind != UNKNOWN and not is_counter(metric, inner.name):
        yield Problem(
            f"{function}() of {inner.name}, which is a gauge: its every fall counts as a restart, and of "
            "something that grows with time it is 1",
            "Read it as it is, in a definition value(), or by delta() or deriv(), there in promql().",
            inner.name,
        )
