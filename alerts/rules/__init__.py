"""Every rule, by what it is about."""

from __future__ import annotations

from alerts.model import Alert
from alerts.rules import (
    api,
    api_cost,
    api_load,
    pgbouncer,
    pool,
    postgres,
    postgres_objects,
    postgres_upkeep,
    redis,
    slo,
    telemetry,
    watchers,
)

ALERTS: tuple[Alert, ...] = (
    *api.ALERTS,
    *slo.ALERTS,
    *api_load.ALERTS,
    *api_cost.ALERTS,
    *pool.ALERTS,
    *postgres.ALERTS,
    *postgres_objects.ALERTS,
    *postgres_upkeep.ALERTS,
    *pgbouncer.ALERTS,
    *redis.ALERTS,
    *telemetry.ALERTS,
    *watchers.ALERTS,
)
