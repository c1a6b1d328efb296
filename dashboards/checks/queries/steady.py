"""A number for a time is the same on a narrow and on a wide screen."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.queries.rates import GROWTH
from dashboards.checks.queries.windows import GRAPH, is_graph, ranges
from dashboards.checks.subject import Subject


@file_rule(
    "window-steady",
    "numbers and tables look back $__range or a fixed time",
    answers=("E20",),
    about="own",
)
def steady(subject: Subject, report: Report) -> Iterator[Finding]:
    """Windows of a graph in a number; Grafana's own linter asks for them, so that others are not judged."""
    for place in subject.places:
        query = subject.queries.get(place.text)
        if query is None or place.kind != "panel" or is_graph(place):
            continue
        for function, window in ranges(query.node):
            if function in GROWTH and window.variable == GRAPH:
                message = f"{function}() looks back ${GRAPH}, which depends on the width of the panel"
                yield report(place.file, place.where, message, "Use $__range or a fixed time.")
