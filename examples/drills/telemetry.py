"""Drills of whoever watches."""

from __future__ import annotations

from dashboards.drill.model import Drill
from examples.drills.common import DISCOVERY, HEAVY, RESEND, SLOW, STOPPED
from examples.faults.watchers import EVALUATION

LANE = "telemetry"

DRILLS = (
    # Where it begins and ends the application's page is away for a moment: what is pending begins anew.
    Drill(alerts=("ScrapeSlow",), fault="slow-scrape", unscaled=DISCOVERY),
    Drill(alerts=("ExporterCollectorFailing",), fault="revoke-statements", lag=HEAVY, lane=LANE),
    Drill(alerts=("ExporterReconnects",), fault="cut-sessions", about={"backend": "postgres"}, lane=LANE),
    Drill(alerts=("TargetAbsent",), fault="empty-targets", unscaled=DISCOVERY, about={"job": "api"}),
    # The exporter's own page, and that of the application's metrics, which it serves too.
    Drill(alerts=("WatcherDown", "TargetDown"), fault="stop-exporter", in_ci=True),
    # Watchdog's messages, which come all the time; the other routes still work.
    Drill(
        alerts=("AlertmanagerNotificationsFailing",),
        fault="refuse-messages",
        about={"integration": "webhook"},
        window=300,
    ),
    # For seconds after the reload that heals, Prometheus knows no Alertmanager, and repeats the end later.
    Drill(alerts=("PrometheusConfigReloadFailed",), fault="break-config", last=True, resent=RESEND),
    Drill(
        alerts=("AlertmanagerConfigReloadFailed",),
        fault="break-config",
        options={"server": "alertmanager"},
        last=True,
    ),
    Drill(alerts=("PrometheusRuleFailures",), fault="fail-rule", last=True, resent=RESEND),
    # Of PostgreSQL nothing is known, so it disturbs whatever is judged by it.
    Drill(
        alerts=("ExporterServerMissing",),
        fault="forget-database",
        about={"backend": "postgres"},
        window=STOPPED,
        fades=STOPPED,
        unscaled=DISCOVERY,
        resent=RESEND,
        last=True,
    ),
    # How long an evaluation takes is told when the first has ended, on a busy machine after twice as long.
    Drill(
        alerts=("PrometheusRulesSlow",),
        fault="slow-rule",
        consequences=SLOW,
        unscaled=2 * EVALUATION,
        resent=RESEND,
        last=True,
    ),
)
