"""Signals of where a request's time goes: the database, a connection, the cache's server, the application.

The parts are measured in the request itself, and the application is what they leave: together they are all
of it.
"""

from __future__ import annotations

from exporters.catalogue import Counter, api
from exporters.catalogue.labels import JOB
from signals.api_cost import DATABASE_SHARE
from signals.idioms import grouping, observed, promql, rate, ratio
from signals.model import Signal
from signals.numbers import RATIO
from signals.promql import Query


def _share(seconds: Counter) -> Query:
    return ratio(rate(seconds), observed(api.REQUEST_DURATION))


def _named(part: str) -> str:
    return f'label_replace({{{part}}}, "of", "{part}", "", "")'


# As far as they are told: without a cache there is no time of it.
TOLD = promql(
    f"sum by {grouping((JOB.name,))} ({' or '.join(map(_named, ('database', 'pool', 'cache')))})",
    labels=(JOB,),
    database=rate(api.REQUEST_DB_SECONDS),
    pool=rate(api.REQUEST_POOL_SECONDS),
    cache=rate(api.REQUEST_CACHE_SECONDS),
)
POOL_SHARE = Signal(
    title="Share of request time for a connection",
    why="Of the time that requests take, what they wait for a pooled connection, or for a new one to open.",
    good="Next to nothing.",
    act="See on the API board who holds connections, and for how long, before making the pool larger.",
    query=_share(api.REQUEST_POOL_SECONDS),
    unit=RATIO,
    legend="waiting for a connection",
)
CACHE_SHARE = Signal(
    title="Share of request time in the cache",
    why="Of the time that requests take, what they wait for the cache's server.",
    good="A few percent; less than what it saves in the database.",
    act="Large values and slow commands are on the Redis board; several keys can be read with one command.",
    query=_share(api.REQUEST_CACHE_SECONDS),
    unit=RATIO,
    legend="cache",
)
APPLICATION_SHARE = Signal(
    title="Share of request time in the application",
    why="What is left: Python itself, waiting for a thread or the event loop, sending, and other services.",
    good="The largest part, once the others are small.",
    act="See the threads and the event loop's lag on the API board; then profile the endpoint.",
    query=promql("clamp_min(1 - {share}, 0)", share=ratio(TOLD, observed(api.REQUEST_DURATION))),
    unit=RATIO,
    legend="application",
)
PARTS = (DATABASE_SHARE, POOL_SHARE, CACHE_SHARE, APPLICATION_SHARE)
