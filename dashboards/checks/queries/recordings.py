"""A recorded name is a promise: somebody records it."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule, listed
from dashboards.checks.subject import Subject


@file_rule(
    "recorded", "every recorded name that is read is recorded by a rule", answers=("E17",), about="own"
)
def recorded(subject: Subject, report: Report) -> Iterator[Finding]:
    """Names of recordings that no rule file records."""
    if not subject.rule_files:
        return
    names = {place.thing["record"] for place in subject.places if place.kind == "record"}
    for place in subject.places:
        query = subject.queries.get(place.text)
        for name in dict.fromkeys(each.name for each in query.selectors) if query else ():
            metric = subject.catalogue.find(name)
            if metric is not None and metric.source == "rules" and name not in names:
                message = f"{name!r} is recorded by no rule file; recorded are: {listed(names)}"
                yield report(place.file, place.where, message, "Add its recording to the stack.")
