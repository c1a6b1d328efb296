"""What grows, and what stands around it in a query."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.promql import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Node,
    Number,
    Selector,
    Subquery,
    walk,
)
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
RENAMING = frozenset({"label_replace", "label_join"})
_KEEPING = frozenset({"sum", "min", "max"})


def is_counter(metric: Metric, series: str) -> bool:
    """Whether this sample name only grows."""
    if metric.kind in ("histogram", "summary"):
        return series != metric.name
    return metric.kind == "counter"


def raw(query: Query, node: Node) -> list[Selector]:
    """The counters in an expression that are read as they are."""
    asked = _presence(node)
    asked |= {id(renamed(each.expression)) for each, _ in walk(node) if isinstance(each, Subquery)}
    return [
        each
        for each, parent in walk(node)
        if isinstance(each, Selector)
        and (metric := query.known.metric(each.name)) is not None
        and is_counter(metric, each.name)
        and not grows(each, parent)
        and id(each) not in asked
    ]


def _presence(node: Node) -> set[int]:
    """The selectors in an expression that are only asked whether they are there: their value says nothing."""
    found: set[int] = set()
    for each, _ in walk(node):
        if not isinstance(each, Binary):
            continue
        if each.operator in ("and", "unless"):
            right = _asked(each.right)
            found.add(id(right))
            if isinstance(each.left, Selector) and isinstance(right, Selector):
                found.update({id(each.left)} if each.left.name == right.name else ())
            left = _asked(each.left)
            # How many were observed so far: above 0 where the quantile beside it says something.
            if left is not each.left and isinstance(left, Selector) and left.name.endswith("_count"):
                found.add(id(left))
        elif each.operator == "*" and Number(0) in (each.left, each.right):
            found.update((id(_asked(each.left)), id(_asked(each.right))))
    return found


def _asked(node: Node) -> Node:
    """What a guard looks at: `sum(x) > 0` at x."""
    if isinstance(node, Binary) and node.operator in COMPARISONS and node.right == Number(0):
        return _asked(node.left)
    return _asked(node.expression) if isinstance(node, Aggregation) and node.operator in _KEEPING else node


def ratios(query: Query) -> Iterator[tuple[Selector, ...]]:
    """The raw counters of each division that has some on both sides."""
    for node, _ in query.nodes:
        if isinstance(node, Binary) and node.operator == "/":
            left, right = raw(query, node.left), raw(query, node.right)
            if left and right and not any(_of_whole(query, each) for each, _ in walk(node.left)):
                yield (*left, *right)


def _of_whole(query: Query, node: Node) -> bool:
    """Whether something is taken from a total that is no counter: `files_total - files_used`."""
    if not isinstance(node, Binary) or node.operator != "-" or not raw(query, node.left):
        return False
    return any(isinstance(each, Selector) for each, _ in walk(node.right)) and not raw(query, node.right)


def grows(node: Selector, parent: Node | None) -> bool:
    """Whether what stands around a counter asks for its growth, or whether it is there."""
    match parent:
        case Call():
            return parent.function in GROWTH | EXISTENCE_CALLS
        case Aggregation():
            return parent.operator in EXISTENCE_AGGREGATIONS
        case Binary():
            return parent.operator in ("and", "unless") and parent.right is node
    return False


def renamed(node: Node) -> Node:
    """The series whose labels alone are changed: each grows as it did."""
    while isinstance(node, Call) and node.function in RENAMING:
        node = node.arguments[0]
    return node
