"""Severities decide who is woken: a misspelt one reaches the wrong people."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import of_both
from dashboards.checks.finding import Finding, Report, file_rule, listed, nearest
from dashboards.checks.subject import Subject

SEVERITIES = ("critical", "warning", "info")


@file_rule("rule-severity", "every alert is critical, warning or info", about="own")
def severities(subject: Subject, report: Report) -> Iterator[Finding]:
    """The label `severity`."""
    for path, where, rule in of_both(subject):
        found = rule.get("labels", {}).get("severity")
        if found not in SEVERITIES:
            fix = nearest(str(found), SEVERITIES) or f"Choose one of {listed(SEVERITIES)}."
            yield report(path, where, f"its severity is {found!r}", fix)
