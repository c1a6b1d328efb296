"""Every rule, by what it is about."""

from __future__ import annotations

from alerts.model import Alert
from alerts.rules import api, pool, postgres, redis, telemetry

ALERTS: tuple[Alert, ...] = (
    *api.ALERTS,
    *pool.ALERTS,
    *postgres.ALERTS,
    *redis.ALERTS,
    *telemetry.ALERTS,
)
