"""Files that their readers can read."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject


@file_rule("file-readable", "every file is JSON or YAML in UTF-8, and no key stands twice", about="own")
def readable(subject: Subject, report: Report) -> Iterator[Finding]:
    """What no reader takes."""
    for path, reason in subject.unreadable.items():
        yield report(path, "file", f"it cannot be read: {reason}", "Write it anew.")
