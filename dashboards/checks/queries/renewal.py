"""A counter that is looked at less often than it is scraped needs a window that holds several looks."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.expressions import Place
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.promql import Call, Selector, Window
from dashboards.checks.queries.rates import GROWTH
from dashboards.checks.subject import Query, Subject
from dashboards.checks.times import seconds
from exporters.catalogue.renewal import renewed

# Fewer looks give a rate that is now nothing and now twice the truth.
LOOKS = 2
GRAPH = "__rate_interval"


@file_rule(
    "window-renewed",
    "rates of what is looked at seldom look back over several looks",
    answers=("E20",),
    about="own",
)
def renewals(subject: Subject, report: Report) -> Iterator[Finding]:
    """Windows of a minute over counters that are renewed once a minute."""
    for place in subject.places:
        query = subject.queries.get(place.text)
        for name, window, every in _grown(query) if query else ():
            needed = LOOKS * every * subject.time_scale
            least = _least(place, window)
            if least is not None and least < needed:
                message = f"{name} is looked at every {every:g} s, and its rate looks back {least:g} s"
                fix = f"Look back {needed:g} s or more; of a graph, by a least step (`interval`)."
                yield report(place.file, place.where, message, fix)


def _grown(query: Query) -> Iterator[tuple[str, Window, float]]:
    """Each selector under a rate, with its window, of what is renewed less often than scraped."""
    for node, _ in query.nodes:
        if isinstance(node, Call) and node.function in GROWTH:
            for each in node.arguments:
                if isinstance(each, Selector) and each.window is not None:
                    metric = query.known.metric(each.name)
                    every = renewed(metric) if metric else 0
                    if every:
                        yield each.name, each.window, every


def _least(place: Place, window: Window) -> float | None:
    """The shortest that the window can be; None where the reader chooses it."""
    if not window.variable:
        return window.seconds
    return seconds(place.thing.get("interval")) or 0 if window.variable == GRAPH else None
