"""A board asks no more often than there is something new."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject
from dashboards.checks.times import seconds

# Its min_refresh_interval, where nobody changed it.
LEAST = 5


@file_rule(
    "board-refresh",
    "a board is refreshed no more often than it is scraped, or than Grafana takes",
    answers=("E30",),
)
def refresh(subject: Subject, report: Report) -> Iterator[Finding]:
    """Every open board asks all of its queries again, for the samples that it already has.

    How often others' boards are scraped is not known; what Grafana does not take it refuses to save, and
    slows down where it is provisioned.
    """
    scrape = subject.scrape_interval
    for path, board in subject.boards.items():
        every = seconds(board.get("refresh"))
        least = scrape or LEAST
        if every and every < least:
            why = f"scraped every {scrape:g} s" if scrape else f"Grafana takes no less than {LEAST:g} s"
            message = f"it is refreshed every {every:g} s, and {why}"
            yield report(path, "board", message, f"Refresh every {least:g} s or less often.")
