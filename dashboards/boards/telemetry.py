"""Can the other boards be believed, and would an alert get out?"""

from __future__ import annotations

from dashboards.model import Board, graph, row, stat, timeline
from signals import telemetry, watchers

NO_ALERTMANAGER = "Grafana notifies here, not Alertmanager"
NO_GRAFANA = "Grafana has never failed, or does not notify here"
YESTERDAY = "no sample of yesterday yet"

BOARD = Board(
    uid="backend-telemetry",
    title="Telemetry",
    description="For whoever runs the watchers. Open it when a board has gaps or an alert did not come.",
    source="",
    anchor=None,
    rows=(
        row(
            "Can the boards be believed?",
            stat(telemetry.REACHABLE, title="Prometheus"),
            stat(watchers.CONFIG_LOADED, title="Configuration", zero="the last reload failed"),
            stat(watchers.RULES_AGE, title="Rules evaluated"),
            stat(watchers.RULE_FAILURES, title="Rules failing", zero="no rule fails"),
            stat(watchers.TSDB_FAILURES, title="Database failures", zero="none failed"),
        ),
        row(
            "Is every target there?",
            graph(telemetry.TARGET_ANSWERS, zero="the target does not answer", moves="stop-exporter"),
            graph(telemetry.WATCHER_ANSWERS, zero="the target does not answer", moves="stop-exporter"),
            graph(telemetry.JOB_TARGETS, zero="no target"),
            graph(telemetry.SCRAPE_TIME),
            graph(telemetry.SERIES_GROWTH, empty=YESTERDAY),
        ),
        row(
            "Is what they say whole and fresh?",
            timeline(telemetry.COLLECTORS, zero="the collector fails", moves="lock-table"),
            graph(telemetry.CACHE_AGE, title="Age of what is remembered"),
            graph(telemetry.DROPPED_SERIES, zero="nothing left out"),
            graph(telemetry.INSTRUMENTATION_ERRORS, zero="no errors"),
        ),
        row(
            "Are the rules evaluated?",
            graph(watchers.RULE_FAILURES, zero="no rule fails"),
            graph(watchers.RULES_SHARE),
            graph(watchers.TSDB_FAILURES, title="Failures of Prometheus' database", zero="none failed"),
            timeline(watchers.CONFIG_LOADED, zero="the last reload failed"),
        ),
        row(
            "Does a message get out?",
            graph(watchers.MESSAGES_FAILED, zero="none given up", empty=NO_ALERTMANAGER),
            timeline(watchers.MESSAGES_CONFIG_LOADED, zero="the last reload failed", empty=NO_ALERTMANAGER),
            graph(watchers.GRAFANA_MESSAGES_FAILED, zero="none given up", empty=NO_GRAFANA),
            graph(watchers.GRAFANA_RULE_FAILURES, zero="no rule fails", empty=NO_GRAFANA),
        ),
        row(
            "In detail",
            graph(telemetry.SAMPLES),
            graph(
                telemetry.COLLECTOR_ERRORS,
                zero="no collector fails",
                empty="no collector has failed since the exporter started",
                moves="lock-table",
            ),
            collapsed=True,
        ),
    ),
)
