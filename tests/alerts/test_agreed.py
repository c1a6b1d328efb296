"""Whom each rule may wake and when, written once more: a slip in a rule must not take its proof along."""

from __future__ import annotations

import pytest

from alerts.model import Alert
from alerts.rules import ALERTS

# Severity, then window, hold and keep in seconds.
AGREED: dict[str, tuple[str, float, float, float]] = {
    "ApiDown": ("critical", 300, 60, 60),
    "ApiPartlyDown": ("warning", 300, 300, 0),
    "ApiErrorBudgetBurnFast": ("critical", 300, 120, 600),
    "ApiErrorBudgetBurnSlow": ("warning", 300, 900, 60),
    "ApiLatencyBudgetBurnFast": ("critical", 300, 120, 600),
    "ApiLatencyBudgetBurnSlow": ("warning", 300, 900, 60),
    "ApiLatencyP95High": ("warning", 300, 600, 300),
    "ApiLatencyAverageHigh": ("warning", 300, 900, 300),
    "ApiExceptionNew": ("warning", 300, 0, 0),
    "ApiTrafficDrop": ("warning", 300, 600, 300),
    "ApiNearCapacity": ("warning", 300, 900, 600),
    "ApiInProgressHigh": ("warning", 300, 300, 300),
    "ApiEventLoopLag": ("warning", 300, 300, 300),
    "ApiWorkersMissing": ("warning", 300, 600, 0),
    "ApiNPlusOne": ("warning", 600, 900, 600),
    "ApiResponseLarge": ("warning", 600, 900, 600),
    "ApiCompressionLost": ("warning", 600, 900, 600),
    "ApiQueriesPerRequestHigh": ("warning", 600, 900, 600),
    "DbPoolTimeouts": ("warning", 300, 0, 600),
    "DbPoolSaturated": ("warning", 300, 300, 300),
    "DbPoolWaitHigh": ("warning", 300, 300, 120),
    "DbConnectionsHeldLong": ("warning", 600, 600, 600),
    "DbPoolCeilingAboveServer": ("warning", 300, 900, 0),
    "PostgresDown": ("critical", 300, 60, 60),
    "PostgresConnectionsCritical": ("critical", 300, 120, 300),
    "PostgresConnectionsHigh": ("warning", 300, 300, 60),
    "PostgresIdleInTransaction": ("warning", 300, 120, 120),
    "PostgresLongTransaction": ("warning", 300, 120, 0),
    "PostgresBlockedSessions": ("warning", 300, 120, 120),
    "PostgresDeadlocks": ("warning", 900, 0, 900),
    "PostgresCacheHitLow": ("warning", 600, 900, 600),
    "PostgresTempFiles": ("warning", 600, 900, 600),
    "PostgresSlowQueries": ("warning", 600, 900, 600),
    "PostgresStatementsEvicted": ("warning", 3600, 900, 0),
    "PostgresSeqScanOnLargeTable": ("warning", 900, 900, 600),
    "PostgresIndexUseLow": ("warning", 900, 1800, 600),
    "PostgresIndexInvalid": ("warning", 300, 1800, 0),
    "ExpectedIndexMissing": ("warning", 300, 900, 0),
    "ExpectedIndexInvalid": ("warning", 300, 900, 0),
    "ExpectedIndexWrongColumns": ("warning", 300, 900, 0),
    "ExpectedIndexUnused": ("info", 300, 900, 0),
    "PostgresDeadTuplesHigh": ("warning", 300, 1800, 0),
    "PostgresVacuumStale": ("warning", 300, 1800, 0),
    "PostgresXidAgeCritical": ("critical", 300, 300, 300),
    "PostgresXidAgeHigh": ("warning", 300, 1800, 0),
    "PostgresReplicationLag": ("warning", 300, 300, 120),
    "PostgresReplicationSlotInactive": ("warning", 300, 900, 0),
    "PostgresReplicationSlotBehind": ("warning", 300, 900, 0),
    "PgBouncerDown": ("critical", 300, 60, 60),
    "PgBouncerClientsWaiting": ("warning", 300, 120, 120),
    "RedisDown": ("critical", 300, 60, 60),
    "RedisEvictionsHurt": ("warning", 600, 600, 600),
    "RedisHitRatioLow": ("warning", 600, 600, 300),
    "RedisEvictionsHigh": ("warning", 600, 600, 300),
    "RedisMaxmemoryLow": ("warning", 300, 900, 0),
    "RedisPolicyChanged": ("warning", 1800, 0, 0),
    "RedisMemoryFull": ("critical", 300, 120, 60),
    "RedisFragmentationHigh": ("warning", 300, 1800, 0),
    "RedisRejectedConnections": ("critical", 300, 0, 600),
    "RedisClientsHigh": ("warning", 300, 300, 300),
    "RedisBlockedClients": ("warning", 300, 600, 0),
    "RedisKeysWithoutTtlGrowing": ("warning", 1800, 1800, 0),
    "RedisKeyPatternExploded": ("warning", 300, 600, 0),
    "RedisUnmatchedKeysGrowing": ("warning", 300, 600, 0),
    "RedisPersistenceFailing": ("warning", 300, 600, 0),
    "RedisReplicaLinkDown": ("warning", 300, 300, 0),
    "WatcherDown": ("critical", 300, 180, 60),
    "TargetDown": ("warning", 300, 180, 60),
    "TargetAbsent": ("critical", 300, 300, 60),
    "ExporterServerMissing": ("critical", 300, 300, 60),
    "ScrapeSlow": ("warning", 300, 900, 0),
    "SeriesGrowth": ("warning", 300, 1800, 0),
    "ExporterSeriesDropped": ("warning", 300, 900, 0),
    "ExporterConfigReloadFailed": ("warning", 300, 300, 0),
    "ExporterCertificateEnds": ("warning", 300, 600, 0),
    "ExporterReconnects": ("warning", 900, 600, 0),
    "ExporterLoginsRefused": ("warning", 900, 600, 0),
    "ExporterCollectorFailing": ("warning", 300, 600, 0),
    "ExporterStale": ("warning", 300, 300, 0),
    "InstrumentationErrors": ("warning", 600, 600, 0),
    "PrometheusRuleFailures": ("warning", 300, 600, 0),
    "PrometheusRulesSlow": ("warning", 300, 600, 0),
    "PrometheusConfigReloadFailed": ("warning", 300, 300, 0),
    "PrometheusTsdbProblem": ("warning", 900, 0, 900),
    "AlertmanagerNotificationsFailing": ("critical", 900, 0, 900),
    "AlertmanagerConfigReloadFailed": ("warning", 300, 300, 0),
    "GrafanaEvaluationFailing": ("warning", 300, 600, 0),
    "GrafanaNotificationsFailing": ("critical", 900, 0, 900),
    "PrometheusUnreachable": ("critical", 300, 120, 0),
    "Watchdog": ("info", 300, 0, 0),
}


def test_each_rule_is_listed() -> None:
    assert {alert.name for alert in ALERTS} == AGREED.keys()


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_rule_wakes_whom_and_when_it_should(alert: Alert) -> None:
    assert (alert.severity.value, alert.window, alert.hold, alert.keep) == AGREED[alert.name]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_message_on_a_server_says_which(alert: Alert) -> None:
    """Several servers have a database, a table or an index of one name."""
    if alert.service in ("postgres", "redis"):
        assert "{{ $labels.instance }}" in alert.summary
