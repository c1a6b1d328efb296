"""How long Prometheus works on a query: an estimate for an installation of some size, on one core.

Measured on 4 000 series: one at a point of a graph costs a quarter of a microsecond, whatever its window.
A sample that is read costs a fifth of that. So what is cheap on a laptop is told before production tells it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dashboards.checks.labels import Known
from dashboards.checks.promql import Matcher, Node, Selector, Subquery, Window, children
from exporters.catalogue import Histogram

POINT_SECONDS = 0.25e-6
SAMPLE_SECONDS = 0.05e-6
# What a board shows when it is opened: an hour, a point for each scrape.
SHOWN = 3600.0
SCRAPE = 15.0
POINTS = 240
RATE_WINDOW = 4 * SCRAPE
# Of a subquery that does not say, Prometheus takes the interval of evaluation.
RESOLUTION = 60.0

# Values of a label whose set is not closed.
VALUES: Mapping[str, int] = {
    "handler": 200, "status": 3, "exception": 30, "instance": 3, "job": 1, "environment": 1, "cluster": 1,
    "datname": 3, "usename": 10, "application_name": 10, "schemaname": 1, "relname": 50, "indexrelname": 50,
    "queryid": 30, "user": 1, "cmd": 30, "key": 20, "db": 1, "err": 10, "collector": 30, "rule_group": 10,
    "alertname": 10, "pool": 1, "prefix": 10, "name": 50,
}  # fmt: skip
USUAL = 3
# There are more of an application than of its servers.
INSTANCES: Mapping[str, int] = {"api": 10}
# A label that another one decides adds no series.
DECIDED: Mapping[str, frozenset[str]] = {
    "handler": frozenset({"method"}),
    "exception": frozenset({"handler", "method"}),
    "indexrelname": frozenset({"relname", "schemaname"}),
    "queryid": frozenset({"user", "datname"}),
    "table": frozenset({"index", "covered_by"}),
    "name": frozenset({"host", "port", "database", "force_user", "pool_mode"}),  # PgBouncer's databases
}
# There is one where an application or server runs, not one for each that could.
ONCE = frozenset({"version", "short_version", "redis_version"})


@dataclass(frozen=True, slots=True)
class Asked:
    """How often an expression is evaluated, and over how long a time."""

    points: int
    span: float


def seconds(node: Node, known: Known, graph: bool) -> float:
    """How long a query of a panel takes, in seconds of one core."""
    return _seconds(node, known, Asked(POINTS, SHOWN) if graph else Asked(1, 0.0))


def _seconds(node: Node, known: Known, asked: Asked) -> float:
    if isinstance(node, Selector):
        read = (asked.span + (_length(node.window) if node.window else SCRAPE)) / SCRAPE
        return series(node, known) * (asked.points * POINT_SECONDS + read * SAMPLE_SECONDS)
    inner = asked
    if isinstance(node, Subquery):
        length = _length(node.window)
        step = node.step or RESOLUTION
        inner = Asked(round((asked.span + length) / step) + 1, asked.span + length)
    return sum(_seconds(each, known, inner) for each in children(node))


def _length(window: Window) -> float:
    if not window.variable:
        return window.seconds
    return SHOWN if window.variable.startswith("__range") else RATE_WINDOW


def series(node: Selector, known: Known) -> float:
    """How many series a selector finds: as they were counted, or as their labels let expect."""
    counted = known.counted(node.name)
    if counted is not None:
        return counted
    metric = known.metric(node.name)
    labels = known.labels_of(node.name) if metric else None
    if metric is None or labels is None or _only_of_some(node):
        return 0
    picked = any(each.label == "le" for each in node.matchers)
    found = 1.0
    if isinstance(metric, Histogram) and node.name.endswith("_bucket") and not picked:
        found = len(metric.buckets) + 1
    decided = frozenset().union(*(DECIDED[label] for label in labels & DECIDED.keys()))
    for label in labels - decided - ONCE - {"le"}:
        found *= _values(label, known, node)
    return found


def _only_of_some(node: Selector) -> bool:
    """Whether it finds nothing while all are chosen of a variable, as they are when a board opens."""
    return any(each.operator == "!~" and each.value.startswith(("$", "($")) for each in node.matchers)


def _values(label: str, known: Known, node: Selector) -> int:
    declared = known.label(node.name, label)
    values = declared.values if declared else ()
    every = len(values) or VALUES.get(label, USUAL)
    metric = known.metric(node.name)
    if label == "instance" and metric is not None:
        every = INSTANCES.get(metric.source, every)
    literal = [each for each in node.matchers if each.label == label and "$" not in each.value.rstrip("$")]
    return min([every, *(_matched(each, values, every) for each in literal)])


def _matched(matcher: Matcher, values: tuple[str, ...], every: int) -> int:
    if matcher.operator == "=":
        return 1
    if matcher.operator == "=~" and values:
        return sum(bool(re.fullmatch(matcher.value, each)) for each in values) or 1
    return every
