"""Whoever is woken opens the panel of the alert, which is there."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import of_both, of_grafana
from dashboards.checks.boards.links import LINK, PANEL
from dashboards.checks.expressions import panels as panels_of
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

INFO = "info"


@file_rule("rule-panel", "every alert leads to a panel of a rendered board", answers=("E29",), about="own")
def panels(subject: Subject, report: Report) -> Iterator[Finding]:
    """Links in Grafana's messages come from two annotations, and from nothing else."""
    for path, where, _, rule in of_grafana(subject):
        annotations = rule.get("annotations", {})
        uid, panel = annotations.get("__dashboardUid__"), annotations.get("__panelId__")
        if uid is None or panel is None:
            if uid is not None or panel is not None or rule.get("labels", {}).get("severity") != INFO:
                message = f"__dashboardUid__ is {uid!r} and __panelId__ is {panel!r}; it needs both"
                yield report(path, where, message, "Show its signal on a board.")
        elif reason := missing(subject, str(uid), str(panel)):
            yield report(path, where, reason, "Show its signal on a board.")
    for path, where, rule in of_both(subject):
        url = str(rule.get("annotations", {}).get("dashboard_url", ""))
        link = LINK.search(url)
        panel_link = PANEL.search(url)
        if url and (link is None or (reason := missing(subject, link[1], panel_link and panel_link[1]))):
            message = reason if link else f"dashboard_url {url!r} names no board"
            yield report(path, where, message, "Show its signal on a board.")


def missing(subject: Subject, uid: str, panel: str | None) -> str:
    """Why the panel cannot be opened; empty if it can."""
    board = subject.boards_by_uid.get(uid)
    if board is None:
        return f"the board {uid!r} is not rendered"
    if panel is not None and panel not in {str(each.get("id")) for each in panels_of(board)}:
        return f"the board {uid!r} has no panel {panel}"
    return ""
