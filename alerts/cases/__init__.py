"""The case of each rule, by what it is about."""

from __future__ import annotations

from alerts.cases import (
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
from alerts.proof.model import Case

CASES: tuple[Case, ...] = (
    *api.CASES,
    *slo.CASES,
    *api_load.CASES,
    *api_cost.CASES,
    *pool.CASES,
    *postgres.CASES,
    *postgres_objects.CASES,
    *postgres_upkeep.CASES,
    *pgbouncer.CASES,
    *redis.CASES,
    *telemetry.CASES,
    *watchers.CASES,
)
