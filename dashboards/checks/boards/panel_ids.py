"""A panel's id is its address: links and alerts hang on it."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject


@file_rule("panel-id", "panel ids are whole, positive and unique on their board", answers=("E6",))
def ids(subject: Subject, report: Report) -> Iterator[Finding]:
    """Grafana 13 keeps one of two panels with the same id."""
    seen: dict[tuple[str, object], str] = {}
    for path, where, panel in each(subject, shared=True):
        number = panel.get("id")
        if type(number) is not int or number < 1:
            message = f"its id is {number!r}; expected a whole number from 1"
            yield report(path, where, message, "Give it one of its own.")
        elif (path, number) in seen:
            message = f"its id {number} is also that of {seen[path, number]}"
            yield report(path, where, message, "Give one of the two another number.")
        seen.setdefault((path, number), where)
