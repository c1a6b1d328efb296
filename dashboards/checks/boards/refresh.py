"""A board asks no more often than there is something new."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject
from dashboards.checks.times import seconds


@file_rule("board-refresh", "a board is refreshed no more often than it is scraped", answers=("E30",))
def refresh(subject: Subject, report: Report) -> Iterator[Finding]:
    """Every open board asks all of its queries again, for the samples that it already has."""
    scrape = subject.scrape_interval
    for path, board in subject.boards.items():
        every = seconds(board.get("refresh"))
        if every and every < scrape:
            message = f"it is refreshed every {every:g} s, and scraped every {scrape:g} s"
            yield report(path, "board", message, f"Refresh every {scrape:g} s or less often.")
