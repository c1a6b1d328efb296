"""Signals of the connection pool, as the application sees it, and of its ceiling against the server."""

from __future__ import annotations

from exporters.catalogue import api, postgres
from signals.idioms import increase, mean, promql, quantile, rate, value
from signals.limits import pool as limits
from signals.model import Signal
from signals.numbers import COUNT, PER_SECOND, RATIO, SECONDS

USABLE_CONNECTIONS = promql(
    "{limit} - {superuser} - {reserved}",
    limit=value(postgres.SETTING_MAX_CONNECTIONS, over="max"),
    superuser=value(postgres.SETTING_SUPERUSER_RESERVED, over="max"),
    reserved=value(postgres.SETTING_RESERVED, over="max"),
)

CONNECTIONS = Signal(
    title="Pooled connections by state",
    why="Connections that the pools of all workers hold, used and idle.",
    good="Some idle: nobody waits.",
    act="None idle and callers waiting: find who holds connections long before making the pool larger.",
    query=value(api.POOL_CONNECTIONS, by=(api.POOL_STATE,)),
    unit=COUNT,
    legend="{{state}}",
)
CEILING = Signal(
    title="Pool ceiling",
    why="Most connections the pools may open: (pool_size + max_overflow) times live workers.",
    good="Below what the server gives to ordinary roles.",
    act="Lower pool_size or max_overflow, or raise max_connections.",
    query=promql("sum by (<by:>) ({ceiling})", labels=(), ceiling=value(api.POOL_MAX)),
    unit=COUNT,
    legend="ceiling",
)
OVERFLOW = Signal(
    title="Overflow connections",
    why="Connections open beyond pool_size. Each is opened and closed per use.",
    good="Zero in normal traffic.",
    act="Steady overflow costs a new connection per request: raise pool_size by as much as "
    "max_overflow falls.",
    query=value(api.POOL_OVERFLOW, by=(api.POOL,)),
    unit=COUNT,
    legend="{{pool}} overflow",
)
PENDING = Signal(
    title="Waiting for a connection",
    why="Callers that wait for a pooled connection now.",
    good="Zero.",
    act="Look at the time connections are held; a caller that holds one while it waits for "
    "another can deadlock.",
    query=value(api.POOL_PENDING, by=(api.POOL,)),
    unit=COUNT,
    legend="{{pool}} waiting",
)
WAIT_P95 = Signal(
    title="Pool wait, p95",
    why="19 of 20 callers get a connection faster than this, opening a new one not counted.",
    good="Below a millisecond; at {number:pool_wait}, the line, users feel it.",
    act="The pool is too small for the time connections are held. Shorten that time first.",
    query=quantile(0.95, api.POOL_WAIT, by=(api.POOL,)),
    unit=SECONDS,
    objective=limits.POOL_WAIT,
    legend="{{pool}} p95",
)
WAIT_MEAN = Signal(
    title="Pool wait, average",
    why="Mean time a caller waits for a connection.",
    good="Close to zero.",
    act="See p95: a few long waits can hide in the average.",
    query=mean(api.POOL_WAIT, by=(api.POOL,)),
    unit=SECONDS,
    legend="{{pool}} average",
)
USE_MEAN = Signal(
    title="Connection held, average",
    why="Mean time from taking a connection to giving it back.",
    good="About the time of a request's statements; at most {number:connection_held}.",
    act="Much longer than the statements: the connection is held over other work, such as a call "
    "to a service.",
    query=mean(api.POOL_USE, by=(api.POOL,)),
    unit=SECONDS,
    objective=limits.CONNECTION_HELD,
    legend="{{pool}}",
)
TIMEOUT_RATE = Signal(
    title="Pool timeouts",
    why="Callers per second that gave up waiting for a connection. Each is a failed request.",
    good="None.",
    act="Free what holds connections: long transactions and slow statements are on the PostgreSQL board.",
    query=rate(api.POOL_TIMEOUTS, by=(api.POOL,)),
    unit=PER_SECOND,
    legend="{{pool}}",
)
TIMEOUTS = Signal(
    title="Pool timeouts in the window",
    why="Callers that gave up waiting for a connection within the window.",
    act="Free what holds connections: long transactions and slow statements are on the PostgreSQL board.",
    query=increase(api.POOL_TIMEOUTS, by=(api.POOL,)),
    unit=COUNT,
    objective=limits.POOL_TIMEOUTS,
    legend="{{pool}}",
)
WORKER_UTILIZATION = Signal(
    title="Fullest worker's pool",
    why="Share of its ceiling that the worker with the fullest pool uses. A sum over workers hides it.",
    act="One full worker among idle ones: requests are not spread evenly, or one holds connections.",
    query=value(api.POOL_WORKER_UTILIZATION, over="max", by=(api.POOL,)),
    unit=RATIO,
    objective=limits.POOL_USED,
    legend="{{pool}}",
)
CEILING_SHARE = Signal(
    title="Pool ceiling against the server's limit",
    why="What all pools together may open, as a share of the connections the server gives to ordinary roles. "
    "Pools that are pointed at a pooler open its connections instead: its own limit counts.",
    act="Lower pool_size or max_overflow, or raise max_connections; leave room for a deploy and for you.",
    query=promql(
        "sum by (<by:>) ({ceiling}) / (min by (<by:>) ({usable}) > 0)",
        labels=(),
        ceiling=value(api.POOL_MAX),
        usable=USABLE_CONNECTIONS,
    ),
    unit=RATIO,
    objective=limits.CEILING_SHARE,
    legend="ceiling / usable",
)
CREATE_MEAN = Signal(
    title="Opening a connection, average",
    why="Mean time to open a connection to PostgreSQL, TLS and authentication included.",
    good="Milliseconds, and rarely: a pool keeps what it opened.",
    act="Often: overflow is opened and closed for each use; raise pool_size. Slow: see PostgreSQL's load.",
    query=mean(api.POOL_CREATE, by=(api.POOL,)),
    unit=SECONDS,
    legend="{{pool}}",
    empty="the pool keeps the connections that it has",
)
