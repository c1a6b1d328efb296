"""An alert on a share or percentile of events without a minimum of them is refused."""

from __future__ import annotations

import pytest

from tests.checks.small import alert, judge, rule_file
from tests.checks.test_dead_rules import ALL, FAILED, PERCENTILE

COVERED = {"ratio-guarded"}
SHARE = f"{FAILED} / ({ALL} > 0)"
CONNECTIONS = "pg_stat_database_numbackends / (pg_stat_database_numbackends > 0) > 0.8"


def refused(expr: str) -> list[str]:
    """What the check says of a rule."""
    return [each.message for each in judge(rule_file(alert(expr))) if each.rule == "ratio-guarded"]


@pytest.mark.parametrize(
    "expr",
    [
        f"{SHARE} > 0.01",
        f"{PERCENTILE} > 0.15",
        f"{SHARE} > 0.01 and {ALL} > 0",
        f"{SHARE} > 1 and {SHARE} > 0.5",
    ],
)
def test_a_share_of_however_few_is_refused(expr: str) -> None:
    (told,) = refused(expr)
    assert told.startswith("it judges a share or percentile of events, however few there are, in `")


@pytest.mark.parametrize(
    "expr", [f"{SHARE} > 0.01 and {ALL} > 1", f"{PERCENTILE} > 0.15 and {ALL} > 1", CONNECTIONS, f"{ALL} > 5"]
)
def test_a_share_of_many_passes_and_so_does_what_counts_nothing(expr: str) -> None:
    assert refused(expr) == []


TAKEN = COVERED
