"""What is open asks at once, and is more than one can read."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import SILENT
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

OPEN_PANELS = 24


@file_rule("panel-count", "a board opens with at most 24 panels", level="warning", answers=("W13",))
def open_panels(subject: Subject, report: Report) -> Iterator[Finding]:
    """Panels outside collapsed rows are all asked for at once."""
    for path, board in subject.boards.items():
        asking = [panel for panel in board.get("panels", ()) if panel.get("type") not in SILENT]
        if len(asking) > OPEN_PANELS:
            message = f"{len(asking)} panels ask when it opens; expected at most {OPEN_PANELS}"
            yield report(path, "board", message, "Collapse the rows of detail.")
