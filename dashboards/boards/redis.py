"""Does the cache carry its load, and does its memory fit?"""

from __future__ import annotations

from dataclasses import replace

from dashboards.model import Board, Word, graph, row, stat, table, timeline
from exporters.catalogue import redis as metrics
from signals import redis, redis_detail, redis_keys
from signals import redis_change as change

NO_PATTERN = "no key pattern in the exporter's configuration"
NO_AGES = "no sample_ages in the exporter's configuration"
NO_SAMPLE = "no sample_keys in the exporter's configuration"
NO_LIMIT = "no maxmemory set"
NO_COUNT = "Without a key pattern in the exporter's configuration nothing is counted."
# Of six lines and their names, in grid units.
TALL = 12
NO_PERCENTILES = "Redis before 7, or latency-tracking is off"
A_MASTER = "it is a master"
WRITTEN = (Word(0, "failed", "bad"), Word(1, "written", "good"))
UNLIMITED = (Word(0, NO_LIMIT, "warning"),)
NO_SHARE = (Word(redis_detail.UNLIMITED, NO_LIMIT, "warning"),)
NO_LOOKUPS = "no look-ups seen"
SWITCHED = (Word(0, "off", "neutral"), Word(1, "on", "neutral"))

BOARD = Board(
    uid="backend-redis",
    title="Redis",
    description="For whoever owns the cache. Open it when the hit ratio falls, keys are evicted or calls are "
    "slow: what the cache saves, whether its memory fits, what is in it, and who keeps it busy.",
    source="redis",
    anchor=metrics.UP,
    rows=(
        row(
            "Does the cache work?",
            stat(redis.UP, title="Redis", zero="Redis does not answer", moves="stop-redis"),
            stat(
                redis.HIT_RATIO,
                title="Hit ratio now",
                trend=True,
                no_value=NO_LOOKUPS,
                zero="every look-up missed",
                moves="flush-cache",
            ),
            stat(redis_detail.MEMORY_OF_LIMIT, words=NO_SHARE, zero="nothing is used"),
            stat(redis.MEMORY_SETTING, title="Memory limit", words=UNLIMITED, zero=NO_LIMIT),
            stat(redis.EVICTIONS, trend=True, zero="no evictions", moves="fill-redis"),
            stat(redis_detail.WRITES_REFUSED, title="OOM errors", zero="none refused"),
            stat(redis_detail.BUSY, trend=True, zero="no command is run"),
            stat(redis.PERSISTED, title="On disk", words=WRITTEN, zero="the last write failed"),
        ),
        row(
            "What do its clients see?",
            graph(
                redis.HIT_RATIO,
                title="Hit ratio",
                zero="every look-up missed",
                no_value=NO_LOOKUPS,
                moves="flush-cache",
            ),
            graph(redis.HITS, redis.MISSES, title="Look-ups", stacked=True, zero="no look-ups"),
            graph(redis_detail.CALL_MEAN, zero="too fast to be measured", no_value="no command is called"),
            graph(
                redis.ERRORS,
                columns=True,
                zero="no error replies",
                no_value="no error reply seen since Redis started",
            ),
        ),
        row(
            "Does its memory fit?",
            replace(
                graph(
                    redis.MEMORY_USED,
                    redis.MEMORY_RSS,
                    redis_detail.MEMORY_DATASET,
                    redis_detail.MEMORY_PEAK,
                    title="Memory against the limit",
                    limits=(redis.MEMORY_LIMIT, redis.RECOMMENDED),
                    moves="fill-redis",
                ),
                height=TALL,
            ),
            graph(
                redis.EVICTIONS,
                redis.EXPIRATIONS,
                title="Evictions and expirations",
                zero="no evictions",
                moves="fill-redis",
            ),
            replace(stat(redis.POLICY), width=4, height=8),  # as the graphs beside it
            graph(
                change.MEMORY_PREDICTED,
                no_value="no maxmemory set, or no two samples yet",
                zero="nothing is used",
                moves="fill-redis",
                width=10,
            ),
            graph(
                redis.MEMORY_WITHOUT_EVICTION, no_value="full memory evicts, or no maxmemory set", width=10
            ),
        ),
        row(
            "What is in it?",
            table(
                "Patterns now",
                redis.KEYS_BY_PATTERN.called("Keys"),
                redis_keys.AT_LEAST,
                redis_keys.AT_MOST,
                redis_keys.PATTERN_AGE,
                redis_keys.PATTERN_MEMORY,
                redis_keys.PATTERN_MEMORY_ERROR,
                redis_keys.KEY_MEMORY,
                key="key",
                zero="no key of any pattern",
                no_value=f"{NO_PATTERN}; without memory: no sample_keys",
            ),
            graph(
                redis.KEYS_BY_PATTERN,
                redis.UNMATCHED_KEYS,
                title="Keys by pattern",
                stacked=True,
                zero="no key of this pattern",
                no_value=NO_PATTERN,
                moves="fill-redis",
            ),
            graph(
                redis.KEYS_WITHOUT_TTL, redis.KEYS, title="Keys", zero="every key expires", moves="fill-redis"
            ),
        ),
        row(
            "Is anybody turned away, and what keeps it busy?",
            graph(redis.CLIENTS_SHARE, width=8),
            graph(redis.REJECTED, columns=True, zero="nobody was refused", width=8),
            graph(redis.BLOCKED_CLIENTS, zero="none blocked", width=8),
            table(
                "Commands now",
                redis.COMMAND_TIME,
                redis.COMMANDS,
                redis_detail.COMMAND_MEAN,
                redis_detail.P50,
                redis_detail.P99,
                redis_detail.P999,
                key="cmd",
                zero="not called",
                no_value=f"no command is called; without percentiles: {NO_PERCENTILES}",
            ),
        ),
        row(
            "Commands in detail",
            graph(redis.COMMAND_TIME, title="Time by command", stacked=True, zero="not called now"),
            graph(redis.COMMANDS, title="Commands", stacked=True, zero="not called now"),
            graph(
                redis_detail.COMMAND_MEAN,
                title="Mean time of a command",
                zero="too fast to be measured",
                no_value="no command is called",
            ),
            graph(redis_detail.P99, title="p99 of each command", no_value=NO_PERCENTILES),
            graph(redis.SLOWLOG, zero="nothing was slow"),
            graph(redis_detail.SLOW_NEW, columns=True, zero="nothing was slow, or the log is full"),
            collapsed=True,
        ),
        row(
            "Memory and keys in detail",
            stat(
                redis.COUNT_AGE,
                title="Keys counted",
                no_value="no count",
                note=NO_COUNT,
            ),
            stat(redis_keys.COUNT_ERROR, zero="exact", no_value="no count", note=NO_COUNT),
            stat(redis_keys.COVERAGE, title="Keys looked at", no_value="no count", note=NO_COUNT),
            stat(redis_keys.PASS_TIME, no_value="no count", note=NO_COUNT),
            graph(change.POLICIES),
            graph(redis.FRAGMENTATION),
            graph(redis_keys.PATTERN_MEMORY, title="Memory by pattern", stacked=True, no_value=NO_SAMPLE),
            graph(redis_keys.UNTIMED, zero="every key expires", no_value=NO_AGES),
            graph(redis_keys.IDLE, zero="all are in use", no_value=NO_AGES + ", or an LFU policy evicts"),
            graph(redis_keys.OWN_LOOKUPS, zero="no keys are looked through now", no_value=NO_AGES),
            graph(redis_keys.TIME_TO_LIVE, no_value="no key expires, or Redis has no estimate yet"),
            graph(
                change.PATTERN_GROWTH,
                zero="no key of this pattern",
                no_value="no yesterday yet, or " + NO_PATTERN,
            ),
            graph(
                change.UNMATCHED_GROWTH,
                zero="none more",
                no_value="no yesterday yet, or " + NO_PATTERN,
            ),
            graph(
                redis_keys.UNMATCHED_PREFIXES,
                stacked=True,
                zero="every key has a pattern",
                no_value="no top_prefixes, or " + NO_PATTERN,
            ),
            collapsed=True,
        ),
        row(
            "Clients, network and processor",
            graph(redis.CLIENTS),
            graph(redis_detail.CONNECTIONS, zero="nobody connects anew"),
            graph(redis.NETWORK_OUT, redis.NETWORK_IN, title="Network", zero="nothing sent"),
            graph(redis_detail.OUTPUT_BUFFER, zero="nobody reads slowly"),
            graph(redis_detail.CPU_USER, redis_detail.CPU_SYSTEM, title="Processor", stacked=True, width=24),
            collapsed=True,
        ),
        row(
            "On disk",
            timeline(
                redis_detail.SNAPSHOT, redis_detail.APPENDED, title="Last writes to disk", words=WRITTEN
            ),
            timeline(redis_detail.APPENDS, words=SWITCHED, zero="it is off"),
            graph(redis_detail.SAVE_AGE),
            graph(redis_detail.UNSAVED, zero="none since the snapshot"),
            graph(redis_detail.FORK, width=24, zero="no fork yet"),
            collapsed=True,
        ),
        row(
            "Server and replicas",
            stat(redis_detail.UPTIME),
            stat(redis_detail.VERSION),
            stat(redis_detail.ROLE),
            stat(redis_detail.REPLICAS, zero="no replica"),
            graph(redis.MASTER_LINK, zero="it has no link", no_value=A_MASTER),
            graph(redis_detail.REPLICA_LAG, zero="it has all", no_value="no replica"),
            graph(redis_detail.MASTER_SILENCE, width=24, zero="heard just now", no_value=A_MASTER),
            collapsed=True,
        ),
    ),
)
