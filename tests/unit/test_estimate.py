"""The interval of a count that is estimated holds the truth as often as it says, for rare kinds too."""

from __future__ import annotations

from math import comb

import pytest

from exporters.collectors.redis.estimate import FEW, estimate

HELD = 3000


def chance(found: int, truth: int, met: int, held: int) -> float:
    """That so many of a kind are among those met."""
    return comb(truth, found) * comb(held - truth, met - found) / comb(held, met)


@pytest.mark.parametrize("met", [50, 300, 2000, HELD - 2])
def test_it_holds_the_truth_in_95_of_100_cases_however_rare_or_common_it_is(met: int) -> None:
    limits = [estimate(found, met, HELD) for found in range(met + 1)]
    for truth in (0, 1, 2, 3, 5, 9, 20, 100, HELD - 20, HELD - 2, HELD - 1, HELD):
        held = sum(
            chance(found, truth, met, HELD)
            for found in range(max(0, met - HELD + truth), min(met, truth) + 1)
            if limits[found].low <= truth <= limits[found].high
        )
        assert held >= 0.95 - 1e-9, truth


@pytest.mark.parametrize("found", [0, 1, 7, FEW])
@pytest.mark.parametrize("met", [50, 300, 2000])
def test_of_few_it_is_no_wider_than_that_takes(found: int, met: int) -> None:
    limit = estimate(found, met, HELD)
    mirrored = estimate(met - found, met, HELD)

    assert found <= limit.low <= limit.count <= limit.high <= HELD - (met - found)
    assert (mirrored.low, mirrored.high) == (HELD - limit.high, HELD - limit.low)
    if limit.low > found:
        beyond = range(found, met + 1)
        assert sum(chance(n, int(limit.low) - 1, met, HELD) for n in beyond) <= 0.025 + 1e-9
    if limit.high < HELD - (met - found):
        assert sum(chance(n, int(limit.high) + 1, met, HELD) for n in range(found + 1)) <= 0.025 + 1e-9


def test_of_a_thousand_million_keys_it_is_as_exact() -> None:
    # By Poisson's distribution, which that is: 0.0253 to 5.57 where one was met.
    limit = estimate(1, 10_000, 10**9)

    assert limit.low == pytest.approx(0.025318 * 1e5, rel=0.001)
    assert limit.high == pytest.approx(5.5716 * 1e5, rel=0.001)
