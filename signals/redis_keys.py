"""Signals of what Redis holds: how many keys of each pattern, what they weigh, and how sure that is."""

from __future__ import annotations

from exporters.catalogue import redis, redis_detail
from signals.idioms import promql, rate, value
from signals.model import Signal
from signals.numbers import BYTES, COUNT, PER_SECOND, RATIO, SECONDS
from signals.redis import COUNT_AGE, KEYS_BY_PATTERN

BY_PATTERN = (redis.DB, redis.KEY)

COUNT_ERROR = Signal(
    title="Count off by at most",
    why="By how many keys the counts of the last pass may be off, by database: as many came, expired or were "
    "evicted while it ran, or an estimate is that wide. 0 is exact.",
    good="0, or little beside the count.",
    act="On a large or busy keyspace it is never 0. If it matters, look at several passes.",
    query=value(redis_detail.COUNT_ERROR, over="max", by=(redis.DB,)),
    unit=COUNT,
    legend="± {{db}}",
)
AT_LEAST = Signal(
    title="At least",
    why="The lower limit of the number of keys: of what holds the truth in 95 of 100 estimates, or "
    "of the count less what came and went while it ran.",
    good="The count itself, which is then exact, or little below it.",
    act="Far below: the pattern is too rare for an estimate. Count every key, with keys: paced.",
    query=promql(
        "{low} or clamp_min({keys} - on (<by:job,instance,db>) group_left () {error}, 0)",
        low=value(redis_detail.KEYS_LOW, by=BY_PATTERN),
        keys=KEYS_BY_PATTERN.query,
        error=COUNT_ERROR.query,
    ),
    unit=COUNT,
    legend="{{db}} {{key}}, at least",
)
AT_MOST = Signal(
    title="At most",
    why="The upper limit of the number of keys: of what holds the truth in 95 of 100 estimates, or "
    "of the count and what came and went while it ran.",
    good="The count itself, which is then exact, or little above it.",
    act="Far above: the pattern is too rare for an estimate. Count every key, with keys: paced.",
    query=promql(
        "{high} or ({keys} + on (<by:job,instance,db>) group_left () {error})",
        high=value(redis_detail.KEYS_HIGH, by=BY_PATTERN),
        keys=KEYS_BY_PATTERN.query,
        error=COUNT_ERROR.query,
    ),
    unit=COUNT,
    legend="{{db}} {{key}}, at most",
)
PATTERN_AGE = Signal(
    title="Counted ago",
    why="Time since the pass ended that counted the keys.",
    good="Below two minutes, or twenty with a million keys; a pass begins {number:cache_renewal} after one.",
    act="Older: the pass is slow on a large keyspace, or fails; see the exporter's log.",
    query=promql(
        "({keys} >= bool 0) * on (<by:job,instance>) group_left () {age}",
        keys=KEYS_BY_PATTERN.query,
        age=COUNT_AGE.query,
    ),
    unit=SECONDS,
    legend="{{db}} {{key}}",
)
PATTERN_MEMORY = Signal(
    title="Memory",
    why="What the keys of the pattern take, estimated from some of them that each pass draws by chance.",
    good="In proportion to what the pattern is for.",
    act="The largest one is where a shorter time to live, or a smaller value, saves most.",
    query=value(redis_detail.PATTERN_MEMORY, by=BY_PATTERN),
    unit=BYTES,
    legend="{{db}} {{key}}",
)
PATTERN_MEMORY_ERROR = Signal(
    title="± memory",
    why="The true memory is within so much of the estimate in 95 of 100 passes. 0 is exact: all were asked.",
    good="A small part of the memory.",
    act="Raise sample_keys in the exporter's configuration; twice as sure takes four times the keys.",
    query=value(redis_detail.PATTERN_MEMORY_ERROR, by=BY_PATTERN),
    unit=BYTES,
    legend="± {{db}} {{key}}",
)
KEY_MEMORY = Signal(
    title="Memory of a key",
    why="What a key of the pattern takes on average, with its name and value.",
    good="Steady.",
    act="Growing: what is stored grows, such as a list that nobody trims.",
    query=promql(
        "{memory} / ({keys} > 0)",
        memory=PATTERN_MEMORY.query,
        keys=KEYS_BY_PATTERN.query,
    ),
    unit=BYTES,
    legend="{{db}} {{key}}",
)
UNTIMED = Signal(
    title="Keys that never expire",
    why="Share of the keys of each pattern without a time to live, of some that each pass draws by chance.",
    good="0 % for what is cached; 100 % for what is kept on purpose.",
    act="A cache that never expires fills the memory: set a time to live where its keys are written.",
    query=value(redis_detail.UNTIMED, over="max", by=BY_PATTERN),
    unit=RATIO,
    legend="{{db}} {{key}}",
)
IDLE = Signal(
    title="Unused for",
    why="For how long half of the keys of each pattern, or more, have been unused, of some drawn by chance.",
    good="Below their time to live: what is cached is read.",
    act="Far above: nobody reads these keys; a shorter time to live makes room for others.",
    query=value(redis_detail.IDLE, over="max", by=BY_PATTERN),
    unit=SECONDS,
    legend="{{db}} {{key}}",
)
OWN_LOOKUPS = Signal(
    title="Look-ups of the exporter",
    why="Look-ups per second that Redis counts as hits or misses because sample_ages asks for them.",
    good="Next to nothing beside the hits.",
    act="They raise the hit ratio: fewer sample_ages, or a longer scan_interval, in the exporter's file.",
    query=rate(redis_detail.OWN_LOOKUPS),
    unit=PER_SECOND,
    legend="exporter",
)
UNMATCHED_PREFIXES = Signal(
    title="Keys of no pattern, by what they begin with",
    why="What the keys begin with that no configured pattern fits, as a pattern; the rest is `other`.",
    good="Few keys, or only `other`.",
    act="Add what is yours to key_patterns in the exporter's configuration, as it is written here.",
    query=value(redis_detail.UNMATCHED_PREFIX, by=(redis.DB, redis_detail.PREFIX)),
    unit=COUNT,
    legend="{{db}} {{prefix}}",
)
TIME_TO_LIVE = Signal(
    title="Mean time to live",
    why="How long the keys that expire have still to live on average, as Redis estimates it by chance.",
    good="What your code sets, or a little less.",
    act="Far from it: another pattern has taken over, or its time to live was changed.",
    query=promql("{life} > 0", life=value(redis_detail.DB_TTL, over="max", by=(redis.DB,))),
    unit=SECONDS,
    legend="{{db}}",
)
COVERAGE = Signal(
    title="Keys looked at by the last pass",
    why="What the exporter's last pass saw of the keys that there were; 100 % unless it was broken off, or "
    "estimates.",
    good="100 %; about 10 000 keys of each database with keys: estimated.",
    act="Less: Redis refused SCAN or did not answer, see the exporter's log. Older counts stand meanwhile.",
    query=value(redis.KEYSPACE_COVERAGE, over="min"),
    unit=RATIO,
    legend="seen",
)
PASS_TIME = Signal(
    title="Time of a pass",
    why="How long the last complete pass over the keys took; beyond 20 000 keys it rests after each 50 to "
    "200, unless keys: active or estimated says otherwise.",
    good="Below two minutes, or twenty with a million keys, so that counts are fresh.",
    act="Long on a large keyspace: the pauses keep it from holding up clients. Leave it, or estimate.",
    query=value(redis.KEYSPACE_PASS_SECONDS, over="max"),
    unit=SECONDS,
    legend="pass",
)
