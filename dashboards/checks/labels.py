"""Which labels the result of an expression carries, derived from the catalogue through every operator."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

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
)
from exporters.catalogue import Catalogue, Label, Metric
from exporters.catalogue.external import ALERTNAME, ALERTS
from exporters.catalogue.labels import JOB, TARGET_LABELS
from exporters.catalogue.self_ import COLLECTOR

SELECTING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
SCALAR_FUNCTIONS = frozenset({"scalar", "time", "pi"})
# Without an argument these speak of now, and have no labels.
CALENDAR = frozenset(
    {"minute", "hour", "month", "year", "day_of_month", "day_of_week", "day_of_year", "days_in_month"}
)


@dataclass(frozen=True, slots=True)
class Shape:
    """The labels of a series, the values of those that can have one value only, and those it may lack."""

    labels: frozenset[str]
    fixed: frozenset[tuple[str, str]] = frozenset()
    open: frozenset[str] = frozenset()

    def kept(self, labels: Iterable[str]) -> Shape:
        """Only these labels."""
        kept = self.labels.intersection(labels)
        return Shape(kept, frozenset(each for each in self.fixed if each[0] in kept), self.open & kept)

    def named(self, labels: Iterable[str]) -> Shape:
        """Only these labels, of which whoever names them knows that they are there."""
        return replace(self.kept(labels), open=frozenset())

    def beside(self, labels: Iterable[str]) -> Shape:
        """With these labels too."""
        return replace(self, labels=self.labels.union(labels))

    def without(self, labels: Iterable[str]) -> Shape:
        """All but these labels."""
        return self.kept(self.labels.difference(labels))

    def value(self, label: str, value: str) -> Shape:
        """With this label at this value."""
        rest = self.without((label,))
        return replace(rest.beside((label,)), fixed=rest.fixed | {(label, value)})

    def free(self) -> frozenset[str]:
        """The labels that can have several values."""
        return self.labels.difference(label for label, _ in self.fixed)


NO_LABELS = Shape(frozenset())
Shapes = frozenset[Shape] | None
"""What the series of a vector may look like; None where it is unknown, or where there are no series."""


class Known:
    """What is known of series: the catalogue, the labels of targets, the scrape jobs, and the alerts.

    Attributes:
        holds: what a metric that exists is.
        mends: what to do about one that does not, and is no misspelt one.
        whole: whether nothing else is emitted.
        undeclared: sample names of metrics that the stack's queries are made of, and its catalogue lacks.
    """

    holds = "in the catalogue"
    mends = "Declare it, or take it out."
    whole = True

    def __init__(
        self,
        catalogue: Catalogue,
        identity: tuple[str, ...],
        jobs: frozenset[str],
        alerts: frozenset[str] = frozenset(),
        undeclared: Collection[str] = (),
    ) -> None:
        self.catalogue = catalogue
        self.identity = identity
        self.jobs = jobs
        self.alerts = alerts
        self.undeclared = undeclared
        self.target = frozenset((*identity, *(label.name for label in TARGET_LABELS)))

    def labels_of(self, series: str) -> frozenset[str] | None:
        """The labels of this sample name; None if nobody writes it."""
        metric = self.catalogue.find(series)
        if metric is None:
            return None
        own = metric.label_names(series)
        return own | (frozenset(self.identity) if metric.source == "rules" else self.target)

    def lacking(self, _series: str) -> frozenset[str]:
        """Of its labels, those that a series of this sample name may be without."""
        return frozenset()

    def metric(self, series: str) -> Metric | None:
        """The metric of this sample name."""
        return self.catalogue.find(series)

    def unit(self, series: str) -> str | None:
        """What one unit of the metric is; None if that is unknown."""
        metric = self.catalogue.find(series)
        return metric.unit if metric else None

    def counted(self, _series: str) -> int | None:
        """How many series of this name there are, where somebody counted them."""
        return None

    def label(self, series: str, name: str) -> Label | None:
        """The definition of the label on this sample name."""
        metric = self.catalogue.find(series)
        return next((each for each in metric.labels if each.name == name), None) if metric else None

    def values(self, series: str, name: str) -> Collection[str]:
        """What the label can be on this sample name; empty if nobody knows."""
        if name == JOB.name:
            return self.jobs
        label = self.label(series, name)
        if label == ALERTNAME:
            return self.alerts
        if label == COLLECTOR:
            return {metric.collector for metric in self.catalogue}
        return (label.values or label.possible) if label else ()


class LabelEngine:
    """The labels of each node of one expression."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self._found: dict[int, Shapes] = {}

    def of(self, node: Node) -> Shapes:
        """What the node's series look like."""
        key = id(node)
        if key not in self._found:
            self._found[key] = self._derive(node)
        return self._found[key]

    def names(self, node: Node) -> frozenset[str] | None:
        """Every label that some series of the node may carry; None where that is unknown."""
        shapes = self.of(node)
        return None if shapes is None else frozenset().union(*(shape.labels for shape in shapes))

    def _derive(self, node: Node) -> Shapes:
        match node:
            case Selector():
                return self._selector(node)
            case Number() | String():
                return None
            case Subquery() | Negation():
                return self.of(node.expression)
            case Aggregation():
                return self._aggregation(node)
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)

    def _selector(self, node: Selector) -> Shapes:
        labels = self.known.labels_of(node.name)
        # Alerts have the labels of their rules beside those that all have.
        if labels is None or node.name == ALERTS.name:
            return None
        equal = [(each.label, each.value) for each in node.matchers if each.operator == "="]
        fixed = frozenset(each for each in equal if "$" not in each[1])
        lacking = self.known.lacking(node.name) - {label for label, _ in equal}
        return frozenset({Shape(labels, fixed, lacking & labels)})

    def _aggregation(self, node: Aggregation) -> Shapes:
        inner = self.of(node.expression)
        if node.operator in SELECTING:
            return inner
        if inner is None:
            # Whatever is summed up, nothing but these is left.
            return None if node.without is not None else frozenset({Shape(frozenset(node.by or ()))})
        if node.without is not None:
            found = frozenset(shape.without(node.without) for shape in inner)
        else:
            found = frozenset(shape.named(node.by or ()) for shape in inner)
        if node.operator == "count_values" and isinstance(node.parameter, String):
            return frozenset(each.beside((node.parameter.value,)) for each in found)
        return found

    def _call(self, node: Call) -> Shapes:
        if node.function in SCALAR_FUNCTIONS:
            return None
        if node.function == "vector" or (node.function in CALENDAR and not node.arguments):
            return frozenset({NO_LABELS})
        vector = next((each for each in node.arguments if not isinstance(each, Number | String)), None)
        if vector is None:
            return None
        inner = self.of(vector)
        if node.function in ("absent", "absent_over_time"):
            return frozenset({_absent(vector)})
        if inner is None:
            return None
        if node.function == "histogram_quantile":
            return frozenset(shape.without(("le",)) for shape in inner)
        if node.function in ("label_replace", "label_join"):
            return frozenset(_relabelled(node, shape) for shape in inner)
        return inner

    def _binary(self, node: Binary) -> Shapes:
        left, right = self.of(node.left), self.of(node.right)
        if left is None or right is None:
            return right if _scalar(node.left) else left if _scalar(node.right) else None
        if node.operator == "or":
            return left | right
        if node.operator in SET_OPERATORS:
            return left
        if node.group:
            many, one = (left, right) if node.group == "left" else (right, left)
            return frozenset(_included(node, shape, one) for shape in many)
        if node.on is not None:
            return frozenset(shape.kept(node.on) for shape in left)
        return frozenset(shape.without(node.ignoring or ()) for shape in left)


def _scalar(node: Node) -> bool:
    """Whether the node is a number rather than series."""
    match node:
        case Number():
            return True
        case Call():
            return node.function in SCALAR_FUNCTIONS
        case Negation():
            return _scalar(node.expression)
        case Binary():
            return _scalar(node.left) and _scalar(node.right)
    return False


def _absent(vector: Node) -> Shape:
    matchers = vector.matchers if isinstance(vector, Selector) else ()
    fixed = frozenset((each.label, each.value) for each in matchers if each.operator == "=")
    return Shape(frozenset(label for label, _ in fixed), fixed)


def _relabelled(node: Call, shape: Shape) -> Shape:
    texts = [each.value for each in node.arguments if isinstance(each, String)]
    if node.function == "label_join" or texts[2] or texts[3] or "$" in texts[1]:
        return shape.without((texts[0],)).beside((texts[0],))
    return shape.value(texts[0], texts[1])


def _included(node: Binary, shape: Shape, one: frozenset[Shape]) -> Shape:
    brought = frozenset(node.include).intersection(*(each.labels for each in one)) if one else frozenset()
    return shape.without(node.include).beside(brought | shape.labels.intersection(node.include))
