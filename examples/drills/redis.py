"""Drills of Redis, one after the other: most of them change how much memory it has, or who may connect."""

from __future__ import annotations

from dashboards.drill.model import Drill
from examples.drills.common import FAILS, HALF_BACK, SLOW, STOPPED, UNCACHED

LANE = "redis"
MEGABYTES = 1024 * 1024

DRILLS = (
    Drill(
        alerts=("RedisPolicyChanged",),
        fault="configure-redis",
        options={"setting": "maxmemory-policy", "value": "volatile-lru"},
        window=0,
        lane=LANE,
    ),
    Drill(
        alerts=("RedisMaxmemoryLow",),
        fault="configure-redis",
        options={"setting": "maxmemory", "value": str(256 * MEGABYTES)},
        lane=LANE,
    ),
    Drill(alerts=("RedisBlockedClients",), fault="block-clients", lane=LANE, in_ci=True),
    Drill(alerts=("RedisClientsHigh",), fault="hold-redis-clients", lane=LANE, in_ci=True),
    Drill(
        alerts=("RedisRejectedConnections",),
        fault="hold-redis-clients",
        options={"share": 1.1},
        window=0,
        # The application is refused too where it opens another connection, and computes anew.
        consequences=UNCACHED | {"RedisClientsHigh"},
        lane=LANE,
    ),
    Drill(alerts=("RedisPersistenceFailing",), fault="fail-saves", lane=LANE),
    # Enough that four hours at this pace are more than the limit: a megabyte per second of the demo's clock.
    Drill(
        alerts=("RedisKeysWithoutTtlGrowing",),
        fault="grow-keys",
        options={"per_second": 150, "size": 10_000},
        lane=LANE,
    ),
    Drill(alerts=("RedisFragmentationHigh",), fault="fragment-redis", lane=LANE),
    Drill(alerts=("RedisHitRatioLow",), fault="miss-keys", lane=LANE),
    Drill(
        alerts=("RedisEvictionsHurt",),
        fault="outgrow-redis",
        consequences=SLOW | UNCACHED | {"RedisMaxmemoryLow", "RedisHitRatioLow"},
        lane=LANE,
    ),
    Drill(
        alerts=("RedisMemoryFull",),
        fault="refuse-writes",
        consequences=SLOW | UNCACHED | {"RedisPolicyChanged", "RedisMaxmemoryLow", "RedisHitRatioLow"},
        lane=LANE,
    ),
    Drill(
        alerts=("RedisEvictionsHigh",),
        fault="fill-redis",
        options={"policy": "volatile-lru"},
        consequences=SLOW | {"RedisPolicyChanged"},
        lane=LANE,
    ),
    Drill(
        alerts=("RedisDown",),
        fault="stop-redis",
        # Every request waits for it in vain first, and on a busy machine the health check waits behind them.
        consequences=SLOW | FAILS | UNCACHED | {"ApiDown"},
        window=STOPPED,
        fades=HALF_BACK,
        in_ci=True,
    ),
)
