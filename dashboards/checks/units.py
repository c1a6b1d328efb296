"""The unit of an expression, derived from the catalogue through rates, sums and divisions.

Careful: where anything is unknown, such as a number that may convert, so is the result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

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
    String,
    Subquery,
    selectors,
)

NAMES = {
    (0, 0): "a plain number",
    (1, 0): "seconds",
    (0, 1): "bytes",
    (-1, 0): "a number per second",
    (-1, 1): "bytes per second",
}


@dataclass(frozen=True, slots=True)
class Dimension:
    """Exponents of a unit.

    Attributes:
        seconds, bytes: the exponents.
        count: 1 counts things, 0 is a share, None is unknown.
        moment: a point in time rather than a stretch of it.
        scale: by which a query multiplied it: 1000 of seconds are milliseconds.
    """

    seconds: int = 0
    bytes: int = 0
    count: int | None = 0
    moment: bool = False
    scale: float = 1.0

    def __str__(self) -> str:
        if self.scale != 1:
            return f"{replace(self, scale=1.0)} times {self.scale:.4g}"
        if self.moment:
            return "a point in time"
        if (self.seconds, self.bytes) == (0, 0) and self.count == 1:
            return "a count"
        known = NAMES.get((self.seconds, self.bytes))
        return known or f"seconds^{self.seconds} bytes^{self.bytes}"

    def same(self, other: Dimension) -> bool:
        """Whether the two can be added or compared."""
        mine = (self.seconds, self.bytes, self.moment, self.scale)
        return mine == (other.seconds, other.bytes, other.moment, other.scale)


SHARE = Dimension()
COUNT = Dimension(count=1)
EITHER = Dimension(count=None)
SECONDS = Dimension(seconds=1)
MOMENT = Dimension(seconds=1, moment=True)

DECLARED: dict[str, Dimension] = {
    "count": COUNT,
    "xids": COUNT,
    "info": SHARE,  # always 1
    "seconds": SECONDS,
    "bytes": Dimension(bytes=1),
    "ratio": SHARE,
    "timestamp": MOMENT,
}
ANY: Literal["any"] = "any"
"""A bare number: it takes the unit of what it meets."""
Unit = Dimension | Literal["any"] | None

COUNTING = frozenset(
    {"count_over_time", "present_over_time", "changes", "resets", "absent", "absent_over_time"}
)
PER_SECOND = frozenset({"rate", "irate", "deriv"})
KEEPING = frozenset(
    {
        "increase", "delta", "idelta", "max_over_time", "min_over_time", "last_over_time", "sum_over_time",
        "quantile_over_time", "stddev_over_time", "predict_linear", "abs", "ceil", "floor", "round", "clamp",
        "clamp_min", "clamp_max", "sort", "sort_desc", "label_replace", "label_join", "scalar", "vector",
    }
)  # fmt: skip
# Percent, milli- and micro-, minutes, hours and days, KiB and on, bits.
CONVERTING = frozenset({8.0, 60.0, 100.0, 1e3, 1e6, 1e9, 3600.0, 86_400.0, 2.0**10, 2.0**20, 2.0**30})
# A mean of zeros and ones is a share, of others it is a count.
AVERAGING = frozenset({"avg", "avg_over_time"})


class UnitEngine:
    """The units of the nodes of one expression."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def of(self, node: Node) -> Unit:
        """The node's unit; None where it is unknown."""
        match node:
            case Number():
                return ANY
            case Selector():
                return self._selector(node)
            case Subquery() | Negation():
                return self.of(node.expression)
            case Aggregation():
                return self._aggregation(node)
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)
        return None

    def _selector(self, node: Selector) -> Unit:
        metric = self.known.metric(node.name)
        if metric is None or metric.source == "rules":
            return None
        counts = metric.kind in ("histogram", "summary") and node.name.endswith(("_bucket", "_count"))
        return COUNT if counts else DECLARED.get(self.known.unit(node.name) or "")

    def _aggregation(self, node: Aggregation) -> Unit:
        if node.operator in ("count", "count_values"):
            return COUNT
        if node.operator == "group":
            return EITHER
        unit = self.of(node.expression)
        return None if node.operator == "stdvar" else _averaged(unit) if node.operator == "avg" else unit

    def _call(self, node: Call) -> Unit:
        name = node.function
        if name in ("time", "timestamp"):
            return MOMENT
        if name in COUNTING:
            return COUNT
        if name == "histogram_quantile":
            return self.observed(node.arguments[1])
        series = next((each for each in node.arguments if not isinstance(each, Number | String)), None)
        unit = ANY if series is None else self.of(series)
        if name in PER_SECOND and isinstance(unit, Dimension):
            return replace(unit, seconds=unit.seconds - 1, moment=False)
        if name in AVERAGING:
            return _averaged(unit)
        return unit if name in KEEPING else None

    def observed(self, node: Node) -> Unit:
        """The unit of what the histograms in the expression observed."""
        units = {
            DECLARED.get(unit) for each in selectors(node) if (unit := self.known.unit(each.name)) is not None
        }
        return units.pop() if len(units) == 1 else None

    def _binary(self, node: Binary) -> Unit:
        left, right = self.of(node.left), self.of(node.right)
        if node.operator in COMPARISONS:
            return EITHER if node.bool else right if left == ANY else left
        if node.operator in ("and", "unless"):
            return left
        if node.operator == "or":
            return _common(left, right)
        if left is None or right is None:
            return None
        if node.operator in ("+", "-"):
            return _sum(node.operator, left, right)
        if node.operator in ("*", "/"):
            return _product(node, left, right)
        return None


