"""What other servers of the stack say: Prometheus, Alertmanager, blackbox_exporter, Grafana.

Not ours to emit, so these are checked against the running servers instead of by emitted == declared.
"""

from __future__ import annotations

from exporters.catalogue.labels import INSTANCE, JOB
from exporters.catalogue.types import Counter, Gauge, Label

ALERTNAME = Label(name="alertname", help="Name of the alert.", bound="the rules loaded")
ALERTSTATE = Label(name="alertstate", help="State of the alert.", values=("pending", "firing"))
SEVERITY = Label(name="severity", help="Whom it may wake.", values=("critical", "warning", "info"))
SERVICE = Label(name="service", help="What the alert is about.", bound="the services of the rules")
RULE_GROUP = Label(name="rule_group", help="File and name of a group of rules.", bound="the groups loaded")
INTEGRATION = Label(name="integration", help="Kind of receiver.", bound="the integrations built in")
REASON = Label(name="reason", help="Why a notification failed.", bound="the reasons built in")

UP = Gauge(
    name="up",
    help="1 if the last scrape of the target succeeded.",
    collector="prometheus.scrape",
)
SCRAPE_DURATION = Gauge(
    name="scrape_duration_seconds",
    help="Time of the last scrape of the target.",
    collector="prometheus.scrape",
    unit="seconds",
)
SCRAPE_SAMPLES = Gauge(
    name="scrape_samples_post_metric_relabeling",
    help="Samples of the last scrape of the target.",
    collector="prometheus.scrape",
)
ALERTS = Gauge(
    name="ALERTS",
    help="1 for each alert that is pending or firing in Prometheus.",
    collector="alerts.prometheus",  # of every job, and some of none: no board narrows it by job
    labels=(ALERTNAME, ALERTSTATE, SEVERITY, SERVICE, JOB, INSTANCE),
    optional="while nothing is pending or firing",
)
RULE_FAILURES = Counter(
    name="prometheus_rule_evaluation_failures_total",
    help="Evaluations of rules that failed.",
    collector="prometheus.self",
    labels=(RULE_GROUP,),
)
RULES_EVALUATED = Gauge(
    name="prometheus_rule_group_last_evaluation_timestamp_seconds",
    help="When the group of rules was last evaluated, in Unix time.",
    collector="prometheus.self",
    unit="timestamp",
    labels=(RULE_GROUP,),
)
CONFIG_RELOAD_OK = Gauge(
    name="prometheus_config_last_reload_successful",
    help="1 if the last reload of the configuration succeeded.",
    collector="prometheus.self",
)
HEAD_SERIES = Gauge(
    name="prometheus_tsdb_head_series",
    help="Series in memory.",
    collector="prometheus.self",
)
PROBE_SUCCESS = Gauge(
    name="probe_success",
    help="1 if the probe from outside succeeded.",
    collector="blackbox.probe",
)
PROBE_DURATION = Gauge(
    name="probe_duration_seconds",
    help="Time of the probe.",
    collector="blackbox.probe",
    unit="seconds",
)
PROBE_STATUS_CODE = Gauge(
    name="probe_http_status_code",
    help="HTTP status code the probe got; 0 if there was no answer.",
    collector="blackbox.probe",
)
NOTIFICATIONS = Counter(
    name="alertmanager_notifications_total",
    help="Notifications attempted.",
    collector="alertmanager.self",
    labels=(INTEGRATION,),
    optional="where Grafana notifies",
)
NOTIFICATIONS_FAILED = Counter(
    name="alertmanager_notifications_failed_total",
    help="Notifications that failed.",
    collector="alertmanager.self",
    labels=(INTEGRATION,),
    optional="where Grafana notifies",
)
