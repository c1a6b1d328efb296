"""Alerts of both engines as the checks go through them."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.expressions import Json, grafana_rules
from dashboards.checks.subject import Subject


def of_grafana(subject: Subject) -> Iterator[tuple[str, str, Json, Json]]:
    """File, place, group and rule of each Grafana-managed alert."""
    for path, document in subject.alerting.items():
        for group, rule in grafana_rules(document):
            yield path, f"alert {rule.get('title')}", group, rule


def of_prometheus(subject: Subject) -> Iterator[tuple[str, str, Json]]:
    """File, place and rule of each alert of Prometheus."""
    for path, document in subject.rule_files.items():
        for _, rule in grafana_rules(document):
            if "alert" in rule:
                yield path, f"alert {rule['alert']}", rule


def of_both(subject: Subject) -> Iterator[tuple[str, str, Json]]:
    """File, place and rule of each alert of either engine."""
    for path, where, _, rule in of_grafana(subject):
        yield path, where, rule
    yield from of_prometheus(subject)


def name(rule: Json) -> str:
    """The alert's name, which both engines give to the label `alertname`."""
    return str(rule.get("title") or rule.get("alert"))
