"""What a rule does without data or on an error is said, not left to Grafana."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import of_grafana
from dashboards.checks.finding import Finding, Report, file_rule, listed
from dashboards.checks.provisioned.structs import ERROR_STATES, NO_DATA_STATES
from dashboards.checks.subject import Subject

STATES = {"noDataState": NO_DATA_STATES, "execErrState": ERROR_STATES}


@file_rule(
    "rule-states", "what a rule does without data or on an error is said, and known to Grafana", about="own"
)
def states(subject: Subject, report: Report) -> Iterator[Finding]:
    """Left out, an error pages: Grafana's default is Alerting."""
    for path, where, _, rule in of_grafana(subject):
        for key, known in STATES.items():
            if rule.get(key) not in known:
                yield report(path, where, f"{key} is {rule.get(key)!r}", f"Choose one of {listed(known)}.")
