"""Signals of the application: does it answer, how many requests, how fast, how wrong."""

from __future__ import annotations

from exporters.catalogue import api, external
from exporters.catalogue.labels import INSTANCE, JOB
from signals import objectives
from signals.idioms import (
    DAY,
    answers,
    grouping,
    mean,
    promql,
    quantile,
    rate,
    ratio,
    select,
    since,
    span,
    value,
)
from signals.limits import api as limits
from signals.limits import shared
from signals.model import Signal
from signals.numbers import COUNT, PER_SECOND, RATIO, REQUESTS_PER_SECOND, SECONDS, STATE
from signals.promql import Query

# Probes of other jobs are somebody else's.
HEALTH_JOB = JOB.eq("api-health")

# What a scanner asks for has no route: its fast 404s would make any share of errors and any latency look
# better than users find it. Nor do redirects, or what a middleware answers by itself, tell how it does.
OF_A_ROUTE = api.HANDLER.ne(api.UNMATCHED)
FAILED = api.STATUS.re("5..")
ERRORS = rate(api.REQUESTS, FAILED)
# An error counts without a route, too: a middleware that breaks lets nobody get to one. The two are summed
# before they are joined: what has no route is one endpoint, what has one are many series.
COUNTED = promql(
    f"sum by {grouping((JOB.name,))} ({{routed}} or {{lost}})",
    labels=(JOB,),
    routed=rate(api.REQUESTS, OF_A_ROUTE, by=(api.HANDLER,)),
    lost=rate(api.REQUESTS, FAILED, api.HANDLER.eq(api.UNMATCHED), by=(api.HANDLER,)),
)

# A request is timed from its first count on, so where there are requests there are times: 0 of as many series
# as there are endpoints, in place of those of every status.
TIMED = rate(api.REQUEST_DURATION)
TIMED_BY_HANDLER = rate(api.REQUEST_DURATION, by=(api.HANDLER,))

# What the files of live and dead workers remembered, until the application started anew.
KNOWN_EXCEPTIONS = Query(
    f"count by {grouping((JOB.name, api.EXCEPTION.name))} "
    f"(present_over_time({select(api.EXCEPTIONS)}[{span(7 * DAY)}]{since(DAY)}))",
    (api.EXCEPTIONS,),
    (),
    (JOB.name, api.EXCEPTION.name),
)

