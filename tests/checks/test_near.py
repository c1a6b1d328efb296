"""Queries that are nearly what a check refuses, and right: none that the check is not for is refused."""

from __future__ import annotations

import pytest

from tests.checks.small import alert, asked, board, files, judge, only, panel, rule_file, variable
from tests.checks.test_queries import BUCKETS, BY, RATE

LABELLED = 'label_replace(redis_evicted_keys_total{SCOPE}, "of", "$1", "instance", "(.*):.*")'

# Nearly what the check of that name refuses.
NEAR: list[tuple[str, str]] = [
    ("promql-portable", "sort_desc(up{SCOPE})"),
    ("promql-portable", f"topk by ({BY}) (3, up{{SCOPE}})"),
    ("limit-is-bound", f"histogram_quantile(0.95, sum by ({BY}, le) ({BUCKETS})) > 0.15"),
    ("bucket-sum", f"sum by ({BY}, le) ({BUCKETS})"),
    ("bucket-sum", f"sum by ({BY}) ({BUCKETS.replace('_bucket', '_count')})"),
    ("identity-kept", "sum by (environment, cluster) (pg_up{SCOPE})"),
    ("identity-kept", "max without (instance) (pg_up{SCOPE})"),
    ("identity-kept", "topk by (cluster, environment) (3, pg_up{SCOPE})"),
    ("identity-kept", "pg_up{SCOPE} and on (environment, cluster, instance) redis_up{SCOPE}"),
    ("identity-kept", "pg_up{SCOPE} and ignoring (job) redis_up{SCOPE}"),
    ("panel-scope", 'pg_up{cluster=~"$cluster",job="exporter",environment=~"$environment"}'),
    ("panel-scope", "vector(1)"),
    ("units-meet", "redis_memory_used_bytes{SCOPE} > redis_memory_max_bytes{SCOPE}"),
    ("units-meet", "redis_memory_used_bytes{SCOPE} > 1048576"),
    ("units-meet", "redis_memory_used_bytes{SCOPE} and redis_commands_duration_seconds_total{SCOPE}"),
    ("label-exists", "sum without (mode) (pg_locks_count{SCOPE})"),
    ("label-value", 'pg_locks_count{SCOPE,mode=~"exclusive.*"}'),
    ("label-value", 'pg_locks_count{SCOPE,mode!=""}'),
    ("label-value", RATE.replace("SCOPE", 'SCOPE,status=~"4.[0-8]|5.."')),
    ("label-value", 'obs_exporter_collector_cache_age_seconds{SCOPE,collector=~"postgres[.].*"}'),
    # Of no rule at all, nothing is known of its alerts.
    ("label-value", 'ALERTS{SCOPE,alertname="Small"}'),
    ("gauge-growth", f"increase({LABELLED}[1h:1m])"),
    ("counter-growth", f"increase({LABELLED}[1h:1m])"),
    ("lifetime-ratio", f"increase({LABELLED}[1h:1m]) / (increase({LABELLED}[1h:1m]) > 0)"),
    ("rate-window", "max_over_time(pg_up{SCOPE}[5m])"),
    ("rate-window", RATE.replace("$__rate_interval", "15m")),
    ("variable-declared", RATE.replace("SCOPE", 'SCOPE,job=~"${cluster:regex}"')),
]


@pytest.mark.parametrize(("rule", "expr"), NEAR)
def test_a_query_that_is_nearly_what_the_check_refuses_is_left_alone(rule: str, expr: str) -> None:
    assert only(asked(expr), "promql-parses", "metric-exists", rule) == []


def test_a_variable_that_lists_a_label_of_its_metric_is_left_alone() -> None:
    states = 'label_values(pg_locks_count{environment=~"$environment"}, mode)'
    known = (variable("environment", "label_values(up, environment)"), variable("mode", states))
    assert only(judge(files(board(panel(RATE), variables=known))), "variable-label") == []


def test_a_recording_as_it_is_declared_may_be_read() -> None:
    query = "sum by (environment, cluster, job) (rate(http_requests_total[5m]))"
    record, reads = {"record": "job:http_requests:rate5m", "expr": query}, "job:http_requests:rate5m > 1"
    assert only(judge(rule_file(record, alert(reads))), "recorded", "recorded-labels") == []


TAKEN = {rule for rule, _ in NEAR} | {"variable-label", "recorded", "recorded-labels"}
