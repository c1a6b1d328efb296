"""Every rule, by what it is about."""

from __future__ import annotations

from alerts.model import Alert
from alerts.rules import api, pool, postgres, postgres_objects, redis, telemetry

ALERTS: tuple[Alert, ...] = (
    *api.ALERTS,
    *pool.ALERTS,
    *postgres.ALERTS,
    *postgres_objects.ALERTS,
    *redis.ALERTS,
    *telemetry.ALERTS,
)
