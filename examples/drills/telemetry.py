"""Drills of whoever watches."""

from __future__ import annotations

from dashboards.drill.model import Drill
from examples.drills.common import HEAVY, SLOW
from signals.limits.telemetry import CACHE_AGE

LANE = "telemetry"

DRILLS = (
    Drill(alerts=("PrometheusConfigReloadFailed",), fault="break-config", lane=LANE, in_ci=True),
    Drill(alerts=("PrometheusRuleFailures",), fault="fail-rule", lane=LANE),
    Drill(alerts=("ScrapeSlow",), fault="slow-scrape", lane=LANE),
    # What was remembered of statements is too old after as many looks as the limit says.
    Drill(
        alerts=("ExporterCollectorFailing", "ExporterStale"),
        fault="revoke-statements",
        window=HEAVY * CACHE_AGE.value,
        lag=HEAVY,
        lane=LANE,
    ),
    Drill(alerts=("PrometheusRulesSlow",), fault="slow-rule", consequences=SLOW, lane=LANE),
    Drill(alerts=("TargetAbsent",), fault="empty-targets", about={"scrape_job": "api"}),
    Drill(alerts=("TargetDown",), fault="stop-exporter", in_ci=True),
)
