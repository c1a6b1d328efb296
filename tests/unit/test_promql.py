"""The query builder: holes, idioms, and the promise that what it writes is PromQL."""

from __future__ import annotations

from dataclasses import replace

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.checks.promql import parse
from exporters.catalogue import CATALOGUE, Counter, Gauge, Histogram, Metric, api, postgres, redis
from exporters.catalogue.labels import CLUSTER, ENVIRONMENT, INSTANCE, JOB
from signals import api as api_signals
from signals import api_cost, api_load, audit, limits, objectives, pool, telemetry
from signals import postgres as postgres_signals
from signals import redis as redis_signals
from signals.idioms import enclosed, mean, promql, quantile, rate, ratio, select, value
from signals.model import Signal
from signals.numbers import RATIO, Limit
from signals.promql import Context, Query, QueryError, bound_matcher, duration, plain, tidy

NUMBERS = {number.key: number for number in (*objectives.OBJECTIVES, *limits.LIMITS)}
RULE = Context(window="5m", identity=("environment", "cluster"), numbers=NUMBERS)
MODULES = (api_signals, api_cost, api_load, pool, postgres_signals, redis_signals, telemetry, audit)
SIGNALS = {
    f"{module.__name__}.{name}": found
    for module in MODULES
    for name, found in vars(module).items()
    if isinstance(found, Signal)
}
SECONDS_OF = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def parsed_seconds(text: str) -> float:
    unit = text.lstrip("0123456789")
    return int(text.removesuffix(unit)) * SECONDS_OF[unit]


@pytest.mark.parametrize("name", SIGNALS)
def test_every_signal_is_promql_in_a_rule_and_in_a_panel(name: str) -> None:
    panel = Context(
        window="4m",
        scope=lambda _source: (JOB.re("api"), INSTANCE.re(".+")),
        identity=("environment",),
        numbers=NUMBERS,
    )
    for context in (RULE, panel, Context(window="1m", numbers=NUMBERS)):
        for query in filter(None, (SIGNALS[name].query, SIGNALS[name].reached)):
            text = query.fill(context)
            promql_parser.parse(text)
            assert "<" not in text.replace("<=", "").replace("< ", ""), "a hole was left open"


@given(st.floats(min_value=0.001, max_value=10_000_000))
def test_a_duration_means_the_same_time_to_a_millisecond(seconds: float) -> None:
    assert parsed_seconds(duration(seconds)) == pytest.approx(seconds, abs=0.000501)


def test_a_duration_never_becomes_zero() -> None:
    assert duration(0) == "1ms"


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_number_reads_back_as_itself(number: float) -> None:
    assert float(plain(number)) == number


@given(st.lists(st.sampled_from(["", 'a="1"', 'b=~"x|y"', 'c!=""']), max_size=5))
def test_empty_holes_leave_a_selector_that_parses(parts: list[str]) -> None:
    promql_parser.parse(tidy("up{" + ",".join(parts) + "}"))


def test_a_panel_narrows_only_the_metrics_of_its_source() -> None:
    query = pool.CEILING_SHARE.query
    filled = query.fill(
        Context(
            window="5m", scope=lambda source: (JOB.eq("db"),) if source == "postgres" else (), numbers=NUMBERS
        )
    )
    assert 'pg_settings_max_connections{job="db"}' in filled
    assert "db_client_connection_max)" in filled


def test_a_job_that_is_not_there_counts_where_the_scope_takes_in_its_labels() -> None:
    context = Context(
        window="5m",
        scope=lambda _source: (ENVIRONMENT.re(r'a\.b|"'), CLUSTER.eq("main")),
        jobs={"api": {"environment": "a.b", "cluster": "main"}},
    )
    filled = Query("<absent:prometheus:up>").fill(context)
    promql_parser.parse(filled)
    assert r'absent(up{environment=~"a\\.b|\"",cluster="main",job="api"})' in filled
    assert filled.endswith(r'"chosen", "a.b", "", ""), "environment", "a.b", "chosen", "a\\.b|\"")')


def test_identity_is_kept_in_every_aggregation() -> None:
    filled = api_signals.ERROR_RATIO.query.fill(RULE)
    assert filled.count("sum by (environment, cluster, job") == filled.count("sum by (") == 5


def test_a_ratio_of_different_labels_is_refused() -> None:
    with pytest.raises(QueryError, match=r"handler.*matches nothing"):
        ratio(rate(api.REQUESTS, by=(api.HANDLER,)), rate(api.REQUESTS))


