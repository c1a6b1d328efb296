"""Alerts that no fault of minutes fires, each with the reason."""

from __future__ import annotations

WEEK = "it compares with the week before, which a demo of minutes does not have; promtool proves it"
DAYS = "it looks back for days; promtool proves it, and what it reads"

DAY = "it compares with a day or more ago, which a demo of minutes does not have; promtool proves it"
GRAFANA = "Grafana does not notify in the demo; its page is recorded, and promtool proves the rule"
TRANSACTIONS = "half a billion transactions take a day; promtool proves it"

UNDRILLED = {
    "ApiErrorBudgetBurnSlow": DAYS,
    "ApiLatencyBudgetBurnSlow": DAYS,
    "ApiLatencyBudgetBurnFast": "most of an hour must be slow, which no drill lasts; promtool proves it",
    "Watchdog": "it fires always; a drill that waits for its silence would break all others",
    "PrometheusUnreachable": "Grafana alone evaluates it; make grafana-check stops Prometheus under one",
    "RedisKeyPatternExploded": WEEK,
    "RedisUnmatchedKeysGrowing": WEEK,
    "ApiTrafficDrop": DAY,
    "ApiExceptionNew": DAY,
    "ApiCompressionLost": DAY,
    "ApiNearCapacity": "the demo's machine does not carry 400 requests per second; promtool proves it",
    "ExporterStale": "a collector that fails tells no age, so one would have to hang; promtool proves it",
    "ExpectedIndexUnused": DAYS,
    "DbPoolWaitHigh": "its hold begins anew at each look that finds a full pool, as a drill showed: a defect",
    "PostgresVacuumStale": WEEK,
    "PostgresXidAgeHigh": TRANSACTIONS,
    "PostgresXidAgeCritical": TRANSACTIONS,
    "PostgresReplicationLag": "the demo has no replica; tests/servers make one, and promtool proves the rule",
    "SeriesGrowth": DAY,
    "PrometheusTsdbProblem": "it takes a full disk, which is the machine's; promtool proves it",
    "ExporterSeriesDropped": "the demo has fewer objects than any cap; tests/servers reach one",
    "InstrumentationErrors": "the instrumentation has no known error; tests/api make some",
    "GrafanaEvaluationFailing": GRAFANA,
    "GrafanaNotificationsFailing": GRAFANA,
    "DbPoolCeilingAboveServer": "max_connections changes with a restart alone; the demo's baseline fires it",
}
