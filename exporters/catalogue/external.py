"""What other servers of the stack say, as far as something here reads it: Prometheus and blackbox_exporter.

Not ours to emit: a test of the stack looks each of them up on the running servers.
"""

from __future__ import annotations

from exporters.catalogue.labels import INSTANCE, JOB
from exporters.catalogue.types import Counter, Gauge, Label

ALERTNAME = Label(name="alertname", help="Name of the alert.", bound="the rules loaded")
ALERTSTATE = Label(name="alertstate", help="State of the alert.", values=("pending", "firing"))
SEVERITY = Label(name="severity", help="Whom it may wake.", values=("critical", "warning", "info"))
SERVICE = Label(name="service", help="What the alert is about.", bound="the services of the rules")
RULE_GROUP = Label(name="rule_group", help="File and name of a group of rules.", bound="the groups loaded")

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
PROBE_SUCCESS = Gauge(
    name="probe_success",
    help="1 if the probe from outside succeeded.",
    collector="blackbox.probe",
)
