"""One engine notifies: nobody is woken twice, and nobody is left asleep."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.alerting.all_rules import of_both
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import ALERTMANAGER, PROMETHEUS, Subject


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
