"""Signals of Redis: hits, memory against its limit, evictions, keys by pattern."""

from __future__ import annotations

from exporters.catalogue import redis
from signals import objectives
from signals.idioms import answers, increase, promql, rate, ratio, value
from signals.limits import redis as limits
from signals.limits import shared
from signals.model import Signal
from signals.numbers import BYTES, BYTES_PER_SECOND, COUNT, PER_SECOND, RATIO, SECONDS, STATE

UP = Signal(
    title="Redis answers",
    why="UP if Redis gave a fresh answer in the last scrape. Once it missed some, it is UP again when "
    "it answered in half of those of five minutes.",
    act="Ask it with redis-cli ping from the exporter's host; then read its log.",
    query=answers(redis.UP),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{instance}}",
)
LOOKUPS = promql("{hits} + {misses}", hits=rate(redis.HITS), misses=rate(redis.MISSES))

HIT_RATIO = Signal(
    title="Keyspace hit ratio",
    why="Of the look-ups of every client within the window, the share that found their key.",
    act="Low with evictions: memory is short. Low without: keys expire too early or vary too much. "
    "Of few look-ups it jumps: see how many there are.",
    query=ratio(rate(redis.HITS), LOOKUPS),
    unit=RATIO,
    objective=limits.KEYSPACE_HITS,
    legend="hit ratio",
)
HITS = Signal(
    title="Hits",
    why="Look-ups per second that found their key.",
    good="Most of the look-ups.",
    act="Fewer while the misses stay: less is asked. Fewer while they grow: see the hit ratio.",
    query=rate(redis.HITS),
    unit=PER_SECOND,
    legend="hits",
)
MISSES = Signal(
    title="Misses",
    why="Look-ups per second that found nothing.",
    good="Few beside the hits; each costs the database a query.",
    act="See which prefix misses on the API board.",
    query=rate(redis.MISSES),
    unit=PER_SECOND,
    legend="misses",
)
MEMORY_USED = Signal(
    title="Memory used",
    why="Memory that Redis allocated.",
    good="Under allkeys-lru a cache sits at its limit in normal life; evictions and hits say "
    "whether that hurts.",
    act="Look at evictions together with the hit ratio before giving it more memory.",
    query=value(redis.MEMORY_USED, over="max"),
    unit=BYTES,
    legend="used",
)
MEMORY_RSS = Signal(
    title="Memory of the process",
    why="Memory of the process as the system sees it.",
    good="At most half more than used.",
    act="Much more than used: fragmentation; less than used: the system swaps.",
    query=value(redis.MEMORY_RSS, over="max"),
    unit=BYTES,
    legend="process",
)
MEMORY_LIMIT = Signal(
    title="Memory limit",
    why="maxmemory. The audit recommends {number:redis_memory} to {number:redis_memory_high}. No value means "
    "that no limit is set.",
    act="Raise maxmemory to {number:redis_memory} with CONFIG SET, and in redis.conf.",
    query=promql("{limit} > 0", limit=value(redis.MEMORY_MAX, over="max")),
    unit=BYTES,
    objective=objectives.REDIS_MEMORY,
    legend="limit",
)
MEMORY_SETTING = Signal(
    title="maxmemory",
    why="The setting as it is; 0 is no limit. The audit recommends {number:redis_memory} to "
    "{number:redis_memory_high}.",
    act="Raise maxmemory to {number:redis_memory} with CONFIG SET, and in redis.conf.",
    query=value(redis.MEMORY_MAX, over="max"),
    unit=BYTES,
    objective=objectives.REDIS_MEMORY,
    legend="maxmemory",
)
RECOMMENDED = Signal(
    title="Recommended limit",
    why="What the audit recommends at least for maxmemory.",
    good="At or below the limit.",
    act="Raise maxmemory to it with CONFIG SET, and in redis.conf.",
    query=promql("vector(<number:redis_memory>)", objectives.REDIS_MEMORY, labels=()),
    unit=BYTES,
    legend="recommended",
)
MEMORY_SHARE = Signal(
    title="Memory of the limit",
    why="Memory used as a share of maxmemory. No value means that no limit is set.",
    good="Any, under allkeys-lru; below 90 % under noeviction.",
    act="Look at evictions together with the hit ratio.",
    query=promql(
        "{used} / ({limit} > 0)",
        used=value(redis.MEMORY_USED, over="max"),
        limit=value(redis.MEMORY_MAX, over="max"),
    ),
    unit=RATIO,
    legend="of the limit",
)
MEMORY_WITHOUT_EVICTION = Signal(
    title="Memory of the limit under noeviction",
    why="Memory used as a share of maxmemory, where the policy is noeviction: at 100 % writes are refused.",
    act="Remove what nobody needs, or raise maxmemory; a cache should evict, with allkeys-lru.",
    query=promql(
        "{share} and on (<by:job,instance>) {policy}",
        share=MEMORY_SHARE.query,
        policy=value(redis.INFO, redis.MAXMEMORY_POLICY.eq("noeviction"), over="max"),
    ),
    unit=RATIO,
    objective=limits.MEMORY_FULL,
    critical=limits.MEMORY_FULL,
    legend="of the limit",
    empty="full memory evicts, or there is no limit",
)
FRAGMENTATION = Signal(
    title="Fragmentation",
    why="Memory of the process as a share of what Redis allocated. Below 100 % the system swaps. Where they "
    "differ by less than {number:redis_fragmentation_bytes}, as in a nearly empty Redis, the line means "
    "nothing.",
    act="Let it tidy up: CONFIG SET activedefrag yes, or MEMORY PURGE; else restart it in a quiet hour.",
    query=promql(
        "{process} / ({used} > 0)",
        process=value(redis.MEMORY_RSS, over="max"),
        used=value(redis.MEMORY_USED, over="max"),
    ),
    unit=RATIO,
    objective=limits.FRAGMENTATION,
    legend="of used",
)
POLICY = Signal(
    title="Eviction policy",
    why="What Redis does when memory is full, maxmemory_policy.",
    good="allkeys-lru for a cache.",
    act="CONFIG SET maxmemory-policy allkeys-lru, and the same in redis.conf.",
    query=value(redis.INFO, over="max", by=(redis.MAXMEMORY_POLICY,)),
    unit=STATE,
    legend="{{maxmemory_policy}}",
)
EVICTIONS = Signal(
    title="Evictions",
    why="Keys removed per second because memory was full.",
    act="With a falling hit ratio: raise maxmemory. With a steady one: the cache works as it should.",
    query=rate(redis.EVICTED),
    unit=PER_SECOND,
    objective=limits.EVICTIONS,
    legend="evicted",
)
EXPIRATIONS = Signal(
    title="Expirations",
    why="Keys removed per second because their time had come.",
    good="Steady.",
    act="Nothing, unless it stops: then keys are written without a time to live.",
    query=rate(redis.EXPIRED),
    unit=PER_SECOND,
    legend="expired",
)
KEYS_BY_PATTERN = Signal(
    title="Keys by pattern",
    why="Keys that match each configured pattern, counted in the exporter's last pass, one by one or, with "
    "keys: estimated, some for all. A key counts for the first pattern that fits.",
    good="Each pattern keeps its size.",
    act="One that grows without end: its keys have no time to live, or carry a unique part.",
    query=value(redis.KEYS, by=(redis.DB, redis.KEY)),
    unit=COUNT,
    legend="{{db}} {{key}}",
)
UNMATCHED_KEYS = Signal(
    title="Keys of no pattern",
    why="Keys that match none of the configured patterns.",
    good="Few.",
    act="A new prefix: add its pattern to the exporter's configuration.",
    query=value(redis.UNMATCHED_KEYS, by=(redis.DB,)),
    unit=COUNT,
    legend="{{db}} no pattern",
)
COUNT_AGE = Signal(
    title="Age of the key count",
    why="Time since the exporter's last complete pass over the keys.",
    good="Below two minutes, or twenty with a million keys; a pass begins {number:cache_renewal} after one.",
    act="Older: a large keyspace, a slow Redis, which is spared, or one that refuses SCAN to the exporter.",
    query=promql("time() - {stamp}", stamp=value(redis.KEYSPACE_PASS_TIMESTAMP, over="max")),
    unit=SECONDS,
    legend="age",
)
KEYS = Signal(
    title="Keys",
    why="Keys in each database.",
    good="Steady, or following the traffic.",
    act="Growing without end: see which pattern grows.",
    query=value(redis.DB_KEYS, by=(redis.DB,)),
    unit=COUNT,
    legend="{{db}}",
)
KEYS_WITHOUT_TTL = Signal(
    title="Keys without expiry",
    why="Keys that stay until they are deleted or evicted.",
    good="Steady; in a pure cache none.",
    act="Give the writes a time to live.",
    query=promql(
        "{keys} - {expiring}",
        keys=value(redis.DB_KEYS, by=(redis.DB,)),
        expiring=value(redis.DB_KEYS_EXPIRING, by=(redis.DB,)),
    ),
    unit=COUNT,
    legend="{{db}} without expiry",
)
COMMANDS = Signal(
    title="Calls",
    why="Calls per second, by command.",
    good="In proportion to the request rate.",
    act="KEYS, FLUSHALL or a fast growing SCAN: find the client.",
    query=rate(redis.COMMANDS, by=(redis.CMD,)),
    unit=PER_SECOND,
    legend="{{cmd}}",
)
COMMAND_TIME = Signal(
    title="Time share",
    why="Seconds per second that Redis spent in each command. It runs one at a time: 100 % in total is full.",
    good="Below {number:redis_busy} in total.",
    act="A command that takes most of it works on large keys, or is called too often.",
    query=rate(redis.COMMANDS_SECONDS, by=(redis.CMD,)),
    unit=RATIO,
    legend="{{cmd}}",
)
CLIENTS = Signal(
    title="Clients",
    why="Clients connected.",
    good="Steady; the pools of your workers.",
    act="Growing without end: a client opens a connection per request.",
    query=value(redis.CLIENTS),
    unit=COUNT,
    legend="connected",
)
CLIENTS_SHARE = Signal(
    title="Clients of the limit",
    why="Clients connected as a share of maxclients; beyond it Redis refuses them.",
    act="See with CLIENT LIST who holds them: a client that opens a connection per request leaks.",
    query=promql(
        "{clients} / ({limit} > 0)",
        clients=value(redis.CLIENTS),
        limit=value(redis.MAX_CLIENTS, over="max"),
    ),
    unit=RATIO,
    objective=limits.CLIENTS_SHARE,
    legend="of maxclients",
)
REJECTED = Signal(
    title="Refused connections",
    why="Connections within the window that Redis refused, because maxclients was reached.",
    act="See with CLIENT LIST who holds them; raise maxclients if the clients are meant to be.",
    query=increase(redis.REJECTED),
    unit=COUNT,
    objective=limits.REJECTED,
    critical=limits.REJECTED,
    legend="refused",
)
BLOCKED_CLIENTS = Signal(
    title="Blocked clients",
    why="Clients waiting in a blocking command such as BLPOP.",
    good="At most {number:redis_blocked}: a cache blocks nobody, but workers may wait on a queue by design.",
    act="More: the queue is empty, or its producers stopped.",
    query=value(redis.BLOCKED_CLIENTS),
    unit=COUNT,
    objective=limits.BLOCKED_CLIENTS,
    legend="blocked",
)
NETWORK_OUT = Signal(
    title="Network, sent",
    why="Bytes that Redis sent per second.",
    good="In proportion to the look-ups, far below what the network carries.",
    act="Large values are read: see the memory of a key by pattern, and the time by command.",
    query=rate(redis.NET_OUTPUT),
    unit=BYTES_PER_SECOND,
    legend="sent",
)
NETWORK_IN = Signal(
    title="Network, received",
    why="Bytes that Redis received per second.",
    good="In proportion to the commands, far below what the network carries.",
    act="Large values are written: see the memory of a key by pattern.",
    query=rate(redis.NET_INPUT),
    unit=BYTES_PER_SECOND,
    legend="received",
)
ERRORS = Signal(
    title="Error replies",
    why="Error replies per second, by prefix.",
    good="None.",
    act="OOM: memory is full under noeviction. NOPERM: a client lacks rights. WRONGTYPE: two "
    "uses of one key.",
    query=rate(redis.ERRORS, by=(redis.ERR,)),
    unit=PER_SECOND,
    legend="{{err}}",
)
SLOWLOG = Signal(
    title="Slow log entries",
    why="Commands in the slow log: slower than slowlog-log-slower-than, 10 ms by default, and at most "
    "slowlog-max-len of them, 128 by default.",
    good="Few.",
    act="redis-cli slowlog get 10 names them, with their arguments.",
    query=value(redis.SLOWLOG_LENGTH, over="max"),
    unit=COUNT,
    legend="entries",
)
MASTER_LINK = Signal(
    title="Link to the master",
    why="Whether this replica is connected to its master and has all that was there.",
    good="UP.",
    act="redis-cli info replication says since when; the log of the replica says why.",
    query=value(redis.MASTER_LINK_UP, over="min"),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{instance}}",
)
PERSISTED = Signal(
    title="Written to disk",
    why="Whether the last snapshot that Redis tried was written, and the append-only file where that is on. "
    "Where none was tried since its start, nothing failed.",
    good="Written.",
    act="Redis' log says why: most often no room on the disk, or no memory to fork.",
    # Switched off, the file keeps the failure that it may have ended with.
    query=promql(
        "{snapshot} * (1 - {enabled} * (1 - {written} * {rewritten}))",
        snapshot=value(redis.RDB_LAST_OK, over="min"),
        enabled=value(redis.AOF_ENABLED, over="max"),
        written=value(redis.AOF_WRITE_OK, over="min"),
        rewritten=value(redis.AOF_REWRITE_OK, over="min"),
    ),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="written",
)
