"""A recording has the labels that its readers expect."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule, listed
from dashboards.checks.subject import Subject


@file_rule(
    "recorded-labels",
    "a recording is declared, with the labels that its query gives",
    answers=("E17",),
    about="own",
)
def labels(subject: Subject, report: Report) -> Iterator[Finding]:
    """Recordings whose declaration says something else."""
    for place in subject.places:
        query = subject.queries.get(place.text)
        if place.kind != "record" or query is None:
            continue
        name = place.thing["record"]
        known = subject.known.labels_of(name)
        found = query.labels.names(query.node)
        if known is None:
            yield report(place.file, place.where, f"{name!r} is not declared", "Declare it with recorded().")
        elif found is not None and found != known:
            message = f"it is declared with the labels {listed(known)}, but its query gives {listed(found)}"
            yield report(place.file, place.where, message, "Make the two equal.")
