"""What the catalogue says of other servers is what they say, metric by metric."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from dashboards.stack import STACK
from dashboards.write import render
from exporters.catalogue import Metric, external, metrics_of
from exporters.catalogue.external import ALERTNAME, ALERTS, ALERTS_SINCE, ALERTSTATE, SEVERITY
from exporters.catalogue.labels import CLUSTER, ENVIRONMENT, INSTANCE, JOB
from tests.servers.exporter_support import schema
from tests.stack.conftest import Running

METRICS = {metric.name: metric for metric in metrics_of(external)}
PAGES = ("prometheus.self", "alertmanager.self", "blackbox.probe")
# Prometheus makes these as it scrapes and evaluates. Grafana, which may be missing, has a recorded page.
MADE = ("prometheus.scrape", "alerts.prometheus")
TARGET_LABELS = {label.name for label in (JOB, INSTANCE, ENVIRONMENT, CLUSTER)}


def ask(running: Running, path: str, **query: str) -> Any:
    """What Prometheus says of itself."""
    answer = requests.get(f"{running.prometheus.url}/api/v1/{path}", params=query, timeout=10)
    return answer.json()["data"]


def live_page(running: Running, metric: Metric) -> str:
    """The page that Prometheus scrapes the metric from."""
    if metric.source == "prometheus":
        address = f"{running.prometheus.url}/metrics"
    elif metric.source == "alertmanager":
        address = f"{running.chain.alertmanager.url}/metrics"
    else:
        (address,) = (
            target["scrapeUrl"]
            for target in ask(running, "targets")["activeTargets"]
            if target["labels"]["job"] == "api-health"
        )
    return requests.get(address, timeout=10).text


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.collector in PAGES])
def test_a_server_writes_it_with_this_type_and_these_labels(name: str, running: Running) -> None:
    metric = METRICS[name]
    lines = live_page(running, metric).splitlines(keepends=True)
    written = re.compile(rf"(?:# \w+ )?{name}[ {{]")
    found = schema("".join(line for line in lines if written.match(line)))
    assert found.get(name) == (metric.kind, metric.label_names())


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.collector in MADE])
def test_prometheus_makes_it_for_each_target_or_alert(name: str, running: Running) -> None:
    metric = METRICS[name]
    answer = [labels for labels, _ in running.prometheus.query(name)]
    found = [set(labels) - {"__name__"} for labels in answer]
    assert found
    if metric in (ALERTS, ALERTS_SINCE):
        always = metric.label_names() - {JOB.name, INSTANCE.name}  # which an alert may have
        own = {alert.name: {label.name for label in alert.by} for alert in running.stack.alerts}
        for labels, each in zip(found, answer, strict=True):
            assert always <= labels <= metric.label_names() | TARGET_LABELS | own[each[ALERTNAME.name]]
    else:
        assert {frozenset(labels) for labels in found} == {metric.label_names() | TARGET_LABELS}
    # It is no counter: nothing that a target writes has this name, and what Prometheus makes are gauges.
    assert ask(running, "metadata", metric=name) == {}
    assert metric.kind == "gauge"


def test_nothing_is_left_out_but_grafana() -> None:
    others = {metric.collector for metric in METRICS.values()} - {*PAGES, *MADE}
    assert others == {"grafana.self"}


def test_alerts_have_the_values_of_their_closed_sets(running: Running) -> None:
    rows = [labels for labels, _ in running.prometheus.query(ALERTS.name)]
    assert "Watchdog" in {labels[ALERTNAME.name] for labels in rows}
    for label in (ALERTSTATE, SEVERITY):
        assert {labels[label.name] for labels in rows} <= set(label.values)


def test_each_of_them_is_read_by_a_file() -> None:
    words = set(re.findall(r"\w+", b"".join(render(STACK).values()).decode()))
    assert METRICS.keys() - words == set()
