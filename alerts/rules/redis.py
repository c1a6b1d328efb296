"""Rules on Redis: does it answer, do look-ups find what they seek, must it throw keys away?"""

from __future__ import annotations

from alerts.model import Alert, Severity
from exporters.catalogue import redis as metrics
from exporters.catalogue.labels import INSTANCE, JOB
from signals import redis
from signals.idioms import promql, value
from signals.limits import redis as limits

# The rates of a server that is down outlive it by a window.
ANSWERS = promql("{up} == 1", up=redis.UP.query)
ENOUGH_LOOKUPS = promql("{rate} > <number:minimum_lookups>", limits.MINIMUM_LOOKUPS, rate=redis.LOOKUPS)
WARM = promql(
    "time() - {start} > <elapsed:warm_up>", limits.WARM_UP, start=value(metrics.START_TIME, over="max")
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
    summary="Redis watched by {{ $labels.instance }} has not answered for {hold}.",
    description="Nothing is cached: every request computes its answer, and the database carries the load.",
)
REDIS_HIT_RATIO_LOW = Alert(
    name="RedisHitRatioLow",
    service="redis",
    severity=Severity.WARNING,
    signal=redis.HIT_RATIO,
    operator="<",
    by=(JOB, INSTANCE),
    guards=(ENOUGH_LOOKUPS, WARM, ANSWERS),
    window=600,
    hold=600,
    keep=600,
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
    guards=(ANSWERS,),
    window=600,
    hold=600,
    keep=600,
    summary="Redis watched by {{ $labels.instance }} throws away {{ $value | humanize }} keys per second, "
    "above {limit}.",
    description="Memory is full and what is used does not fit into it.",
)
ALERTS = (REDIS_DOWN, REDIS_HIT_RATIO_LOW, REDIS_EVICTIONS_HIGH)
