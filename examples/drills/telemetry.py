"""Drills of whoever watches."""

from __future__ import annotations

from dashboards.drill.model import Drill
from examples.drills.common import HEAVY, SLOW

LANE = "telemetry"

DRILLS = (
    Drill(alerts=("ScrapeSlow",), fault="slow-scrape", lane=LANE),
    Drill(alerts=("ExporterCollectorFailing",), fault="revoke-statements", lag=HEAVY, lane=LANE),
    Drill(alerts=("TargetAbsent",), fault="empty-targets", about={"scrape_job": "api"}),
    # The exporter's own page, and that of the application's metrics, which it serves too.
    Drill(alerts=("WatcherDown", "TargetDown"), fault="stop-exporter", in_ci=True),
    # Watchdog's messages, which come all the time; the other routes still work.
    Drill(
        alerts=("AlertmanagerNotificationsFailing",),
        fault="refuse-messages",
        about={"integration": "webhook"},
        window=300,
    ),
    # For seconds after each reload Prometheus knows no Alertmanager; what it could not send it repeats after
    # a minute of its own clock.
    Drill(alerts=("PrometheusConfigReloadFailed",), fault="break-config", last=True, slack=75),
    Drill(
        alerts=("AlertmanagerConfigReloadFailed",),
        fault="break-config",
        options={"server": "alertmanager"},
        last=True,
    ),
    Drill(alerts=("PrometheusRuleFailures",), fault="fail-rule", last=True, slack=75),
    Drill(alerts=("PrometheusRulesSlow",), fault="slow-rule", consequences=SLOW, last=True, slack=75),
)
