"""A metric that nobody asks for says why it is there; one that is asked for is not spare."""

from __future__ import annotations

from dataclasses import replace

from dashboards.checks import Finding, check_files
from exporters.catalogue import CATALOGUE, Catalogue, Metric, redis
from tests.checks.small import SCOPE, board, files, only, panel

FILES = files(board(panel(f"redis_connected_clients{{{SCOPE}}} and redis_up{{{SCOPE}}} == 1", unit="short")))


def found(*metrics: Metric) -> list[Finding]:
    return only(check_files(FILES, Catalogue(metrics), identity=("environment", "cluster")), "metric-used")


def test_a_metric_of_a_source_on_a_board_is_asked_for_or_spare() -> None:
    clients, evicted = CATALOGUE.find("redis_connected_clients"), redis.EVICTED
    assert clients is not None

    (unused,) = found(clients, redis.UP, evicted)
    assert (unused.where, unused.level) == (f"metric {evicted.name}", "warning")
    assert "`spare`" in unused.fix
    assert found(clients, redis.UP, replace(evicted, spare="for a look by hand")) == []
    assert found(clients) == []


def test_a_spare_metric_that_is_asked_for_is_refused() -> None:
    clients = CATALOGUE.find("redis_connected_clients")
    assert clients is not None

    (asked,) = found(replace(clients, spare="for a look by hand"))
    assert "for a look by hand" in asked.message
    assert "Take `spare` out" in asked.fix


def test_of_a_source_that_these_boards_hardly_show_nothing_is_asked() -> None:
    clients, other = CATALOGUE.find("redis_connected_clients"), CATALOGUE.find("pg_up")
    assert clients is not None
    assert other is not None

    assert found(clients, other) == []
    assert found(clients, redis.EVICTED) == []


COVERED = {"metric-used"}
TAKEN = COVERED
