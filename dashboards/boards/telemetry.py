"""Can the other boards be believed, and would an alert get out?"""

from __future__ import annotations

from dataclasses import replace

from dashboards.model import Board, Word, graph, row, stat, table, timeline
from exporters.catalogue.labels import INSTANCE
from signals import scraping, telemetry, watchers

NO_ALERTMANAGER = "Grafana notifies here, not Alertmanager"
NO_GRAFANA = "Grafana has never failed, or does not notify here"
# Of one lane for each collector, in grid units.
LANES = 19
YESTERDAY = "no sample of yesterday yet"
NONE_RUNS = "nothing answers the exporter, so that none of its parts runs"
BLANK = f"Blank where {NONE_RUNS}."
LOADED = (Word(0, "refused", "bad"), Word(1, "loaded", "good"))
WORKS = (Word(0, "fails", "bad"), Word(1, "works", "good"))

BOARD = Board(
    uid="backend-telemetry",
    title="Telemetry",
    description="For whoever runs the watchers. Open it when a board has gaps, a number looks wrong or an "
    "alert did not come: what is scraped, how old each value is, whether rules run and messages leave.",
    source="",
    anchor=None,
    rows=(
        row(
            "Can the boards be believed?",
            stat(telemetry.REACHABLE, title="Prometheus"),
            stat(scraping.TARGETS_DOWN, zero="every target answers", moves="stop-exporter"),
            stat(
                scraping.COLLECTORS_FAILING,
                title="Parts failing",
                zero="every collector works",
                no_value="none runs",
                note=BLANK,
                moves="lock-table",
            ),
            stat(scraping.STALEST, title="Oldest value", no_value="none runs", note=BLANK),
            stat(watchers.RULES_LATE, title="Rules late", zero="all were evaluated in time"),
            stat(watchers.RULE_FAILURES, title="Rules failing", zero="no rule fails"),
            stat(watchers.CONFIG_LOADED, title="Configuration", words=LOADED, zero="the last reload failed"),
            stat(watchers.TSDB_FAILURES, title="DB failures", zero="none failed"),
        ),
        row(
            "Is every target there?",
            graph(telemetry.TARGET_ANSWERS, zero="the target does not answer", moves="stop-exporter"),
            graph(telemetry.WATCHER_ANSWERS, zero="the target does not answer", moves="stop-exporter"),
            graph(telemetry.SCRAPE_TIME),
            graph(telemetry.JOB_TARGETS, zero="no target"),
            graph(telemetry.SERVERS_WATCHED, zero="no longer watched"),
        ),
        row(
            "Is what they say whole and fresh?",
            replace(
                timeline(
                    telemetry.COLLECTORS,
                    words=WORKS,
                    zero="the collector fails",
                    no_value=NONE_RUNS,
                    moves="lock-table",
                ),
                width=24,
                height=LANES,
            ),
            graph(telemetry.CACHE_AGE, title="Age of what is remembered", no_value=NONE_RUNS, width=8),
            graph(telemetry.DROPPED_SERIES, columns=True, zero="nothing left out", width=8),
            graph(telemetry.INSTRUMENTATION_ERRORS, columns=True, zero="no errors", width=8),
        ),
        row(
            "Are the rules evaluated?",
            graph(watchers.RULE_FAILURES, columns=True, zero="no rule fails"),
            graph(watchers.RULES_SHARE),
        ),
        row(
            "Does a message get out?",
            graph(
                watchers.MESSAGES_SENT,
                columns=True,
                zero="none sent",
                no_value="Grafana notifies, and has sent none yet",
                width=8,
            ),
            graph(
                watchers.MESSAGES_FAILED,
                columns=True,
                zero="none given up",
                no_value=NO_ALERTMANAGER,
                width=8,
            ),
            graph(
                watchers.GRAFANA_MESSAGES_FAILED,
                columns=True,
                zero="none given up",
                no_value=NO_GRAFANA,
                width=8,
            ),
        ),
        row(
            "Each target",
            table(
                "Targets now",
                telemetry.TARGET_ANSWERS,
                scraping.SAMPLE_AGE,
                telemetry.SCRAPE_TIME,
                telemetry.SAMPLES,
                scraping.SERIES_ADDED,
                key=INSTANCE.name,
            ),
            timeline(telemetry.TARGETS, zero="the target does not answer", moves="stop-exporter", width=24),
            collapsed=True,
        ),
        row(
            "Collectors in detail",
            graph(scraping.COLLECTOR_TIME),
            graph(scraping.REMEMBERED, no_value=NONE_RUNS),
            graph(
                telemetry.COLLECTOR_ERRORS,
                columns=True,
                zero="no collector fails",
                no_value="no collector has failed since the exporter started",
                moves="lock-table",
            ),
            graph(scraping.CONNECTS, zero="no new connection"),
            graph(telemetry.RECONNECTS, zero="the session is kept", moves="cut-sessions"),
            collapsed=True,
        ),
        row(
            "What fills Prometheus?",
            table("Metrics with most series", scraping.SERIES_BY_METRIC, key="__name__"),
            graph(telemetry.SAMPLES),
            graph(telemetry.SERIES_GROWTH, no_value=YESTERDAY),
            graph(scraping.SERIES_ADDED, zero="none is new"),
            graph(watchers.HEAD_SERIES),
            graph(scraping.EXPORTED, width=24),
            collapsed=True,
        ),
        row(
            "Rules and storage in detail",
            stat(watchers.BLOCKS_BYTES, zero="no block before the first two hours"),
            stat(watchers.HISTORY, no_value="nothing is kept yet"),
            stat(watchers.SAMPLES_REFUSED, zero="none refused"),
            stat(watchers.RULES_MISSED, zero="none left out"),
            graph(watchers.GROUP_SHARE),
            graph(watchers.GRAFANA_RULE_FAILURES, columns=True, zero="no rule fails", no_value=NO_GRAFANA),
            graph(watchers.TSDB_FAILURES, title="Failures of Prometheus' database", zero="none failed"),
            timeline(watchers.CONFIG_LOADED, words=LOADED, zero="the last reload failed"),
            timeline(
                watchers.MESSAGES_CONFIG_LOADED,
                words=LOADED,
                zero="the last reload failed",
                no_value=NO_ALERTMANAGER,
            ),
            timeline(telemetry.FILE_READ, words=LOADED, zero="the last reload failed"),
            graph(telemetry.CERTIFICATE_LEFT, zero="the certificate has ended"),
            graph(telemetry.LOGINS_REFUSED, zero="nobody is refused"),
            collapsed=True,
        ),
    ),
)
