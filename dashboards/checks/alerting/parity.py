"""Two engines evaluate one definition."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import name, of_grafana, of_prometheus
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

INFO = "info"


@file_rule("both-engines", "an alert is in both engines, or declared for one", about="own")
def parity(subject: Subject, report: Report) -> Iterator[Finding]:
    """Info is for Prometheus alone, and only Grafana can fire on the error of a query."""
    grafana = {name(rule): (path, where, rule) for path, where, _, rule in of_grafana(subject)}
    prometheus = {name(rule): (path, where, rule) for path, where, rule in of_prometheus(subject)}
    if not grafana:
        return
    for title, (path, where, rule) in grafana.items():
        if title in prometheus:
            mine, theirs = (each.get("labels", {}) for each in (rule, prometheus[title][2]))
            if mine != theirs:
                message = f"its labels are {mine} in Grafana and {theirs} in Prometheus"
                yield report(path, where, message, "Render both from one definition.")
        elif rule.get("execErrState") != "Alerting" and title not in subject.alone:
            yield report(path, where, "Prometheus has no such alert", "Declare its engines, or render both.")
    for title, (path, where, rule) in prometheus.items():
        info = rule.get("labels", {}).get("severity") == INFO
        if title not in grafana and not info and title not in subject.alone:
            yield report(path, where, "Grafana has no such alert", "Declare its engines, or render both.")
