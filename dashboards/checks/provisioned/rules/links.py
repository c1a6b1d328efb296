"""Links from a message to a panel."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned.check import STOPS, Report, check
from dashboards.checks.provisioned.files import Files
from dashboards.checks.provisioned.sample import rule

BOARD, PANEL = "__dashboardUid__", "__panelId__"


@check(
    "panel-link",
    summary="a link to a panel has both its parts, and the panel's id is a number",
    cause="`__dashboardUid__` without `__panelId__`, or the panel's title instead of its id.",
    effect=STOPS,
    fix=f"Give both {BOARD} and {PANEL}, or none.",
    wrong=rule("for: 5m", f"annotations: {{{BOARD}: api}}"),
    right=rule("for: 5m", f"annotations: {{{BOARD}: api, {PANEL}: '7'}}"),
)
def links(files: Files, report: Report) -> Iterator[Finding]:
    """Of annotations; the fields dashboardUid and panelId make no link."""
    for each in files.rules:
        given = {key.text: node for key, node in each.annotations}
        board, panel = (given[name].text.strip() if name in given else "" for name in (BOARD, PANEL))
        if bool(board) != bool(panel):
            there, missing = (BOARD, PANEL) if board else (PANEL, BOARD)
            message = f"it has {there} without {missing}"
            yield report(each.file, given[there], each.where, message)
        elif panel and not (panel.lstrip("-").isdigit() and panel.isascii()):
            message = f"{PANEL} is {panel!r}"
            yield report(
                each.file, given[PANEL], each.where, message, "Write the panel's id, a whole number."
            )
