"""Cases of the rules in `alerts.rules.telemetry`."""

from __future__ import annotations

from alerts.cases.common import EXPORTER, HALF, HEALTH
from alerts.proof.model import Case, Held
from alerts.proof.series import INSTANCES, gauge
from alerts.rules import telemetry
from exporters.catalogue import external

FIVE_OF_TWELVE = (0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0)

CASES = (
    Case(
        alert=telemetry.TARGET_DOWN,
        series=(gauge(external.UP, 1, HALF, FIVE_OF_TWELVE, 1, job="exporter"),),
        labels=EXPORTER,
        summary="exporter:10910 (exporter) answered 41.67% of its scrapes, below 50 %.",
        nudge=0.2,
    ),
    Case(
        alert=telemetry.TARGET_DOWN,
        name="the application's metrics page alone",
        series=(
            gauge(external.UP, 1, HALF, FIVE_OF_TWELVE, 1, job="api"),
            gauge(external.PROBE_SUCCESS, 1, 1, 1, 1),
        ),
        labels={"job": "api", "instance": INSTANCES["api"]},
        summary="api:9000 (api) answered 41.67% of its scrapes, below 50 %.",
        held=(
            Held(
                why="ApiDown speaks",
                guard=telemetry.NOBODY_ELSE_SPEAKS,
                levels={external.PROBE_SUCCESS.name: 0},
            ),
        ),
        nudge=0.2,
    ),
    Case(
        alert=telemetry.TARGET_DOWN,
        name="the probe itself, which leaves ApiDown without a voice",
        series=(
            gauge(external.UP, 1, HALF, FIVE_OF_TWELVE, 1, job="api-health"),
            gauge(external.PROBE_SUCCESS, 1, 1, None, 1),
        ),
        labels=HEALTH,
        summary="http://api:8000/health (api-health) answered 41.67% of its scrapes, below 50 %.",
        nudge=0.2,
    ),
    Case(alert=telemetry.WATCHDOG, labels={}, summary="Alerting works."),
)
