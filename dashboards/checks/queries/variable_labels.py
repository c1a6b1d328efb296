"""A variable that asks for a label which its metric lacks is empty."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import (
    Finding,
    Report,
    file_rule,
    listed,
    nearest,
)
from dashboards.checks.subject import Subject


@file_rule("variable-label", "a variable lists the values of a label that its metric has", answers=("E17",))
def listed_label(subject: Subject, report: Report) -> Iterator[Finding]:
    """`label_values(metric, label)` with a label that the metric lacks."""
    for place in subject.places:
        query = subject.queries.get(place.text)
        if place.kind != "variable" or not place.label or query is None:
            continue
        known = query.labels.names(query.node)
        if known is not None and place.label not in known:
            message = f"label_values() asks for the label {place.label!r}, which `{place.text}` does not have"
            fix = nearest(place.label, known) or f"There are: {listed(known)}."
            yield report(place.file, place.where, message, fix)
