"""Cases of the rules in `alerts.rules.telemetry`."""

from __future__ import annotations

from alerts.cases.common import EXPORTER, GRAFANA, HALF, HEALTH, PG_UP, REDIS_UP
from alerts.proof.model import Case, Held
from alerts.proof.series import INSTANCES, Series, counter, gauge
from alerts.rules import telemetry
from exporters.catalogue import api as api_metrics
from exporters.catalogue import external, pgbouncer, postgres, redis, self_
from signals.idioms import DAY

FIVE_OF_TWELVE = (0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0)
# Yesterday, in less than two hours.
YESTERDAY = {86_400.0: 6000.0, 3600.0: 900.0}


POOLER_UP = gauge(pgbouncer.UP, 1, 1, 1, 1)


def collectors(
    *, postgres: tuple[float, ...], redis: tuple[float, ...], pooler: tuple[float, ...] = (1, 1, 1, 1)
) -> tuple[Series, ...]:
    """A collector of each server, and that all of them answer."""
    return (
        gauge(self_.COLLECTOR_SUCCESS, *postgres, collector="postgres.tables"),
        gauge(self_.REDIS_COLLECTOR_SUCCESS, *redis, collector="redis.keyspace"),
        gauge(self_.PGBOUNCER_COLLECTOR_SUCCESS, *pooler, job="pgbouncer", collector="pgbouncer.pools"),
        PG_UP,
        REDIS_UP,
        POOLER_UP,
    )


def remembered(renewal: float, *ages: float, **labels: str) -> tuple[Series, ...]:
    """What a collector does not ask anew in each scrape: how old it is, and how often it is to be renewed."""
    return gauge(self_.CACHE_AGE, *ages, **labels), gauge(self_.CACHE_RENEWAL, *[renewal] * 4, **labels)


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
        series=(
            gauge(external.UP, 1, 1, None, 1, job="api"),
            # That it does not answer is another matter.
            gauge(external.UP, 1, 0, 0, 1, job="exporter"),
        ),
        labels={"job": "api"},
        summary="Prometheus has no target at all of the job api.",
        nudge=1,
        alone=True,
    ),
    *(
        Case(
            alert=telemetry.EXPORTER_SERVER_MISSING,
            name=f"of {backend}",
            series=(
                gauge(up, 1, 0, None, 1),
                POOLER_UP,
                gauge(other, 1, 1, 1, 1),
                gauge(external.UP, 1, 1, 1, 1, job="exporter"),
            ),
            labels={**EXPORTER, "backend": backend},
            summary=f"The exporter exporter:10910 answers, but no longer says whether {backend} does.",
            held=(
                Held(why="WatcherDown speaks", guard=telemetry.ANSWERS, levels={external.UP.name: 0}),
                Held(why="it was never watched", guard=None, levels={}, past={up.name: None}),
            ),
            nudge=1,
            past=1,
            spans={DAY: 3600},
        )
        for backend, up, other in (
            ("postgres", postgres.UP, redis.UP),
            ("redis", redis.UP, postgres.UP),
        )
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
        spans=YESTERDAY,
    ),
    Case(
        alert=telemetry.EXPORTER_SERIES_DROPPED,
        series=(counter(self_.DROPPED_SERIES, 0, 0, (1, *[0] * 18), 0, reason="cap"),),
        labels={**EXPORTER, "reason": "cap"},
        summary="The exporter exporter:10910 left about 1 series out of its pages within 5 min (cap).",
    ),
    Case(
        alert=telemetry.EXPORTER_CONFIG_RELOAD_FAILED,
        series=(gauge(self_.CONFIG_LOADED, 1, 1, 0, 1),),
        labels=EXPORTER,
        summary="The exporter exporter:10910 could not read its configuration again.",
    ),
    Case(
        alert=telemetry.EXPORTER_CERTIFICATE_ENDS,
        series=(gauge(self_.CERTIFICATE_LEFT, 0.9, 0.105, 0.095, 1),),
        labels=EXPORTER,
        summary="Of the certificate of the exporter exporter:10910 9.5% of its time is left, below 10 %.",
    ),
    Case(
        alert=telemetry.EXPORTER_RECONNECTS,
        series=(
            counter(self_.CONNECTS, 0.02, 0.1914, 0.2, 0.02, backend="postgres", result="ok"),
            # Neither is an open session cut: a server that is down, and passes over keys.
            counter(self_.CONNECTS, 1, 1, 1, 1, backend="postgres", result="error"),
            counter(self_.CONNECTS, 1, 1, 1, 1, backend="redis", result="ok"),
        ),
        labels={**EXPORTER, "backend": "postgres"},
        summary="The exporter exporter:10910 opened about 12 sessions to postgres within 15 min, above 11: "
        "something ends them.",
    ),
    Case(
        alert=telemetry.EXPORTER_LOGINS_REFUSED,
        series=(
            counter(self_.LOGINS, 1, 1, 1, 1, result="ok"),
            counter(self_.LOGINS, 0.02, 0.17, 0.17, 0, result="wrong"),
            counter(self_.LOGINS, 0, 0.0214, 0.03, 0, result="busy"),
        ),
        labels=EXPORTER,
        summary="The exporter exporter:10910 refused about 12 logins within 15 min, above 11.",
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
        alert=telemetry.EXPORTER_COLLECTOR_FAILING,
        name="of PgBouncer",
        series=collectors(postgres=(1, 1, 1, 1), redis=(1, 1, 1, 1), pooler=(1, 1, 0, 1)),
        labels={"job": "pgbouncer", "instance": INSTANCES["pgbouncer"], "collector": "pgbouncer.pools"},
        summary="The collector pgbouncer.pools of the exporter pooler fails, although its server answers.",
        held=(Held(why="PgBouncerDown speaks", guard=None, levels={POOLER_UP.name: 0}),),
    ),
    Case(
        alert=telemetry.EXPORTER_STALE,
        series=(
            *remembered(60, 30, 300, 315, 30, backend="postgres", collector="postgres.tables"),
            # Fresh: these are read every five minutes, and a pass over many keys takes seven.
            *remembered(300, 900, 900, 900, 900, backend="postgres", collector="postgres.sizes"),
            *remembered(480, 480, 480, 480, 480, backend="redis", collector="redis.keyspace"),
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
