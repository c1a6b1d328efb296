"""A counter means something only as a growth, a gauge only as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dashboards.checks.finding import ASKED, Problem, query_rule
from dashboards.checks.promql import Aggregation, Binary, Call, Node, Selector, Subquery, walk
from dashboards.checks.subject import Query
from exporters.catalogue import Metric

GROWTH = frozenset({"rate", "irate", "increase"})
# What asks whether series are there, not how much they say.
EXISTENCE_CALLS = frozenset(
    {"absent", "absent_over_time", "present_over_time", "count_over_time", "timestamp", "resets", "changes"}
)
EXISTENCE_AGGREGATIONS = frozenset({"count", "group"})


def is_counter(metric: Metric, series: str) -> bool:
    """Whether this sample name only grows."""
    if metric.kind in ("histogram", "summary"):
        return series != metric.name
    return metric.kind == "counter"


@query_rule("counter-growth", "counters stand under rate() or increase()", ASKED)
def counters(query: Query) -> Iterable[Problem]:
    """Counters read as they are."""
    for node, parent in walk(query.node):
        if not isinstance(node, Selector):
            continue
        metric = query.known.metric(node.name)
        if metric is None or not is_counter(metric, node.name) or _grows(node, parent):
            continue
        ratio = isinstance(parent, Binary | Aggregation) and any(
            isinstance(each, Binary) and each.operator == "/" for each, _ in walk(query.node)
        )
        why = (
            "a ratio of raw counters is an average over the server's life, blind to what happens now"
            if ratio
            else "its value says how long the server has been up"
        )
        yield Problem(f"{node.name} is a counter: {why}", "Put it under rate() or increase().", node.name)


def _grows(node: Selector, parent: Node | None) -> bool:
    match parent:
        case Call():
            return parent.function in GROWTH | EXISTENCE_CALLS
        case Aggregation():
            return parent.operator in EXISTENCE_AGGREGATIONS
        case Binary():
            return parent.operator in ("and", "unless") and parent.right is node
        case Subquery():
            return True  # the function around it is judged below
    return False


@query_rule("gauge-growth", "gauges and computed values never stand under rate() or increase()", ASKED)
def gauges(query: Query) -> Iterable[Problem]:
    """rate() of what goes up and down: each fall counts as a restart from zero."""
    for node, _ in walk(query.node):
        if isinstance(node, Call) and node.function in GROWTH:
            yield from _not_growing(query, node.function, node.arguments[0])


def _not_growing(query: Query, function: str, argument: Node) -> Iterator[Problem]:
    inner = argument.expression if isinstance(argument, Subquery) else argument
    if not isinstance(inner, Selector):
        yield Problem(
            f"{function}() of a computed value: when one part of it starts again, the whole seems to fall",
            f"Take {function}() of each counter first, then add up.",
            function,
        )
        return
    metric = query.known.metric(inner.name)
    if metric is not None and not is_counter(metric, inner.name):
        yield Problem(
            f"{function}() of {inner.name}, which is a gauge: its every fall counts as a restart, and of "
            "something that grows with time it is 1",
            "Read it as it is, or use delta() or deriv().",
            inner.name,
        )
