"""Signals of what is scraped: is every target there, whole and fresh?"""

from __future__ import annotations

from exporters.catalogue import Gauge, Matcher, api, external, pgbouncer, postgres, redis, self_
from exporters.catalogue.labels import JOB
from signals.idioms import DAY, SERVER_LEVEL, grouping, increase, promql, rate, select, span, value
from signals.limits import shared
from signals.limits import telemetry as limits
from signals.model import Signal
from signals.numbers import COUNT, PER_SECOND, RATIO, SECONDS, STATE
from signals.promql import Query

# A bare `up` stays 1 for five minutes after Prometheus goes blind; two scrapes of 15 s do not.
FRESH = span(30)
NAMES = tuple(label.name for label in SERVER_LEVEL)

TARGETS = Signal(
    title="Targets",
    why="Whether each target answered Prometheus within the last 30 seconds. A gap means that "
    "Prometheus was blind.",
    good="All UP.",
    act="Open the target's page; see the error on Prometheus' page of targets.",
    query=Query(
        f"max by {grouping(NAMES)} (last_over_time({select(external.UP)}[{FRESH}]))",
        (external.UP,),
        (),
        NAMES,
    ),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{job}} {{instance}}",
)


def _answering(*where: Matcher) -> Query:
    """The share of each target's scrapes within three minutes that succeeded."""
    each = f"avg_over_time({select(external.UP, *where)}[{span(180)}])"
    return Query(f"avg by {grouping(NAMES)} ({each})", (external.UP,), (), NAMES)


TARGET_ANSWERS = Signal(
    title="Target answers",
    why="Share of the scrapes within three minutes that succeeded, by target. A flapping target is seen too.",
    act="Open the target's page; see the error on Prometheus' page of targets.",
    query=_answering(),
    unit=RATIO,
    objective=shared.UP_SHARE,
    legend="{{job}} {{instance}}",
)
# Without these nobody would be woken by ApiDown, PostgresDown and RedisDown.
PAGES_NEED = "api-health|exporter"
WATCHER_ANSWERS = Signal(
    title="Target answers, of those that pages need",
    why="Share of the scrapes within three minutes that succeeded, of the prober and the exporter.",
    act="Open the target's page; if it is gone too, its host is.",
    query=_answering(JOB.re(PAGES_NEED)),
    unit=RATIO,
    objective=shared.UP_SHARE,
    critical=shared.UP_SHARE,
    legend="{{job}} {{instance}}",
)
SCRAPE_TIME = Signal(
    title="Scrape time",
    why="Mean time of the scrapes within five minutes, by target.",
    act="On the target's page, the slowest collector is usually statistics of tables or statements.",
    query=Query(
        f"max by {grouping(NAMES)} (avg_over_time({select(external.SCRAPE_DURATION)}[{span(300)}]))",
        (external.SCRAPE_DURATION,),
        (),
        NAMES,
    ),
    unit=SECONDS,
    objective=limits.SCRAPE_SLOW,
    legend="{{job}} {{instance}}",
)
SAMPLES = Signal(
    title="Samples by target",
    why="Samples of the last scrape, by target: how many series it writes.",
    good="Steady, some thousands at most.",
    act="A target that grows has a label without bound; the exporter's caps name the metric in its log.",
    query=value(external.SCRAPE_SAMPLES, over="max"),
    unit=COUNT,
    legend="{{job}} {{instance}}",
)
COLLECTORS = Signal(
    title="Collectors",
    why="Whether the last run of each collector succeeded: a part of what the exporter asks. "
    "While its server does not answer, nothing is shown.",
    good="Each works.",
    act="The exporter's log names the code once: a missing right, a lock, or a timeout.",
    query=promql(
        "({postgres} and on (<by:job,instance>) {one} == 1) "
        "or ({redis} and on (<by:job,instance>) {other} == 1) "
        "or ({pgbouncer} and on (<by:job,instance>) {third} == 1)",
        postgres=value(self_.COLLECTOR_SUCCESS, over="min", by=(self_.COLLECTOR,)),
        redis=value(self_.REDIS_COLLECTOR_SUCCESS, over="min", by=(self_.COLLECTOR,)),
        pgbouncer=value(self_.PGBOUNCER_COLLECTOR_SUCCESS, over="min", by=(self_.COLLECTOR,)),
        one=value(postgres.UP, over="max"),
        other=value(redis.UP, over="max"),
        third=value(pgbouncer.UP, over="max"),
    ),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{instance}} {{collector}}",
)
COLLECTOR_ERRORS = Signal(
    title="Collector errors",
    why="Failed runs per second, by collector and code.",
    good="None.",
    act="42501 is a missing right, 57014 a timeout, 55P03 a lock.",
    query=rate(self_.COLLECTOR_ERRORS, by=(self_.COLLECTOR, self_.CODE)),
    unit=PER_SECOND,
    legend="{{instance}} {{collector}} {{code}}",
)
REACHABLE = Signal(
    title="Prometheus reachable",
    why="UP as long as whoever asks reaches Prometheus. The alert Watchdog fires on it for ever: where its "
    "message stops to come, the way from Prometheus to you is broken.",
    good="UP. Whatever else is shown while it is not is of before, or nothing.",
    act="See whether Prometheus runs, and whether the data source has its URL.",
    query=promql("vector(1)", labels=()),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="reachable",
)
JOB_TARGETS = Signal(
    title="Targets of a job",
    why="How many targets each job has; of those that the stack scrapes, 0 where there is none. A slip in a "
    "target file, in a relabelling or in prometheus.yml leaves none, and then not even `up` says so.",
    act="See Prometheus' page of service discovery: what was found, and what was dropped.",
    query=promql(
        # A target of the file may belong to another installation than the stack's own: any of them will do.
        "{each} or {none}",
        each=Query(f"count by {grouping((JOB.name,))} ({select(external.UP)})", (external.UP,)),
        none=Query(f"<absent:{external.UP.source}:{external.UP.name}>", (external.UP,)),
        labels=(JOB,),
    ),
    unit=COUNT,
    objective=limits.NO_TARGETS,
    critical=limits.NO_TARGETS,
    legend="{{job}}",
)


