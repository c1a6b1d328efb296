"""Whether a query is empty because something that it asks about is 0: no traffic, or a limit that is not set.

Nothing is taken on trust here: what would have to be 0 is asked, in the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboards.checks.promql import (
    Aggregation,
    Binary,
    Call,
    Negation,
    Number,
    ParseError,
    Part,
    parted,
    selectors,
)
from dashboards.prove.model import State
from exporters.catalogue import Catalogue, Metric

ZERO = Number(0)
QUANTILE = "histogram_quantile"
Asked = Callable[[str], State]
Zeros = frozenset[str]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Who is asked, and what is known of metrics.

    Attributes:
        ask: what an expression gives in the time shown.
        catalogue: the metrics.
    """

    ask: Asked
    catalogue: Catalogue

    def divided(self, expr: str) -> str:
        """Which metrics are 0, so that there is no share of them, or mean or percentile over them.

        Args:
            expr: a query, with every variable filled.

        Returns:
            What is 0; empty if that is not why, or if the query gives something.
        """
        if self.ask(expr) != "empty":
            return ""
        try:
            found = self._zeros(parted(expr))
        except ParseError:
            return ""
        metrics = {name: self.catalogue.find(name) for name in sorted(found or ())}
        return "; ".join(dict.fromkeys(says_zero(metric or name) for name, metric in metrics.items()))

    def not_yet(self, metric: Metric) -> str:
        """What counts before a metric is there, and is 0; empty if it is not, or is not there itself."""
        before = metric.until
        if before is None or self.ask(before.series[-1]) != "zero":
            return ""
        return says_zero(before)

    def _zeros(self, part: Part) -> Zeros | None:
        """The metrics that are 0 wherever a part, which is empty, cannot do without; None if it could."""
        match part.node:
            case Binary(operator=">" | ">=", right=right) if right == ZERO:
                return self._above_zero(part.parts[0])
            case Binary(operator="or"):
                return self._all(part.parts)
            case Binary(operator="unless"):
                return self._all(self._empty(part.parts[:1]))
            case Binary() | Aggregation() | Call() | Negation():
                return self._all(self._empty(part.parts))
        return None

    def _above_zero(self, left: Part) -> Zeros | None:
        state = self.ask(left.text)
        if state == "zero":
            return frozenset(each.name for each in selectors(left.node))
        if state == "empty":
            return self._zeros(left)
        # Of nothing a percentile is no number.
        if state == "NaN" and isinstance(left.node, Call) and left.node.function == QUANTILE:
            return self._above_zero(left.parts[-1])
        return None

    def _empty(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        return tuple(each for each in parts if self.ask(each.text) == "empty")

    def _all(self, parts: tuple[Part, ...]) -> Zeros | None:
        """The zeros behind every one of them."""
        found = [self._zeros(each) for each in parts]
        known = [each for each in found if each is not None]
        return frozenset().union(*known) if found and len(known) == len(found) else None


def says_zero(metric: Metric | str) -> str:
    """That it is 0, in the words of the catalogue if it has some."""
    told = metric.zero if isinstance(metric, Metric) else ""
    name = metric.name if isinstance(metric, Metric) else metric
    grows = isinstance(metric, Metric) and metric.kind in ("counter", "histogram")
    says = f"{name} {'did not grow' if grows else 'is 0'}"
    return f"{told} ({says})" if told else says
