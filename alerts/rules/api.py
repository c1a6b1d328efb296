"""Rules on the application: does it answer, rightly, fast, and at a fair cost to the database?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from exporters.catalogue import api as metrics
from exporters.catalogue import external, postgres, redis
from exporters.catalogue.labels import INSTANCE, JOB
from signals import api, api_cost
from signals.idioms import DAY, answers, grouping, promql, rate, select, value
from signals.limits import api as limits
from signals.limits import shared
from signals.promql import Query


def while_postgres_answers(of: Query) -> Query:
    """What it is asked of, unless PostgreSQL is down; passes where nobody watches a server.

    No metric of a pool tells which server it is of, so any primary that answers will do: a replica that is
    down holds nothing back.
    """
    return promql(
        f"{{of}} unless on (<by:>) (count by {grouping(())} ({{up}} == 0) unless on (<by:>) "
        f"count by {grouping(())} ({{up}} == 1 unless on (<by:job,instance>) {{replica}} == 1))",
        of=of,
        up=value(postgres.UP, over="max"),
        replica=value(postgres.IS_REPLICA, over="max"),
    )


ENOUGH_TRAFFIC = promql(
    "{rate} > <number:minimum_traffic>", limits.MINIMUM_TRAFFIC, rate=rate(metrics.REQUESTS, api.OF_A_ROUTE)
)
ENOUGH_HANDLER_TRAFFIC = promql(
    "{rate} > <number:minimum_handler_traffic>",
    limits.MINIMUM_HANDLER_TRAFFIC,
    rate=rate(metrics.QUERIES_PER_REQUEST, by=(metrics.HANDLER,)),
)

# Passes where nothing probes. Of an application that does not answer, ApiDown alone speaks.
ANSWERS = promql(
    "{workers} unless on (<by:>) {health} < <number:answering>",
    shared.ANSWERING,
    workers=api.WORKERS.query,
    health=Query(
        f"max by {grouping(())} ({select(external.PROBE_SUCCESS, api.HEALTH_JOB)})", (external.PROBE_SUCCESS,)
    ),
)
# The error budget is not held back: what it has of an outage it would tell when that is over, and wake
# someone again.
POSTGRES_ANSWERS = while_postgres_answers(api.WORKERS.query)
# Of what waits for one that is down, PostgresDown and RedisDown speak.
SERVERS_ANSWER = promql(
    "{postgres} unless on (<by:>) {redis} < <number:answering>",
    shared.ANSWERING,
    postgres=POSTGRES_ANSWERS,
    redis=Query(f"max by {grouping(())} ({select(redis.UP)})", (redis.UP,)),
)
# Two days: what was there on the day before the last one is known.
TWO_DAYS_OLD = rate(metrics.REQUESTS, ago=2 * DAY)

API_DOWN = Alert(
    name="ApiDown",
    service="api",
    severity=Severity.CRITICAL,
    signal=api.ANSWERS,
    operator="<",
    by=(JOB,),
    hold=60,
    keep=60,
    inhibits=(),
    summary="The application has answered no health check ({{ $labels.job }}) for {hold}, "
    "or only now and then.",
    description="Users get errors or nothing at all; the metrics page may still answer.",
)
# Matched by the job, so that it needs no other selector.
ANSWERS_ELSEWHERE = promql("{up} == 1", up=answers(external.PROBE_SUCCESS, over=(INSTANCE,)))
API_PARTLY_DOWN = Alert(
    name="ApiPartlyDown",
    service="api",
    severity=Severity.WARNING,
    signal=api.URL_ANSWERS,
    operator="<",
    by=(JOB, INSTANCE),
    # Where nothing answers at any URL, ApiDown speaks.
    guards=(ANSWERS_ELSEWHERE,),
    # Longer than a deploy keeps one of several away.
    hold=300,
    summary="The application has answered no health check at {{ $labels.instance }} ({{ $labels.job }}) "
    "for {hold}, or only now and then.",
    description="It answers elsewhere: who is sent to this one gets errors, and the others do its work too.",
)
API_LATENCY_P95_HIGH = Alert(
    name="ApiLatencyP95High",
    service="api",
    severity=Severity.WARNING,
    signal=api.LATENCY_P95,
    operator=">",
    by=(JOB,),
    guards=(ENOUGH_TRAFFIC, ANSWERS, SERVERS_ANSWER),
    hold=600,
    keep=300,
    summary="p95 of {{ $labels.job }} is {{ $value | humanizeDuration }}, above {limit}.",
    description="One request in twenty took longer than {limit} for {hold}.",
)
API_LATENCY_AVERAGE_HIGH = Alert(
    name="ApiLatencyAverageHigh",
    service="api",
    severity=Severity.WARNING,
    signal=api.LATENCY_AVERAGE,
    operator=">",
    by=(JOB,),
    guards=(ENOUGH_TRAFFIC, ANSWERS, SERVERS_ANSWER),
    hold=900,
    keep=300,
    summary="{{ $labels.job }} takes {{ $value | humanizeDuration }} per request on average, above {limit}.",
    description="Requests have taken longer than {limit} on average for {hold}: not few, but most of them.",
)
API_EXCEPTION_NEW = Alert(
    name="ApiExceptionNew",
    service="api",
    severity=Severity.WARNING,
    signal=api.NEW_EXCEPTIONS,
    operator=">",
    by=(JOB, metrics.EXCEPTION),
    guards=(TWO_DAYS_OLD,),
    hold=0,
    summary="{{ $labels.job }} raises {{ $labels.exception }}, which was not there the week before; "
    "endpoints that do: {{ $value }}.",
    description="Requests fail in a way that is new here; most likely something changed within the last day.",
)
API_QUERIES_PER_REQUEST_HIGH = Alert(
    name="ApiQueriesPerRequestHigh",
    service="api",
    severity=Severity.WARNING,
    signal=api_cost.HANDLER_QUERIES,
    operator=">",
    by=(JOB, metrics.HANDLER),
    guards=(ENOUGH_HANDLER_TRAFFIC,),
    window=600,
    hold=900,
    keep=600,
    summary="{{ $labels.handler }} of {{ $labels.job }} runs {{ $value | humanize }} statements per request, "
    "above {limit}.",
    description="The endpoint probably loads related rows one by one (N+1), and slows down with each row.",
)
ALERTS = (
    API_DOWN,
    API_PARTLY_DOWN,
    API_LATENCY_P95_HIGH,
    API_LATENCY_AVERAGE_HIGH,
    API_EXCEPTION_NEW,
    API_QUERIES_PER_REQUEST_HIGH,
)
