"""What nobody asks for costs a scrape and helps nobody, unless it is said why it is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

CATALOGUE = "catalogue"
# Boards that ask for no more of what a source says are not the boards of it.
SHOWN = 0.5


@file_rule(
    "metric-used",
    "every metric is on a panel or in a rule, or is declared as spare",
    "warning",
    answers=("E31",),
    about="own",
)
def used(subject: Subject, report: Report) -> Iterator[Finding]:
    """Metrics that are emitted for nobody; not of a source that these boards hardly show."""
    asked = {each.name for query in subject.queries.values() for each in query.selectors}
    there = {metric: bool(asked.intersection(metric.series)) for metric in subject.catalogue}
    every, shown = (Counter(metric.source for metric in some) for some in (there, filter(there.get, there)))
    sources = {source for source, count in every.items() if shown[source] > SHOWN * count}
    for metric, found in there.items():
        where = f"metric {metric.name}"
        if metric.source not in sources:
            continue
        if found and metric.spare:
            message = f"it is declared as spare ({metric.spare}), and a query asks for it"
            yield report(CATALOGUE, where, message, "Take `spare` out.")
        elif not found and not metric.spare:
            fix = "Show it, or say in its `spare` why it is there."
            yield report(CATALOGUE, where, "no panel and no rule asks for it", fix)
