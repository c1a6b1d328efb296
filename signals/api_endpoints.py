"""Signals of each endpoint, as columns of a table: how often, how slow, how wrong, at what cost."""

from __future__ import annotations

from exporters.catalogue import api
from signals import api as whole
from signals import api_cost, objectives
from signals.idioms import observed, promql, quantile, rate, ratio, within
from signals.model import Signal
from signals.numbers import BYTES, BYTES_PER_SECOND, RATIO, SECONDS

BY = (api.HANDLER,)
HANDLER = "{{handler}}"


TIME_SHARE = Signal(
    title="Share of time",
    why="Of the time that all requests take, what the endpoint's take: rate times average.",
    good="No endpoint stands out that users do not need most.",
    act="Make the endpoint with the largest share faster first: nothing else saves as much.",
    query=promql(
        "{part} / on (<by:job>) group_left () ({all} > 0)",
        part=observed(api.REQUEST_DURATION, by=BY),
        all=observed(api.REQUEST_DURATION),
    ),
    unit=RATIO,
    legend=HANDLER,
)
P50 = Signal(
    title="p50",
    why="Half of the requests to the endpoint finish faster than this.",
    good="Well below {number:average}, the average's objective.",
    act="High p50 is slow for everybody: look at its queries per request.",
    query=quantile(0.5, api.REQUEST_DURATION, by=BY),
    unit=SECONDS,
    legend=HANDLER,
)
P99 = Signal(
    title="p99",
    why="99 of 100 requests to the endpoint finish faster than this.",
    good="Within twice {number:p95}, the p95's objective.",
    act="High p99 beside a good p95: locks, a cold cache, a queue for the pool.",
    query=quantile(0.99, api.REQUEST_DURATION, by=BY),
    unit=SECONDS,
    legend=HANDLER,
)
CLIENT_ERRORS = Signal(
    title="4xx",
    why="Share of the endpoint's requests answered with a 4xx status: the client's fault, or so we say.",
    good="Its usual share.",
    act="A rise after a deploy is ours: validation that became stricter, a route that moved.",
    query=ratio(
        rate(api.REQUESTS, api.STATUS.re("4.."), by=BY),
        rate(api.REQUESTS, by=BY),
        zero=whole.TIMED_BY_HANDLER,
    ),
    unit=RATIO,
    legend=HANDLER,
)
SLOW = Signal(
    title="Slow",
    why="Share of the endpoint's requests that took longer than {number:p95}.",
    good="Below one in twenty.",
    act="Open the endpoint: its queries per request and where its time goes tell why.",
    query=promql(
        "clamp_min(1 - {fast} / ({all} > 0), 0)",
        fast=within(objectives.P95, api.REQUEST_DURATION, by=BY),
        all=rate(api.REQUEST_DURATION, by=BY),
    ),
    unit=RATIO,
    legend=HANDLER,
)
QUERIES_P95 = Signal(
    title="Queries per request, p95",
    why="19 of 20 requests to the endpoint execute at most so many SQL statements.",
    good="At most {number:queries}; far above the mean it depends on the data: an N+1.",
    act="Load related rows with the first statement.",
    query=quantile(0.95, api.QUERIES_PER_REQUEST, by=BY),
    unit=api_cost.HANDLER_QUERIES.unit,
    legend=HANDLER,
)
DATABASE_SHARE = Signal(
    title="Database",
    why="Of the time of the endpoint's requests, what they wait for SQL statements.",
    good="Below a half.",
    act="Many statements: N+1. Few: find the slow one on the Queries board.",
    query=ratio(rate(api.REQUEST_DB_SECONDS, by=BY), observed(api.REQUEST_DURATION, by=BY)),
    unit=RATIO,
    legend=HANDLER,
)
SENT = Signal(
    title="Sent",
    why="Mean bytes of a response body as sent, after compression.",
    good="A third of the payload, where it is text.",
    act="Equal to the payload: nothing compresses it.",
    query=ratio(rate(api.RESPONSE_WIRE_BYTES, by=BY), rate(api.REQUESTS, by=BY)),
    unit=BYTES,
    legend=HANDLER,
)
SAVED = Signal(
    title="Saved",
    why="Share of the endpoint's response bytes that compression keeps off the wire.",
    good="At least {number:bandwidth}, but for answers below the size from which is compressed.",
    act="Add GZipMiddleware(minimum_size=1000), or see why this endpoint goes round it.",
    query=promql(
        "1 - {sent} / ({raw} > 0)",
        sent=rate(api.RESPONSE_WIRE_BYTES, by=BY),
        raw=rate(api.RESPONSE_RAW_BYTES, by=BY),
    ),
    unit=RATIO,
    legend=HANDLER,
)
BANDWIDTH = Signal(
    title="Bandwidth",
    why="Bytes of the endpoint's response bodies sent per second.",
    good="In proportion to its request rate.",
    act="Shorten the answer of the endpoint that sends most.",
    query=rate(api.RESPONSE_WIRE_BYTES, by=BY),
    unit=BYTES_PER_SECOND,
    legend=HANDLER,
)
TABLE = (
    whole.HANDLER_RATE.called("Requests"),
    TIME_SHARE,
    whole.HANDLER_AVERAGE.called("Average"),
    P50,
    whole.HANDLER_P95.called("p95"),
    P99,
    CLIENT_ERRORS,
    whole.HANDLER_ERRORS.called("5xx"),
    api_cost.HANDLER_QUERIES.called("Queries"),
    DATABASE_SHARE,
)
SUFFERING = (
    whole.HANDLER_RATE.called("Requests"),
    whole.HANDLER_ERRORS.called("Failed"),
    SLOW,
)
PAYLOADS = (
    api_cost.PAYLOAD.called("Payload"),
    SENT,
    SAVED,
    BANDWIDTH,
    api_cost.REQUEST_SIZE.called("Received"),
)
