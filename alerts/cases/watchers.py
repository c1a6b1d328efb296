"""Cases of the rules in `alerts.rules.watchers`."""

from __future__ import annotations

from alerts.cases.common import ALERTMANAGER, GRAFANA, PROMETHEUS
from alerts.proof.model import Case
from alerts.proof.series import counter, gauge
from alerts.rules import watchers
from exporters.catalogue import external

GROUP = {"rule_group": "/etc/prometheus/rules/api.yml;api"}

CASES = (
    Case(
        alert=watchers.PROMETHEUS_RULE_FAILURES,
        series=(counter(external.RULE_FAILURES, 0, 0, (1, *[0] * 18), 0, **GROUP),),
        labels=PROMETHEUS,
        summary="About 1 evaluations of rules failed in Prometheus localhost:9090 within 5 min.",
    ),
    Case(
        alert=watchers.PROMETHEUS_RULES_SLOW,
        series=(
            gauge(external.RULES_SECONDS, 1, 24, 25.2, 1, **GROUP),
            gauge(external.RULES_INTERVAL, 30, 30, 30, 30, **GROUP),
        ),
        labels=PROMETHEUS,
        summary="A group of rules in Prometheus localhost:9090 takes 84% of its interval, above 80 %.",
    ),
    Case(
        alert=watchers.PROMETHEUS_CONFIG_RELOAD_FAILED,
        series=(gauge(external.CONFIG_LOADED, 1, 1, 0, 1),),
        labels=PROMETHEUS,
        summary="Prometheus localhost:9090 could not load its configuration.",
    ),
    Case(
        alert=watchers.PROMETHEUS_TSDB_PROBLEM,
        series=(
            counter(external.COMPACTIONS_FAILED, 0, 0, (1, *[0] * 58), 0),
            counter(external.CHECKPOINTS_FAILED, 0, 0, 0, 0),
            counter(external.WAL_WRITES_FAILED, 0, 0, 0, 0),
        ),
        labels=PROMETHEUS,
        summary="The database of Prometheus localhost:9090 failed about 1 times within 15 min.",
    ),
    Case(
        alert=watchers.ALERTMANAGER_NOTIFICATIONS_FAILING,
        series=(counter(external.MESSAGES_FAILED, 0, 0, (1, *[0] * 58), 0, integration="slack"),),
        labels={**ALERTMANAGER, "integration": "slack"},
        summary="Alertmanager gave up about 1 messages by slack within 15 min.",
    ),
    Case(
        alert=watchers.ALERTMANAGER_CONFIG_RELOAD_FAILED,
        series=(gauge(external.MESSAGES_CONFIG_LOADED, 1, 1, 0, 1),),
        labels=ALERTMANAGER,
        summary="Alertmanager alertmanager:9093 could not load its configuration.",
    ),
    Case(
        alert=watchers.GRAFANA_EVALUATION_FAILING,
        series=(counter(external.GRAFANA_RULE_FAILURES, 0, 0, (1, *[0] * 18), 0, org="1"),),
        labels=GRAFANA,
        summary="About 1 evaluations of rules failed in Grafana grafana:3000 within 5 min.",
    ),
    Case(
        alert=watchers.GRAFANA_NOTIFICATIONS_FAILING,
        series=(
            counter(external.GRAFANA_MESSAGES_FAILED, 0, 0, (1, *[0] * 58), 0, org="1", integration="slack"),
        ),
        labels={**GRAFANA, "integration": "slack"},
        summary="Grafana gave up about 1 messages by slack within 15 min.",
    ),
)
