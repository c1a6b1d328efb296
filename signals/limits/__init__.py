"""Numbers that are no objective: where an alert draws its line, and why there."""

from __future__ import annotations

from signals.limits import api, pgbouncer, pool, postgres, redis, shared, slo, telemetry
from signals.numbers import Limit

MODULES = (shared, api, pgbouncer, pool, postgres, redis, slo, telemetry)
LIMITS = tuple(value for module in MODULES for value in vars(module).values() if isinstance(value, Limit))
