"""A rate needs two samples in its window, and a graph's window must follow its zoom."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.expressions import Place
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.promql import Call, Node, Selector, Subquery, Window, walk
from dashboards.checks.queries.rates import GROWTH
from dashboards.checks.subject import Subject

# A graph may look back so many scrapes on purpose, such as at what an alert counts in a quarter of an hour.
MANY = 60
LONG = 900  # seconds; so many scrapes of 15 s
GRAPH = "__rate_interval"


@file_rule(
    "rate-window",
    "rates look back $__rate_interval in graphs, $__range or a fixed time elsewhere",
    answers=(
        "E20",
        "target-rate-interval-rule",
    ),
)
def windows(subject: Subject, report: Report) -> Iterator[Finding]:
    """Windows that are too short, or do not follow the graph."""
    scrape = subject.scrape_interval
    for place in subject.places:
        query = subject.queries.get(place.text)
        for function, window in ranges(query.node) if query else ():
            reason, fix = judged(place, function, window, scrape)
            if reason:
                yield report(place.file, place.where, f"{function}() {reason}", fix)


def ranges(node: Node) -> Iterator[tuple[str, Window]]:
    """Each function over a range, with its window."""
    for each, _ in walk(node):
        if isinstance(each, Call):
            for argument in each.arguments:
                if isinstance(argument, Selector | Subquery) and argument.window is not None:
                    yield each.function, argument.window


def judged(place: Place, function: str, window: Window, scrape: float) -> tuple[str, str]:
    """What is wrong with a window, and what to do; empty if nothing is."""
    growth = function in GROWTH
    if window.variable:
        return _variable(place, window.variable) if growth or place.kind != "panel" else ("", "")
    needed = 2 * scrape if growth else scrape
    if window.seconds < needed:
        why = f"looks back {window.seconds:g} s, and a scrape is every {scrape:g} s: it sees too few samples"
        return why, f"Look back at least {4 * scrape:g} s."
    if growth and is_graph(place) and window.seconds < (min(MANY * scrape, LONG) or LONG):
        return f"looks back a fixed {window.seconds:g} s in a graph", f"Use ${GRAPH}."
    return "", ""


def is_graph(place: Place) -> bool:
    """Whether the query is asked over a range, with a window that follows its zoom."""
    # The trend of a stat ends in the value that an alert of the same window judges.
    return place.kind == "panel" and place.thing.get("type") != "stat" and bool(place.target.get("range"))


def _variable(place: Place, variable: str) -> tuple[str, str]:
    if place.kind in ("alert", "record"):
        return f"looks back ${variable}, which a rule does not know", "Use a fixed time, such as 5m."
    if variable == "__interval":
        return "looks back $__interval, which can be shorter than two scrapes", f"Use ${GRAPH}."
    if is_graph(place) and variable == "__range":
        return "looks back $__range in a graph, so that every point is the mean of it all", f"Use ${GRAPH}."
    return "", ""
