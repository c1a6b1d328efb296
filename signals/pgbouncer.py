"""Signals of PgBouncer: does it answer, who waits for a connection, and which pool is full?

Sums are of every pooler that is watched; what tells one from another stands in the line's name.
"""

from __future__ import annotations

from exporters.catalogue import Counter, Gauge
from exporters.catalogue import pgbouncer as bouncer
from signals.idioms import SERVER_LEVEL, answers, promql, rate, value
from signals.limits import pgbouncer as limits
from signals.limits import shared
from signals.model import Signal
from signals.numbers import BYTES_PER_SECOND, COUNT, PER_SECOND, RATIO, SECONDS, STATE
from signals.promql import Query

# Its own database, where whoever looks is a client.
CLIENTS = bouncer.DATABASE.ne("pgbouncer")
POOL = (bouncer.DATABASE, bouncer.USER)
POOL_NAME = "{{instance}} {{database}} {{user}}"


def _all(*metrics: Gauge) -> Query:
    """The sum over all pools of all poolers."""
    parts = {metric.name: value(metric, CLIENTS) for metric in metrics}
    text = " + ".join(f"{{{name}}}" for name in parts)
    return promql(f"sum by (<by:>) ({text})", labels=(), **parts)


def _rate(metric: Counter) -> Query:
    return promql("sum by (<by:>) ({rate})", labels=(), rate=rate(metric, CLIENTS))


def _mean(seconds: Counter, count: Counter) -> Query:
    return promql("{seconds} / ({count} > 0)", seconds=_rate(seconds), count=_rate(count), labels=())


UP = Signal(
    title="PgBouncer answers",
    why="UP if PgBouncer gave a fresh answer in the last scrape. Once it missed some, it is UP again when "
    "it answered in half of those of five minutes.",
    act="Ask its console from the exporter's host: psql -p 6432 pgbouncer; then read its log.",
    query=answers(bouncer.UP),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{instance}}",
)
LONGEST_WAIT = Signal(
    title="Longest wait for a connection",
    why="How long the client that waits longest for a server connection has waited, by pool.",
    act="SHOW SERVERS in its console says what its connections are held for; on PostgreSQL, "
    "look for sessions that are idle in transaction, slow, or blocked.",
    query=value(bouncer.LONGEST_WAIT, CLIENTS, over="max", by=POOL),
    unit=SECONDS,
    objective=limits.POOLER_WAIT,
    legend=POOL_NAME,
)
WAITING = Signal(
    title="Clients waiting",
    why="Clients that wait for a server connection now.",
    good="None, or a moment's few.",
    act="See below which pool is full, and for how long they have waited.",
    query=_all(bouncer.CLIENTS_WAITING),
    unit=COUNT,
    legend="waiting",
)
ACTIVE = Signal(
    title="Clients of PgBouncer",
    why="Clients that have a server connection or ask for nothing, and those that wait for one.",
    good="Steady, below the limit, and nobody waits.",
    act="Growing without end: a client opens connections and keeps them; SHOW CLIENTS says who.",
    query=_all(bouncer.CLIENTS_ACTIVE),
    unit=COUNT,
    legend="active",
)
CLIENTS_LIMIT = Signal(
    title="Limit of clients",
    why="max_client_conn: whoever comes beyond it is refused.",
    good="Well above the clients.",
    act="Raise it; a client costs some kilobytes, and the system's limit of open files must carry it.",
    query=promql("sum by (<by:>) ({limit})", limit=value(bouncer.MAX_CLIENTS, over="max"), labels=()),
    unit=COUNT,
    legend="limit",
)
CLIENTS_SHARE = Signal(
    title="Clients of the limit",
    why="Clients as a share of max_client_conn; beyond it PgBouncer refuses them.",
    good="Below 80 %.",
    act="SHOW CLIENTS in its console says who holds them; raise max_client_conn if they are meant to be.",
    query=promql(
        "{clients} / ({limit} > 0)",
        clients=value(bouncer.USED_CLIENTS),
        limit=value(bouncer.MAX_CLIENTS, over="max"),
    ),
    unit=RATIO,
    legend="{{instance}}",
)
NOT_TAKEN = Signal(
    title="Databases paused or disabled",
    why="Databases that an operator has paused, whose clients all wait, or disabled, which take no new ones.",
    good="None.",
    act="Ask who did it and whether that is over; then RESUME or ENABLE it in the console.",
    query=promql(
        "sum by (<by:>) ({paused} + {disabled})",
        paused=value(bouncer.PAUSED),
        disabled=value(bouncer.DISABLED),
        labels=(),
    ),
    unit=COUNT,
    legend="paused or disabled",
)

