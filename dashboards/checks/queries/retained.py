"""What Prometheus has forgotten, no range brings back."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.promql import Node, selectors
from dashboards.checks.queries.windows import ranges
from dashboards.checks.subject import Subject
from signals.numbers import SECONDS, spoken


@file_rule("window-retained", "no range reaches further back than Prometheus keeps data", about="own")
def retained(subject: Subject, report: Report) -> Iterator[Finding]:
    """Records of a month in a Prometheus that forgets after two weeks."""
    for place in subject.places:
        query = subject.queries.get(place.text)
        for what, back in reaches(query.node) if query else ():
            if back > subject.retention:
                message = (
                    f"{what} looks back {spoken(back, SECONDS)}, and Prometheus keeps "
                    f"{spoken(subject.retention, SECONDS)}"
                )
                yield report(place.file, place.where, message, "Keep more (`retention`), or look back less.")


def reaches(node: Node) -> Iterator[tuple[str, float]]:
    """Each function over a range and each selector with an offset, with how far it looks back, in seconds."""
    for function, window in ranges(node):
        if not window.variable:
            yield f"{function}()", window.seconds
    for each in selectors(node):
        if each.offset:
            yield f"{each.name} with its offset", each.offset + (each.window.seconds if each.window else 0)
