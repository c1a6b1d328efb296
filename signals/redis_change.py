"""Signals of Redis that compare it with itself: what changed, what grows, and where that ends."""

from __future__ import annotations

from exporters.catalogue import Metric, redis
from signals.idioms import SERVER_LEVEL, grouping, promql, select, span, value
from signals.limits import redis as limits
from signals.model import Signal
from signals.numbers import COUNT, RATIO
from signals.promql import Query

SERVER = tuple(label.name for label in SERVER_LEVEL)
HALF_HOUR, HOUR, DAY, WEEK = span(1800), span(3600), span(86_400), span(604_800)
OFTEN = span(300)


def _highest_before(metric: Metric, *names: str) -> Query:
    """The most that there was in the week until yesterday: every busy hour is in it, and no cold start."""
    labels = (*SERVER, *names)
    text = f"max_over_time({select(metric)}[{WEEK}:{HOUR}] offset {DAY})"
    return Query(f"max by {grouping(labels)} ({text})", (metric,), (), labels)


def _slope(metric: Metric) -> Query:
    """What a gauge, summed over a server, gains per second, from the line through half an hour."""
    return Query(f"sum by {grouping(SERVER)} (deriv({select(metric)}[{HALF_HOUR}]))", (metric,), (), SERVER)


POLICIES = Signal(
    title="Eviction policies",
    why="How many eviction policies the server had within half an hour. More than one: somebody changed it.",
    act="Ask who; a change with CONFIG SET is gone with the next start unless redis.conf has it too.",
    query=Query(
        f"count by {grouping(SERVER)} (max by {grouping((*SERVER, redis.MAXMEMORY_POLICY.name))} "
        f"(max_over_time({select(redis.INFO)}[{HALF_HOUR}])))",
        (redis.INFO,),
        (),
        SERVER,
    ),
    unit=COUNT,
    objective=limits.POLICIES,
    legend="policies",
)
UNTIMED_GROWTH = promql(
    "{keys} - {expiring}", keys=_slope(redis.DB_KEYS), expiring=_slope(redis.DB_KEYS_EXPIRING)
)
UNTIMED = promql("{keys} - {expiring}", keys=value(redis.DB_KEYS), expiring=value(redis.DB_KEYS_EXPIRING))
# The most of them in the day before what is looked at: a cache that fills again comes back to it.
UNTIMED_BEFORE = promql(f"max_over_time({{untimed}}[{DAY}:{OFTEN}] offset {HALF_HOUR})", untimed=UNTIMED)
MEMORY_PREDICTED = Signal(
    title="Memory of the limit, ahead",
    why="Where the line through the last half hour leads in {number:redis_foresight}, as a share of "
    "maxmemory. No value means that no limit is set.",
    act="See which pattern grows, and whether its keys expire.",
    query=promql(
        "{used} / ({limit} > 0)",
        used=Query(
            f"max by {grouping(SERVER)} "
            f"(predict_linear({select(redis.MEMORY_USED)}[{HALF_HOUR}], <elapsed:redis_foresight>))",
            (redis.MEMORY_USED,),
            (limits.FORESIGHT,),
            SERVER,
        ),
        limit=value(redis.MEMORY_MAX, over="max"),
    ),
    unit=RATIO,
    objective=limits.MEMORY_PREDICTED,
    legend="ahead",
)
PATTERN_GROWTH = Signal(
    title="Growth of a pattern",
    why="Keys of each pattern as a share of the most that it had in the week until yesterday. With fewer "
    "than {number:redis_pattern_keys} keys the line means nothing.",
    act="Sample its keys: a unique part in them, or no time to live.",
    query=promql(
        "{now} / clamp_min({before}, 1)",
        now=value(redis.KEYS, by=(redis.DB, redis.KEY)),
        before=_highest_before(redis.KEYS, redis.DB.name, redis.KEY.name),
    ),
    unit=RATIO,
    objective=limits.PATTERN_GROWTH,
    legend="{{db}} {{key}}",
)
UNMATCHED_GROWTH = Signal(
    title="Growth of keys of no pattern",
    why="Keys of no configured pattern, beyond the most that there were in the week until yesterday.",
    act="See what they begin with, and give it a pattern in the exporter's configuration.",
    query=promql(
        "{now} - {before}",
        now=value(redis.UNMATCHED_KEYS, by=(redis.DB,)),
        before=_highest_before(redis.UNMATCHED_KEYS, redis.DB.name),
    ),
    unit=COUNT,
    objective=limits.UNMATCHED_GROWTH,
    legend="{{db}}",
)
