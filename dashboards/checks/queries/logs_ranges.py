"""A range over logs that is written out does not follow the zoom."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, excerpt, file_rule
from dashboards.checks.logql import AUTO, fixed, wrong
from dashboards.checks.queries.logs import asked
from dashboards.checks.subject import Subject


@file_rule(
    "logql-range",
    "ranges over logs follow the zoom of the graph",
    answers=("target-logql-auto-rule",),
    about="others",
)
def ranges(subject: Subject, report: Report) -> Iterator[Finding]:
    """Ranges that are written out."""
    for path, where, text in asked(subject):
        if not wrong(text) and fixed(text):
            yield report(path, where, f"it has a fixed range, in `{excerpt(text)}`", f"Write [{AUTO}].")
