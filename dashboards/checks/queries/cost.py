"""A panel that asks for too much is slow for whoever opens it, and for everybody else meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.cost import seconds
from dashboards.checks.finding import Finding, Report, excerpt, file_rule
from dashboards.checks.subject import Subject

# Seconds of one core. A whole board asks some dozens of queries, on a few cores.
BUDGET = 2.2


@file_rule("query-cost", "no query of a panel keeps Prometheus busy for long", "warning", answers=("W25",))
def cost(subject: Subject, report: Report) -> Iterator[Finding]:
    """Queries that want a recording rule: 200 endpoints on 10 instances, unless somebody counted."""
    for place in subject.places:
        query = subject.queries.get(place.text)
        if query is None or place.kind != "panel":
            continue
        busy = seconds(query.node, query.known, bool(place.target.get("range")))
        if busy > BUDGET:
            message = (
                f"an hour of it costs about {busy:.1f} s of a core; expected at most {BUDGET:g} s, "
                f"in `{excerpt(place.text)}`"
            )
            yield report(place.file, place.where, message, "Record it with a rule, or look back less far.")
