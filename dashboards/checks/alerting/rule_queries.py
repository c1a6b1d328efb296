"""What Grafana does not check itself errs at every evaluation."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import of_grafana
from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule, listed
from dashboards.checks.subject import Subject

EXPRESSION = "__expr__"


@file_rule(
    "rule-queries",
    "a rule's queries name data sources, ranges and each other rightly",
    answers=("E30",),
    about="own",
)
def queries(subject: Subject, report: Report) -> Iterator[Finding]:
    """Condition, letters, ranges and sources."""
    sources = {source.get("uid") for _, source in subject.sources}
    for path, where, _, rule in of_grafana(subject):
        data = rule.get("data", ())
        refs = [str(query.get("refId")) for query in data]
        if rule.get("condition") not in refs:
            message = f"its condition is {rule.get('condition')!r}, and its queries are {listed(refs)}"
            yield report(path, where, message, "Name one of them.")
        if len(set(refs)) != len(refs):
            yield report(path, where, f"two queries have one letter: {', '.join(refs)}", "Rename one.")
        for query in data:
            for message, fix in _query(query, refs, sources):
                yield report(path, f"{where}, query {query.get('refId')}", message, fix)


def _query(query: Json, refs: list[str], sources: set[object]) -> Iterator[tuple[str, str]]:
    source, model = query.get("datasourceUid"), query.get("model", {})
    if model.get("refId") != query.get("refId"):
        yield f"its model has the refId {model.get('refId')!r}", "Make the two equal."
    if model.get("datasource", {}).get("uid", source) != source:
        yield f"its model asks {model['datasource']['uid']!r}, the query {source!r}", "Make the two equal."
    if source == EXPRESSION:
        asked = model.get("expression")
        if asked is not None and asked not in refs:
            yield f"it reads {asked!r}, which is none of {listed(refs)}", "Name one of them."
        return
    if sources and source not in sources:
        yield f"its data source is {source!r}; provisioned are {listed(map(str, sources))}", "Name one."
    span = query.get("relativeTimeRange", {})
    start, end = span.get("from"), span.get("to")
    if type(start) is not int or type(end) is not int or start <= end:
        yield f"its time range is {span}; expected whole seconds, from above to", "Correct it."
