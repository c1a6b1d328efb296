"""Cases of the rules in `alerts.rules.redis`."""

from __future__ import annotations

from alerts.cases.common import EXPORTER, FIFTEEN, REDIS_UP
from alerts.proof.model import Case, Held
from alerts.proof.series import counter, gauge
from alerts.rules import redis
from exporters.catalogue import redis as redis_metrics

CASES = (
    Case(
        alert=redis.REDIS_DOWN,
        series=(gauge(redis_metrics.UP, 1, 1, 0, 1),),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 has not answered for 1 min.",
    ),
    Case(
        alert=redis.REDIS_HIT_RATIO_LOW,
        series=(
            REDIS_UP,
            gauge(redis_metrics.START_TIME, -7200, -7200, -7200, -7200),
            counter(redis_metrics.HITS, 19000, 16020, 15800, 19000),
            counter(redis_metrics.MISSES, 1000, 3980, 4200, 1000),
        ),
        labels=EXPORTER,
        summary="79% of look-ups in Redis watched by exporter:10910 find their key, below 80 %.",
        held=(
            Held(
                why="too few look-ups",
                guard=redis.ENOUGH_LOOKUPS,
                levels={redis_metrics.HITS.name: 118, redis_metrics.MISSES.name: 32},
            ),
            # It started at minute 0; without the guard it would fire at minute 10.
            Held(why="a cold cache", guard=redis.WARM, levels={redis_metrics.START_TIME.name: 0}, at=29),
            Held(why="Redis is down", guard=redis.ANSWERS, levels={redis_metrics.UP.name: 0}),
        ),
    ),
    Case(
        alert=redis.REDIS_EVICTIONS_HIGH,
        series=(REDIS_UP, counter(redis_metrics.EVICTED, 0, FIFTEEN, 16, 0)),
        labels=EXPORTER,
        summary="Redis watched by exporter:10910 throws away 1.067 keys per second, above 1 per second.",
        held=(Held(why="Redis is down", guard=redis.ANSWERS, levels={redis_metrics.UP.name: 0}),),
    ),
)
