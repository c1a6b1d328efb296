"""Cases of the rules in `alerts.rules.redis`."""

from __future__ import annotations

from alerts.cases.common import EXPORTER, FIFTEEN, HALF_SILENT, MOSTLY_SILENT, REDIS_UP
from alerts.proof.model import Case, Held
from alerts.proof.series import PHASE, Series, counter, gauge
from alerts.rules import redis
from exporters.catalogue import Gauge
from exporters.catalogue import redis as redis_metrics

MIB = 1 << 20
MAX = gauge(redis_metrics.MEMORY_MAX, *[1000 * MIB] * 4)
WARM_SERVER = gauge(redis_metrics.START_TIME, *[-7200] * 4)

# Changed back and forth every quarter of an hour, so that within each half hour there were two.
QUARTER = PHASE // 3
SWITCHED = ((1,) * QUARTER + (None,) * QUARTER, (None,) * QUARTER + (1,) * QUARTER)
# The level, then a jump and a slope.
FILLING = tuple(980 * MIB + step * 0.25 * MIB for step in range(PHASE))
GROWING = tuple(tuple(10.0 * step for step in range(PHASE * n, PHASE * (n + 1))) for n in range(4))
# Emptied after a quarter of an hour, and then for an hour and a half on the way to where it was.
FLUSHED = (
    (50_000,) * QUARTER + tuple(10.0 * step for step in range(6 * QUARTER)),
    (900 * MIB,) * QUARTER + tuple((100 + step) * MIB for step in range(6 * QUARTER)),
)
INFO_LABELS = {"role": "master", "redis_version": "7.0.15", "redis_mode": "standalone"}
# A week until yesterday, in less than two hours.
WEEK = {604_800.0: 6000.0, 86_400.0: 6000.0, 3600.0: 15.0}
PATTERN = {"db": "db0", "key": "session:*"}

# Just above, and just below, 80 % of what is sought is found.
LOOKUPS = (
    counter(redis_metrics.HITS, 19000, 16020, 15800, 19000),
    counter(redis_metrics.MISSES, 1000, 3980, 4200, 1000),
)
FEW_MISSES = Held(
    why="too few miss",
    guard=redis.ENOUGH_MISSES,
    levels={redis_metrics.HITS.name: 110, redis_metrics.MISSES.name: 29},
)


def append_only(enabled: float, failing: Gauge | None = None) -> tuple[Series, ...]:
    """The append-only file, and what of it fails."""
    states = (redis_metrics.AOF_WRITE_OK, redis_metrics.AOF_REWRITE_OK)
    return (
        gauge(redis_metrics.AOF_ENABLED, *[enabled] * 4),
        *(gauge(each, 1, 1, 0 if each is failing else 1, 1) for each in states),
    )


