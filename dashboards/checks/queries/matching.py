"""Two vectors meet where their labels are equal. Where they never are, the result is always empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from dashboards.checks.finding import Problem, listed, query_rule
from dashboards.checks.labels import SELECTING, Shape
from dashboards.checks.promql import (
    SET_OPERATORS,
    Aggregation,
    Binary,
    Call,
    Negation,
    Node,
    Number,
    Selector,
    String,
    Subquery,
    selectors,
)
from dashboards.checks.subject import Query

# What these give has other labels than what they are given.
RELABELLING = frozenset({"label_replace", "label_join", "absent", "absent_over_time", "scalar", "vector"})


@query_rule("labels-match", "both sides of an operator carry labels that can be equal")
def matching(query: Query) -> Iterable[Problem]:
    """Operators whose sides never meet, or meet several at once."""
    for node, _ in query.nodes:
        if not isinstance(node, Binary):
            continue
        if not query.known.whole and (apart := _apart(node)):
            yield Problem(f"`{node.operator}`: {apart}", _fix(node), f" {node.operator} ")
            continue
        left, right = query.labels.of(node.left), query.labels.of(node.right)
        if left is None or right is None:
            continue
        grouped = None if query.known.whole else tuple(_grouped(each) for each in (node.left, node.right))
        reasons = [_reason(node, *pair, grouped) for pair in product(sorted_(left), sorted_(right))]
        wrong = [each for each in reasons if each]
        every = node.operator == "or"
        if every and not query.known.whole:
            continue
        if wrong and (every or len(wrong) == len(reasons)):
            yield Problem(f"`{node.operator}`: {wrong[0]}", _fix(node), f" {node.operator} ")


def sorted_(shapes: Iterable[Shape]) -> list[Shape]:
    """Shapes in an order that does not change from run to run."""
    return sorted(shapes, key=lambda shape: (sorted(shape.labels), sorted(shape.fixed)))


def _apart(node: Binary) -> str:
    """Why two sides of which nothing is known but the query never meet; empty if they may."""
    if node.operator == "or":
        return ""
    mine, theirs = _held(node.left), _held(node.right)
    compared = (mine.keys() & theirs.keys()) - set(node.ignoring or ())
    if node.on is not None:
        compared &= set(node.on)
    return next((_unequal(each, mine, theirs) for each in sorted(compared) if mine[each] != theirs[each]), "")


def _unequal(label: str, left: Mapping[str, str], right: Mapping[str, str]) -> str:
    return (
        f"{label} is {left[label]!r} on the left and {right[label]!r} on the right, so nothing ever matches"
    )


def _held(node: Node) -> dict[str, str]:
    """The labels that all these series carry with one value, as their own query demands."""
    match node:
        case Selector():
            pairs = {each.label: each.value for each in node.matchers if each.operator == "=" and each.value}
            return {label: value for label, value in pairs.items() if "$" not in value}
        case Subquery() | Negation():
            return _held(node.expression)
        case Aggregation() if node.operator != "count_values":
            held = _held(node.expression)
            if node.operator in SELECTING:
                return held
            left = held.keys() - set(node.without) if node.without is not None else set(node.by or ())
            return {label: value for label, value in held.items() if label in left}
        case Call() if node.function not in RELABELLING:
            return next((_held(each) for each in node.arguments if not isinstance(each, Number | String)), {})
        case Binary() if isinstance(node.left, Number) or isinstance(node.right, Number):
            return _held(node.left) | _held(node.right)
    return {}


def _grouped(node: Node) -> frozenset[str]:
    """The labels by which somebody tells these series apart, without holding them to some value."""
    match node:
        case Aggregation(by=by) if by is not None and node.operator not in SELECTING:
            return frozenset(by) - {each.label for one in selectors(node) for each in one.matchers}
        case Subquery() | Negation():
            return _grouped(node.expression)
        case Call():
            return frozenset().union(*map(_grouped, node.arguments))
        case Binary() if isinstance(node.left, Number) or isinstance(node.right, Number):
            return _grouped(node.left) | _grouped(node.right)
    return frozenset()


def _reason(node: Binary, left: Shape, right: Shape, grouped: tuple[frozenset[str], ...] | None) -> str:
    """Why these two never meet as they should; empty if they do.

    Of anybody's metrics `grouped` says of each side by which labels there certainly are several series. What
    is known of ours says so itself; of others one label often follows from another, as with infos.
    """
    if node.operator == "or":
        return _beside(node, left, right)
    compared, reason = _compared(node, left, right)
    if reason:
        return reason
    values = dict(left.kept(compared).fixed)
    for label, value in sorted(right.kept(compared).fixed):
        if values.get(label, value) != value:
            return _unequal(label, values, {label: value})
    if node.operator in SET_OPERATORS:
        return ""
    for place, (side, shape) in enumerate((("left", left), ("right", right))):
        one = node.group != side
        several = shape.free() - compared - set(node.include)  # an info metric brings its one value
        several = several if grouped is None else several & grouped[place]
        if one and several:
            return (
                f"several series on the {side}, which differ in {listed(several)}, meet one on the other "
                "side; Prometheus answers with an error"
            )
    return ""


def _compared(node: Binary, left: Shape, right: Shape) -> tuple[frozenset[str], str]:
    """The labels that must be equal, and why they cannot be."""
    open_ = left.open | right.open
    if node.on is not None:
        compared = frozenset(node.on)
        lone = (left.labels ^ right.labels) & compared - open_
        return compared, f"on() names {listed(lone)}, which only one side has" if lone else ""
    ignored = frozenset(node.ignoring or ())
    mine, theirs = left.labels - ignored, right.labels - ignored
    lone = (mine ^ theirs) - open_
    if not lone:
        return mine | theirs, ""
    return mine, (
        f"the left carries {listed(left.labels - left.open)}, the right {listed(right.labels - right.open)}; "
        f"they differ in {listed(lone)}, so nothing ever matches"
    )


def _beside(node: Binary, left: Shape, right: Shape) -> str:
    """`or` fills gaps of the left with the right, unless the two are marked as different things."""
    marks = dict(left.fixed)
    if any(marks.get(label, value) != value for label, value in right.fixed):
        return ""
    if node.on is not None or left.labels - frozenset(node.ignoring or ()) == right.labels - frozenset(
        node.ignoring or ()
    ):
        return ""
    return (
        f"the left carries {listed(left.labels)}, the right {listed(right.labels)}; the right would stand "
        "beside the left always, instead of where it is missing"
    )


def _fix(node: Binary) -> str:
    if node.operator == "or":
        return "Give the right the labels of the left, such as `0 * ...`."
    return "Aggregate both sides by the same labels, or say on(...) and group_left."
