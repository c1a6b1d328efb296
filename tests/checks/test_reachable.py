"""A limit that no value reaches is refused, in rules of both engines, and no other limit is."""

from __future__ import annotations

import pytest

from dashboards.checks.promql import Binary, parse
from dashboards.checks.spans import SpanEngine
from dashboards.checks.subject import Subject
from dashboards.stack import STACK
from tests.checks.small import alerted, asked, only
from tests.checks.small_alerts import RULE, judged

BY = "environment, cluster, job, instance"
ALL = f"sum by ({BY}) (rate(http_requests_total[5m]))"
FAILED = f'sum by ({BY}) (rate(http_requests_total{{status=~"5.."}}[5m]))'
YESTERDAY = f"sum by ({BY}) (rate(http_requests_total[5m] offset 1d))"
SHARE = f"({FAILED} or 0 * {ALL}) / ({ALL} > 0)"
HITS, MISSES = "rate(redis_keyspace_hits_total[5m])", "rate(redis_keyspace_misses_total[5m])"
FAST = 'rate(http_request_duration_seconds_bucket{le="0.15"}[5m])'
SERVED = "rate(http_request_duration_seconds_count[5m])"
P95 = f"histogram_quantile(0.95, sum by ({BY}, le) (rate(http_request_duration_seconds_bucket[5m])))"
KNOWN = Subject(files={}, catalogue=STACK.catalogue, identity=STACK.identity).known

# the rule, how it says what the value is
NEVER = [
    (f"{SHARE} > 1", "at least 0 and at most 1, so that `> 1`"),
    (f"{SHARE} >= 1.5", "at least 0 and at most 1, so that `>= 1.5`"),
    (f"{SHARE} < 0", "so that `< 0`"),
    (f"{SHARE} <= -0.5", "so that `<= -0.5`"),
    (f"{SHARE} == 2", "so that `== 2`"),
    (f"1 - {SHARE} < 0", "at least 0 and at most 1, so that `< 0`"),
    (f"100 * ({SHARE}) > 100", "at least 0 and at most 100, so that `> 100`"),
    (f"{HITS} / ({HITS} + {MISSES} > 0) > 1", "at most 1, so that `> 1`"),
    (f"{MISSES} / ({HITS} + {MISSES} > 0) > 1", "at most 1, so that `> 1`"),
    (f"{FAST} / ignoring (le) ({SERVED} > 0) > 1", "at most 1, so that `> 1`"),
    (f"max by ({BY}) ({P95}) > 5", "at least 0 and at most 5"),
    (f"{ALL} < 0", "the value is at least 0, so that `< 0`"),
    (f"-{ALL} > 0", "the value is at most 0, so that `> 0`"),
    (f"count by ({BY}) (pg_up == 0) < 1", "the value is at least 1"),
    ('absent(up{job="api"}) == 0', "the value is 1, so that `== 0`"),
    ('absent(up{job="api"}) != 1', "the value is 1, so that `!= 1`"),
    (f"group by ({BY}) (up) > 1", "the value is 1"),
]

# Limits that can be reached, or of which nothing is certain.
REACHABLE = [
    f"{SHARE} > 0.99",
    f"{SHARE} >= 1",
    f"{SHARE} <= 0",
    f"{ALL} / ({YESTERDAY} > 0) > 2",
    f"{ALL} / ({FAILED} > 0) > 1",
    f"{HITS} / ({MISSES} > 0) > 1",
    f"{HITS} / (({HITS} - {MISSES}) > 0) > 1",
    f'{FAILED} / (sum by ({BY}) (rate(http_requests_total{{method="GET"}}[5m])) > 0) > 1',
    f"{FAILED} / (sum by ({BY}) (rate(http_requests_total[10m])) > 0) > 1",
    'sum by (environment, cluster, job, instance) (rate(http_request_duration_seconds_bucket{le=~"0.1|0.15"}'
    f"[5m])) / (sum by ({BY}) ({SERVED}) > 0) > 1",
    f"sum by ({BY}) ({SHARE}) > 1",
    f"{P95} > 2.5",
    "pg_up < 1",
    "redis_memory_used_bytes / (redis_memory_max_bytes > 0) > 1",
    f"count by ({BY}) (pg_up == 0) > 1",
    f"count by ({BY}) (pg_up) - count by ({BY}) (pg_up == 0) < 1",
    "vector(1) > 0",
    "time() - redis_start_time_seconds < 0",
]


@pytest.mark.parametrize(("expr", "says"), NEVER)
def test_a_limit_that_no_value_reaches_is_refused(expr: str, says: str) -> None:
    (found,) = only(alerted(expr), "limit-reachable")

    assert (found.file, found.where) == ("prometheus/rules/small.yml", "alert Small")
    assert says in found.message
    assert "never holds" in found.message
    assert found.fix == "Move the limit, or ask for something else."


@pytest.mark.parametrize("expr", REACHABLE)
def test_a_limit_that_may_be_reached_is_left_alone(expr: str) -> None:
    assert only(alerted(expr), "promql-parses", "limit-reachable") == []


@pytest.mark.parametrize(
    ("kind", "limit", "says"),
    [
        ("gt", 1, "`> 1`"),
        ("gte", 2, "`>= 2`"),
        ("lt", 0, "`< 0`"),
        ("lte", -1, "`<= -1`"),
        ("eq", 2, "`== 2`"),
    ],
)
def test_a_limit_of_grafana_that_no_value_reaches_is_refused(kind: str, limit: float, says: str) -> None:
    evaluator = f"{RULE} data 1 model conditions 0 evaluator"
    asks = (f"{RULE} data 0 model expr", SHARE)
    found = only(judged([asks, (evaluator, {"type": kind, "params": [limit]})]), "limit-reachable")

    assert [(each.file, each.where) for each in found] == [("grafana/alerting/rules.json", "alert Small")]
    assert says in found[0].message
    right = (evaluator, {"type": kind, "params": [0.5]})
    assert only(judged([asks, right]), "limit-reachable") == []


def test_a_panel_that_compares_without_hope_is_refused_and_one_that_asks_yes_or_no_is_not() -> None:
    assert only(asked(f"{SHARE} > 1"), "limit-reachable")
    assert only(asked(f"{SHARE} > bool 1"), "limit-reachable") == []


@pytest.mark.parametrize(
    ("expr", "span"),
    [
        ("2 * 3 - 10", (-4, -4)),
        ("-(rate(redis_evicted_keys_total[5m])) * 2", (float("-inf"), 0)),
        (f"{ALL} > bool 1", (0, 1)),
        (f"{ALL} or vector(1)", (float("-inf"), float("inf"))),
        ("max_over_time(absent(up)[1h:5m])", (1, 1)),
        ("10 / 4", (2.5, 2.5)),
        (f"histogram_quantile(2, {FAST})", (float("-inf"), float("inf"))),
    ],
)
def test_ends_are_computed_through_operators(expr: str, span: tuple[float, float]) -> None:
    assert SpanEngine(KNOWN).of(parse(expr)) == span


def test_a_sum_with_something_negative_is_not_more_than_its_part() -> None:
    node = parse(f"count by ({BY}) (up) / (count by ({BY}) (up) + -0.5)")

    assert isinstance(node, Binary)
    assert not SpanEngine(KNOWN).part_of(node.left, node.right)
    assert SpanEngine(KNOWN).of(node)[1] > 1


COVERED = {"limit-reachable"}
TAKEN = COVERED
