"""Severities decide who is woken: a misspelt one reaches the wrong people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import name, of_both
from dashboards.checks.alerting.matchers import every
from dashboards.checks.finding import Finding, Report, file_rule, listed, nearest
from dashboards.checks.subject import Subject

SEVERITIES = ("critical", "warning", "info")
# Grafana's own alerts on rules that err or have no data.
GRAFANAS_OWN = ("DatasourceError", "DatasourceNoData")
# Other regular expressions are not judged.
PLAIN = re.compile(r"[\w|-]+\Z")


@file_rule("rule-severity", "every alert is critical, warning or info", about="own")
def severities(subject: Subject, report: Report) -> Iterator[Finding]:
    """The label `severity`."""
    for path, where, rule in of_both(subject):
        found = rule.get("labels", {}).get("severity")
        if found not in SEVERITIES:
            fix = nearest(str(found), SEVERITIES) or f"Choose one of {listed(SEVERITIES)}."
            yield report(path, where, f"its severity is {found!r}", fix)


@file_rule(
    "route-value", "routes and inhibitions name severities, services and alerts that there are", about="own"
)
def values(subject: Subject, report: Report) -> Iterator[Finding]:
    """A route for a severity that no alert can have hears nothing."""
    rules = [rule for _, _, rule in of_both(subject)]
    known = {
        "severity": set(SEVERITIES),
        "service": {str(rule.get("labels", {}).get("service")) for rule in rules},
        "alertname": {*map(name, rules), *GRAFANAS_OWN},
    }
    for path, where, label, operator, value in every(subject):
        if label not in known or not PLAIN.match(value):
            continue
        for part in value.split("|") if "~" in operator else (value,):
            if part not in known[label]:
                fix = nearest(part, known[label]) or f"There are: {listed(known[label])}."
                yield report(path, where, f"it matches {label} {part!r}, which no alert has", fix)
