"""A panel that nobody explains is read by nobody but who made it."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import SILENT, each
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject


@file_rule(
    "panel-text",
    "every panel says what it is, what good looks like and what to do",
    answers=(
        "E7",
        "panel-title-description-rule",
    ),
)
def texts(subject: Subject, report: Report) -> Iterator[Finding]:
    """Titles and descriptions."""
    for path, where, panel in each(subject):
        if not str(panel.get("title", "")).strip():
            yield report(path, f"panel {panel.get('id')}", "it has no title", "Give it one.")
        if panel.get("type") not in SILENT and not str(panel.get("description", "")).strip():
            yield report(path, where, "it has no description", "Say what it is, what is good, what to do.")
