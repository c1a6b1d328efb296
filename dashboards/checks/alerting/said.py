"""A message says in words what happened."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import of_both
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject


@file_rule("rule-said", "every alert says in a summary and a description what happened", about="own")
def said(subject: Subject, report: Report) -> Iterator[Finding]:
    """What stands in the message."""
    for path, where, rule in of_both(subject):
        for key in ("summary", "description"):
            if not str(rule.get("annotations", {}).get(key, "")).strip():
                yield report(path, where, f"it has no {key}", "Write one sentence.")
