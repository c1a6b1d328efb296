"""The audit's numbers, as its summary gives them: a range by its worse end."""

from __future__ import annotations

import pytest

from signals import objectives
from signals.numbers import BYTES, COUNT, RATIO, SECONDS, Objective, Unit, spoken

MIB = 1024 * 1024
# Baseline, week 1, month 1; None where the audit says nothing.
AUDIT: dict[str, tuple[float | None, float | None, float | None]] = {
    "average": (0.3, 0.1, 0.06),
    "p95": (0.8, 0.25, 0.15),
    "dashboard_time": (0.5, 0.1, 0.1),
    "throughput": (50, 200, 500),
    "queries": (10, 3, 2),
    "nplusone": (None, None, 0),
    "dashboard_cache": (0, 0.8, 0.8),
    "cache": (None, None, 0.85),
    "payload": (None, 0.7, 0.7),
    "bandwidth": (0, 0.7, 0.7),
    "dashboard_calls": (None, 0.9, 0.9),
    "payroll": (None, None, 0.6),
    "filtering": (None, None, 0.5),
    "indexes": (0, 1, 1),
    "redis_memory": (256 * MIB, None, 512 * MIB),
    "boards_live": (None, None, 1),
    "slow_queries_live": (None, None, 1),
    "evictions_live": (None, None, 1),
    "pool_live": (None, None, 1),
}


def test_every_target_of_the_audit_is_there() -> None:
    assert {each.key for each in objectives.OBJECTIVES} == AUDIT.keys()


@pytest.mark.parametrize("objective", objectives.OBJECTIVES, ids=lambda each: each.key)
def test_a_target_has_the_audits_numbers(objective: Objective) -> None:
    assert (objective.baseline, objective.week1, objective.month1) == AUDIT[objective.key]
    assert objective.value == objective.month1
    if objective.baseline is not None and objective.month1 is not None:
        assert (objective.month1 > objective.baseline) == (objective.better == "higher")


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (0.15, SECONDS, "150 ms"),
        (604_800, SECONDS, "7 d"),
        (0.95, RATIO, "95 %"),
        (0.0001, RATIO, "0.01 %"),
        (-2.2e-16, RATIO, "0 %"),
        (512 * MIB, BYTES, "512 MiB"),
        (10_000, COUNT, "10000"),
        (500_000_000, COUNT, "500 million"),
    ],
)
def test_a_number_is_told_as_a_person_says_it(value: float, unit: Unit, told: str) -> None:
    assert spoken(value, unit) == told
