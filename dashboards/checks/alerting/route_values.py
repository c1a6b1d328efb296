"""A route for what no alert can have hears nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import name, of_both
from dashboards.checks.alerting.matchers import every
from dashboards.checks.alerting.severity import SEVERITIES
from dashboards.checks.finding import Finding, Report, file_rule, listed, nearest
from dashboards.checks.subject import Subject

# Grafana's own alerts on rules that err or have no data.
GRAFANAS_OWN = ("DatasourceError", "DatasourceNoData")
# Other regular expressions are not judged.
PLAIN = re.compile(r"[\w|-]+\Z")


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
