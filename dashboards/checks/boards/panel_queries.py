"""Of two queries with one letter, Grafana asks one."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import SILENT, each
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject
from dashboards.words import counted


@file_rule(
    "panel-queries",
    "queries of a panel have letters of their own",
    answers=(
        "E10",
        "panel-no-targets-rule",
    ),
)
def queries(subject: Subject, report: Report) -> Iterator[Finding]:
    """Of two queries with one refId, Grafana asks one."""
    for path, where, panel in each(subject):
        refs = [str(target.get("refId", "")) for target in panel.get("targets", ())]
        for ref in sorted({ref for ref in refs if refs.count(ref) > 1 or not ref}):
            message = f"{ref!r} is the refId of {counted(refs.count(ref), 'query')}"
            yield report(path, where, message, "Give each a letter.")
        if panel.get("type") not in SILENT and not refs:
            yield report(path, where, "it asks nothing", "Give it a query.")
