"""Rules on what evaluates the rules: a watcher that fails says nothing by itself."""

from __future__ import annotations

from alerts.model import Alert, Severity
from exporters.catalogue import external
from exporters.catalogue.labels import INSTANCE, JOB
from signals import watchers

PROMETHEUS_RULE_FAILURES = Alert(
    name="PrometheusRuleFailures",
    service="telemetry",
    severity=Severity.WARNING,
    signal=watchers.RULE_FAILURES,
    operator=">",
    by=(JOB, INSTANCE),
    hold=600,
    summary="About {{ $value | humanize }} evaluations of rules failed in Prometheus {{ $labels.instance }} "
    "within {window}.",
    description="A rule that fails neither fires nor resolves; what it records has gaps.",
)
PROMETHEUS_RULES_SLOW = Alert(
    name="PrometheusRulesSlow",
    service="telemetry",
    severity=Severity.WARNING,
    signal=watchers.RULES_SHARE,
    operator=">",
    by=(JOB, INSTANCE),
    hold=600,
    summary="A group of rules in Prometheus {{ $labels.instance }} takes {{ $value | humanizePercentage }} "
    "of its interval, above {limit}.",
    description="Evaluations are skipped, or soon will be: alerts come late.",
)
PROMETHEUS_CONFIG_RELOAD_FAILED = Alert(
    name="PrometheusConfigReloadFailed",
    service="telemetry",
    severity=Severity.WARNING,
    signal=watchers.CONFIG_LOADED,
    operator="<",
    by=(JOB, INSTANCE),
    hold=300,
    summary="Prometheus {{ $labels.instance }} could not load its configuration.",
    description="It goes on with the old one: new targets and rules do not count, and a restart would fail.",
)
PROMETHEUS_TSDB_PROBLEM = Alert(
    name="PrometheusTsdbProblem",
    service="telemetry",
    severity=Severity.WARNING,
    signal=watchers.TSDB_FAILURES,
    operator=">",
    by=(JOB, INSTANCE),
    window=900,
    hold=0,
    keep=900,
    summary="The database of Prometheus {{ $labels.instance }} failed about {{ $value | humanize }} times "
    "within {window}.",
    description="Samples may be lost; when the disk is full, no rule can be evaluated any more.",
)
ALERTMANAGER_NOTIFICATIONS_FAILING = Alert(
    name="AlertmanagerNotificationsFailing",
    service="telemetry",
    severity=Severity.CRITICAL,
    signal=watchers.MESSAGES_FAILED,
    operator=">",
    by=(JOB, INSTANCE, external.INTEGRATION),
    notifier="prometheus",
    window=900,
    hold=0,
    keep=900,
    summary="Alertmanager gave up about {{ $value | humanize }} messages by {{ $labels.integration }} within "
    "{window}.",
    description="Whoever is told by this channel alone does not know what is wrong.",
)
ALERTMANAGER_CONFIG_RELOAD_FAILED = Alert(
    name="AlertmanagerConfigReloadFailed",
    service="telemetry",
    severity=Severity.WARNING,
    signal=watchers.MESSAGES_CONFIG_LOADED,
    operator="<",
    by=(JOB, INSTANCE),
    notifier="prometheus",
    hold=300,
    summary="Alertmanager {{ $labels.instance }} could not load its configuration.",
    description="It goes on with the old one: new routes and channels do not count, a restart would fail.",
)
GRAFANA_EVALUATION_FAILING = Alert(
    name="GrafanaEvaluationFailing",
    service="telemetry",
    severity=Severity.WARNING,
    signal=watchers.GRAFANA_RULE_FAILURES,
    operator=">",
    by=(JOB, INSTANCE),
    notifier="grafana",
    hold=600,
    summary="About {{ $value | humanize }} evaluations of rules failed in Grafana {{ $labels.instance }} "
    "within {window}.",
    description="A rule that fails keeps the state that it had, whatever happens.",
)
GRAFANA_NOTIFICATIONS_FAILING = Alert(
    name="GrafanaNotificationsFailing",
    service="telemetry",
    severity=Severity.CRITICAL,
    signal=watchers.GRAFANA_MESSAGES_FAILED,
    operator=">",
    by=(JOB, INSTANCE, external.INTEGRATION),
    notifier="grafana",
    window=900,
    hold=0,
    keep=900,
    summary="Grafana gave up about {{ $value | humanize }} messages by {{ $labels.integration }} within "
    "{window}.",
    description="Whoever is told by this channel alone does not know what is wrong.",
)
ALERTS = (
    PROMETHEUS_RULE_FAILURES,
    PROMETHEUS_RULES_SLOW,
    PROMETHEUS_CONFIG_RELOAD_FAILED,
    PROMETHEUS_TSDB_PROBLEM,
    ALERTMANAGER_NOTIFICATIONS_FAILING,
    ALERTMANAGER_CONFIG_RELOAD_FAILED,
    GRAFANA_EVALUATION_FAILING,
    GRAFANA_NOTIFICATIONS_FAILING,
)
