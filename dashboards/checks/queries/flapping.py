"""topk() chooses anew at every point of a graph: lines come and go, and the legend lists them all."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, excerpt, file_rule
from dashboards.checks.promql import Aggregation, Node, Selector, Subquery, walk
from dashboards.checks.subject import Subject

CHOOSING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})


@file_rule("topk-flaps", "no graph chooses its lines anew at each point", answers=("E24",))
def flapping(subject: Subject, report: Report) -> Iterator[Finding]:
    """topk() in a query over a range, unless what it ranks is pinned to one time with `@`."""
    for place in subject.places:
        query = subject.queries.get(place.text)
        if query is None or place.kind != "panel" or not place.target.get("range"):
            continue
        for node, _ in query.nodes:
            if isinstance(node, Aggregation) and node.operator in CHOOSING and not _pinned(node.expression):
                message = (
                    f"{node.operator}() chooses anew at each point, in `{excerpt(place.text, node.operator)}`"
                )
                fix = (
                    f"Ask instant, in a table, or rank at the end: "
                    f"`... and {node.operator}(n, ...[$__range] @ end())`."
                )
                yield report(place.file, place.where, message, fix)


def _pinned(node: Node, outer: bool = False) -> bool:
    """Whether all that is read is read at one time."""
    if isinstance(node, Selector):
        return node.pinned or outer
    inside = outer or (isinstance(node, Subquery) and node.pinned)
    below = [each for each, parent in walk(node) if parent is node]
    return all(_pinned(each, inside) for each in below)
