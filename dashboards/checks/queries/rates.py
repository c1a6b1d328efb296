"""A counter means something only as a growth, a gauge only as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dashboards.checks.finding import ASKED, Problem, query_rule
from dashboards.checks.promql import Aggregation, Binary, Call, Node, Selector, Subquery, walk
from dashboards.checks.subject import Query
from exporters.catalogue import Metric

# Of what nobody said whether it only grows.
UNKNOWN = "unknown"
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


@query_rule(
    "counter-growth",
    "counters stand under rate() or increase()",
    ASKED,
    answers=(
        "E18",
        "target-counter-agg-rule",
    ),
)
def counters(query: Query) -> Iterable[Problem]:
    """Counters read as they are; their ratios have a check of their own."""
    divided = {id(each) for pair in ratios(query) for each in pair}
    for each in raw(query, query.node):
        if id(each) not in divided:
            yield Problem(
                f"{each.name} is a counter: its value says how long the server has been up",
                "Put it under rate() or increase().",
                each.name,
            )


def raw(query: Query, node: Node) -> list[Selector]:
    """The counters in an expression that are read as they are."""
    return [
        each
        for each, parent in walk(node)
        if isinstance(each, Selector)
        and (metric := query.known.metric(each.name)) is not None
        and is_counter(metric, each.name)
        and not grows(each, parent)
    ]


def ratios(query: Query) -> Iterator[tuple[Selector, ...]]:
    """The raw counters of each division that has some on both sides."""
    for node, _ in query.nodes:
        if isinstance(node, Binary) and node.operator == "/":
            left, right = raw(query, node.left), raw(query, node.right)
            if left and right:
                yield (*left, *right)


def grows(node: Selector, parent: Node | None) -> bool:
    """Whether what stands around a counter asks for its growth, or whether it is there."""
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
    if metric is not None and metric.kind != UNKNOWN and not is_counter(metric, inner.name):
        yield Problem(
            f"{function}() of {inner.name}, which is a gauge: its every fall counts as a restart, and of "
            "something that grows with time it is 1",
            "Read it as it is, or use delta() or deriv().",
            inner.name,
        )
