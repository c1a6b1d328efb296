"""What several cases are scraped from."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.proof.model import Held
from alerts.proof.series import INSTANCES, Series, gauge
from alerts.rules import postgres as postgres_rules
from exporters.catalogue import api, external, postgres, redis
from signals.idioms import DAY

EXPORTER = {"job": "exporter", "instance": INSTANCES["exporter"]}
HEALTH = {"job": "api-health", "instance": INSTANCES["api-health"]}
ALERTMANAGER = {"job": "alertmanager", "instance": INSTANCES["alertmanager"]}
GRAFANA = {"job": "grafana", "instance": INSTANCES["grafana"]}
PROMETHEUS = {"job": "prometheus", "instance": INSTANCES["prometheus"]}
# Asked for by a scanner.
NOWHERE = {"method": "POST", "handler": api.UNMATCHED}
LIST = {"method": "GET", "handler": "/api/employees"}
PG_UP = gauge(postgres.UP, 1, 1, 1, 1)
PG_PRIMARY = gauge(postgres.IS_REPLICA, 0, 0, 0, 0)
ON_REPLICA = Held(why="it is a replica", guard=postgres_rules.PRIMARY, levels={postgres.IS_REPLICA.name: 1})
PG_STARTED = gauge(postgres.START_TIME, -7200, -7200, -7200, -7200)
# Between two of its samples, and often enough that a window has seen it.
PG_OTHER = Held(
    why="another server answers now, with its own count",
    guard=postgres_rules.SAME_SERVER,
    levels={postgres.START_TIME.name: (*[-7200] * 10, *[-9000] * 10)},
)
PG_DOWN = Held(why="PostgreSQL is down", guard=postgres_rules.ANSWERS, levels={postgres.UP.name: 0})
REDIS_UP = gauge(redis.UP, 1, 1, 1, 1)
# A replica that is down says nothing of the primary.
PG_SERVERS = (PG_UP, PG_PRIMARY, gauge(postgres.UP, 1, 0, 0, 1, instance="exporter-2:10910"))
WORKERS = gauge(api.WORKERS, 4, 4, 4, 4)
ANSWERING = gauge(external.PROBE_SUCCESS, 1, 1, 1, 1)
NO_ANSWER = {external.PROBE_SUCCESS.name: 0}
# What a case compares with lies in its past: a day ago, and a week ago, which was a little earlier.
PAST = 3
SPANS: Mapping[float, float] = {DAY: 8100, 7 * DAY: 8400}
# Fifteen in a step of 15.001 seconds: just below one per second.
FIFTEEN = 15
HALF = (1, 0)
# Half of the time, but never for as long as anything is held.
HALF_SILENT = (1, 1, 0, 0)
MOSTLY_SILENT = (0, 0, 1)


def connection_limits(maximum: float) -> tuple[Series, ...]:
    """PostgreSQL's limits on connections."""
    return (
        gauge(postgres.SETTING_MAX_CONNECTIONS, maximum, maximum, maximum, maximum),
        gauge(postgres.SETTING_SUPERUSER_RESERVED, 3, 3, 3, 3),
        gauge(postgres.SETTING_RESERVED, 0, 0, 0, 0),
    )
