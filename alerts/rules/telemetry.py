"""Rules on the watchers themselves: is there anything to judge by, and does a message still get out?"""

from __future__ import annotations

from alerts.model import Alert, Severity, State
from exporters.catalogue import api, external, self_
from exporters.catalogue.labels import INSTANCE, JOB
from signals import telemetry
from signals.idioms import grouping, promql, select, span, value
from signals.limits import shared
from signals.limits import telemetry as limits
from signals.promql import Query

# As long as the rule itself looks back, so that both see an outage of the API begin and end together.
HEALTH_ANSWERS = Query(
    f"avg by {grouping(())} "
    f"(avg_over_time({select(external.PROBE_SUCCESS, JOB.eq('api-health'))}[{span(180)}]))",
    (external.PROBE_SUCCESS,),
)
# WatcherDown speaks for what pages need, and ApiDown for the application's own metrics page while nothing of
# it answers. It cannot where the probe is dead, so that job is not left out for good.
NOBODY_ELSE_SPEAKS = promql(
    "{others} or ({each} unless on (<by:>) {health} < <number:up_share>)",
    shared.UP_SHARE,
    others=value(external.UP, JOB.nre(f"api|{telemetry.PAGES_NEED}"), over="count"),
    each=value(external.UP, JOB.eq("api"), over="count"),
    health=HEALTH_ANSWERS,
)
GRAFANA_ALONE = "Grafana alone evaluates it, and promtool cannot: it fires on the error of a query."
ALWAYS_FIRES = "It fires for ever; its receiver's silence is the alarm."

