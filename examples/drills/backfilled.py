"""Alerts that look back over days: each with a past of as many, which `tests/stack` makes blocks of."""

from __future__ import annotations

from alerts.cases import CASES
from alerts.cases.common import LIST, PG_PRIMARY, PG_UP
from alerts.model import Alert
from alerts.proof.backfill import Backfill
from alerts.proof.model import Case
from alerts.proof.series import Series, counter, gauge, histogram
from alerts.rules import api, api_cost, api_load, postgres_objects, postgres_upkeep, redis, slo, telemetry
from exporters.catalogue import api as api_metrics
from exporters.catalogue import postgres_objects as objects
from signals.objectives import P95
from signals.slo import DAY, HOUR

WEEK, TWO_WEEKS = 7 * DAY, 14 * DAY
# The past of a case ends so long before its week, see alerts/cases/postgres_upkeep.py.
STALE = WEEK + 20_000
SLOW, FAST = 1.0, P95.value
INDEX = {"index": "idx_employees_factory", "table": "employees"}
OTHER = {"index": "idx_timer_cards_employee", "table": "timer_cards"}


def _case(alert: Alert) -> Case:
    return next(case for case in CASES if case.alert is alert)


def _requests(bad: float) -> tuple[Series, ...]:
    """A thousand requests in a step, of which so many fail at last; before that half of what may fail."""
    return (
        counter(api_metrics.REQUESTS, 999.5, 0, 1000 - bad, 0, status="200", **LIST),
        counter(api_metrics.REQUESTS, 0.5, 0, bad, 0, status="500", **LIST),
    )


def _times(slow: float) -> tuple[Series, ...]:
    """A thousand requests in a step, of which so many are slow at last; before that half of what may be."""
    quiet, fault = {FAST: 975, SLOW: 25}, {FAST: 1000 - slow, SLOW: slow}
    return histogram(api_metrics.REQUEST_DURATION, LIST, quiet, quiet, fault, quiet)


BACKFILLED = (
    # For two days 2.2 times what may fail, for one half of it.
    Backfill(
        case=_case(slo.API_ERROR_BUDGET_BURN_SLOW),
        looks_back=3 * DAY,
        fault=2 * DAY,
        value=(2 * 2.2 + 0.5) / 3,
        series=_requests(2.2),
    ),
    Backfill(
        case=_case(slo.API_LATENCY_BUDGET_BURN_SLOW),
        looks_back=3 * DAY,
        fault=2 * DAY,
        value=(2 * 2 + 0.5) / 3,
        series=_times(100),
    ),
    # 85 % are slow, of which 5 % may be.
    Backfill(
        case=_case(slo.API_LATENCY_BUDGET_BURN_FAST),
        looks_back=6 * HOUR,
        fault=2 * HOUR,
        value=17,
        series=_times(850),
    ),
    Backfill(case=_case(api_load.API_TRAFFIC_DROP), looks_back=WEEK, fault=HOUR, value=290 / 1500),
    Backfill(case=_case(api_cost.API_COMPRESSION_LOST), looks_back=WEEK, fault=HOUR, value=0.29),
    Backfill(case=_case(api.API_EXCEPTION_NEW), looks_back=2 * DAY, fault=HOUR, value=1),
    Backfill(
        case=_case(postgres_objects.EXPECTED_INDEX_UNUSED),
        looks_back=TWO_WEEKS,
        fault=TWO_WEEKS + HOUR,
        value=0,
        series=(
            PG_UP,
            PG_PRIMARY,
            gauge(objects.EXPECTED_COVERED, 1, 1, 1, 1, **INDEX),
            counter(objects.EXPECTED_SCANS, 1, 1, 0, 1, **INDEX),
            gauge(objects.EXPECTED_COVERED, 1, 1, 1, 1, **OTHER),
            counter(objects.EXPECTED_SCANS, 1, 1, 1, 1, **OTHER),
        ),
    ),
    Backfill(case=_case(postgres_upkeep.POSTGRES_VACUUM_STALE), looks_back=WEEK, fault=STALE, value=STALE),
    Backfill(case=_case(redis.REDIS_KEY_PATTERN_EXPLODED), looks_back=8 * DAY, fault=HOUR, value=3.2),
    Backfill(case=_case(redis.REDIS_UNMATCHED_KEYS_GROWING), looks_back=8 * DAY, fault=HOUR, value=1050),
    Backfill(case=_case(telemetry.SERIES_GROWTH), looks_back=DAY, fault=HOUR, value=2.1),
)
