"""The checks on anybody's alerting files: Grafana's rules and notifications, and Prometheus' rules.

They read what a person wrote, with its line and column, and say what its reader would do with it.
"""

from __future__ import annotations

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned.check import Check, reporter
from dashboards.checks.provisioned.files import Files
from dashboards.checks.provisioned.found import Found, found
from dashboards.checks.provisioned.page import page
from dashboards.checks.provisioned.rules import CHECKS

__all__ = ["CHECKS", "Check", "Found", "found", "judge", "page"]


def judge(given: Found) -> list[Finding]:
    """What is wrong in these files, in their order."""
    files = Files(given.files)
    findings = set(given.findings)
    for check in CHECKS:
        findings.update(check.run(files, reporter(check)))
    return sorted(findings, key=lambda each: (each.file, each.line, each.column, each.rule, each.message))