def _watched(up: Gauge, kind: str) -> Query:
    """1 for each exporter that says whether its server of this kind answers; 0 if it did within a day."""
    lately = f"max by {grouping(NAMES)} (present_over_time({select(up)}[{span(DAY)}]))"
    return promql(
        f'label_replace({{now}} or 0 * {{lately}}, "backend", "{kind}", "", "")',
        now=value(up, over="count"),
        lately=Query(lately, (up,)),
        labels=(*SERVER_LEVEL, self_.BACKEND),
    )


SERVERS_WATCHED = Signal(
    title="Servers watched",
    why="Of how many servers of each kind the exporter says whether they answer; 0 where it no longer does, "
    "and did within a day. What was never watched is not shown.",
    act="Look into the environment of the exporter: DATABASE_URL, REDIS_URL, and what its targets name.",
    query=promql(
        "{postgres} or {redis} or {pgbouncer}",
        postgres=_watched(postgres.UP, "postgres"),
        redis=_watched(redis.UP, "redis"),
        pgbouncer=_watched(pgbouncer.UP, "pgbouncer"),
    ),
    unit=COUNT,
    objective=limits.SERVERS_WATCHED,
    critical=limits.SERVERS_WATCHED,
    legend="{{instance}} {{backend}}",
)
SERIES_GROWTH = Signal(
    title="Samples against yesterday",
    why="Samples of the last scrape as a share of the most within an hour at this time yesterday, by target. "
    "With fewer than {number:minimum_samples} the line means nothing.",
    act="Find the metric that grew, and the label without a bound; the runbook has the query.",
    query=promql(
        "{now} / ({before} > 0)",
        now=SAMPLES.query,
        before=Query(
            f"max by {grouping(NAMES)} "
            f"(max_over_time({select(external.SCRAPE_SAMPLES)}[{span(3600)}] offset {span(86_400)}))",
            (external.SCRAPE_SAMPLES,),
            (),
            NAMES,
        ),
    ),
    unit=RATIO,
    objective=limits.SERIES_GROWTH,
    legend="{{job}} {{instance}}",
)
DROPPED_SERIES = Signal(
    title="Series left out",
    why="Series that the exporter left out of its pages within the window, by reason.",
    act="cap: a label has more values than its bound, the log names the metric. duplicate, invalid: a fault.",
    query=increase(self_.DROPPED_SERIES, by=(self_.REASON,)),
    unit=COUNT,
    objective=limits.DROPPED_SERIES,
    legend="{{instance}} {{reason}}",
)
FILE_READ = Signal(
    title="Exporter's configuration",
    why="Whether the exporter understood its files when they were last read. If not, the old one stays.",
    good="Loaded.",
    act="The exporter's log says which key and what was expected there; so does python -m exporters check.",
    query=value(self_.CONFIG_LOADED, over="min"),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{instance}}",
)
CERTIFICATE_LEFT = Signal(
    title="Exporter's certificate",
    why="The share that is left of the time of the exporter's certificate, or of one of its chain.",
    good="More than {limit}: it is renewed in time.",
    act="Renew what cert_file of --web.config.file holds: the next scrape takes it, without a restart.",
    query=value(self_.CERTIFICATE_LEFT, over="min"),
    unit=RATIO,
    objective=limits.CERTIFICATE_LEFT,
    legend="{{instance}}",
)
RECONNECTS = Signal(
    title="Sessions opened anew",
    why="Sessions that the exporter opened to PostgreSQL or PgBouncer within a quarter of an hour. Redis is "
    "left out: each pass over its keys has a connection of its own.",
    good="None: it keeps its session until the server ends.",
    act="See who ends it: a pooler's or firewall's limit on idle sessions, a job, or the exporter itself "
    "where a question takes too long.",
    query=increase(
        self_.CONNECTS,
        self_.BACKEND.ne("redis"),
        self_.CONNECT_RESULT.eq("ok"),
        by=(self_.BACKEND,),
        window=span(900),
    ),
    unit=COUNT,
    objective=limits.RECONNECTS,
    legend="{{instance}} {{backend}}",
)
LOGINS_REFUSED = Signal(
    title="Logins refused",
    why="Requests at the exporter within a quarter of an hour with a wrong name or password, or that came "
    "too many at once.",
    good="None, or a few of somebody who mistypes.",
    act="The exporter's log names the client: a scraper with an old password, or somebody who guesses.",
    query=increase(self_.LOGINS, self_.LOGIN_RESULT.ne("ok"), by=(), window=span(900)),
    unit=COUNT,
    objective=limits.LOGINS_REFUSED,
    legend="{{instance}} refused",
)
CACHE_AGE = Signal(
    title="Age of what is remembered",
    why="Age of the values that the exporter does not ask anew in each scrape, as a share of how often it "
    "should: {number:cache_renewal}, of sizes and texts of statements {number:sizes_renewal}, if its file "
    "does not say otherwise; of keys as long as a pass takes too.",
    act="See in the exporter's log why the collector's runs fail, or how long they take.",
    query=promql(
        "{age} / ({renewal} > 0)",
        age=value(self_.CACHE_AGE, over="max", by=(self_.COLLECTOR,)),
        renewal=value(self_.CACHE_RENEWAL, over="max", by=(self_.COLLECTOR,)),
    ),
    unit=RATIO,
    objective=limits.CACHE_AGE,
    legend="{{instance}} {{collector}}",
)
INSTRUMENTATION_ERRORS = Signal(
    title="Instrumentation errors",
    why="Errors inside the instrumentation within the window, which it caught so that no request fails.",
    act="The application's log has the traceback: most often a version that it does not know.",
    query=increase(api.INSTRUMENTATION_ERRORS, by=(api.SITE,)),
    unit=COUNT,
    objective=limits.INSTRUMENTATION_ERRORS,
    legend="{{site}}",
)
