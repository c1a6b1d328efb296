"""The estimate of a query's cost: series by their labels, points of a graph, and how far it looks back."""

from __future__ import annotations

import pytest

from dashboards.checks.cost import POINT_SECONDS, POINTS, SAMPLE_SECONDS, SCRAPE, SHOWN, seconds, series
from dashboards.checks.labels import Known
from dashboards.checks.promql import Selector, parse
from dashboards.stack import STACK
from exporters.catalogue.postgres import STATE

KNOWN = Known(STACK.catalogue, STACK.identity, frozenset({"api"}))
BUCKETS = "http_request_duration_seconds_bucket"


def found(text: str) -> float:
    node = parse(text)
    assert isinstance(node, Selector)
    return series(node, KNOWN)


def test_series_are_the_product_of_labels_that_do_not_decide_each_other() -> None:
    assert found("redis_connected_clients") == 3
    states = len(STATE.values)
    assert found("pg_stat_activity_count{state='active'}") == found("pg_stat_activity_count") / states
    assert found("http_requests_total{handler='/a'}") == found("http_requests_total") / 200
    assert found("http_requests_total{status=~'5..'}") == found("http_requests_total{status=~'$status'}")
    assert found("nobody_exports_this") == 0


def test_what_is_of_a_choice_alone_is_nothing_while_all_are_chosen() -> None:
    assert found("http_requests_total{job!~'$instance'}") == 0
    assert found("http_requests_total{job!~'api'}") == found("http_requests_total{job=~'$instance'}") > 0


def test_a_bucket_that_is_picked_is_one_series_of_many() -> None:
    bounds = len(STACK.catalogue.find(BUCKETS).buckets)  # type: ignore[union-attr]  # a histogram's
    assert found(BUCKETS) == found(f"{BUCKETS}{{le='0.1'}}") * (bounds + 1)


@pytest.mark.parametrize(
    ("text", "points", "span"),
    [
        ("redis_connected_clients", POINTS, SHOWN + SCRAPE),
        ("rate(redis_evicted_keys_total[$__rate_interval])", POINTS, SHOWN + 60),
        ("increase(redis_evicted_keys_total[1h])", POINTS, SHOWN + 3600),
    ],
)
def test_a_graph_costs_its_points_and_what_it_reads(text: str, points: int, span: float) -> None:
    assert seconds(parse(text), KNOWN, graph=True) == pytest.approx(
        3 * (points * POINT_SECONDS + span / SCRAPE * SAMPLE_SECONDS)
    )


def test_a_number_costs_one_point_and_a_subquery_its_steps() -> None:
    now = seconds(parse("redis_connected_clients"), KNOWN, graph=False)
    day = seconds(parse("max_over_time(redis_connected_clients[1d:1h])"), KNOWN, graph=False)
    fine = seconds(parse("max_over_time(redis_connected_clients[1d:1m])"), KNOWN, graph=False)

    assert now == pytest.approx(3 * (POINT_SECONDS + SAMPLE_SECONDS))
    assert now < day < fine
    assert fine - day == pytest.approx(3 * 24 * 59 * POINT_SECONDS)