WATCHER_DOWN = Alert(
    name="WatcherDown",
    service="telemetry",
    severity=Severity.CRITICAL,
    signal=telemetry.WATCHER_ANSWERS,
    operator="<",
    by=(JOB, INSTANCE),
    # As long as it looks back: the first scrapes after a start may all have failed.
    hold=180,
    keep=60,
    summary="{{ $labels.instance }} ({{ $labels.job }}) answered {{ $value | humanizePercentage }} of its "
    "scrapes, below {limit}: nobody knows whether what it watches is down.",
    description="Its host may be gone with all else on it, and no page on what it watches would come.",
)
TARGET_DOWN = Alert(
    name="TargetDown",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.TARGET_ANSWERS,
    operator="<",
    by=(JOB, INSTANCE),
    guards=(NOBODY_ELSE_SPEAKS,),
    # As long as it looks back: the first scrapes after a start may all have failed.
    hold=180,
    keep=60,
    summary="{{ $labels.instance }} ({{ $labels.job }}) answered {{ $value | humanizePercentage }} of its "
    "scrapes, below {limit}.",
    description="What this target measures is unknown: boards have gaps, and rules that read it are silent.",
)
# Where it does not, TargetDown speaks.
ANSWERS = promql("{share} >= <number:up_share>", shared.UP_SHARE, share=telemetry.TARGET_ANSWERS.query)
MANY_SAMPLES = promql(
    "{samples} > <number:minimum_samples>", limits.MINIMUM_SAMPLES, samples=telemetry.SAMPLES.query
)
TARGET_ABSENT = Alert(
    name="TargetAbsent",
    service="telemetry",
    severity=Severity.CRITICAL,
    signal=telemetry.JOB_TARGETS,
    operator="<",
    by=(JOB,),
    hold=300,
    keep=60,
    summary="Prometheus has no target at all of the job {{ $labels.job }}.",
    description="Nothing of it is measured, and no rule on it can fire, not even TargetDown.",
)
EXPORTER_SERVER_MISSING = Alert(
    name="ExporterServerMissing",
    service="telemetry",
    severity=Severity.CRITICAL,
    signal=telemetry.SERVERS_WATCHED,
    operator="<",
    by=(JOB, INSTANCE, self_.BACKEND),
    guards=(ANSWERS,),
    hold=300,
    keep=60,
    summary="The exporter {{ $labels.instance }} answers, but no longer says whether "
    "{{ $labels.backend }} does.",
    description="No rule on that server can fire: nobody would be told that it is down.",
)
SCRAPE_SLOW = Alert(
    name="ScrapeSlow",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.SCRAPE_TIME,
    operator=">",
    by=(JOB, INSTANCE),
    guards=(ANSWERS,),
    hold=900,
    summary="A scrape of {{ $labels.instance }} ({{ $labels.job }}) takes {{ $value | humanizeDuration }}, "
    "above {limit}.",
    description="Soon scrapes are given up: then boards have gaps, and rules are silent.",
)
SERIES_GROWTH = Alert(
    name="SeriesGrowth",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.SERIES_GROWTH,
    operator=">",
    by=(JOB, INSTANCE),
    guards=(MANY_SAMPLES,),
    hold=1800,
    summary="{{ $labels.instance }} ({{ $labels.job }}) writes {{ $value | humanizePercentage }} of the "
    "samples of yesterday, above {limit}.",
    description="A label without a bound fills Prometheus' memory, until it is ended with all alerts.",
)
EXPORTER_SERIES_DROPPED = Alert(
    name="ExporterSeriesDropped",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.DROPPED_SERIES,
    operator=">",
    by=(JOB, INSTANCE, self_.REASON),
    hold=900,
    summary="The exporter {{ $labels.instance }} left about {{ $value | humanize }} series out of its pages "
    "within {window} ({{ $labels.reason }}).",
    description="What is left out is missing on boards and in rules, which say nothing of it.",
)
EXPORTER_CONFIG_RELOAD_FAILED = Alert(
    name="ExporterConfigReloadFailed",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.FILE_READ,
    operator="<",
    by=(JOB, INSTANCE),
    hold=300,
    summary="The exporter {{ $labels.instance }} could not read its configuration again.",
    description="It goes on with the old one: new targets are not watched, new certificates not taken, and a "
    "restart would fail.",
)
EXPORTER_CERTIFICATE_ENDS = Alert(
    name="ExporterCertificateEnds",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.CERTIFICATE_LEFT,
    operator="<",
    by=(JOB, INSTANCE),
    hold=600,
    summary="Of the certificate of the exporter {{ $labels.instance }} {{ $value | humanizePercentage }} of "
    "its time is left, below {limit}.",
    description="When it has ended Prometheus takes no page, and nothing is known of PostgreSQL and Redis.",
)
EXPORTER_RECONNECTS = Alert(
    name="ExporterReconnects",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.RECONNECTS,
    operator=">",
    by=(JOB, INSTANCE, self_.BACKEND),
    window=900,
    hold=600,
    summary="The exporter {{ $labels.instance }} opened about {{ $value | humanize }} sessions to "
    "{{ $labels.backend }} within {window}, above {limit}: something ends them.",
    description="Each costs the server a process, and likely other clients' sessions are cut too.",
)
EXPORTER_LOGINS_REFUSED = Alert(
    name="ExporterLoginsRefused",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.LOGINS_REFUSED,
    operator=">",
    by=(JOB, INSTANCE),
    window=900,
    hold=600,
    summary="The exporter {{ $labels.instance }} refused about {{ $value | humanize }} logins within "
    "{window}, above {limit}.",
    description="A scraper with an old password sees nothing of PostgreSQL and Redis, or somebody guesses.",
)
EXPORTER_COLLECTOR_FAILING = Alert(
    name="ExporterCollectorFailing",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.COLLECTORS,
    operator="<",
    by=(JOB, INSTANCE, self_.COLLECTOR),
    hold=600,
    summary="The collector {{ $labels.collector }} of the exporter {{ $labels.instance }} fails, although "
    "its server answers.",
    description="A part of what is watched is missing on boards and in rules, which say nothing of it.",
)
EXPORTER_STALE = Alert(
    name="ExporterStale",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.CACHE_AGE,
    operator=">",
    by=(JOB, INSTANCE, self_.COLLECTOR),
    hold=300,
    summary="What {{ $labels.collector }} of the exporter {{ $labels.instance }} shows is old: "
    "{{ $value | humanizePercentage }} of its renewal, above {limit}.",
    description="Boards show values of earlier as if they were of now, and rules judge by them.",
)
INSTRUMENTATION_ERRORS = Alert(
    name="InstrumentationErrors",
    service="telemetry",
    severity=Severity.WARNING,
    signal=telemetry.INSTRUMENTATION_ERRORS,
    operator=">",
    by=(JOB, api.SITE),
    window=600,
    hold=600,
    summary="The instrumentation of {{ $labels.job }} had about {{ $value | humanize }} errors of its own "
    "within {window} ({{ $labels.site }}).",
    description="No request fails by it, but what the boards and rules of the application say is wrong.",
)
PROMETHEUS_UNREACHABLE = Alert(
    name="PrometheusUnreachable",
    service="telemetry",
    severity=Severity.CRITICAL,
    signal=telemetry.REACHABLE,
    operator="<",
    by=(),
    hold=120,
    engines=("grafana",),
    no_answer="fire",
    summary="Grafana gets no answer from Prometheus.",
    description="No other rule can be evaluated: each keeps the state that it had, whatever happens.",
    unproven=dict.fromkeys(State, GRAFANA_ALONE),
)
WATCHDOG = Alert(
    name="Watchdog",
    service="telemetry",
    severity=Severity.INFO,
    signal=telemetry.REACHABLE,
    limit=limits.ALIVE,
    operator=">",
    by=(),
    hold=0,
    summary="Alerting works.",
    description="This message comes again and again; its absence means that no alert gets through.",
    unproven={state: ALWAYS_FIRES for state in State if state is not State.FIRING},
)
ALERTS = (
    WATCHER_DOWN,
    TARGET_DOWN,
    TARGET_ABSENT,
    EXPORTER_SERVER_MISSING,
    SCRAPE_SLOW,
    SERIES_GROWTH,
    EXPORTER_SERIES_DROPPED,
    EXPORTER_CONFIG_RELOAD_FAILED,
    EXPORTER_CERTIFICATE_ENDS,
    EXPORTER_RECONNECTS,
    EXPORTER_LOGINS_REFUSED,
    EXPORTER_COLLECTOR_FAILING,
    EXPORTER_STALE,
    INSTRUMENTATION_ERRORS,
    PROMETHEUS_UNREACHABLE,
    WATCHDOG,
)
