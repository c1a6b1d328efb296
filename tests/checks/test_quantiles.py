"""A quantile beyond 0 to 1 is refused wherever one stands."""

from __future__ import annotations

import pytest

from dashboards.checks.finding import Finding
from tests.checks import others
from tests.checks.small import alerted, asked, only

COVERED = TAKEN = {"quantile-range"}
BY = "environment, cluster, job"
BUCKETS = f"sum by ({BY}, le) (rate(http_request_duration_seconds_bucket{{SCOPE}}[5m]))"


def found(expr: str) -> list[Finding]:
    """Of a panel of ours, of a rule, and of anybody's panel."""
    theirs = expr.replace("{SCOPE}", "")
    told = (asked(expr), alerted(theirs), others.judge(others.board(others.graph(theirs))))
    return [finding for each in told for finding in only(each, "quantile-range")]


@pytest.mark.parametrize(
    ("expr", "names", "fix"),
    [
        (f"histogram_quantile(95, {BUCKETS})", "histogram_quantile() of 95 is always +Inf", "Write 0.95."),
        (f"quantile by ({BY}) (-0.5, pg_up{{SCOPE}})", "quantile() of -0.5 is always -Inf", "such as 0.95"),
        ("quantile_over_time(150, pg_up{SCOPE}[1h])", "quantile_over_time() of 150", "such as 0.95"),
        ("quantile_over_time(-(1), pg_up{SCOPE}[1h])", "quantile_over_time() of -1", "such as 0.95"),
        (f"quantile by ({BY}) (NaN, pg_up{{SCOPE}})", "quantile() of nan is always NaN", "such as 0.95"),
    ],
)
def test_a_quantile_that_is_no_share_is_refused(expr: str, names: str, fix: str) -> None:
    ours, rules, theirs = found(expr)
    for each in (ours, rules, theirs):
        assert names in each.message
        assert fix in each.fix


@pytest.mark.parametrize(
    "expr",
    [
        f"histogram_quantile(0.95, {BUCKETS})",
        f"quantile by ({BY}) (1, pg_up{{SCOPE}})",
        "quantile_over_time(0, pg_up{SCOPE}[1h])",
        "quantile_over_time($rank, pg_up{SCOPE}[1h])",
        "quantile_over_time(95 / 100, pg_up{SCOPE}[1h])",
        f"topk by ({BY}) (5, pg_up{{SCOPE}})",
    ],
)
def test_a_share_is_right(expr: str) -> None:
    assert found(expr) == []
