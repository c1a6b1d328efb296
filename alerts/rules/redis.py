"""Rules on Redis: does it answer, do look-ups find what they seek, must it throw keys away?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from exporters.catalogue import redis as metrics
from exporters.catalogue.labels import INSTANCE, JOB
from signals import redis
from signals import redis_change as change
from signals.idioms import promql, rate, span, unchanged, value
from signals.limits import redis as limits

# The rates of a server that is down outlive it by a window.
ANSWERS = promql("{up} == 1", up=value(metrics.UP, over="max"))
# Of misses, not of look-ups: a small cache in which nothing is found must show, too.
ENOUGH_MISSES = promql("{rate} > <number:minimum_misses>", limits.MINIMUM_MISSES, rate=redis.MISSES.query)
WARM = promql(
    "time() - {start} > <elapsed:warm_up>", limits.WARM_UP, start=value(metrics.START_TIME, over="max")
)
EVICTING = promql("{rate} > <number:evictions>", limits.EVICTIONS, rate=redis.EVICTIONS.query)
SAME_SERVER = unchanged(metrics.START_TIME)
# Under allkeys-* a full cache throws keys away all day: that hurts where they are missed, and only there.
EXPECTED_TO_STAY = value(metrics.INFO, metrics.MAXMEMORY_POLICY.re("volatile-.*"), over="max")
NOT_EVICTING = promql("{rate} == 0", rate=rate(metrics.EVICTED, window=span(1800)))
UNTIMED_GROWS = promql(
    "{growth} > <number:redis_untimed_growth>", limits.UNTIMED_GROWTH, growth=change.UNTIMED_GROWTH
)
# After FLUSHALL, a restart or a failover to an empty server they come back: that is no growth.
MORE_THAN_BEFORE = promql("{untimed} > {before}", untimed=change.UNTIMED, before=change.UNTIMED_BEFORE)
WORTH_TIDYING = promql(
    "{process} - {used} > <number:redis_fragmentation_bytes>",
    limits.FRAGMENTATION_BYTES,
    process=value(metrics.MEMORY_RSS, over="max"),
    used=value(metrics.MEMORY_USED, over="max"),
)
MANY_KEYS = promql(
    "{keys} > <number:redis_pattern_keys>", limits.PATTERN_KEYS, keys=redis.KEYS_BY_PATTERN.query
)

REDIS_DOWN = Alert(
    name="RedisDown",
    service="redis",
    severity=Severity.CRITICAL,
    signal=redis.UP,
    operator="<",
    by=(JOB, INSTANCE),
    hold=60,
    keep=60,
    inhibits=(JOB, INSTANCE),
    summary="Redis watched by {{ $labels.instance }} has answered nothing for {hold}, or only now and then.",
    description="Nothing is cached: every request computes its answer, and the database carries the load.",
)
# Each of the next two is a cause or a symptom alone; together they are this one message.
REDIS_EVICTIONS_HURT = Alert(
    name="RedisEvictionsHurt",
    service="redis",
    severity=Severity.WARNING,
    signal=redis.HIT_RATIO,
    operator="<",
    by=(JOB, INSTANCE),
    guards=(EVICTING, ENOUGH_MISSES, WARM, ANSWERS),
    window=600,
    hold=600,
    keep=600,
    summary="{{ $value | humanizePercentage }} of look-ups in Redis watched by {{ $labels.instance }} find "
    "their key, below {limit}, while it throws keys away.",
    description="What is used does not fit into its memory; the database answers what Redis should.",
)
REDIS_HIT_RATIO_LOW = Alert(
    name="RedisHitRatioLow",
    service="redis",
    severity=Severity.WARNING,
    signal=redis.HIT_RATIO,
    operator="<",
    by=(JOB, INSTANCE),
    guards=(ENOUGH_MISSES, WARM, ANSWERS),
    yields_to=REDIS_EVICTIONS_HURT,
    window=600,
    hold=600,
    keep=300,
    summary="{{ $value | humanizePercentage }} of look-ups in Redis watched by {{ $labels.instance }} find "
    "their key, below {limit}.",
    description="The cache no longer carries its load; the database answers what Redis should.",
)
REDIS_EVICTIONS_HIGH = Alert(
    name="RedisEvictionsHigh",
    service="redis",
    severity=Severity.WARNING,
    signal=redis.EVICTIONS,
    operator=">",
    by=(JOB, INSTANCE),
    guards=(EXPECTED_TO_STAY, ANSWERS),
    yields_to=REDIS_EVICTIONS_HURT,
    window=600,
    hold=600,
    keep=300,
    summary="Redis watched by {{ $labels.instance }} throws away {{ $value | humanize }} keys per second, "
    "above {limit}.",
    description="Memory is full, and what has a time to live, such as sessions, goes before it has passed.",
)
REDIS_MAXMEMORY_LOW = Alert(
    name="RedisMaxmemoryLow",
    service="redis",
    severity=Severity.WARNING,
    signal=redis.MEMORY_SETTING,
    operator="<",
    by=(JOB, INSTANCE),
    hold=900,
    summary="maxmemory of Redis watched by {{ $labels.instance }} is {{ $value | humanize1024 }}B, where 0B "
    "is no limit at all; at least {limit} is recommended.",
    description="Below it the cache throws away what is used; without a limit it takes the host's memory.",
)
REDIS_POLICY_CHANGED = Alert(
    name="RedisPolicyChanged",
    service="redis",
    severity=Severity.WARNING,
    signal=change.POLICIES,
    operator=">",
    by=(JOB, INSTANCE),
    window=1800,
    hold=0,
    summary="Redis watched by {{ $labels.instance }} had {{ $value | humanize }} eviction policies within "
    "{window}.",
    description="Full memory now does something else: refuse writes, or throw away what was kept before.",
)
REDIS_MEMORY_FULL = Alert(
    name="RedisMemoryFull",
    service="redis",
    severity=Severity.CRITICAL,
    signal=redis.MEMORY_WITHOUT_EVICTION,
    operator=">",
    by=(JOB, INSTANCE),
    hold=120,
    keep=60,
    summary="Redis watched by {{ $labels.instance }} uses {{ $value | humanizePercentage }} of its memory, "
    "above {limit}, and its policy is noeviction.",
    description="Writes are refused with OOM, or will be with the next larger one.",
)
REDIS_FRAGMENTATION_HIGH = Alert(
    name="RedisFragmentationHigh",
    service="redis",
    severity=Severity.WARNING,
    signal=redis.FRAGMENTATION,
    operator=">",
    by=(JOB, INSTANCE),
    guards=(WORTH_TIDYING,),
    hold=1800,
    summary="Redis watched by {{ $labels.instance }} takes {{ $value | humanizePercentage }} of the memory "
    "that its data needs, above {limit}.",
    description="The host may run out of memory although Redis keeps to maxmemory.",
)
REDIS_REJECTED_CONNECTIONS = Alert(
    name="RedisRejectedConnections",
    service="redis",
    severity=Severity.CRITICAL,
    signal=redis.REJECTED,
    operator=">",
    by=(JOB, INSTANCE),
    guards=(SAME_SERVER, ANSWERS),
    hold=0,
    keep=600,
    summary="Redis watched by {{ $labels.instance }} refused about {{ $value | humanize }} connections "
    "within {window}.",
    description="maxclients is reached: whoever connects anew is turned away, and its requests fail or slow.",
)
REDIS_CLIENTS_HIGH = Alert(
    name="RedisClientsHigh",
    service="redis",
    severity=Severity.WARNING,
    signal=redis.CLIENTS_SHARE,
    operator=">",
    by=(JOB, INSTANCE),
    hold=300,
    keep=300,
    summary="Redis watched by {{ $labels.instance }} has {{ $value | humanizePercentage }} of its clients, "
    "above {limit}.",
    description="When the rest is gone, connections are refused with 'max number of clients reached'.",
)
REDIS_BLOCKED_CLIENTS = Alert(
    name="RedisBlockedClients",
    service="redis",
    severity=Severity.WARNING,
    signal=redis.BLOCKED_CLIENTS,
    operator=">",
    by=(JOB, INSTANCE),
    hold=600,
    summary="{{ $value | humanize }} clients of Redis watched by {{ $labels.instance }} wait in a blocking "
    "command, more than {limit}.",
    description="Whoever waits does nothing else: the queue is empty, or its producers stopped.",
)
REDIS_KEYS_WITHOUT_TTL_GROWING = Alert(
    name="RedisKeysWithoutTtlGrowing",
    service="redis",
    severity=Severity.WARNING,
    signal=change.MEMORY_PREDICTED,
    operator=">",
    by=(JOB, INSTANCE),
    guards=(UNTIMED_GROWS, MORE_THAN_BEFORE, NOT_EVICTING),
    window=1800,
    hold=1800,
    summary="At its pace Redis watched by {{ $labels.instance }} soon needs "
    "{{ $value | humanizePercentage }} of its memory, and keys that never expire grow.",
    description="What never expires fills the memory; then other keys are thrown away, or writes refused.",
)
REDIS_KEY_PATTERN_EXPLODED = Alert(
    name="RedisKeyPatternExploded",
    service="redis",
    severity=Severity.WARNING,
    signal=change.PATTERN_GROWTH,
    operator=">",
    by=(JOB, INSTANCE, metrics.DB, metrics.KEY),
    guards=(MANY_KEYS,),
    hold=600,
    summary="There are {{ $value | humanizePercentage }} of the keys {{ $labels.key }} that "
    "{{ $labels.db }} of Redis watched by {{ $labels.instance }} had at most in a week, above {limit}.",
    description="A key has got a part that makes each one unique: it is written, and never found again.",
)
REDIS_UNMATCHED_KEYS_GROWING = Alert(
    name="RedisUnmatchedKeysGrowing",
    service="redis",
    severity=Severity.WARNING,
    signal=change.UNMATCHED_GROWTH,
    operator=">",
    by=(JOB, INSTANCE, metrics.DB),
    hold=600,
    summary="{{ $labels.db }} of Redis watched by {{ $labels.instance }} has {{ $value | humanize }} keys of "
    "no known pattern more than ever in a week.",
    description="Something new writes into the cache, and no board shows what it is.",
)
REDIS_PERSISTENCE_FAILING = Alert(
    name="RedisPersistenceFailing",
    service="redis",
    severity=Severity.WARNING,
    signal=redis.PERSISTED,
    operator="<",
    by=(JOB, INSTANCE),
    hold=600,
    summary="Redis watched by {{ $labels.instance }} cannot write its data to disk.",
    description="A restart loses what came since the last good write; Redis may refuse writes as well.",
)
REDIS_REPLICA_LINK_DOWN = Alert(
    name="RedisReplicaLinkDown",
    service="redis",
    severity=Severity.WARNING,
    signal=redis.MASTER_LINK,
    operator="<",
    by=(JOB, INSTANCE),
    guards=(ANSWERS,),
    hold=300,
    summary="Redis watched by {{ $labels.instance }} is a replica, and has had no link to its master for "
    "{hold}.",
    description="It shows what was there when the link broke, and a failover to it would lose what it lacks.",
)
ALERTS = (
    REDIS_DOWN,
    REDIS_EVICTIONS_HURT,
    REDIS_HIT_RATIO_LOW,
    REDIS_EVICTIONS_HIGH,
    REDIS_MAXMEMORY_LOW,
    REDIS_POLICY_CHANGED,
    REDIS_MEMORY_FULL,
    REDIS_FRAGMENTATION_HIGH,
    REDIS_REJECTED_CONNECTIONS,
    REDIS_CLIENTS_HIGH,
    REDIS_BLOCKED_CLIENTS,
    REDIS_KEYS_WITHOUT_TTL_GROWING,
    REDIS_KEY_PATTERN_EXPLODED,
    REDIS_UNMATCHED_KEYS_GROWING,
    REDIS_PERSISTENCE_FAILING,
    REDIS_REPLICA_LINK_DOWN,
)
