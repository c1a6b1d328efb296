"""A query that does not parse shows an error in place of a graph, and ends Prometheus at start in a rule."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, excerpt, file_rule
from dashboards.checks.subject import Subject


@file_rule(
    "promql-parses",
    "every query is PromQL",
    answers=(
        "E16",
        "target-promql-rule",
        "template-label-promql-rule",
    ),
)
def parses(subject: Subject, report: Report) -> Iterator[Finding]:
    """What the parser refuses."""
    for place in subject.places:
        reason = subject.parse_errors.get(place.text)
        if not place.text.strip():
            yield report(place.file, place.where, "the query is empty", "Write it, or take it out.")
        elif reason is not None:
            yield report(
                place.file, place.where, f"no PromQL: {reason}, in `{excerpt(place.text)}`", "Correct it."
            )
