"""A board from a file changes in its file."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject


@file_rule("board-locked", "a board is not editable in Grafana", answers=("E4", "uneditable-dashboard"))
def locked(subject: Subject, report: Report) -> Iterator[Finding]:
    """Edits in the browser are gone at the next start; without the key Grafana allows them."""
    for path, board in subject.boards.items():
        if board.get("editable", True) is not False:
            message = "it can be edited in Grafana, where the next start throws the edit away"
            yield report(path, "board", message, "Set editable to false.")
