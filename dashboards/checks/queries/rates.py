"""What grows, and what stands around it in a query."""

from __future__ import annotations

from collections.abc import Iterator

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
