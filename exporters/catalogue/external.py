"""What other servers of the stack say, as far as something here reads it.

They are Prometheus, Alertmanager, Grafana and blackbox_exporter. Not ours to emit: a test of the stack looks
each of them up on the running servers.
"""

from __future__ import annotations

from exporters.catalogue.labels import INSTANCE, JOB
from exporters.catalogue.types import Counter, Gauge, Label

ALERTNAME = Label(name="alertname", help="Name of the alert.", bound="the rules loaded")
ALERTSTATE = Label(name="alertstate", help="State of the alert.", values=("pending", "firing"))
SEVERITY = Label(name="severity", help="Whom it may wake.", values=("critical", "warning", "info"))
SERVICE = Label(name="service", help="What the alert is about.", bound="the services of the rules")
INTEGRATION = Label(name="integration", help="Kind of channel, such as slack.", bound="the kinds there are")
ORG = Label(name="org", help="Grafana's organisation.", bound="the organisations")
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
SERIES_ADDED = Gauge(
    name="scrape_series_added",
    help="Series that were new in the last scrape of the target, roughly.",
    collector="prometheus.scrape",
)
ALERTS = Gauge(
    name="ALERTS",
    help="1 for each alert that is pending or firing in Prometheus.",
    collector="alerts.prometheus",  # of every job, and some of none: no board narrows it by job
    labels=(ALERTNAME, ALERTSTATE, SEVERITY, SERVICE, JOB, INSTANCE),
    optional="while nothing is pending or firing",
)
ALERTS_SINCE = Gauge(
    name="ALERTS_FOR_STATE",
    help="Since when the condition of each alert that is pending or firing holds, in Unix time.",
    collector="alerts.prometheus",
    unit="timestamp",
    labels=(ALERTNAME, SEVERITY, SERVICE, JOB, INSTANCE),
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
RULES_SECONDS = Gauge(
    name="prometheus_rule_group_last_duration_seconds",
    help="How long the last evaluation of the group took.",
    collector="prometheus.self",
    unit="seconds",
    labels=(RULE_GROUP,),
)
RULES_INTERVAL = Gauge(
    name="prometheus_rule_group_interval_seconds",
    help="How often the group is to be evaluated.",
    collector="prometheus.self",
    unit="seconds",
    labels=(RULE_GROUP,),
)
RULES_MISSED = Counter(
    name="prometheus_rule_group_iterations_missed_total",
    help="Evaluations of the group that were left out, since the one before was not over.",
    collector="prometheus.self",
    labels=(RULE_GROUP,),
)
CONFIG_LOADED = Gauge(
    name="prometheus_config_last_reload_successful",
    help="1 if the configuration was loaded when that was last tried.",
    collector="prometheus.self",
)
COMPACTIONS_FAILED = Counter(
    name="prometheus_tsdb_compactions_failed_total",
    help="Compactions of the database that failed.",
    collector="prometheus.self",
)
CHECKPOINTS_FAILED = Counter(
    name="prometheus_tsdb_checkpoint_creations_failed_total",
    help="Checkpoints of the write-ahead log that failed.",
    collector="prometheus.self",
)
WAL_WRITES_FAILED = Counter(
    name="prometheus_tsdb_wal_writes_failed_total",
    help="Writes to the write-ahead log that failed.",
    collector="prometheus.self",
)
HEAD_SERIES = Gauge(
    name="prometheus_tsdb_head_series",
    help="Series in memory: those of about the last two hours.",
    collector="prometheus.self",
)
BLOCKS_BYTES = Gauge(
    name="prometheus_tsdb_storage_blocks_bytes",
    help="Disk that the blocks of the database take.",
    collector="prometheus.self",
    unit="bytes",
)
OLDEST_SAMPLE = Gauge(
    name="prometheus_tsdb_lowest_timestamp_seconds",
    help="The oldest sample kept, in Unix time; far in the future where there is none.",
    collector="prometheus.self",
    unit="timestamp",
)
OUT_OF_ORDER = Counter(
    name="prometheus_target_scrapes_sample_out_of_order_total",
    help="Samples refused because a newer one was there.",
    collector="prometheus.self",
)
DUPLICATE_TIME = Counter(
    name="prometheus_target_scrapes_sample_duplicate_timestamp_total",
    help="Samples refused because there was another one of their time.",
    collector="prometheus.self",
)
MESSAGES_SENT = Counter(
    name="alertmanager_notifications_total",
    help="Messages that Alertmanager tried to send.",
    collector="alertmanager.self",
    labels=(INTEGRATION,),
)
MESSAGES_FAILED = Counter(
    name="alertmanager_notifications_failed_total",
    help="Messages that Alertmanager gave up; newer ones also say the reason.",
    collector="alertmanager.self",
    labels=(INTEGRATION,),
)
MESSAGES_CONFIG_LOADED = Gauge(
    name="alertmanager_config_last_reload_successful",
    help="1 if Alertmanager loaded its configuration when that was last tried.",
    collector="alertmanager.self",
)
GRAFANA_RULE_FAILURES = Counter(
    name="grafana_alerting_rule_evaluation_failures_total",
    help="Evaluations of Grafana's rules that failed.",
    collector="grafana.self",
    labels=(ORG,),
    optional="until a rule was evaluated",
)
GRAFANA_MESSAGES_SENT = Counter(
    name="grafana_alerting_notifications_total",
    help="Messages that Grafana tried to send.",
    collector="grafana.self",
    labels=(ORG, INTEGRATION),
    optional="until one was sent",
)
GRAFANA_MESSAGES_FAILED = Counter(
    name="grafana_alerting_notifications_failed_total",
    help="Messages that Grafana gave up.",
    collector="grafana.self",
    labels=(ORG, INTEGRATION),
    optional="until one was given up",
)
PROBE_SUCCESS = Gauge(
    name="probe_success",
    help="1 if the probe from outside succeeded.",
    collector="blackbox.probe",
)
