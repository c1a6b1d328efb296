"""Whoever is woken opens the runbook of the alert, and of no other."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import name, of_both
from dashboards.checks.boards.links import LINK, PANEL
from dashboards.checks.expressions import panels as panels_of
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

RUNBOOKS = "backend-runbooks"


@file_rule("rule-runbook", "every alert leads to its own runbook", answers=("E29",), about="own")
def runbooks(subject: Subject, report: Report) -> Iterator[Finding]:
    """`runbook_url` opens the panel of backend-runbooks that has the alert's name."""
    titles = {
        str(panel.get("id")): panel.get("title")
        for panel in panels_of(subject.boards_by_uid.get(RUNBOOKS, {}))
        if panel.get("type") == "text"
    }
    for path, where, rule in of_both(subject):
        url = str(rule.get("annotations", {}).get("runbook_url", ""))
        link, panel = LINK.search(url), PANEL.search(url)
        if link is None or link[1] != RUNBOOKS or panel is None:
            message = f"runbook_url is {url!r}; expected a panel of {RUNBOOKS}"
            yield report(path, where, message, "Derive it from the alert's name.")
        elif titles.get(panel[1]) != name(rule):
            shown = titles.get(panel[1])
            message = f"its runbook is panel {panel[1]} of {RUNBOOKS}, which is {shown or 'not there'}"
            yield report(path, where, message, f"Write alerts/runbooks/{name(rule)}.md.")