REQUEST_RATE = Signal(
    title="Request rate",
    why="Requests answered per second.",
    good="It follows your users' day; a fall to nothing is an outage in front of the application.",
    act="Compare with the same time yesterday; if it fell, look at the load balancer and ApiDown.",
    query=rate(api.REQUESTS),
    unit=REQUESTS_PER_SECOND,
    legend="requests",
)
REQUEST_RATE_BY_HANDLER = Signal(
    title="Request rate by endpoint",
    why="Requests answered per second, by route template.",
    good="Each endpoint keeps its usual share.",
    act="An endpoint that suddenly grows is a client in a loop or a new feature; look at its "
    "queries per request.",
    query=rate(api.REQUESTS, by=(api.METHOD, api.HANDLER)),
    unit=REQUESTS_PER_SECOND,
    legend="{{method}} {{handler}}",
)
ERROR_RATIO = Signal(
    title="Error ratio",
    why="Share of requests answered with a 5xx status. What has no route counts where it is an error.",
    act="See the errors by status code and the exceptions by kind on the API board, then the newest deploy.",
    query=ratio(ERRORS, COUNTED, zero=TIMED),
    unit=RATIO,
    objective=limits.ERROR_RATIO,
    legend="5xx",
)
CLIENT_ERROR_RATIO = Signal(
    title="Client errors",
    why="Share of the requests with a route that were answered with a 4xx status.",
    good="A few percent, and steady.",
    act="A rise after a deploy is ours: validation that became stricter, a route that moved. Else see which "
    "code it is: 401 and 403 are lost credentials, 429 a limit.",
    query=ratio(
        rate(api.REQUESTS, api.STATUS.re("4.."), OF_A_ROUTE), rate(api.REQUESTS, OF_A_ROUTE), zero=TIMED
    ),
    unit=RATIO,
    legend="4xx",
)
ERRORS_BY_STATUS = Signal(
    title="Errors by status code",
    why="Requests per second answered with a 4xx or 5xx status, by exact code.",
    good="No 5xx; a steady trickle of 4xx is normal.",
    act="5xx: look at the exceptions. 401/403: a client lost its credentials. 404: a broken link "
    "or a scanner.",
    query=rate(api.REQUESTS, api.STATUS.re("[45].."), by=(api.STATUS,)),
    unit=REQUESTS_PER_SECOND,
    legend="{{status}}",
)
EXCEPTIONS = Signal(
    title="Exceptions by kind",
    why="Exceptions that no handler caught, per second, by class and endpoint.",
    good="None.",
    act="Search the application's log for the class; the endpoint is named in the legend.",
    query=rate(api.EXCEPTIONS, by=(api.HANDLER, api.EXCEPTION)),
    unit=PER_SECOND,
    legend="{{exception}} {{handler}}",
)
# Several hosts that raise it in one endpoint are one. A deploy does not end it, though it must come again.
RAISING = Query(
    f"count by {grouping((JOB.name, api.EXCEPTION.name))} "
    f"(count by {grouping((JOB.name, api.EXCEPTION.name, api.HANDLER.name))} "
    f"(present_over_time({select(api.EXCEPTIONS)}[{span(DAY / 2)}])))",
    (api.EXCEPTIONS,),
    (),
    (JOB.name, api.EXCEPTION.name),
)
NEW_EXCEPTIONS = Signal(
    title="New kinds of exception",
    why="Endpoints that raised a kind of exception which was not there in the week before the last day; "
    "0 for a kind that was.",
    act="Search the application's log for the class; what changed within the last day brought it.",
    query=promql(
        "({now} unless {known}) or 0 * {now}",
        now=RAISING,
        known=KNOWN_EXCEPTIONS,
    ),
    unit=COUNT,
    objective=limits.NEW_EXCEPTIONS,
    legend="{{exception}}",
    empty="nothing was raised within half a day",
)
LATENCY_AVERAGE = Signal(
    title="Latency, average",
    why="Mean time from the first byte received to the last byte sent, of requests that have a route.",
    act="See which endpoint is slow in the API board's table, then whether its time goes to the database.",
    query=mean(api.REQUEST_DURATION, OF_A_ROUTE),
    unit=SECONDS,
    objective=objectives.AVERAGE,
    legend="average",
)
LATENCY_P50 = Signal(
    title="Latency, p50",
    why="Half of the requests finish faster than this.",
    good="Well below {number:average}, the average's objective.",
    act="If p50 is fine and p95 is not, few endpoints or few users suffer: look at the endpoint table.",
    query=quantile(0.5, api.REQUEST_DURATION, OF_A_ROUTE),
    unit=SECONDS,
    legend="p50",
)
LATENCY_P95 = Signal(
    title="Latency, p95",
    why="19 of 20 requests that have a route finish faster than this. Exact at the objective, "
    "which is a bucket bound.",
    act="Find the endpoint in the API board's table; look at its queries per request and at the pool's "
    "waiting time.",
    query=quantile(0.95, api.REQUEST_DURATION, OF_A_ROUTE),
    unit=SECONDS,
    objective=objectives.P95,
    legend="p95",
)
LATENCY_P99 = Signal(
    title="Latency, p99",
    why="99 of 100 requests finish faster than this.",
    good="Within twice {number:p95}, the p95's objective.",
    act="Rare slowness: lock waits, a cold cache, or a queue for the pool.",
    query=quantile(0.99, api.REQUEST_DURATION, OF_A_ROUTE),
    unit=SECONDS,
    legend="p99",
)
HANDLER_AVERAGE = Signal(
    title="Average by endpoint",
    why="Mean response time by route template.",
    act="Sort by it, and take the endpoint with the largest share of time first.",
    query=mean(api.REQUEST_DURATION, by=(api.HANDLER,)),
    unit=SECONDS,
    objective=objectives.AVERAGE,
    legend="{{handler}}",
)
HANDLER_P95 = Signal(
    title="p95 by endpoint",
    why="19 of 20 requests to the endpoint finish faster than this.",
    act="Look at the endpoint's queries per request first.",
    query=quantile(0.95, api.REQUEST_DURATION, by=(api.HANDLER,)),
    unit=SECONDS,
    objective=objectives.P95,
    legend="{{handler}}",
)
HANDLER_RATE = Signal(
    title="Requests by endpoint",
    why="Requests answered per second, by route template.",
    good="Its usual share.",
    act="Compare with its time per request: rate times average is what the endpoint costs.",
    query=rate(api.REQUESTS, by=(api.HANDLER,)),
    unit=REQUESTS_PER_SECOND,
    legend="{{handler}}",
)
HANDLER_ERRORS = Signal(
    title="5xx by endpoint",
    why="Share of the endpoint's requests answered with a 5xx status.",
    act="Look at the exceptions of this endpoint.",
    query=ratio(
        rate(api.REQUESTS, FAILED, by=(api.HANDLER,)),
        rate(api.REQUESTS, by=(api.HANDLER,)),
        zero=TIMED_BY_HANDLER,
    ),
    unit=RATIO,
    objective=limits.ERROR_RATIO,
    legend="{{handler}}",
)
IN_PROGRESS = Signal(
    title="Requests in progress",
    why="Requests being answered now, over all workers.",
    good="Around request rate times average latency; a growing number is a queue.",
    act="If it grows while the rate does not, something that requests wait for is stuck: the pool or a lock.",
    query=value(api.REQUESTS_IN_PROGRESS),
    unit=COUNT,
    legend="in progress",
)
WORKERS = Signal(
    title="Workers alive",
    why="Worker processes that hold their place now.",
    good="The number you configured.",
    act="Fewer than configured: a worker died and was not replaced; read the server's log.",
    query=value(api.WORKERS),
    unit=COUNT,
    legend="workers",
)
ANSWERS = Signal(
    title="Application answers",
    why="UP if the health route answers a probe from outside, at one of its URLs at least. Once it lost "
    "some, it is UP again when half of the probes of five minutes were answered. A page of metrics that "
    "answers says nothing of it.",
    good="UP.",
    act="Ask the health route yourself, then read the server's log.",
    query=answers(external.PROBE_SUCCESS, HEALTH_JOB, over=(INSTANCE,)),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{job}}",
)
URL_ANSWERS = Signal(
    title="Application answers, by URL",
    why="UP if the health route answers a probe from outside at this URL. Once it lost some, it is UP again "
    "when half of the probes of five minutes were answered.",
    act="Ask that URL yourself, then read the log of the server behind it.",
    query=answers(external.PROBE_SUCCESS, HEALTH_JOB),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{instance}}",
)