def test_what_a_ratio_is_0_of_may_be_of_fewer_series_with_the_same_labels() -> None:
    part, whole = rate(api.REQUESTS, api.STATUS.re("5..")), rate(api.REQUESTS)
    asked = ratio(part, whole, zero=rate(api.REQUEST_DURATION))
    assert f"or 0 * {rate(api.REQUEST_DURATION).text}) / ({whole.text} > 0)" in asked.text
    assert asked.metrics == (api.REQUESTS, api.REQUEST_DURATION)
    with pytest.raises(QueryError, match=r"handler.*matches nothing"):
        ratio(part, whole, zero=rate(api.REQUEST_DURATION, by=(api.HANDLER,)))


def test_a_matcher_on_a_label_that_the_metric_lacks_is_refused() -> None:
    with pytest.raises(QueryError, match=r"http_requests_total has no label 'cmd'; it has \['handler'"):
        rate(api.REQUESTS, redis.CMD.eq("get"))


def test_an_unknown_number_names_the_known_ones() -> None:
    with pytest.raises(QueryError, match=r"no objective or limit 'p59'; known are \['p95'\]"):
        Query("up > <number:p59>").fill(Context(window="1m", numbers={"p95": objectives.P95}))


def test_an_integer_bound_is_matched_as_both_prometheus_versions_write_it() -> None:
    assert str(bound_matcher(1.0)) == 'le=~"1(\\\\.0)?"'
    assert str(bound_matcher(0.15)) == 'le="0.15"'


def test_time_limits_follow_the_clock_of_the_stack() -> None:
    fast = Context(window="5m", numbers=NUMBERS, time_scale=0.1)
    assert Query("<elapsed:warm_up>").fill(fast) == "180"
    assert Query("x[<span:300>]").fill(fast) == "x[30s]"
    assert Query("<number:warm_up>").fill(fast) == "1800"
    assert Query("<seconds:3600> / <step>").fill(replace(fast, step=3)) == "360 / 3"


def test_what_a_share_leaves_is_no_long_number() -> None:
    context = Context(window="5m", numbers={"good": Limit(key="good", value=0.999, unit=RATIO, why="-")})
    assert Query("x / <rest:good>").fill(context) == "x / 0.001"


def test_only_what_is_not_one_aggregation_gets_parentheses() -> None:
    one = value(postgres.ACTIVITY).text
    assert enclosed(one) == one
    assert enclosed(f"{one} + {one}") == f"({one} + {one})"
    for bare in ("round(x / 2, 0.1)", "job:x:rate5m", 'x{a="b"}', "x{<scope:redis>}"):
        assert enclosed(bare) == bare
    for several in ("round(x) > round(y)", "x > 0", "0 * x", "x offset 5m"):
        assert enclosed(several) == f"({several})"


@given(st.sampled_from([metric for metric in CATALOGUE if isinstance(metric, Counter)]))
def test_a_rate_of_any_counter_parses(metric: Counter) -> None:
    promql_parser.parse(rate(metric, by=metric.labels).fill(RULE))


@given(
    st.sampled_from([metric for metric in CATALOGUE if isinstance(metric, Histogram)]), st.floats(0.01, 0.99)
)
def test_mean_and_quantile_of_any_histogram_parse(metric: Histogram, q: float) -> None:
    promql_parser.parse(mean(metric).fill(RULE))
    assert "le" in quantile(q, metric).fill(RULE)


@given(st.sampled_from([metric for metric in CATALOGUE if isinstance(metric, Gauge)]))
def test_free_text_takes_any_metric_and_remembers_it(metric: Metric) -> None:
    query = promql("{it} * 2", it=metric)
    promql_parser.parse(query.fill(RULE))
    assert query.metrics == (metric,)


def test_a_selector_has_a_hole_for_the_scope_of_its_source() -> None:
    assert select(redis.HITS) == "redis_keyspace_hits_total{<scope:redis>}"


def test_a_latency_objective_is_a_bucket_bound() -> None:
    bounds = set(api.REQUEST_DURATION.buckets)
    times = {objectives.AVERAGE.value, objectives.P95.value, objectives.DASHBOARD_TIME.value}
    assert times <= bounds


def test_a_rate_of_another_time_has_an_offset_on_the_stacks_clock() -> None:
    before = rate(api.REQUESTS, ago=86_400)
    assert before.fill(Context(window="5m")) == "sum by (job) (rate(http_requests_total[5m] offset 1d))"
    assert before.fill(Context(window="5m", time_scale=0.5)).endswith("offset 12h))")


def test_a_function_is_read_by_the_name_that_prometheus_2_has_too() -> None:
    assert parse("holt_winters(up[5m], 0.5, 0.1)") == parse("double_exponential_smoothing(up[5m], 0.5, 0.1)")
