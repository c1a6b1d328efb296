"""Intervals and holds are times that the engines take."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import of_grafana, of_prometheus
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.provisioned.structs import TICK
from dashboards.checks.subject import Subject
from dashboards.checks.times import seconds


@file_rule("rule-times", "intervals and holds of rules are times that the engines take", about="own")
def times(subject: Subject, report: Report) -> Iterator[Finding]:
    """Grafana's scheduler ticks every ten seconds."""
    for path, document in subject.alerting.items():
        for group in document.get("groups", ()):
            interval = seconds(group.get("interval"))
            if not interval or interval % TICK:
                message = f"its interval is {group.get('interval')!r}; expected a multiple of {TICK} s"
                yield report(path, f"group {group.get('name')}", message, "Round it up.")
    grafana = ((path, where, rule, ("for", "keepFiringFor")) for path, where, _, rule in of_grafana(subject))
    prometheus = (
        (path, where, rule, ("for", "keep_firing_for")) for path, where, rule in of_prometheus(subject)
    )
    for path, where, rule, keys in (*grafana, *prometheus):
        for key in keys:
            if key in rule and seconds(rule[key]) is None:
                yield report(
                    path, where, f"{key} is {rule[key]!r}; expected a time such as 5m", "Correct it."
                )
