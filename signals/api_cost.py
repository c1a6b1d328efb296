"""Signals of what requests cost: statements, bytes on the wire, and what the cache saves of both."""

from __future__ import annotations

from exporters.catalogue import api
from signals import objectives
from signals.idioms import mean, observed, promql, quantile, rate, ratio
from signals.limits import api as limits
from signals.model import Signal
from signals.numbers import (
    BYTES,
    BYTES_PER_SECOND,
    COUNT,
    PER_SECOND,
    RATIO,
    REQUESTS_PER_SECOND,
    SECONDS,
    spoken,
)

QUERIES_PER_REQUEST = Signal(
    title="Queries per request",
    why="Mean number of SQL statements executed for one request.",
    act="See it by endpoint; one that grows with the number of rows is an N+1.",
    query=mean(api.QUERIES_PER_REQUEST),
    unit=COUNT,
    objective=objectives.QUERIES,
    legend="all endpoints",
)
HANDLER_QUERIES = Signal(
    title="Queries per request by endpoint",
    why="Mean number of SQL statements for one request to the endpoint.",
    act="Load the related rows with the first statement: joinedload for one row, selectinload for many.",
    query=mean(api.QUERIES_PER_REQUEST, by=(api.HANDLER,)),
    unit=COUNT,
    objective=limits.QUERIES_ALERT,
    legend="{{handler}}",
)
NPLUSONE = Signal(
    title="N+1 requests",
    why="Requests per second that executed one statement five times or more.",
    act="The endpoint is in the legend; find the relationship that it reads in a loop and load it eagerly.",
    query=rate(api.NPLUSONE_REQUESTS, by=(api.HANDLER,)),
    unit=REQUESTS_PER_SECOND,
    objective=objectives.NPLUSONE,
    legend="{{handler}}",
)
NPLUSONE_SHARE = Signal(
    title="Share of N+1 requests by endpoint",
    why="Of the requests to the endpoint, those that executed one statement five times or more.",
    act="Find the relationship that the endpoint reads in a loop, and load it eagerly.",
    query=ratio(
        rate(api.NPLUSONE_REQUESTS, by=(api.HANDLER,)), rate(api.QUERIES_PER_REQUEST, by=(api.HANDLER,))
    ),
    unit=RATIO,
    objective=limits.NPLUSONE_SHARE,
    legend="{{handler}}",
)
REPEATS = Signal(
    title="Repeats within an N+1",
    why="How often an N+1, a request that executes one statement five times or more, executes the one that "
    "it repeats most, in the mean.",
    good="No line: no request is an N+1.",
    act="So many statements a request saves once the related rows come with the first; begin with the "
    "endpoint that repeats most.",
    query=mean(api.NPLUSONE_REPEATS, by=(api.HANDLER,)),
    unit=COUNT,
    legend="{{handler}}",
    empty="no request is an N+1 now",
)
REPEATS_P95 = Signal(
    title="Repeats within an N+1, p95",
    why="19 of 20 requests that are an N+1 repeat a statement at most so often, as far as it is counted by "
    f"bounds: {', '.join(f'{each:g}' for each in api.REPEAT_BUCKETS)}; beyond the last one it stays there.",
    good="No line. More than two and a half times the mean: it grows with the rows that somebody has.",
    act="Page the list, and load its related rows with it.",
    query=quantile(0.95, api.NPLUSONE_REPEATS, by=(api.HANDLER,)),
    unit=COUNT,
    legend="{{handler}}, p95",
    empty="no request is an N+1 now",
)
QUERY_P95 = Signal(
    title="Query duration, p95",
    why="19 of 20 SQL statements answer faster than this, as the application waits for them.",
    good="A few milliseconds; a statement by primary key takes less than one.",
    act="Find the statement on the Queries board, then its plan.",
    query=quantile(0.95, api.QUERY_DURATION),
    unit=SECONDS,
    legend="p95",
)
QUERY_AVERAGE = Signal(
    title="Query duration by operation",
    why="Mean time of a SQL statement, as the application waits for it.",
    good="A few milliseconds.",
    act="Slow selects: look for a missing index. Slow writes: look for locks and checkpoints.",
    query=mean(api.QUERY_DURATION, by=(api.OPERATION,)),
    unit=SECONDS,
    legend="{{operation}}",
)
DATABASE_SHARE = Signal(
    title="Share of request time in the database",
    why="Of the time that requests take, what they spend waiting for SQL statements.",
    good="Below a half for most services.",
    act="High share and many queries per request: N+1. High share and few queries: a slow statement.",
    query=ratio(rate(api.REQUEST_DB_SECONDS), observed(api.REQUEST_DURATION)),
    unit=RATIO,
    legend="database",
)
PAYLOAD = Signal(
    title="Response size by endpoint",
    why="Mean bytes of a response body before compression, by route template.",
    good="Tens of kilobytes, and at most {number:response_large}; a list that grows with the table needs "
    "pages.",
    act="Send only the fields that the client shows, and page long lists.",
    query=ratio(rate(api.RESPONSE_RAW_BYTES, by=(api.HANDLER,)), rate(api.REQUESTS, by=(api.HANDLER,))),
    unit=BYTES,
    objective=limits.RESPONSE_LARGE,
    legend="{{handler}}",
)
BANDWIDTH = Signal(
    title="Bandwidth",
    why="Bytes of response bodies sent per second, after compression.",
    good="In proportion to the request rate.",
    act="If it grows faster than the request rate, look at the response size by endpoint.",
    query=rate(api.RESPONSE_WIRE_BYTES),
    unit=BYTES_PER_SECOND,
    legend="sent",
)
BANDWIDTH_RAW = Signal(
    title="Bandwidth before compression",
    why="Bytes of response bodies per second, before compression.",
    good="Several times what is sent.",
    act="If it equals what is sent, compression is off.",
    query=rate(api.RESPONSE_RAW_BYTES),
    unit=BYTES_PER_SECOND,
    legend="before compression",
)
COMPRESSION = Signal(
    title="Saved by compression",
    why="Share of response bytes that compression keeps off the wire.",
    good="At least {number:bandwidth}. The line is where compression counts as lost.",
    act="Add GZipMiddleware(minimum_size=1000); if it is there, see which endpoint answers uncompressed.",
    query=promql(
        "1 - {sent} / ({raw} > 0)", sent=rate(api.RESPONSE_WIRE_BYTES), raw=rate(api.RESPONSE_RAW_BYTES)
    ),
    unit=RATIO,
    objective=limits.COMPRESSION_LOST,
    legend="saved",
)
CACHE_HIT_RATIO = Signal(
    title="Cache hit ratio by prefix",
    why="Of the calls of cached functions that asked the cache, the share answered by it. Errors are apart.",
    act="Low right after a deploy or flush: wait. Low for long: the time to live is shorter than the pause "
    "between calls, or keys vary too much.",
    query=ratio(
        rate(api.CACHE_REQUESTS, api.RESULT.eq("hit"), by=(api.PREFIX,)),
        rate(api.CACHE_REQUESTS, api.RESULT.re("hit|miss"), by=(api.PREFIX,)),
    ),
    unit=RATIO,
    objective=objectives.CACHE,
    legend="{{prefix}}",
)
CACHE_RESULTS = Signal(
    title="Cache requests by result",
    why="Calls of cached functions per second: hit, miss, error, bypass.",
    good="Mostly hits, no errors.",
    act="Errors mean that Redis does not answer, so every call computes: look at the Redis board.",
    query=rate(api.CACHE_REQUESTS, by=(api.RESULT,)),
    unit=PER_SECOND,
    legend="{{result}}",
)
RESPONSE_SIZE_P95 = Signal(
    title="Response size, p95",
    why="19 of 20 response bodies are smaller than this, as sent.",
    good="Below a few hundred kilobytes.",
    act="See the payload by endpoint: page long lists.",
    query=quantile(0.95, api.RESPONSE_SIZE),
    unit=BYTES,
    legend="p95",
)
REQUEST_SIZE = Signal(
    title="Request size by endpoint",
    why="Mean bytes of a request body as the application received it, of requests that have one.",
    good="What the client's form holds; an upload has an endpoint of its own.",
    act="A rise after a deploy: the client sends whole objects where a few fields would do.",
    query=mean(api.REQUEST_SIZE, by=(api.HANDLER,)),
    unit=BYTES,
    legend="{{handler}}",
)
REQUEST_SIZE_P95 = Signal(
    title="Request size, p95",
    why="19 of 20 request bodies, of all endpoints, are smaller than this, as far as it is counted by "
    f"bounds: from {spoken(api.SIZE_BUCKETS[0], BYTES)}, each four times the one before, to "
    f"{spoken(api.SIZE_BUCKETS[-1], BYTES)}, where larger ones stay.",
    good="Below a few hundred kilobytes, but for uploads.",
    act="See the mean by endpoint; refuse what is larger than any client should send, with 413.",
    query=quantile(0.95, api.REQUEST_SIZE),
    unit=BYTES,
    legend="all endpoints, p95",
)
QUERY_ERRORS = Signal(
    title="Database errors by class",
    why="SQL statements, and attempts to connect, that failed per second, by the exception's class.",
    good="None, but for an IntegrityError now and then, where the application expects it.",
    act="OperationalError: PostgreSQL is away or gives up. ProgrammingError: a migration is missing.",
    query=rate(api.QUERY_ERRORS, by=(api.ERROR,)),
    unit=PER_SECOND,
    legend="{{error}}",
)
UNATTRIBUTED = Signal(
    title="Statements outside of requests",
    why="SQL statements executed per second by what is no request, or after its last byte: background tasks, "
    "and dependencies after their `yield`.",
    good="As many as your background tasks need; they are in no other number of requests.",
    act="A rise is work moved behind the answer: it still takes a connection and a thread.",
    query=rate(api.QUERIES_UNATTRIBUTED),
    unit=PER_SECOND,
    legend="outside",
)
