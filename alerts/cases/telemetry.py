"""Cases of the rules in `alerts.rules.telemetry`."""

from __future__ import annotations

from alerts.cases.common import EXPORTER, GRAFANA, HALF, HEALTH, PG_UP, PROMETHEUS, REDIS_UP
from alerts.proof.model import Case, Held
from alerts.proof.series import INSTANCES, Series, counter, gauge
from alerts.rules import telemetry
from exporters.catalogue import api as api_metrics
from exporters.catalogue import external, self_

FIVE_OF_TWELVE = (0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0)
JOB_API = {**PROMETHEUS, "scrape_job": "api"}
UNDISCOVERED = gauge(external.JOB_TARGETS, None, None, None, None, scrape_job="api")
# Yesterday, in less than two hours.
DAY = {86_400.0: 6000.0, 3600.0: 900.0}


def discovered(*levels: float) -> Series:
    """What service discovery gives for the job api."""
    return gauge(external.JOB_DISCOVERED, *levels, name="scrape", config="api")


def collectors(*, postgres: tuple[float, ...], redis: tuple[float, ...]) -> tuple[Series, ...]:
    """A collector of each server, and that both servers answer."""
    return (
        gauge(self_.COLLECTOR_SUCCESS, *postgres, collector="postgres.tables"),
        gauge(self_.REDIS_COLLECTOR_SUCCESS, *redis, collector="redis.keyspace"),
        PG_UP,
        REDIS_UP,
    )


CASES = (
    Case(
        alert=telemetry.WATCHER_DOWN,
        name="the exporter",
        series=(gauge(external.UP, 1, HALF, FIVE_OF_TWELVE, 1, job="exporter"),),
        labels=EXPORTER,
        summary="exporter:10910 (exporter) answered 41.67% of its scrapes, below 50 %: nobody knows whether "
        "what it watches is down.",
        nudge=0.2,
    ),
    Case(
        alert=telemetry.WATCHER_DOWN,
        name="the probe, which leaves ApiDown without a voice",
        series=(gauge(external.UP, 1, HALF, FIVE_OF_TWELVE, 1, job="api-health"),),
        labels=HEALTH,
        summary="http://api:8000/health (api-health) answered 41.67% of its scrapes, below 50 %: nobody "
        "knows whether what it watches is down.",
        nudge=0.2,
    ),
    Case(
        alert=telemetry.TARGET_DOWN,
        name="of two, that of which WatcherDown does not speak",
        series=(
            gauge(external.UP, 1, HALF, FIVE_OF_TWELVE, 1, job="grafana"),
            gauge(external.UP, 1, HALF, FIVE_OF_TWELVE, 1, job="exporter"),
            gauge(external.PROBE_SUCCESS, 1, 1, None, 1),
        ),
        labels=GRAFANA,
        summary="grafana:3000 (grafana) answered 41.67% of its scrapes, below 50 %.",
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
        alert=telemetry.TARGET_ABSENT,
        name="none discovered, ever",
        # Where messages go is no job.
        series=(
            UNDISCOVERED,
            discovered(2, 1, 0, 2),
            gauge(external.JOB_DISCOVERED, 0, 0, 0, 0, name="notify", config="config-0"),
        ),
        labels=JOB_API,
        summary="Prometheus has no target at all of the job api.",
        nudge=1,
    ),
    Case(
        alert=telemetry.TARGET_ABSENT,
        name="all dropped by relabelling",
        series=(gauge(external.JOB_TARGETS, 2, 1, 0, 2, scrape_job="api"), discovered(2, 2, 2, 2)),
        labels=JOB_API,
        summary="Prometheus has no target at all of the job api.",
        nudge=1,
    ),
    Case(
        alert=telemetry.SCRAPE_SLOW,
        series=(
            gauge(external.SCRAPE_DURATION, 1, 8, 8.4, 1, job="exporter"),
            gauge(external.UP, 1, 1, 1, 1, job="exporter"),
        ),
        labels=EXPORTER,
        summary="A scrape of exporter:10910 (exporter) takes 8.4s, above 8 s.",
        held=(Held(why="TargetDown speaks", guard=telemetry.ANSWERS, levels={external.UP.name: 0}),),
    ),
    Case(
        alert=telemetry.SERIES_GROWTH,
        series=(gauge(external.SCRAPE_SAMPLES, 4000, 8000, 8400, 4000, job="exporter"),),
        labels=EXPORTER,
        summary="exporter:10910 (exporter) writes 210% of the samples of yesterday, above 200 %.",
        held=(
            Held(
                why="few samples",
                guard=telemetry.MANY_SAMPLES,
                levels={external.SCRAPE_SAMPLES.name: 4900},
                past={external.SCRAPE_SAMPLES.name: 100},
            ),
        ),
        past=2,
        spans=DAY,
    ),
    Case(
        alert=telemetry.EXPORTER_SERIES_DROPPED,
        series=(counter(self_.DROPPED_SERIES, 0, 0, (1, *[0] * 18), 0, reason="cap"),),
        labels={**EXPORTER, "reason": "cap"},
        summary="The exporter exporter:10910 left about 1 series out of its pages within 5 min (cap).",
    ),
    Case(
        alert=telemetry.EXPORTER_COLLECTOR_FAILING,
        name="of PostgreSQL",
        series=collectors(postgres=(1, 1, 0, 1), redis=(1, 1, 1, 1)),
        labels={**EXPORTER, "collector": "postgres.tables"},
        summary="The collector postgres.tables of the exporter exporter:10910 fails, although its server "
        "answers.",
        held=(Held(why="PostgresDown speaks", guard=None, levels={PG_UP.name: 0}),),
    ),
    Case(
        alert=telemetry.EXPORTER_COLLECTOR_FAILING,
        name="of Redis",
        series=collectors(postgres=(1, 1, 1, 1), redis=(1, 1, 0, 1)),
        labels={**EXPORTER, "collector": "redis.keyspace"},
        summary="The collector redis.keyspace of the exporter exporter:10910 fails, although its server "
        "answers.",
        held=(Held(why="RedisDown speaks", guard=None, levels={REDIS_UP.name: 0}),),
    ),
    Case(
        alert=telemetry.EXPORTER_STALE,
        series=(
            gauge(self_.CACHE_AGE, 30, 300, 315, 30, backend="postgres", collector="postgres.tables"),
            # Fresh: these are read every five minutes.
            gauge(self_.CACHE_AGE, 900, 900, 900, 900, backend="postgres", collector="postgres.sizes"),
        ),
        labels={**EXPORTER, "collector": "postgres.tables"},
        summary="What postgres.tables of the exporter exporter:10910 shows is old: 525% of its renewal, "
        "above 500 %.",
    ),
    Case(
        alert=telemetry.INSTRUMENTATION_ERRORS,
        series=(counter(api_metrics.INSTRUMENTATION_ERRORS, 0, 0, (1, *[0] * 38), 0, site="query"),),
        labels={"job": "api", "site": "query"},
        summary="The instrumentation of api had about 1 errors of its own within 10 min (query).",
    ),
    Case(alert=telemetry.WATCHDOG, labels={}, summary="Alerting works."),
)