# A database's row says `name` for what a pool's calls `database`.
SIZE = promql(
    'max by (<by:job,instance,database>) (label_replace({size}, "database", "$1", "name", "(.+)"))',
    size=value(bouncer.POOL_SIZE, by=(bouncer.NAME,), over="max"),
    labels=(*SERVER_LEVEL, bouncer.DATABASE),
)
POOL_BUSY = Signal(
    title="Pools in use",
    why="Server connections that serve a client, as a share of the pool's size; with reserve_pool_size a "
    "pool may have more.",
    good="Below 100 %: at it the next client waits.",
    act="Shorten what holds connections before making the pool larger; "
    "the sizes of all pools together must fit into PostgreSQL's max_connections.",
    query=promql(
        "{active} / on (<by:job,instance,database>) group_left () ({size} > 0)",
        active=value(bouncer.SERVERS_ACTIVE, CLIENTS, by=POOL),
        size=SIZE,
    ),
    unit=RATIO,
    legend=POOL_NAME,
)
FULLEST = Signal(
    title="Fullest pool",
    why="Share of its size that the fullest pool uses to serve clients.",
    good="Below 100 %: at it the next client waits.",
    act="See below which one it is.",
    query=promql("max by (<by:>) ({busy})", busy=POOL_BUSY.query, labels=()),
    unit=RATIO,
    legend="fullest",
)
SIZES = Signal(
    title="Size of all pools",
    why="Server connections that all pools together may have, without their reserve.",
    good="Below what PostgreSQL gives to ordinary roles.",
    act="Lower default_pool_size, or have fewer pools: each pair of a database and a user is one.",
    query=promql(
        "sum by (<by:>) ({pools} * {size})",
        pools=value(bouncer.SERVERS_ACTIVE, CLIENTS, by=(bouncer.DATABASE,), over="count"),
        size=SIZE,
        labels=(),
    ),
    unit=COUNT,
    legend="size of all pools",
)
SERVERS_ACTIVE = Signal(
    title="Server connections",
    why="Connections that PgBouncer holds to PostgreSQL, by what they do.",
    good="Some idle: the next client has one at once.",
    act="None idle and clients waiting: see what the active ones do on PostgreSQL. Many that log in, again "
    "and again: server_lifetime or server_idle_timeout is short, or the login fails.",
    query=_all(bouncer.SERVERS_ACTIVE),
    unit=COUNT,
    legend="active",
)
SERVERS_IDLE = Signal(
    title="Idle server connections",
    why="Connections that a client can have at once.",
    good="At least one.",
    act="None, and clients wait: the pool is full.",
    query=_all(bouncer.SERVERS_IDLE),
    unit=COUNT,
    legend="idle",
)
SERVERS_CHECKED = Signal(
    title="Server connections that are looked at",
    why="Idle connections that PgBouncer asks, or resets, before a client has them.",
    good="Few.",
    act="Many: server_check_delay is short, or server_reset_query takes long.",
    query=_all(bouncer.SERVERS_USED, bouncer.SERVERS_TESTED),
    unit=COUNT,
    legend="looked at first",
)
SERVERS_LOGIN = Signal(
    title="Server connections that log in",
    why="Connections that are being opened.",
    good="None, but for a moment.",
    act="For longer: PostgreSQL does not answer, or refuses the login; see PgBouncer's log.",
    query=_all(bouncer.SERVERS_LOGIN),
    unit=COUNT,
    legend="logging in",
)
TRANSACTIONS = Signal(
    title="Transactions through PgBouncer",
    why="Transactions of clients per second.",
    good="Follows the request rate.",
    act="A fall while clients wait: the pool is full, or PostgreSQL slow.",
    query=_rate(bouncer.TRANSACTIONS),
    unit=PER_SECOND,
    legend="transactions",
)
QUERIES = Signal(
    title="Queries through PgBouncer",
    why="Queries of clients per second.",
    good="A few for each transaction.",
    act="Very many for each: see which statement is called again and again.",
    query=_rate(bouncer.QUERIES),
    unit=PER_SECOND,
    legend="queries",
)
TRANSACTION_MEAN = Signal(
    title="Mean transaction",
    why="Mean time that a transaction keeps a server connection, of those that ended.",
    good="Little more than the time of its queries.",
    act="Far more: the application does other work inside a transaction, and holds the connection.",
    query=_mean(bouncer.TRANSACTION_SECONDS, bouncer.TRANSACTIONS),
    unit=SECONDS,
    legend="transaction",
)
QUERY_MEAN = Signal(
    title="Mean query",
    why="Mean time of a query at the server, with the way there and back.",
    good="Close to the mean of statements on PostgreSQL.",
    act="Slow on PostgreSQL too: see which statement. Fast there: the network.",
    query=_mean(bouncer.QUERY_SECONDS, bouncer.QUERIES),
    unit=SECONDS,
    legend="query",
)
WAIT_MEAN = Signal(
    title="Mean wait",
    why="Mean time that clients waited for a server connection, for each transaction that ended.",
    good="Close to zero.",
    act="See which pool is full.",
    query=_mean(bouncer.WAIT_SECONDS, bouncer.TRANSACTIONS),
    unit=SECONDS,
    legend="wait",
)
WAITERS_MEAN = Signal(
    title="Clients that waited, mean",
    why="Clients that waited for a connection, as a mean over time, each counted when its wait is over: also "
    "those that no scrape saw waiting.",
    good="Close to zero.",
    act="Higher than what is seen waiting: bursts, shorter than a scrape. A larger pool carries them.",
    query=_rate(bouncer.WAIT_SECONDS),
    unit=COUNT,
    legend="waited",
)
RECEIVED = Signal(
    title="Received from clients",
    why="Bytes from clients per second.",
    good="In proportion to the queries.",
    act="Large: long texts of statements, or bulk loads.",
    query=_rate(bouncer.RECEIVED),
    unit=BYTES_PER_SECOND,
    legend="received",
)
SENT = Signal(
    title="Sent to clients",
    why="Bytes to clients per second.",
    good="In proportion to the queries.",
    act="Large: a query returns more rows or columns than anybody reads.",
    query=_rate(bouncer.SENT),
    unit=BYTES_PER_SECOND,
    legend="sent",
)