CASES = (
    Case(
        alert=redis.REDIS_DOWN,
        series=(gauge(redis_metrics.UP, 1, 1, 0, 1),),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 has answered nothing for 1 min, or only now and then.",
    ),
    Case(
        alert=redis.REDIS_DOWN,
        name="most of the time",
        series=(gauge(redis_metrics.UP, 1, HALF_SILENT, MOSTLY_SILENT, 1),),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 has answered nothing for 1 min, or only now and then.",
    ),
    Case(
        alert=redis.REDIS_EVICTIONS_HURT,
        series=(
            REDIS_UP,
            WARM_SERVER,
            counter(redis_metrics.EVICTED, 16, 16, 16, 0),
            *LOOKUPS,
        ),
        labels=EXPORTER,
        summary="79% of look-ups in Redis watched by exporter:10910 find their key, below 80 %, while it "
        "throws keys away.",
        held=(
            Held(why="few evictions", guard=redis.EVICTING, levels={redis_metrics.EVICTED.name: FIFTEEN}),
            FEW_MISSES,
            Held(why="a cold cache", guard=redis.WARM, levels={redis_metrics.START_TIME.name: 0}, at=29),
            Held(why="Redis is down", guard=redis.ANSWERS, levels={redis_metrics.UP.name: 0}),
        ),
    ),
    Case(
        alert=redis.REDIS_HIT_RATIO_LOW,
        series=(
            REDIS_UP,
            WARM_SERVER,
            # Too few to be the cause.
            counter(redis_metrics.EVICTED, 7, 7, 7, 7),
            *LOOKUPS,
        ),
        labels=EXPORTER,
        summary="79% of look-ups in Redis watched by exporter:10910 find their key, below 80 %.",
        held=(
            FEW_MISSES,
            # It started at minute 0; without the guard it would fire at minute 10.
            Held(why="a cold cache", guard=redis.WARM, levels={redis_metrics.START_TIME.name: 0}, at=29),
            Held(why="Redis is down", guard=redis.ANSWERS, levels={redis_metrics.UP.name: 0}),
            Held(why="RedisEvictionsHurt speaks", guard=None, levels={redis_metrics.EVICTED.name: 16}),
        ),
    ),
    Case(
        alert=redis.REDIS_HIT_RATIO_LOW,
        name="where nothing is found any more",
        series=(
            REDIS_UP,
            WARM_SERVER,
            counter(redis_metrics.EVICTED, 0, 0, 0, 0),
            # Three look-ups per second, and before that less than two misses in ten.
            counter(redis_metrics.HITS, 190, 160.2, 0, 190),
            counter(redis_metrics.MISSES, 10, 39.8, 45, 10),
        ),
        labels=EXPORTER,
        summary="0% of look-ups in Redis watched by exporter:10910 find their key, below 80 %.",
    ),
    Case(
        alert=redis.REDIS_EVICTIONS_HIGH,
        series=(
            REDIS_UP,
            gauge(redis_metrics.INFO, 1, 1, 1, 1, maxmemory_policy="volatile-lru", **INFO_LABELS),
            # The graver one does not speak: first the server has just started, then few miss anything.
            gauge(redis_metrics.START_TIME, 5700, 5700, 5700, 5700),
            counter(redis_metrics.EVICTED, 0, FIFTEEN, 16, 0),
            counter(redis_metrics.HITS, 190, 190, (150,) * 90 + (70,) * 90, 190),
            counter(redis_metrics.MISSES, 10, 10, (50,) * 90 + (29,) * 90, 10),
        ),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 throws away 1.067 keys per second, above 1 per second.",
        held=(
            Held(
                why="a cache is full, as caches are",
                guard=redis.EXPECTED_TO_STAY,
                levels={redis_metrics.INFO.name: None},
            ),
            Held(why="Redis is down", guard=redis.ANSWERS, levels={redis_metrics.UP.name: 0}),
            Held(
                why="RedisEvictionsHurt speaks",
                guard=None,
                levels={
                    redis_metrics.START_TIME.name: -7200,
                    redis_metrics.HITS.name: 150,
                    redis_metrics.MISSES.name: 50,
                },
            ),
        ),
    ),
    Case(
        alert=redis.REDIS_MAXMEMORY_LOW,
        series=(gauge(redis_metrics.MEMORY_MAX, 1024 * MIB, 512 * MIB, 480 * MIB, 512 * MIB),),
        labels=EXPORTER,
        summary="maxmemory of Redis watched by exporter:10910 is 480MiB, where 0B is no limit at all; at "
        "least 512 MiB is recommended.",
    ),
    Case(
        alert=redis.REDIS_POLICY_CHANGED,
        series=(
            gauge(
                redis_metrics.INFO, None, None, SWITCHED[0], 1, maxmemory_policy="noeviction", **INFO_LABELS
            ),
            gauge(redis_metrics.INFO, 1, 1, SWITCHED[1], None, maxmemory_policy="allkeys-lru", **INFO_LABELS),
        ),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 had 2 eviction policies within 30 min.",
        nudge=1,
    ),
    Case(
        alert=redis.REDIS_MEMORY_FULL,
        series=(
            MAX,
            gauge(redis_metrics.MEMORY_USED, 500 * MIB, 970 * MIB, 980 * MIB, 960 * MIB),
            gauge(redis_metrics.INFO, 1, 1, 1, 1, maxmemory_policy="noeviction", **INFO_LABELS),
        ),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 uses 98% of its memory, above 97 %, and its policy is "
        "noeviction.",
        held=(
            Held(why="no limit", guard=None, levels={redis_metrics.MEMORY_MAX.name: 0}),
            Held(why="full, as caches are", guard=None, levels={redis_metrics.INFO.name: None}),
        ),
    ),
    Case(
        alert=redis.REDIS_FRAGMENTATION_HIGH,
        series=(
            gauge(redis_metrics.MEMORY_USED, *[400 * MIB] * 4),
            gauge(redis_metrics.MEMORY_RSS, 500 * MIB, 600 * MIB, 640 * MIB, 500 * MIB),
        ),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 takes 160% of the memory that its data needs, above 150 %.",
        held=(
            Held(
                why="a small heap",
                guard=redis.WORTH_TIDYING,
                levels={
                    redis_metrics.MEMORY_USED.name: 100 * MIB,
                    redis_metrics.MEMORY_RSS.name: 200 * MIB,
                },
            ),
        ),
    ),
    Case(
        alert=redis.REDIS_REJECTED_CONNECTIONS,
        # One in five minutes.
        series=(REDIS_UP, WARM_SERVER, counter(redis_metrics.REJECTED, 0, 0, (1, *[0] * 18), 0)),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 refused about 1 connections within 5 min.",
        held=(
            Held(
                why="another server answers now, with its own count",
                guard=redis.SAME_SERVER,
                levels={redis_metrics.START_TIME.name: (*[-7200] * 10, *[-9000] * 10)},
            ),
            Held(why="Redis is down", guard=redis.ANSWERS, levels={redis_metrics.UP.name: 0}),
        ),
    ),
    Case(
        alert=redis.REDIS_CLIENTS_HIGH,
        series=(
            gauge(redis_metrics.CLIENTS, 100, 800, 850, 100),
            gauge(redis_metrics.MAX_CLIENTS, *[1000] * 4),
        ),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 has 85% of its clients, above 80 %.",
    ),
    Case(
        alert=redis.REDIS_BLOCKED_CLIENTS,
        series=(gauge(redis_metrics.BLOCKED_CLIENTS, 0, 0, 2, 0),),
        labels=EXPORTER,
        summary="2 clients of Redis watched by exporter:10910 wait in a blocking command, more than 0.",
    ),
    Case(
        alert=redis.REDIS_KEYS_WITHOUT_TTL_GROWING,
        series=(
            MAX,
            gauge(redis_metrics.MEMORY_USED, 950 * MIB, 950 * MIB, FILLING, 500 * MIB),
            gauge(redis_metrics.DB_KEYS, *GROWING, db="db0"),
            gauge(redis_metrics.DB_KEYS_EXPIRING, *[50] * 4, db="db0"),
            counter(redis_metrics.EVICTED, 0, 0, 0, 0),
        ),
        labels=EXPORTER,
        summary="At its pace Redis watched by exporter:10910 soon needs 126.5% of its memory, and keys that "
        "never expire grow.",
        held=(
            Held(
                why="it fills again after a flush",
                guard=redis.MORE_THAN_BEFORE,
                levels={redis_metrics.DB_KEYS.name: FLUSHED[0], redis_metrics.MEMORY_USED.name: FLUSHED[1]},
                at=95,
            ),
            Held(
                why="what grows expires",
                guard=redis.UNTIMED_GROWS,
                levels={redis_metrics.DB_KEYS_EXPIRING.name: GROWING[2]},
            ),
            Held(
                why="it grows by less than one in ten seconds",
                guard=redis.UNTIMED_GROWS,
                levels={redis_metrics.DB_KEYS.name: tuple(float(step) for step in range(PHASE))},
            ),
            Held(why="it evicts already", guard=redis.NOT_EVICTING, levels={redis_metrics.EVICTED.name: 1}),
        ),
        # A day is two hours.
        spans={86_400.0: 7200.0},
    ),
    Case(
        alert=redis.REDIS_KEY_PATTERN_EXPLODED,
        series=(gauge(redis_metrics.KEYS, 10_000, 30_000, 32_000, 10_000, **PATTERN),),
        labels={**EXPORTER, **PATTERN},
        summary="There are 320% of the keys session:* that db0 of Redis watched by exporter:10910 had at "
        "most in a week, above 300 %.",
        held=(
            Held(
                why="few keys",
                guard=redis.MANY_KEYS,
                levels={redis_metrics.KEYS.name: 9900},
                past={redis_metrics.KEYS.name: 100},
            ),
            Held(
                why="a weekly peak",
                guard=None,
                levels={},
                past={redis_metrics.KEYS.name: (32_000, *[100] * 179)},
            ),
        ),
        past=2,
        spans=WEEK,
    ),
    Case(
        alert=redis.REDIS_UNMATCHED_KEYS_GROWING,
        series=(gauge(redis_metrics.UNMATCHED_KEYS, 100, 1100, 1150, 100, db="db0"),),
        labels={**EXPORTER, "db": "db0"},
        summary="db0 of Redis watched by exporter:10910 has 1.05k keys of no known pattern more than ever in "
        "a week.",
        past=2,
        spans=WEEK,
    ),
    Case(
        alert=redis.REDIS_PERSISTENCE_FAILING,
        series=(gauge(redis_metrics.RDB_LAST_OK, 1, 1, 0, 1), *append_only(0)),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 cannot write its data to disk.",
    ),
    *(
        Case(
            alert=redis.REDIS_PERSISTENCE_FAILING,
            name=f"where {name}",
            series=(gauge(redis_metrics.RDB_LAST_OK, 1, 1, 1, 1), *append_only(1, failing)),
            labels=EXPORTER,
            summary="Redis watched by exporter:10910 cannot write its data to disk.",
            held=(
                Held(why="the file is switched off", guard=None, levels={redis_metrics.AOF_ENABLED.name: 0}),
            ),
        )
        for name, failing in (
            ("the append-only file is not written", redis_metrics.AOF_WRITE_OK),
            ("the append-only file is not rewritten", redis_metrics.AOF_REWRITE_OK),
        )
    ),
    Case(
        alert=redis.REDIS_REPLICA_LINK_DOWN,
        series=(REDIS_UP, gauge(redis_metrics.MASTER_LINK_UP, 1, 1, 0, 1)),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 is a replica, and has had no link to its master for 5 min.",
        held=(
            Held(why="Redis is down", guard=redis.ANSWERS, levels={redis_metrics.UP.name: 0}),
            Held(why="it became the master", guard=None, levels={redis_metrics.MASTER_LINK_UP.name: None}),
        ),
    ),
)
