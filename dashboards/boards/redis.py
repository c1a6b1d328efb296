"""Does the cache carry its load, and does its memory fit?"""

from __future__ import annotations

from dashboards.model import Board, graph, row, stat
from exporters.catalogue import redis as metrics
from signals import redis
from signals import redis_change as change

NO_PATTERN = "no key pattern in the exporter's configuration"

BOARD = Board(
    uid="backend-redis",
    title="Redis",
    description="For whoever owns the cache. Open it when the hit ratio falls or keys are evicted.",
    source="redis",
    anchor=metrics.UP,
    rows=(
        row(
            "Does the cache work?",
            stat(redis.UP, zero="Redis does not answer", moves="stop-redis"),
            stat(
                redis.HIT_RATIO,
                title="Hit ratio now",
                empty="no look-ups",
                zero="every look-up missed",
                moves="flush-cache",
            ),
            stat(redis.MEMORY_SETTING, title="Memory limit", zero="no maxmemory set"),
            stat(redis.MEMORY_SHARE, title="Memory used", empty="no maxmemory set"),
            stat(redis.POLICY),
            stat(redis.EVICTIONS, zero="no evictions", moves="fill-redis"),
            stat(redis.PERSISTED, zero="the last write failed"),
            stat(redis.COUNT_AGE, title="Keys counted", no_value="not counted yet", empty=NO_PATTERN),
        ),
        row(
            "Hits and misses",
            graph(
                redis.HIT_RATIO,
                title="Hit ratio",
                zero="every look-up missed",
                empty="no look-ups",
                moves="flush-cache",
            ),
            graph(redis.HITS, redis.MISSES, title="Look-ups", stacked=True, zero="no look-ups"),
        ),
        row(
            "Does its memory fit?",
            graph(
                redis.MEMORY_USED,
                redis.MEMORY_RSS,
                title="Memory against the limit",
                limits=(redis.MEMORY_LIMIT, redis.RECOMMENDED),
                moves="fill-redis",
            ),
            graph(
                redis.EVICTIONS,
                redis.EXPIRATIONS,
                title="Evictions and expirations",
                zero="no evictions",
                moves="fill-redis",
            ),
            graph(
                redis.KEYS_BY_PATTERN,
                redis.UNMATCHED_KEYS,
                title="Keys by pattern",
                stacked=True,
                zero="no key of this pattern",
                empty=NO_PATTERN,
                moves="fill-redis",
            ),
            graph(
                redis.KEYS_WITHOUT_TTL, redis.KEYS, title="Keys", zero="every key expires", moves="fill-redis"
            ),
        ),
        row(
            "What creeps up?",
            graph(
                change.MEMORY_PREDICTED,
                empty="no maxmemory set, or no two samples yet",
                zero="nothing is used",
                moves="fill-redis",
            ),
            graph(redis.FRAGMENTATION),
            graph(
                change.PATTERN_GROWTH,
                zero="no key of this pattern",
                empty="no yesterday yet, or " + NO_PATTERN,
            ),
            graph(
                change.UNMATCHED_GROWTH,
                zero="none more",
                empty="no yesterday yet, or " + NO_PATTERN,
            ),
        ),
        row(
            "Is anybody turned away?",
            graph(redis.REJECTED, zero="nobody was refused"),
            graph(redis.CLIENTS_SHARE),
            graph(redis.MEMORY_WITHOUT_EVICTION, empty="full memory evicts, or no maxmemory set"),
            graph(redis.BLOCKED_CLIENTS, zero="none blocked"),
            graph(change.POLICIES),
            graph(
                redis.ERRORS,
                zero="no error replies",
                empty="no error reply since Redis started",
            ),
        ),
        row(
            "What does it do all day?",
            graph(redis.COMMANDS, stacked=True, zero="not called now"),
            graph(redis.COMMAND_TIME, stacked=True, zero="not called now"),
            graph(redis.CLIENTS),
            graph(redis.NETWORK_OUT, redis.NETWORK_IN, title="Network", zero="nothing sent"),
            graph(redis.SLOWLOG, zero="nothing was slow"),
            collapsed=True,
        ),
        row(
            "Does a replica follow?",
            graph(redis.MASTER_LINK, zero="it has no link", empty="it is a master"),
            collapsed=True,
        ),
    ),
)
