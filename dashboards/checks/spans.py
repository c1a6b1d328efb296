"""Between which numbers the value of an expression lies, as far as that is certain."""

from __future__ import annotations

import math
from dataclasses import replace

from dashboards.checks.labels import Known
from dashboards.checks.promql import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Negation,
    Node,
    Number,
    Selector,
    Subquery,
    selectors,
)
from exporters.catalogue import Histogram

Span = tuple[float, float]

ANYTHING: Span = (-math.inf, math.inf)
GROWN: Span = (0, math.inf)
GROWTH = frozenset({"rate", "irate", "increase"})
THROUGH = frozenset(
    {
        "max_over_time", "min_over_time", "avg_over_time", "last_over_time", "quantile_over_time", "sort",
        "sort_desc", "label_replace", "label_join",
    }
)  # fmt: skip
CHOOSING = frozenset({"max", "min", "avg", "topk", "bottomk", "quantile"})


class SpanEngine:
    """The spans of the nodes of one expression."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def of(self, node: Node) -> Span:
        """The least and the greatest that the node can be; where unknown, without end."""
        match node:
            case Number():
                return (node.value, node.value)
            case Subquery():
                return self.of(node.expression)
            case Negation():
                low, high = self.of(node.expression)
                return (-high, -low)
            case Call():
                return self._call(node)
            case Aggregation():
                return self._aggregation(node)
            case Binary():
                return self._binary(node)
        return ANYTHING

    def _call(self, node: Call) -> Span:
        name = node.function
        if name in GROWTH:
            return GROWN
        if name in ("absent", "absent_over_time"):
            return (1, 1)
        if name == "histogram_quantile":
            return self._quantile(node)
        series = next((each for each in node.arguments if not isinstance(each, Number)), None)
        return self.of(series) if name in THROUGH and series is not None else ANYTHING

    def _quantile(self, node: Call) -> Span:
        """What lies above the last bound is told as the last bound."""
        metrics = {self.known.metric(each.name) for each in selectors(node.arguments[1])}
        bounds = [each.buckets for each in metrics if isinstance(each, Histogram)]
        rank = node.arguments[0]
        if len(bounds) != 1 or len(metrics) != 1 or not isinstance(rank, Number) or not 0 <= rank.value <= 1:
            return ANYTHING
        return (min(0.0, bounds[0][0]), bounds[0][-1])

    def _aggregation(self, node: Aggregation) -> Span:
        if node.operator == "group":
            return (1, 1)
        if node.operator == "count":  # of nothing there is no sample
            return (1, math.inf)
        low, high = self.of(node.expression)
        if node.operator in CHOOSING:
            return (low, high)
        return GROWN if node.operator == "sum" and low >= 0 else ANYTHING

    def _binary(self, node: Binary) -> Span:
        left, right = self.of(node.left), self.of(node.right)
        if node.operator in COMPARISONS:
            return (0, 1) if node.bool else left
        if node.operator in ("and", "unless"):
            return left
        if node.operator == "or":
            return (min(left[0], right[0]), max(left[1], right[1]))
        if node.operator == "/" and left[0] >= 0 and right[0] >= 0:
            if self.part_of(node.left, node.right):
                return (0, 1)
            if right[0] == 0:
                return GROWN
        return _ends(node.operator, left, right)

    def part_of(self, part: Node, whole: Node) -> bool:
        """Whether what the first counts is certainly among what the second counts."""
        part, whole = _bare(part), _bare(whole)
        if part == whole:
            return True
        if isinstance(part, Binary):
            if part.operator == "or":
                return self.part_of(part.left, whole) and self.part_of(part.right, whole)
            return part.operator == "*" and Number(0) in (part.left, part.right)
        if isinstance(whole, Binary):
            sides = ((whole.left, whole.right), (whole.right, whole.left))
            return whole.operator == "+" and any(
                self.part_of(part, one) and self.of(other)[0] >= 0 for one, other in sides
            )
        match part, whole:
            case Selector(), Selector():
                return _among(part, whole)
            case Call(), Call():
                same = part.function == whole.function and part.function in GROWTH
                return same and self.part_of(part.arguments[0], whole.arguments[0])
            case Aggregation(), Aggregation():
                same = part.operator == "sum" and replace(part, expression=whole.expression) == whole
                return same and self.part_of(part.expression, whole.expression)
        return False


def _ends(operator: str, left: Span, right: Span) -> Span:
    """The result of an operator from the ends of both sides."""
    if operator == "+":
        return (left[0] + right[0], left[1] + right[1])
    if operator == "-":
        return (left[0] - right[1], left[1] - right[0])
    if operator not in ("*", "/") or (operator == "/" and right[0] <= 0 <= right[1]):
        return ANYTHING
    ends = [a * b if operator == "*" else a / b for a in left for b in right]
    ends = [0.0 if math.isnan(each) else each for each in ends]  # nothing times without end
    return (min(ends), max(ends))


def _bare(node: Node) -> Node:
    """Without what only lets samples through."""
    while isinstance(node, Binary) and (
        node.operator in ("and", "unless") or (node.operator in COMPARISONS and not node.bool)
    ):
        node = node.left
    return node


def _among(part: Selector, whole: Selector) -> bool:
    """One bucket is a part of all that was observed."""
    name, single = part.name, any(each.label == "le" and each.operator == "=" for each in part.matchers)
    if single and name.endswith("_bucket"):
        name = name.removesuffix("_bucket") + "_count"
    same = whole.name in (part.name, name)
    same = same and (part.window, part.offset) == (whole.window, whole.offset)
    return same and set(whole.matchers) <= set(part.matchers)