def _averaged(unit: Unit) -> Unit:
    return replace(unit, count=None) if isinstance(unit, Dimension) else unit


def _common(left: Unit, right: Unit) -> Unit:
    if right in (left, ANY):
        return left
    if left == ANY:
        return right
    if isinstance(left, Dimension) and isinstance(right, Dimension) and left.same(right):
        return replace(left, count=None)
    return None


def _sum(operator: str, left: Unit, right: Unit) -> Unit:
    if isinstance(left, Dimension) and isinstance(right, Dimension) and (left.moment or right.moment):
        if left.moment and right.moment:
            return SECONDS if operator == "-" else None
        return MOMENT
    if left == ANY and isinstance(right, Dimension) and right.count == 1:
        return None  # such as `1 - covered`: the rest of a whole
    return _common(left, right)


def _product(node: Binary, left: Unit, right: Unit) -> Unit:
    """A number that converts scales the unit; of any other than 0 and 1 the result is unknown."""
    numbers = {each.value for each in (node.left, node.right) if isinstance(each, Number)}
    if numbers - {0.0, 1.0}:
        return _converted(node, left, right)
    if left == ANY and right == ANY:
        return ANY
    if left == ANY:
        return right if node.operator == "*" else None
    if right == ANY:
        return left
    if not isinstance(left, Dimension) or not isinstance(right, Dimension) or left.moment or right.moment:
        return None
    sign = 1 if node.operator == "*" else -1
    known = left.count is not None and right.count is not None
    return Dimension(
        left.seconds + sign * right.seconds,
        left.bytes + sign * right.bytes,
        (left.count or 0) + sign * (right.count or 0) if known else None,
        scale=left.scale * right.scale**sign,
    )


def _converted(node: Binary, left: Unit, right: Unit) -> Unit:
    """Seconds times 1000 are milliseconds, a share times 100 is in percent."""
    unit, number = (left, node.right) if isinstance(node.right, Number) else (right, node.left)
    if not isinstance(unit, Dimension) or not isinstance(number, Number) or unit.moment:
        return None
    if number.value not in CONVERTING or (node.operator == "/" and number is node.left):
        return None
    factor = number.value if node.operator == "*" else 1 / number.value
    return replace(unit, scale=float(f"{unit.scale * factor:.12g}"))
