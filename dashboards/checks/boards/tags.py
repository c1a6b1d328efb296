"""Boards are found by their tags."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject


@file_rule("board-tags", "a board has a tag", answers=("E2",))
def tags(subject: Subject, report: Report) -> Iterator[Finding]:
    """Boards that no list of boards shows."""
    for path, board in subject.boards.items():
        if not [tag for tag in board.get("tags", ()) if str(tag).strip()]:
            yield report(path, "board", "it has no tag", "Give it one, so that lists and links find it.")
