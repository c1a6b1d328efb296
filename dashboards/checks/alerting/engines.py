"""Two engines evaluate, one notifies: nobody is woken twice, and nobody is left asleep."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import name, of_both, of_grafana, of_prometheus
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import ALERTMANAGER, PROMETHEUS, Subject

INFO = "info"


@file_rule("one-notifier", "exactly one engine notifies", about="own")
def notifier(subject: Subject, report: Report) -> Iterator[Finding]:
    """Grafana's policies and rules against Prometheus' Alertmanager."""
    if not subject.prometheus:
        return
    grafana = any(
        document.get(key)
        for document in subject.alerting.values()
        for key in ("groups", "contactPoints", "policies")
    )
    prometheus = bool(subject.prometheus.get("alerting", {}).get("alertmanagers"))
    if grafana and prometheus:
        message = "Grafana has rules and routes, and Prometheus an Alertmanager: everything is told twice"
        yield report(PROMETHEUS, "alerting", message, "Render for one engine.")
    elif not grafana and not prometheus and any(of_both(subject)):
        message = "neither Grafana nor an Alertmanager is told of alerts: nobody is woken"
        yield report(PROMETHEUS, "alerting", message, "Render for one engine.")
    if prometheus != bool(subject.alertmanager):
        message = (
            "Prometheus sends alerts to an Alertmanager that is not rendered"
            if prometheus
            else "Alertmanager is rendered, and Prometheus does not send to it"
        )
        yield report(
            PROMETHEUS if prometheus else ALERTMANAGER, "alerting", message, "Render for one engine."
        )


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
