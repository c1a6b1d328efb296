"""Panels ask the data source that the reader chose, as an object."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import SILENT, each
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@file_rule(
    "panel-source",
    "panels, queries and variables ask the data source that the reader chose",
    answers=(
        "E30",
        "panel-datasource-rule",
    ),
    about="own",
)
def sources(subject: Subject, report: Report) -> Iterator[Finding]:
    """Data sources as objects; Grafana 13 ignores texts."""
    for path, where, panel in each(subject):
        if panel.get("type") in SILENT:
            continue
        asked = [(where, panel)]
        asked += [(f"{where}, query {each.get('refId')}", each) for each in panel.get("targets", ())]
        for place, thing in asked:
            if thing.get("datasource") != SOURCE:
                message = f"its data source is {thing.get('datasource')!r}; expected {SOURCE}"
                yield report(path, place, message, "Use the board's variable.")
    for path, board in subject.boards.items():
        for variable in board.get("templating", {}).get("list", ()):
            if variable.get("type") == "query" and variable.get("datasource") != SOURCE:
                message = f"its data source is {variable.get('datasource')!r}; expected {SOURCE}"
                yield report(path, f"variable {variable.get('name')}", message, "Use the board's variable.")
