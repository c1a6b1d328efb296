"""The catalogue refuses what breaks a naming rule, and says which."""

from __future__ import annotations

import pytest

from exporters.catalogue import CATALOGUE, Catalogue, CatalogueError, Counter, Gauge, Histogram, Label


def gauge(name: str, collector: str = "api.test") -> Gauge:
    return Gauge(name=name, help="A number.", collector=collector)


@pytest.mark.parametrize("name", ["Bad", "with-dash", "9lives", "a b", "a:b", ""])
def test_a_bad_name_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(CatalogueError, match=r"metric .*: expected"):
        gauge(name)


def test_a_counter_ends_in_total_unless_it_is_on_the_compatibility_list() -> None:
    with pytest.raises(CatalogueError, match=r"counter 'requests': expected a name ending in '_total'"):
        Counter(name="requests", help="Requests.", collector="api.test")
    assert (
        Counter(name="pg_stat_database_blks_hit", help="Blocks.", collector="postgres.test").kind == "counter"
    )


def test_a_gauge_does_not_end_in_total() -> None:
    with pytest.raises(CatalogueError, match="ending of a counter"):
        gauge("things_total")


def test_one_name_stands_for_one_thing() -> None:
    with pytest.raises(CatalogueError, match=r"'twice' is already taken by 'twice' \(api.test\)"):
        Catalogue([gauge("twice"), gauge("twice", "redis.test")])


def test_the_series_of_a_histogram_take_names_too() -> None:
    histogram = Histogram(name="size_bytes", help="Sizes.", collector="api.test", buckets=(1.0, 2.0))
    with pytest.raises(CatalogueError, match="'size_bytes_count' is already taken"):
        Catalogue([histogram, gauge("size_bytes_count")])


def test_buckets_rise() -> None:
    with pytest.raises(CatalogueError, match="not strictly rising"):
        Histogram(name="size_bytes", help="Sizes.", collector="api.test", buckets=(2.0, 1.0))


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
