"""Every check on PromQL refuses what it is for, by name, and leaves the right form alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.checks.small import alert, alerted, asked, board, files, judge, only, panel, rule_file, variable

BY = "environment, cluster, job"
RATE = f"sum by ({BY}) (rate(http_requests_total{{SCOPE}}[$__rate_interval]))"
BUCKETS = "rate(http_request_duration_seconds_bucket{SCOPE}[$__rate_interval])"
ERRORS = f'sum by ({BY}) (rate(http_requests_total{{SCOPE,status=~"5.."}}[$__rate_interval]))'

# check, query, what the message names, what the fix names
REFUSED: list[tuple[str, str, str, str]] = [
    ("promql-parses", "sum(rate(http_requests_total[5m])", "unclosed left parenthesis", "Correct"),
    ("promql-parses", 'up{job="a" or job="b"}', "no `or` between matchers", "Correct"),
    ("promql-parses", "", "the query is empty", "Write it"),
    ("promql-portable", "sort_by_label(up{SCOPE}, 'job')", "sort_by_label", "older"),
    ("promql-portable", f"limitk by ({BY}) (3, up{{SCOPE}})", "limitk", "older"),
    (
        "metric-exists",
        f"sum by ({BY}) (rate(http_request_total{{SCOPE}}[$__rate_interval]))",
        "'http_request_total' is not in the catalogue",
        "'http_requests_total'",
    ),
    (
        "metric-exists",
        "http_request_duration_seconds{SCOPE}",
        "'http_request_duration_seconds'",
        "http_request_duration_seconds_bucket, http_request_duration_seconds_count",
    ),
    ("metric-exists", '{SCOPE,job="api"}', "names no metric", "Name"),
    ("metric-exists", '{SCOPE,__name__=~"pg_.*"}', "names no metric", "Name"),
    ("metric-exists", '{SCOPE,__name__="zzz"}', "'zzz'", "Declare it"),
    ("metric-exists", "zzz{SCOPE}", "'zzz'", "Declare it"),
    ("label-exists", RATE.replace("SCOPE", 'SCOPE,statuss="500"'), "'statuss'", "'status'"),
    ("label-exists", RATE.replace("job)", "job, handlr)"), "`by` names the label 'handlr'", "'handler'"),
    ("label-exists", "sum without (moode) (pg_locks_count{SCOPE})", "`without` names", "'mode'"),
    (
        "label-exists",
        f"{RATE} and on ({BY}, handlers) {RATE.replace('job)', 'job, handler)')}",
        "`on` names the label 'handlers'",
        "'handler'",
    ),
    ("label-exists", "pg_up{SCOPE} == ignoring (moode) pg_up{SCOPE}", "`ignoring` names", "There are"),
    (
        "label-exists",
        f"{RATE} * on ({BY}) group_left (versionn) max by ({BY}, version) (obs_api_info{{SCOPE}})",
        "`group_left` names the label 'versionn'",
        "'version'",
    ),
    ("label-value", 'pg_locks_count{SCOPE,mode="ExclusiveLock"}', "never 'ExclusiveLock'", "'exclusivelock'"),
    ("label-value", 'ALERTS{SCOPE,alertstate=~"firing|pendin"}', "never 'pendin'", "'pending'"),
    ("label-value", 'ALERTS{SCOPE,severity!="page"}', "never 'page'", "critical, info, warning"),
    ("histogram-bound", BUCKETS.replace("SCOPE", 'SCOPE,le="0.12"'), 'le="0.12" is no bound', "0.1, 0.15"),
    ("histogram-bound", BUCKETS.replace("SCOPE", 'SCOPE,le="1"'), "may also write 1.0", 'le=~"1(\\\\.0)?"'),
    ("histogram-bound", BUCKETS.replace("SCOPE", 'SCOPE,le="1.0"'), "may also write 1", 'le=~"1(\\\\.0)?"'),
    (
        "histogram-bound",
        'rate(http_response_size_bytes_bucket{SCOPE,le=~"1048576(\\\\.0)?"}[$__rate_interval])',
        "may also write 1.048576e+06",
        "smaller unit",
    ),
    (
        "limit-is-bound",
        f"histogram_quantile(0.95, sum by ({BY}, le) ({BUCKETS})) > 0.12",
        "the limit 0.12 is no bound of http_request_duration_seconds",
        "0.1, 0.15",
    ),
    (
        "limit-is-bound",
        f"histogram_quantile(0.95, sum by ({BY}, le) ({BUCKETS})) > 0",
        "the limit 0 is no bound of http_request_duration_seconds",
        "0.1, 0.15",
    ),
    (
        "counter-growth",
        f"sum by ({BY}) (http_requests_total{{SCOPE}})",
        "http_requests_total is a counter",
        "rate",
    ),
    (
        "lifetime-ratio",
        f'sum by ({BY}) (http_requests_total{{SCOPE,status=~"5.."}}) '
        f"/ (sum by ({BY}) (http_requests_total{{SCOPE}}) > 0)",
        "average over the server's life",
        "rate",
    ),
    ("counter-growth", "http_request_duration_seconds_sum{SCOPE}", "is a counter", "rate"),
    ("counter-growth", "max_over_time(redis_evicted_keys_total{SCOPE}[1h])", "is a counter", "rate"),
    ("gauge-growth", "rate(redis_memory_used_bytes{SCOPE}[$__rate_interval])", "is a gauge", "promql()"),
    ("gauge-growth", "increase(redis_instance_info{SCOPE}[$__rate_interval])", "is a gauge", "promql()"),
    (
        "gauge-growth",
        'increase(label_replace(pg_up{SCOPE}, "of", "", "", "")[1h:1m])',
        "increase() of pg_up, which is a gauge",
        "deriv",
    ),
    (
        "gauge-growth",
        f"rate(sum by ({BY}) (http_requests_total{{SCOPE}})[1h:1m])",
        "rate() of a computed value",
        "each counter first",
    ),
    ("quantile-le", f"histogram_quantile(0.95, sum by ({BY}) ({BUCKETS}))", "without the label 'le'", "`le`"),
    (
        "quantile-le",
        f"histogram_quantile(0.95, sum by ({BY}) (rate(http_request_duration_seconds_count{{SCOPE}}[1h])))",
        "http_request_duration_seconds_count",
        "`_bucket`",
    ),
    ("bucket-sum", f"sum by ({BY}) ({BUCKETS})", "once per bucket", "`_count`"),
    ("timestamp-series", "time() - timestamp(pg_up{SCOPE} > 0)", "always 0", "series itself"),
    (
        "labels-match",
        f"sum by ({BY}) (pg_stat_activity_count{{SCOPE}}) / (pg_settings_max_connections{{SCOPE}} > 0)",
        "they differ in instance",
        "Aggregate both sides",
    ),
    (
        "labels-match",
        "pg_locks_count{SCOPE} > on (environment, cluster, mode) pg_up{SCOPE}",
        "mode",
        "Aggregate",
    ),
    (
        "labels-match",
        'pg_locks_count{SCOPE,mode="sharelock"} / (pg_locks_count{SCOPE,mode="exclusivelock"} > 0)',
        "mode is 'sharelock' on the left and 'exclusivelock' on the right",
        "Aggregate",
    ),
    (
        "labels-match",
        f"pg_locks_count{{SCOPE}} / on ({BY}, instance) (pg_settings_max_connections{{SCOPE}} > 0)",
        "several series on the left, which differ in datname, mode",
        "group_left",
    ),
    (
        "labels-match",
        f"pg_up{{SCOPE}} * on ({BY}, instance) group_left () pg_locks_count{{SCOPE}}",
        "several series on the right, which differ in datname, mode",
        "group_left",
    ),
    ("labels-match", f"{ERRORS} or vector(0)", "beside the left always", "0 * ..."),
    ("division-guarded", f"{ERRORS} / {RATE}", "may be 0: http_requests_total", "(... > 0)"),
    ("division-guarded", f"{ERRORS} / ({RATE} >= 0)", "may be 0", "(... > 0)"),
    ("division-guarded", f"{ERRORS} / 0", "a computed value", "(... > 0)"),
    ("identity-kept", "sum by (job) (pg_up{SCOPE})", "sum() drops cluster, environment", "`by`"),
    ("identity-kept", "sum(pg_up{SCOPE})", "sum() drops cluster, environment", "`by`"),
    ("identity-kept", "topk(3, pg_up{SCOPE})", "topk() drops", "`by`"),
    ("identity-kept", "max without (cluster) (pg_up{SCOPE})", "max() drops cluster", "`by`"),
    ("identity-kept", "pg_up{SCOPE} and on (instance) redis_up{SCOPE}", "`and` drops", "`on`"),
    ("panel-scope", 'pg_up{environment=~"$environment"}', "pg_up is not narrowed by cluster", "$cluster"),
    ("rate-window", RATE.replace("$__rate_interval", "5m"), "a fixed 300 s in a graph", "$__rate_interval"),
    ("rate-window", RATE.replace("$__rate_interval", "$__interval"), "shorter than two", "$__rate_interval"),
    ("rate-window", RATE.replace("$__rate_interval", "$__range"), "$__range in a graph", "$__rate_interval"),
    ("variable-declared", RATE.replace("SCOPE", 'SCOPE,handler=~"$handler"'), "$handler", "Declared are"),
    ("variable-declared", RATE.replace("SCOPE", 'SCOPE,job=~"$clustr"'), "$clustr", "'cluster'"),
    (
        "units-meet",
        "redis_memory_used_bytes{SCOPE} > redis_commands_duration_seconds_total{SCOPE}",
        "`>` meets bytes with seconds",
        "Convert",
    ),
    (
        "units-meet",
        "time() - redis_start_time_seconds{SCOPE} > redis_memory_used_bytes{SCOPE}",
        "bytes",
        "Convert",
    ),
]


@pytest.mark.parametrize(("rule", "expr", "names", "fix"), REFUSED)
def test_a_query_that_the_check_is_for_is_refused(rule: str, expr: str, names: str, fix: str) -> None:
    found = only(asked(expr), rule)

    assert found, f"{rule} lets {expr} pass"
    assert found[0].file == "grafana/dashboards/small.json"
    assert found[0].where == "panel 'Requests', query A"
    assert names in found[0].message
    assert fix in found[0].fix


def test_an_unknown_metric_is_named_with_file_panel_query_and_the_nearest_known_one() -> None:
    expr = RATE.replace("requests_total", "requests_totl")
    (found,) = only(asked(expr), "metric-exists")

    assert (found.file, found.where) == ("grafana/dashboards/small.json", "panel 'Requests', query A")
    assert "metric 'http_requests_totl' is not in the catalogue, in `sum by (environment," in found.message
    assert found.fix == "Did you mean 'http_requests_total'?"


def test_of_a_long_query_the_part_around_the_wrong_word_is_shown() -> None:
    expr = " + ".join([RATE] * 6) + " + " + RATE.replace("requests_total", "requests_totl")
    (found,) = only(asked(expr), "metric-exists")

    assert "http_requests_totl{" in found.message.partition("in `")[2]
    assert len(found.message) < 260


# Panels whose shown unit is not that of their query.
WRONG_UNITS = [
    ("rate(redis_net_output_bytes_total{SCOPE}[$__rate_interval])", "bytes", "bytes per second"),
    ("redis_memory_used_bytes{SCOPE}", "Bps", "bytes"),
    ("rate(redis_cpu_user_seconds_total{SCOPE}[$__rate_interval])", "s", "a plain number"),
    ("redis_connected_clients{SCOPE}", "percentunit", "a count"),
    ("rate(redis_evicted_keys_total{SCOPE}[$__rate_interval])", "short", "a number per second"),
    ("increase(redis_evicted_keys_total{SCOPE}[$__rate_interval])", "cps", "a count"),
    ("scrape_duration_seconds{SCOPE}", "ms", "seconds"),
    ("redis_start_time_seconds{SCOPE}", "s", "a point in time"),
    (f"histogram_quantile(0.9, sum by ({BY}, le) ({BUCKETS}))", "short", "seconds"),
    (f"{ERRORS} / ({RATE} > 0)", "percent", "a plain number"),
]


@pytest.mark.parametrize(("expr", "unit", "gives"), WRONG_UNITS)
def test_a_panel_that_shows_one_unit_as_another_is_refused(expr: str, unit: str, gives: str) -> None:
    (found,) = only(asked(expr, unit=unit), "panel-unit")

    assert f"the unit is {unit!r}, but the query gives {gives}" in found.message


RIGHT: list[tuple[str, dict[str, Any]]] = [
    (RATE, {"unit": "reqps"}),
    (RATE.replace("job)", "job, status)"), {"unit": "reqps", "legend": "{{status}}"}),
    (f"({ERRORS} or 0 * {RATE}) / ({RATE} > 0)", {"unit": "percentunit"}),
    (f"histogram_quantile(0.95, sum by ({BY}, le) ({BUCKETS})) <= 0.15", {"unit": "s"}),
    (f"histogram_quantile(0.95, sum by ({BY}, le) ({BUCKETS})) >= 0", {"unit": "s"}),
    (f"sum by ({BY}) ({BUCKETS})".replace("SCOPE", 'SCOPE,le=~"1(\\\\.0)?"'), {"unit": "reqps"}),
    (f"sum by ({BY}) ({BUCKETS})".replace("SCOPE", 'SCOPE,le="0.15"'), {"unit": "reqps"}),
    (f"sum by ({BY}, le) ({BUCKETS})", {"unit": "reqps", "legend": "{{le}}"}),
    (f"count by ({BY}) (http_requests_total{{SCOPE}})", {"unit": "short"}),
    ("pg_up{SCOPE} unless on (environment, cluster) redis_commands_total{SCOPE}", {"unit": "none"}),
    ("time() - timestamp(pg_up{SCOPE})", {"unit": "s"}),
    ("time() - redis_start_time_seconds{SCOPE}", {"unit": "s"}),
    ("deriv(pg_database_size_bytes{SCOPE}[6h])", {"unit": "binBps", "legend": "{{datname}}"}),
    ("delta(redis_memory_used_bytes{SCOPE}[1h])", {"unit": "bytes"}),
    (f"sum by ({BY}) (increase(http_requests_total{{SCOPE}}[1h]))", {"unit": "short"}),
    (
        f"sum by ({BY}, instance, mode) (pg_locks_count{{SCOPE}}) "
        f"/ on ({BY}, instance) group_left () (pg_settings_max_connections{{SCOPE}} > 0)",
        {"unit": "percentunit", "legend": "{{mode}}"},
    ),
    (
        f"{RATE} * on ({BY}) group_left (version) max by ({BY}, version) (obs_api_info{{SCOPE}})",
        {"unit": "reqps", "legend": "{{version}}"},
    ),
    ("redis_memory_used_bytes{SCOPE} / 1024", {"unit": "kbytes"}),
    # A group of the pattern, which is no variable.
    (
        f'sum by ({BY}, host) (label_replace(redis_connected_clients{{SCOPE}}, "host", "$1", "instance", '
        '"(.+):.*"))',
        {"unit": "short", "legend": "{{host}}"},
    ),
    ("avg_over_time(pg_up{SCOPE}[1h])", {"unit": "percentunit"}),
    ("time() - pg_postmaster_start_time_seconds{SCOPE} > 3600", {"unit": "s"}),
]


@pytest.mark.parametrize(("expr", "more"), RIGHT)
def test_a_right_query_passes_every_check(expr: str, more: dict[str, Any]) -> None:
    assert asked(expr, **more) == []


def test_a_table_looks_back_over_the_range_shown_and_a_graph_over_its_step() -> None:
    expr = RATE.replace("$__rate_interval", "$__range")

    assert asked(expr, kind="table", unit="reqps") == []
    (found,) = only(asked(RATE, kind="table", unit="reqps"), "rate-window", "window-steady")
    assert "which depends on the width of the panel" in found.message


def test_a_rate_over_fewer_than_two_scrapes_is_refused() -> None:
    config = {
        "prometheus/prometheus.yml": b"global: {scrape_interval: 15s}\nscrape_configs: [{job_name: api}]"
    }
    rule = {"alert": "Small", "expr": "rate(redis_evicted_keys_total[20s]) > 1"}
    (found,) = only(judge(rule_file(rule) | config), "rate-window")

    assert found.where == "alert Small"
    assert "looks back 20 s, and a scrape is every 15 s" in found.message


def test_a_variable_that_lists_a_label_its_metric_lacks_is_refused() -> None:
    wrong = variable("state", 'label_values(pg_locks_count{environment=~"$environment"}, state)')
    known = (variable("environment", "label_values(up, environment)"), wrong)
    (found,) = only(judge(files(board(panel(RATE), variables=known))), "variable-label")

    assert found.where == "variable state"
    assert "asks for the label 'state'" in found.message


def test_a_variable_that_nothing_uses_is_refused() -> None:
    known = tuple(variable(name, f"label_values(up, {name})") for name in ("environment", "cluster", "job"))
    (found,) = only(
        judge(
            files(
                board(
                    panel(RATE.replace("SCOPE", 'environment=~"$environment",cluster=~"$cluster"')),
                    variables=known,
                )
            )
        ),
        "variable-used",
    )

    assert (found.where, found.message) == ("variable job", "nothing on the board uses $job")


@pytest.mark.parametrize("legend", ["{{statuss}}", "{{ handler }}"])
def test_a_legend_that_names_a_label_the_result_lost_is_refused(legend: str) -> None:
    (found,) = only(asked(RATE.replace("job)", "job, status)"), legend=legend), "legend-label")

    assert f"the legend names the label {legend.strip('{} ')!r}" in found.message


def test_a_message_that_names_a_label_the_alert_lost_is_refused() -> None:
    expr = "sum by (environment, cluster, job) (rate(http_requests_total[5m])) > 1"
    (found,) = only(alerted(expr, summary="{{ $labels.instanc }} is busy."), "legend-label")

    assert "the annotation 'summary' names the label 'instanc'" in found.message


def test_a_rule_knows_no_variables() -> None:
    (found,) = only(alerted('pg_up{instance=~"$instance"} == 0'), "variable-declared")

    assert found.message == "the query names $instance, which a rule does not know"


def test_a_recorded_name_that_no_rule_records_is_refused() -> None:
    rule = alert("job:http_requests:rate5m > 1")
    (found,) = only(judge(rule_file(rule)), "recorded")

    assert "'job:http_requests:rate5m' is recorded by no rule file" in found.message


def test_a_recording_with_other_labels_than_declared_is_refused() -> None:
    query = "sum by (environment, cluster) (rate(http_requests_total[5m]))"
    (found,) = only(
        judge(rule_file({"record": "job:http_requests:rate5m", "expr": query})), "recorded-labels"
    )

    assert "declared with the labels cluster, environment, job" in found.message
    assert "its query gives cluster, environment" in found.message


def test_a_recording_that_nobody_declared_is_refused() -> None:
    query = "sum by (environment, cluster, job) (rate(http_requests_total[5m]))"
    (found,) = only(judge(rule_file({"record": "job:requests:rate5m", "expr": query})), "recorded-labels")

    assert "'job:requests:rate5m' is not declared" in found.message


def test_a_range_beyond_what_prometheus_keeps_is_refused() -> None:
    best = "max by (environment, cluster, job) (max_over_time(job:http_requests:rate5m{SCOPE}[%s]))"
    (found,) = only(asked(best % "36d", kind="stat", unit="reqps"), "window-retained")

    assert "max_over_time() looks back 36 d, and Prometheus keeps 35 d" in found.message
    assert "`retention`" in found.fix
    assert not only(asked(best % "35d", kind="stat", unit="reqps"), "window-retained")


def test_an_offset_is_told_where_prometheus_has_forgotten_the_data() -> None:
    before = "sum by (environment, cluster, job) (rate(http_requests_total[1h] offset %s))"
    (found,) = only(asked(before % "35d", kind="stat", unit="reqps"), "window-retained")
    assert "http_requests_total with its offset looks back 35.04 d" in found.message
    assert not only(asked(before % "34d", kind="stat", unit="reqps"), "window-retained")


SCANS = "sum by (environment, cluster, job, instance) (rate(pg_stat_user_tables_seq_scan{SCOPE}[%s]))"


def test_a_rate_of_what_is_looked_at_seldom_looks_back_over_several_looks() -> None:
    scans = SCANS % "$__rate_interval"
    (found,) = only(asked(scans, unit="cps"), "window-renewed")
    (fixed,) = only(asked(SCANS % "90s", kind="stat", unit="cps"), "window-renewed")

    assert (
        "pg_stat_user_tables_seq_scan is looked at every 60 s, and its rate looks back 0 s" in found.message
    )
    assert "looks back 90 s" in fixed.message
    assert "Look back 120 s or more" in fixed.fix
    assert not only(asked(scans, unit="cps", interval="2m"), "window-renewed")
    assert not only(asked(SCANS % "5m", kind="stat", unit="cps"), "window-renewed")


COVERED = {rule for rule, *_ in REFUSED} | {
    "panel-unit", "variable-label", "variable-used", "legend-label", "recorded", "recorded-labels",
    "window-retained", "window-renewed", "window-steady",
}  # fmt: skip
TAKEN = {"window-retained", "window-renewed", "window-steady"}
