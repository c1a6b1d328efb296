"""A query of logs that does not parse shows an error in place of lines."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, excerpt, file_rule
from dashboards.checks.logql import wrong
from dashboards.checks.queries.logs import asked
from dashboards.checks.subject import Subject


@file_rule("logql-parses", "every query of logs is LogQL", answers=("target-logql-rule",), about="others")
def parses(subject: Subject, report: Report) -> Iterator[Finding]:
    """What Loki refuses by its form."""
    for path, where, text in asked(subject):
        reason = wrong(text)
        if reason:
            yield report(path, where, f"no LogQL: {reason}, in `{excerpt(text)}`", "Correct it.")
