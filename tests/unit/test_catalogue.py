"""The catalogue refuses what breaks a naming rule, and says which."""

from __future__ import annotations

import math

import pytest

from exporters.catalogue import (
    CATALOGUE,
    Catalogue,
    CatalogueError,
    Counter,
    Gauge,
    Histogram,
    Label,
    Metric,
    Summary,
)
from exporters.catalogue.types import COMPATIBLE_COUNTERS, COMPATIBLE_GAUGES


def gauge(name: str, collector: str = "api.test") -> Gauge:
    return Gauge(name=name, help="A number.", collector=collector)


@pytest.mark.parametrize("name", ["Bad", "with-dash", "9lives", "a b", "a:b", ""])
def test_a_bad_name_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(
        CatalogueError, match=r"metric .*: expected a letter first, .* digits and underscores\Z"
    ):
        gauge(name)
    with pytest.raises(CatalogueError, match=r"expected level:metric:operations, each of lower-case letters"):
        gauge(name.replace(":", "-"), "rules.test")


def test_a_counter_ends_in_total_unless_it_is_on_the_compatibility_list() -> None:
    # The list is of names, not of beginnings: a further one of the same view is refused.
    for name in ("requests", "pg_stat_database_checksum_failures", "pg_stat_user_tables_n_ins_since_vacuum"):
        with pytest.raises(CatalogueError, match=rf"counter '{name}': expected a name ending in '_total'"):
            Counter(name=name, help="A number.", collector="postgres.test")
    name = "pg_stat_database_blks_hit"
    assert Counter(name=name, help="Blocks.", collector="postgres.test").kind == "counter"


def test_the_compatibility_lists_hold_what_needs_them_and_nothing_else() -> None:
    endings = ("_bucket", "_sum", "_count")
    ours = [metric for metric in CATALOGUE if metric.source != "compat"]
    assert {
        metric.name for metric in ours if isinstance(metric, Counter) and metric.name[-6:] != "_total"
    } == COMPATIBLE_COUNTERS
    assert {
        metric.name for metric in ours if isinstance(metric, Gauge) and metric.name.endswith(endings)
    } == COMPATIBLE_GAUGES


def test_a_gauge_does_not_end_in_total() -> None:
    with pytest.raises(CatalogueError, match="ending of a counter"):
        gauge("things_total")


@pytest.mark.parametrize("ending", ["_bucket", "_sum", "_count"])
def test_a_gauge_does_not_end_as_a_series_of_a_histogram(ending: str) -> None:
    with pytest.raises(
        CatalogueError, match=rf"gauge 'things{ending}': '{ending}' is the ending of a series"
    ):
        gauge(f"things{ending}")


def test_what_may_be_missing_until_something_counts_is_optional() -> None:
    first = gauge("first")
    with pytest.raises(CatalogueError, match=r"metric 'second': .*optional="):
        Gauge(name="second", help="A number.", collector="api.test", until=first)
    assert (
        Gauge(name="second", help="2.", collector="api.test", optional="at first", until=first).until is first
    )


def test_a_metric_has_a_type() -> None:
    with pytest.raises(CatalogueError, match=r"'things': a bare Metric has no type; expected Counter, Gauge"):
        Metric(name="things", help="Things.", collector="api.test")


@pytest.mark.parametrize("collector", ["", "api", "api.", ".test", "api.test.more", "Api.Test", "a b.c"])
def test_a_collector_is_a_source_and_a_part(collector: str) -> None:
    with pytest.raises(CatalogueError, match=rf"'things': collector '{collector}'; expected 'source\.part'"):
        gauge("things", collector)


def test_one_name_stands_for_one_thing() -> None:
    with pytest.raises(CatalogueError, match=r"'twice' is already taken by 'twice' \(api.test\)"):
        Catalogue([gauge("twice"), gauge("twice", "redis.test")])


def test_the_series_of_a_histogram_take_names_too() -> None:
    histogram = Histogram(name="size_bytes", help="Sizes.", collector="api.test", buckets=(1.0, 2.0))
    with pytest.raises(CatalogueError, match="'size_bytes_count' is already taken"):
        Catalogue([histogram, Summary(name="size_bytes_count", help="Sizes.", collector="api.test")])


def test_buckets_rise() -> None:
    with pytest.raises(CatalogueError, match="not strictly rising"):
        Histogram(name="size_bytes", help="Sizes.", collector="api.test", buckets=(2.0, 1.0))


@pytest.mark.parametrize("bound", [math.nan, math.inf, -math.inf])
def test_buckets_are_finite(bound: float) -> None:
    for buckets in ((1.0, bound), (bound, 1.0), (bound,)):
        with pytest.raises(CatalogueError, match=r"'size_bytes': buckets .* are not all finite"):
            Histogram(name="size_bytes", help="Sizes.", collector="api.test", buckets=buckets)


def test_a_label_is_bounded_by_something() -> None:
    with pytest.raises(
        CatalogueError, match=r"label 'path': give its closed set of values, or say what bounds"
    ):
        Label(name="path", help="Anything.")


def test_a_label_of_prometheus_is_not_written_by_an_emitter() -> None:
    job = Label(name="job", help="The job.", bound="jobs")
    with pytest.raises(CatalogueError, match=r"\['job'\] are written by Prometheus"):
        Gauge(name="things", help="Things.", collector="api.test", labels=(job,))


def test_an_empty_help_is_refused() -> None:
    with pytest.raises(CatalogueError, match="help is empty"):
        Gauge(name="things", help=" ", collector="api.test")


def test_an_unknown_name_has_a_nearest_known_one() -> None:
    assert CATALOGUE.nearest("http_request_duration_second_count") == "http_request_duration_seconds_count"
    assert CATALOGUE.nearest("zzz") == ""
