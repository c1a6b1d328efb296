"""A division by nothing is NaN or infinite: a blank panel, or an alert that fires on an idle server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dashboards.checks.finding import ASKED, Problem, excerpt, query_rule
from dashboards.checks.promql import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Negation,
    Node,
    Number,
    Selector,
    walk,
)
from dashboards.checks.queries.rates import GROWTH
from dashboards.checks.subject import Query

# What leaves of the left what has something, or nothing, on the right.
KEPT = frozenset({"and", "unless"})
ARITHMETIC = frozenset("+-*/")
KEEPING = frozenset({"sum", "min", "max", "avg", "topk", "bottomk", "quantile"})
THROUGH = frozenset(
    {"max_over_time", "min_over_time", "avg_over_time", "last_over_time", "label_replace", "scalar"}
)


@query_rule("division-guarded", "a division has a divisor that is never 0", ASKED, answers=("E22",))
def guarded(query: Query) -> Iterable[Problem]:
    """Divisors that may be zero."""
    return unguarded(query)


def unguarded(query: Query, *, compared: bool = False) -> Iterator[Problem]:
    """Divisors that may be zero.

    Args:
        query: what is asked.
        compared: whether a threshold is held against its result.
    """
    beside, passing = _beside(query), _compared(query, whole=compared)
    for node, _ in query.nodes:
        if not isinstance(node, Binary):
            continue
        if _inverse(node) and not positive(node.left):
            yield Problem(
                f"`^` to less than 0, which divides, of something that may be 0: {_words(node.left)}",
                "Write `(... > 0) ^`: no sample then says that there is nothing to divide by.",
                "^",
            )
        if node.operator in ("/", "%") and not positive(node.right):
            if node.right in beside.get(id(node), ()) or (id(node) in passing and _is_part(node)):
                continue
            yield Problem(
                f"`{node.operator}` by something that may be 0: {_words(node.right)}",
                f"Write `{node.operator} (... > 0)`: no sample then says that there is nothing to divide by.",
                f" {node.operator} ",
            )


def _inverse(node: Binary) -> bool:
    return node.operator == "^" and isinstance(node.right, Number) and node.right.value < 0


def _beside(query: Query) -> dict[int, list[Node]]:
    """Of each division in it, what is asked to be above 0 for the same series: `(a / b) and (b > 0)`."""
    beside: dict[int, list[Node]] = {}
    for node, _ in query.nodes:
        if isinstance(node, Binary) and node.operator in KEPT and node.on != ():
            asked = list(_nonzero(node))
            left = [node.left]
            while left:
                found = left.pop()
                if isinstance(found, Negation):
                    left.append(found.expression)
                elif isinstance(found, Binary) and found.operator != "or":
                    left += [found.left] if found.operator in KEPT else [found.left, found.right]
                    beside.setdefault(id(found), []).extend(asked)
    return beside


def _compared(query: Query, *, whole: bool) -> set[int]:
    """What is compared with something, which no NaN passes."""
    found = {id(query.node)} if whole else set()
    for node, parent in query.nodes:  # from the outside inwards
        if isinstance(parent, Binary):
            passes = parent.operator in COMPARISONS and parent.operator != "!=" and not parent.bool
            carries = parent.operator in ARITHMETIC or (parent.operator in KEPT and node is parent.left)
            if passes or (carries and id(parent) in found):
                found.add(id(node))
        elif isinstance(parent, Negation) and id(parent) in found:
            found.add(id(node))
    return found


def _is_part(division: Binary) -> bool:
    """Whether growth is divided by that of all of it: 0 by 0, which is NaN, where nothing grows."""
    part, whole = _bare(division.left), _bare(division.right)
    if isinstance(part, Aggregation) and isinstance(whole, Aggregation):
        same = (part.by, part.without) == (whole.by, whole.without)
        if part.operator != "sum" or whole.operator != "sum" or not same:
            return False
        part, whole = _bare(part.expression), _bare(whole.expression)
    if not isinstance(part, Call) or not isinstance(whole, Call) or part.function != whole.function:
        return False
    some, every = part.arguments[-1], whole.arguments[-1]
    if part.function not in GROWTH or not isinstance(some, Selector) or not isinstance(every, Selector):
        return False
    beside = some.name.endswith("_sum") and every.name == some.name.removesuffix("_sum") + "_count"
    window = (some.window, some.offset, some.pinned) == (every.window, every.offset, every.pinned)
    return window and (beside or some.name == every.name) and set(every.matchers) <= set(some.matchers)


def _bare(node: Node) -> Node:
    """Without a number that it is multiplied by."""
    if isinstance(node, Binary) and node.operator == "*":
        if isinstance(node.left, Number):
            return node.right
        return node.left if isinstance(node.right, Number) else node
    return node


def _nonzero(node: Node) -> Iterator[Node]:
    """What is never 0 where `left and right`, `left unless right` has a sample."""
    if not isinstance(node, Binary) or node.on == ():
        return
    if node.operator == "and":
        for each in (node.left, node.right):
            yield from _nonzero(each)
            if isinstance(each, Binary) and each.operator in COMPARISONS and positive(each):
                yield each.left
    elif node.operator == "unless":
        yield from _nonzero(node.left)
        zero = node.right
        if isinstance(zero, Binary) and not zero.bool and zero.operator in ("==", "<="):
            yield from (zero.left,) if zero.right == Number(0) else ()


def positive(node: Node) -> bool:
    """Whether the expression is provably never 0 where it has a sample."""
    match node:
        case Number():
            return node.value != 0
        case Binary():
            return node.left in _nonzero(node) or _positive_binary(node)
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
        if node.operator in KEPT:
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
