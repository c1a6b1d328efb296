"""Alerts that no fault of minutes fires, each with the reason."""

from __future__ import annotations

from examples.drills.backfilled import BACKFILLED

GRAFANA = "Grafana does not notify in the demo; its page is recorded, and promtool proves the rule"
REPLICA = "the demo has no replica; tests/servers make one, and promtool proves the rule"
TRANSACTIONS = "half a billion transactions take a day; promtool proves it"

UNDRILLED = {
    **{each.alert.name: each.reason for each in BACKFILLED},
    "Watchdog": "it fires always; tests/stack kill Alertmanager, then Prometheus, and hear its silence",
    "PrometheusUnreachable": "Grafana alone evaluates it; make grafana-check stops Prometheus under one",
    "ApiPartlyDown": "the demo has one application, so one URL; promtool proves it",
    "ApiNearCapacity": "the demo's machine does not carry 400 requests per second; promtool proves it",
    "ExporterCertificateEnds": "its exporter speaks no TLS; promtool and the exporter's tests prove it",
    "ExporterConfigReloadFailed": "the demo reads its file once; promtool and the exporter's tests prove it",
    "ExporterLoginsRefused": "its exporter asks for no name; promtool and the exporter's tests prove it",
    "ExporterStale": "a collector that fails tells no age, so one would have to hang; promtool proves it",
    "PostgresXidAgeHigh": TRANSACTIONS,
    "PostgresXidAgeCritical": TRANSACTIONS,
    "PostgresReplicationLag": REPLICA,
    "PostgresReplicationSlotBehind": "it takes gigabytes; tests/servers stop a reader, promtool proves it",
    "RedisReplicaLinkDown": REPLICA,
    "PrometheusTsdbProblem": "it takes a full disk, which is the machine's; promtool proves it",
    "ExporterSeriesDropped": "the demo has fewer objects than any cap; tests/servers reach one",
    "InstrumentationErrors": "the instrumentation has no known error; tests/api make some",
    "GrafanaEvaluationFailing": GRAFANA,
    "GrafanaNotificationsFailing": GRAFANA,
    "DbPoolCeilingAboveServer": "max_connections changes with a restart alone; the demo's baseline fires it",
}
