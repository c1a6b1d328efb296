"""Two vectors meet where their labels are equal. Where they never are, the result is always empty."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from dashboards.checks.finding import Problem, listed, query_rule
from dashboards.checks.labels import Shape
from dashboards.checks.promql import SET_OPERATORS, Binary
from dashboards.checks.subject import Query


@query_rule("labels-match", "both sides of an operator carry labels that can be equal")
def matching(query: Query) -> Iterable[Problem]:
    """Operators whose sides never meet, or meet several at once."""
    for node, _ in query.nodes:
        if not isinstance(node, Binary):
            continue
        left, right = query.labels.of(node.left), query.labels.of(node.right)
        if left is None or right is None:
            continue
        reasons = [_reason(node, *pair) for pair in product(sorted_(left), sorted_(right))]
        wrong = [each for each in reasons if each]
        every = node.operator == "or"
        if every and not query.known.whole:
            continue
        if wrong and (every or len(wrong) == len(reasons)):
            yield Problem(f"`{node.operator}`: {wrong[0]}", _fix(node), f" {node.operator} ")


def sorted_(shapes: Iterable[Shape]) -> list[Shape]:
    """Shapes in an order that does not change from run to run."""
    return sorted(shapes, key=lambda shape: (sorted(shape.labels), sorted(shape.fixed)))


def _reason(node: Binary, left: Shape, right: Shape) -> str:
    """Why these two never meet as they should; empty if they do."""
    if node.operator == "or":
        return _beside(node, left, right)
    compared, reason = _compared(node, left, right)
    if reason:
        return reason
    values = dict(left.kept(compared).fixed)
    for label, value in sorted(right.kept(compared).fixed):
        if values.get(label, value) != value:
            mine = values[label]
            return f"{label} is {mine!r} on the left and {value!r} on the right, so nothing ever matches"
    if node.operator in SET_OPERATORS:
        return ""
    for side, shape, one in (
        ("left", left, node.group != "left"),
        ("right", right, node.group != "right"),
    ):
        several = shape.free() - compared - set(node.include)  # an info metric brings its one value
        if one and several:
            return (
                f"several series on the {side}, which differ in {listed(several)}, meet one on the other "
                "side; Prometheus answers with an error"
            )
    return ""


def _compared(node: Binary, left: Shape, right: Shape) -> tuple[frozenset[str], str]:
    """The labels that must be equal, and why they cannot be."""
    if node.on is not None:
        compared = frozenset(node.on)
        lone = (left.labels ^ right.labels) & compared
        return compared, f"on() names {listed(lone)}, which only one side has" if lone else ""
    ignored = frozenset(node.ignoring or ())
    mine, theirs = left.labels - ignored, right.labels - ignored
    if mine == theirs:
        return mine, ""
    return mine, (
        f"the left carries {listed(left.labels)}, the right {listed(right.labels)}; "
        f"they differ in {listed(mine ^ theirs)}, so nothing ever matches"
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
