"""A division by nothing is NaN or infinite: a blank panel, or an alert that fires on an idle server."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import ASKED, Problem, excerpt, query_rule
from dashboards.checks.promql import Aggregation, Binary, Call, Node, Number, Selector, walk
from dashboards.checks.subject import Query

KEEPING = frozenset({"sum", "min", "max", "avg", "topk", "bottomk", "quantile"})
THROUGH = frozenset(
    {"max_over_time", "min_over_time", "avg_over_time", "last_over_time", "label_replace", "scalar"}
)


@query_rule("division-guarded", "a division has a divisor that is never 0", ASKED, answers=("E22",))
def guarded(query: Query) -> Iterable[Problem]:
    """Divisors that may be zero."""
    for node, _ in query.nodes:
        if isinstance(node, Binary) and node.operator in ("/", "%") and not positive(node.right):
            yield Problem(
                f"`{node.operator}` by something that may be 0: {_words(node.right)}",
                f"Write `{node.operator} (... > 0)`: no sample then says that there is nothing to divide by.",
                f" {node.operator} ",
            )


def positive(node: Node) -> bool:
    """Whether the expression is provably never 0 where it has a sample."""
    match node:
        case Number():
            return node.value != 0
        case Binary():
            return _positive_binary(node)
        case Aggregation():
            if node.operator in ("count", "group"):
                return True
            return node.operator in KEEPING and positive(node.expression)
        case Call():
            if node.function == "clamp_min":
                return isinstance(node.arguments[1], Number) and node.arguments[1].value > 0
            return node.function in THROUGH and positive(node.arguments[0])
    return False


def _positive_binary(node: Binary) -> bool:
    if node.bool or not isinstance(node.right, Number):
        if node.operator == "and":
            return positive(node.left)
        return node.operator in ("+", "*", "or") and positive(node.left) and positive(node.right)
    limit = node.right.value
    if node.operator == ">":
        return limit >= 0
    if node.operator in (">=", "=="):
        return limit > 0
    if node.operator == "!=":
        return limit == 0
    return node.operator in ("+", "*", "/") and limit > 0 and positive(node.left)


def _words(node: Node) -> str:
    names = [each.name for each, _ in walk(node) if isinstance(each, Selector)]
    return excerpt(", ".join(dict.fromkeys(names)) or "a computed value")
