"""Limits that nothing could cross, or nothing before a graver one, are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.model import Alert
from alerts.rules import postgres as rules
from alerts.rules import redis as redis_rules
from dashboards.checks import definitions
from dashboards.errors import DefinitionError
from dashboards.stack import STACK, Stack
from signals import limits
from signals.limits import LIMITS
from signals.numbers import Limit

KNOWN = {limit.key: limit for limit in LIMITS}
SHARES = [limit.key for limit in LIMITS if limit.whole]


def given(**values: float) -> Stack:
    """The stack with other limits, given as a team gives them."""
    own = (replace(KNOWN[key], value=value, whole=False) for key, value in values.items())
    return replace(STACK, limits=tuple(own))


@pytest.mark.parametrize(
    ("stack", "told"),
    [
        (
            given(connections_share=0.97),
            "alert PostgresConnectionsHigh speaks above 97 %, 'connections_share', and is silent while "
            "PostgresConnectionsCritical speaks, above 95 %, 'connections_share_critical': it could never "
            "fire; expected a limit that is crossed first; lower 'connections_share', or raise",
        ),
        (given(connections_share=0.95), "PostgresConnectionsHigh speaks above 95 %"),
        (given(connections_share_critical=0.8), "PostgresConnectionsHigh speaks above 80 %"),
        (given(xid_age=2e9), "PostgresXidAgeHigh speaks above 2000 million, 'xid_age'"),
    ],
)
def test_a_limit_at_or_beyond_the_graver_one_is_refused(stack: Stack, told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        definitions.require(stack)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def falling(lesser: float, graver: float) -> Stack:
    """Two alerts on one hit ratio, which fires where it is low."""
    whole = limits.redis.KEYSPACE_HITS
    other: Alert = redis_rules.REDIS_HIT_RATIO_LOW
    low = replace(other, name="RedisLow", yields_to=None, limit=replace(whole, key="low", value=graver))
    less = replace(
        other, name="RedisLess", yields_to=low, keep=0, limit=replace(whole, key="less", value=lesser)
    )
    return replace(STACK, alerts=(*STACK.alerts, replace(low, keep=0), less))


def test_below_a_limit_it_is_the_other_way_about() -> None:
    definitions.require(falling(0.8, 0.5))
    for lesser, graver in ((0.5, 0.5), (0.4, 0.5)):
        with pytest.raises(DefinitionError, match=r"RedisLess speaks below .* raise 'less', or lower 'low'"):
            definitions.require(falling(lesser, graver))


def test_a_limit_that_wakes_someone_and_is_drawn_orange_is_refused() -> None:
    down = redis_rules.REDIS_MEMORY_FULL
    for signal in (
        replace(down.signal, critical=None),
        replace(down.signal, critical=limits.redis.CLIENTS_SHARE),
    ):
        others = [each for each in STACK.alerts if each.name != down.name]
        with pytest.raises(DefinitionError, match="alert RedisMemoryFull wakes someone beyond 'redis_mem"):
            definitions.require(replace(STACK, alerts=(*others, replace(down, signal=signal))))


def test_a_graver_alert_that_asks_for_more_leaves_room_beyond_its_limit() -> None:
    lesser, graver = redis_rules.REDIS_HIT_RATIO_LOW, redis_rules.REDIS_EVICTIONS_HURT
    assert (lesser.yields_to, lesser.threshold) == (graver, graver.threshold)
    definitions.require(STACK)


@pytest.mark.parametrize("key", SHARES)
def test_a_share_of_a_whole_is_not_above_one(key: str) -> None:
    refused = rf"the limit '{key}' is 120 %, and what it is compared with is a share of a whole, never more"
    with pytest.raises(DefinitionError, match=refused):
        definitions.require(given(**{key: 1.2}))


def test_nothing_is_above_all_but_all_may_be_demanded() -> None:
    with pytest.raises(DefinitionError, match=r"'pool_used' is 100 %, .* expected below 100 %"):
        definitions.require(given(pool_used=1))
    definitions.require(given(cache_hit=1))


def test_other_ratios_may_be_above_one() -> None:
    definitions.require(given(ceiling_share=1.2, capacity_used=1.1, redis_fragmentation=2, slot_share=1))


def test_a_team_s_own_share_is_refused_too() -> None:
    own = Limit(key="own", value=1.5, unit=limits.redis.KEYSPACE_HITS.unit, why="A slip.", whole=True)
    mine = replace(rules.POSTGRES_CONNECTIONS_HIGH, name="Mine", yields_to=None, limit=own)
    with pytest.raises(DefinitionError, match="the limit 'own' is 150 %"):
        definitions.require(replace(STACK, alerts=(*STACK.alerts, mine)))
