"""A version that changes at each build makes every build a change."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject


@file_rule("board-version", "a build counts no versions", answers=("E4", "E5"), about="own")
def versions(subject: Subject, report: Report) -> Iterator[Finding]:
    """A version that changes at each build makes every build a change."""
    for path, board in subject.boards.items():
        if board.get("version") != 1:
            message = f"its version is {board.get('version')!r}; expected 1, whatever changed"
            yield report(path, "board", message, "Leave counting to Grafana.")
