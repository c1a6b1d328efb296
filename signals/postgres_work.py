"""Signals of what PostgreSQL does for its clients: transactions, rows, sessions, waits for disks."""

from __future__ import annotations

from exporters.catalogue import api
from exporters.catalogue import postgres as pg
from signals.idioms import promql, quantile, rate, ratio, value
from signals.model import Signal
from signals.numbers import COUNT, PER_SECOND, RATIO, SECONDS
from signals.postgres_chosen import MEAN
from signals.postgres_settings import where_timed

COMMITS = Signal(
    title="Commits",
    why="Transactions committed per second; a statement outside a transaction is one too.",
    good="Follows the request rate.",
    act="A fall while requests stay: look at the API board for errors.",
    query=rate(pg.COMMITS),
    unit=PER_SECOND,
    legend="committed",
)
ROLLBACKS = Signal(
    title="Rollbacks",
    why="Transactions rolled back per second. A pool that resets its connections rolls back after each use, "
    "which costs next to nothing.",
    good="None, or as many as the pool resets.",
    act="More than before: look for errors in the application's log.",
    query=rate(pg.ROLLBACKS),
    unit=PER_SECOND,
    legend="rolled back",
)
ROLLBACK_SHARE = Signal(
    title="Share rolled back",
    why="Of the transactions that ended, the share rolled back, by database.",
    good="What it has always been: a pool that resets its connections rolls back after each use.",
    act="A rise: transactions fail, or clients give up. See errors in the application's log.",
    query=ratio(
        rate(pg.ROLLBACKS, by=(pg.DATNAME,)),
        promql(
            "{commits} + {rollbacks}",
            commits=rate(pg.COMMITS, by=(pg.DATNAME,)),
            rollbacks=rate(pg.ROLLBACKS, by=(pg.DATNAME,)),
        ),
    ),
    unit=RATIO,
    legend="{{datname}}",
)
RETURNED = Signal(
    title="Rows read",
    why="Rows per second that scans went through, to find those that are wanted.",
    good="Not thousands of times those fetched.",
    act="Far more than fetched: tables are read whole. See which want an index.",
    query=rate(pg.ROWS_RETURNED),
    unit=PER_SECOND,
    legend="read by scans",
)
FETCHED = Signal(
    title="Rows fetched by indexes",
    why="Rows per second that index scans fetched.",
    good="Most of what is read.",
    act="None while much is read: no index is used.",
    query=rate(pg.ROWS_FETCHED),
    unit=PER_SECOND,
    legend="fetched by index",
)
INSERTED = Signal(
    title="Rows inserted",
    why="Rows inserted per second.",
    good="In proportion to the request rate.",
    act="A burst: an import or a migration. Batches of it keep the log and the replicas calm.",
    query=rate(pg.ROWS_INSERTED),
    unit=PER_SECOND,
    legend="inserted",
)
UPDATED = Signal(
    title="Rows updated",
    why="Rows updated per second; each leaves a dead row behind.",
    good="In proportion to the request rate.",
    act="Many of a table with many indexes: each index is written too, unless the update is HOT.",
    query=rate(pg.ROWS_UPDATED),
    unit=PER_SECOND,
    legend="updated",
)
DELETED = Signal(
    title="Rows deleted",
    why="Rows deleted per second; each stays as a dead row until vacuum.",
    good="Few, or bursts of a clean-up job.",
    act="Regular clean-ups of much: drop partitions instead.",
    query=rate(pg.ROWS_DELETED),
    unit=PER_SECOND,
    legend="deleted",
)
SERVER_MEAN = Signal(
    title="Mean at the server",
    why="Mean time of a statement at the server, of those shown. It keeps no percentiles; those here are the "
    "application's, which waits for the way there and back too.",
    good="Below the application's p50 by the time of a round trip.",
    act="Far below it: the network, or a pooler, is what takes long. Above it: a few slow statements.",
    query=MEAN.query,
    unit=SECONDS,
    legend="mean at the server",
)
CLIENT_P50 = Signal(
    title="Half of the statements",
    why="Half of the statements answer faster than this, as the application waits for them.",
    good="A millisecond or two.",
    act="Far above the mean at the server: the network, or a pooler, is what takes long.",
    query=quantile(0.5, api.QUERY_DURATION),
    unit=SECONDS,
    legend="p50",
)
CLIENT_P99 = Signal(
    title="Slowest of a hundred",
    why="99 of 100 statements answer faster than this, as the application waits for them.",
    good="Below {number:slow_statement}.",
    act="The rarest statement decides: see the slowest of the table, locks, and checkpoints at that time.",
    query=quantile(0.99, api.QUERY_DURATION),
    unit=SECONDS,
    legend="p99",
)
RUNNING = Signal(
    title="Running",
    why="Active sessions that wait for nothing: they use a processor, or want one.",
    good="Fewer than the server has processors.",
    act="More for long: statements wait for a processor. Start with the one that has most of all time.",
    query=promql(
        "clamp_min({active} - {waiting}, 0)",
        active=value(pg.ACTIVITY, pg.STATE.eq("active")),
        waiting=value(pg.WAITING),
    ),
    unit=COUNT,
    legend="CPU",
)
OLDEST_STATEMENT = Signal(
    title="Longest statement",
    why="Age of the oldest statement now running, by database.",
    good="Seconds, but for reports and maintenance.",
    act="select pid, now() - query_start, query from pg_stat_activity where state = 'active' order by 2 "
    "desc;",
    query=value(pg.OLDEST_QUERY, over="max", by=(pg.DATNAME,)),
    unit=SECONDS,
    legend="{{datname}}",
)
LOCKS = Signal(
    title="Locks by mode",
    why="Locks held or awaited, by mode.",
    good="Mostly accesssharelock, which a select takes and which only a schema change waits for.",
    act="accessexclusivelock for long: a migration or vacuum full holds a table. Set lock_timeout in "
    "migrations.",
    query=value(pg.LOCKS, by=(pg.MODE,)),
    unit=COUNT,
    legend="{{mode}}",
)
SESSIONS = Signal(
    title="Sessions started",
    why="Sessions started per second. Each is a process of its own, and costs milliseconds.",
    good="Close to none: a pool keeps its connections.",
    act="In proportion to requests: there is no pool, or it overflows; see overflow connections.",
    query=rate(pg.SESSIONS),
    unit=PER_SECOND,
    legend="started",
)
ABANDONED = Signal(
    title="Sessions abandoned",
    why="Sessions per second whose client went without a word.",
    good="None.",
    act="Clients are killed, or a firewall drops idle connections: set keepalives.",
    query=rate(pg.SESSIONS_ABANDONED),
    unit=PER_SECOND,
    legend="abandoned",
)
FATAL = Signal(
    title="Sessions ended by an error",
    why="Sessions per second that the server ended by a fatal error.",
    good="None.",
    act="The server's log says why: a time-out, or a crash.",
    query=rate(pg.SESSIONS_FATAL),
    unit=PER_SECOND,
    legend="failed",
)
KILLED = Signal(
    title="Sessions killed",
    why="Sessions per second that an operator ended.",
    good="None that you did not end.",
    act="Ask who did; something may end what takes long by itself.",
    query=rate(pg.SESSIONS_KILLED),
    unit=PER_SECOND,
    legend="killed",
)
IDLE_SHARE = Signal(
    title="Sessions idle in transaction, mean",
    why="Sessions that sat idle inside a transaction, as a mean over time: 1 is one all the time, by "
    "database.",
    good="Close to none.",
    act="Requests hold transactions open over other work, such as a call to a service: commit before it.",
    query=rate(pg.IDLE_IN_TRANSACTION_SECONDS, by=(pg.DATNAME,)),
    unit=COUNT,
    legend="{{datname}}",
)
CONFLICTS = Signal(
    title="Conflicts with recovery",
    why="Statements per second cancelled on a replica since they stood in the way of what the primary did.",
    good="None.",
    act="Long reports on a replica: raise max_standby_streaming_delay, or hot_standby_feedback on.",
    query=rate(pg.CONFLICTS, by=(pg.DATNAME,)),
    unit=PER_SECOND,
    legend="{{datname}}",
)
READ_WAIT = Signal(
    title="Sessions waiting for reads",
    why="Sessions that waited for blocks to be read, as a mean over time: 1 is one all the time. Known only "
    "with track_io_timing on.",
    good="Well below the sessions that are active.",
    act="Close to them: the disks are what is slow. More shared_buffers, or fewer blocks for a statement.",
    query=where_timed(rate(pg.READ_SECONDS)),
    unit=COUNT,
    legend="reads",
)
WRITE_WAIT = Signal(
    title="Sessions waiting for writes",
    why="Sessions that waited to write blocks themselves, as a mean over time.",
    good="None: the background writer and checkpoints do that.",
    act="Look at the buffers that checkpoints and sessions write; give shared_buffers more.",
    query=where_timed(rate(pg.WRITE_SECONDS)),
    unit=COUNT,
    legend="writes",
)
