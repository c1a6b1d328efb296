"""The runbooks as a board: what fires now, a list of all alerts, and below it each runbook, closed.

Messages link to a runbook's panel. Whoever opens the board by hand looks for a name: it is in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from alerts.model import Alert, Severity
from alerts.render import RenderContext
from dashboards.model import Board, Panel, row, table, text
from signals import components

UID = "backend-runbooks"
LIST_HEIGHT, RUNBOOK_HEIGHT = 14, 16
HALF = 12
RANK = {Severity.CRITICAL: "**critical**", Severity.WARNING: "warning", Severity.INFO: "info"}


def runbook_board(alerts: Sequence[Alert], rules: RenderContext, written: Callable[[Alert], str]) -> Board:
    """The board.

    Args:
        alerts: in the order in which they are listed.
        rules: says the texts of alerts.
        written: the runbook of an alert, as Markdown.
    """
    by_service: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_service.setdefault(alert.service, []).append(alert)
    frame = Board(
        uid=UID,
        title="Runbooks",
        description="For whoever was woken, or looks for an alert by its name: what each means and what to "
        "do. Messages link to the runbook itself.",
        source="",
        anchor=None,
        rows=(),
    )
    if not alerts:
        return frame

    def listed(service: str, found: Sequence[Alert]) -> Panel:
        lines = [
            f"| [{each.name}]({rules.grafana_url}/d/{UID}?viewPanel=panel-{frame.panel_id(each.name)}) "
            f"| {RANK[each.severity]} | {rules.says(each, each.description)} |"
            for each in found
        ]
        head = "| alert | severity | what it means |\n|---|---|---|\n"
        return text(f"Alerts of {service}", head + "\n".join(lines), width=HALF, height=LIST_HEIGHT)

    books = [
        row(
            f"Runbooks of {service}",
            *(text(each.name, written(each), height=RUNBOOK_HEIGHT) for each in found),
            collapsed=True,
        )
        for service, found in by_service.items()
    ]
    firing = table(
        "Firing now",
        components.FIRING_SINCE,
        key="alertname",
        no_value="none firing, or no rules",
        moves="errors",
    )
    lists = row("Which alert is it?", *(listed(service, found) for service, found in by_service.items()))
    return replace(frame, rows=(row("What fires now?", firing), lists, *books))
