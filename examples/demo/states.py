"""The states of the demo, and what each does not show: `python -m dashboards prove --state fixed`."""

from __future__ import annotations

from alerts.rules import slo
from dashboards.prove.states import Lacking, States
from examples.faults import FAULTS
from signals import (
    api,
    api_cost,
    api_load,
    components,
    pool,
    postgres_chosen,
    postgres_indexes,
    postgres_statements,
    postgres_upkeep,
    redis,
    redis_change,
    redis_detail,
    telemetry,
    watchers,
)

# As the audit found it, and after its remedies, under load; then broken; with a past of weeks, in blocks; and
# up for more than twice the time shown.
BASELINE, FIXED, FAULTED, BACKFILLED, LONG = "baseline", "fixed", "faulted", "backfilled", "long"

STATES = States(
    names=(BASELINE, FIXED, FAULTED, BACKFILLED, LONG),
    faults=tuple(FAULTS),
    lacking=(
        Lacking(
            signals=(
                api_load.REQUEST_RATE_YESTERDAY,
                api_load.REQUEST_RATE_LAST_WEEK,
                api_load.TRAFFIC_LEFT,
                redis_change.PATTERN_GROWTH,
                redis_change.UNMATCHED_GROWTH,
                telemetry.SERIES_GROWTH,
            ),
            why="the demo knows of no yesterday",
            shown_in=(BACKFILLED,),
        ),
        Lacking(
            signals=(
                slo.API_ERROR_BUDGET_BURN_SLOW.signal,
                slo.API_LATENCY_BUDGET_BURN_SLOW.signal,
                slo.API_LATENCY_BUDGET_BURN_FAST.signal,
            ),
            why="the budget is not spent too fast, and not for days",
            shown_in=(BACKFILLED,),
        ),
        Lacking(
            signals=(
                postgres_chosen.MEAN_BEFORE,
                postgres_chosen.CALLS_BEFORE,
                postgres_statements.TIMES,
                postgres_statements.CALL_MEAN_BEFORE,
                postgres_statements.CALL_RATE_BEFORE,
                postgres_statements.CALL_ROWS_BEFORE,
            ),
            why="at first there is no time before the one shown",
            shown_in=(LONG,),
        ),
        Lacking(
            signals=(postgres_upkeep.SLOT_RETAINED, postgres_upkeep.SLOT_SHARE),
            why="nobody reads the log by a slot",
            shown_in=("inactive-slot",),
        ),
        Lacking(
            signals=(pool.CREATE_MEAN,),
            why="connections are kept, and a new one is rare",
            shown_in=(BASELINE,),
        ),
        Lacking(
            signals=(postgres_indexes.ROWS_OF_A_SCAN,),
            why="what is read whole comes from the cache, and is read anew now and then",
            shown_in=(BASELINE,),
        ),
        Lacking(
            signals=(postgres_indexes.FOR_NOTHING,),
            why="every index was built, is used, or enforces something",
            shown_in=("invalid-index",),
        ),
        Lacking(
            signals=(redis.MEMORY_WITHOUT_EVICTION,),
            why="full memory evicts",
            shown_in=("refuse-writes",),
        ),
        Lacking(
            signals=(api.EXCEPTIONS, components.FIRING_SINCE, slo.API_ERROR_BUDGET_BURN_FAST.signal),
            why="nothing fails",
            shown_in=("errors",),
        ),
        Lacking(
            signals=(api.NEW_EXCEPTIONS,),
            why="nothing has failed that did not fail before",
            shown_in=("errors", BACKFILLED),
        ),
        Lacking(
            signals=(
                postgres_statements.LOOP,
                postgres_statements.LOOP_CALLS,
                postgres_statements.LOOP_MEAN,
                postgres_statements.LOOP_SHARE,
                postgres_statements.LOOP_TEXT,
            ),
            why="no statement is called in a loop",
            shown_in=("nplusone",),
        ),
        Lacking(
            signals=(api_cost.REPEATS, api_cost.REPEATS_P95),
            why="no request is an N+1",
            shown_in=(BASELINE, "nplusone"),
        ),
        Lacking(
            signals=(telemetry.COLLECTOR_ERRORS,),
            why="every collector works",
            shown_in=("lock-table",),
        ),
        Lacking(
            signals=(redis.MASTER_LINK, redis_detail.REPLICA_LAG, redis_detail.MASTER_SILENCE),
            why="the demo has no replica",
        ),
        Lacking(signals=(telemetry.CERTIFICATE_LEFT,), why="the demo's exporter is asked without TLS"),
        Lacking(signals=(telemetry.LOGINS_REFUSED,), why="the demo's exporter asks for no name"),
        Lacking(
            signals=(watchers.GRAFANA_MESSAGES_FAILED, watchers.GRAFANA_RULE_FAILURES),
            why="Grafana does not notify in the demo",
        ),
    ),
)
