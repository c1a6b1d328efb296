"""What PgBouncer shows is bounded, and read by the names of columns, whatever else a version has."""

from __future__ import annotations

import pytest

from exporters.catalogue import pgbouncer as catalogue
from exporters.collectors.base import Family
from exporters.collectors.pgbouncer.shows import MOST_DATABASES, MOST_POOLS, Shows

POOL = {"sv_active": "1", "cl_waiting": "0", "maxwait": "2", "maxwait_us": "500000", "pool_mode": "session"}


def read(shows: Shows, part: str, rows: list[dict[str, str]]) -> dict[str, Family]:
    return {family.metric.name: family for family in shows.parts[part][1](rows)}


def pools(number: int) -> list[dict[str, str]]:
    return [{"database": "app", "user": f"u{n}", "cl_active": str(n), **POOL} for n in range(number)]


def test_the_pools_most_used_are_shown_and_stay_and_the_others_are_counted() -> None:
    shows = Shows()

    active = read(shows, "pgbouncer.pools", pools(MOST_POOLS + 50))[catalogue.CLIENTS_ACTIVE.name]
    assert len(active.labels) == len(active.values) == MOST_POOLS
    assert active.dropped == 50
    assert ("app", "u0") not in active.labels

    again = read(shows, "pgbouncer.pools", pools(MOST_POOLS + 80))[catalogue.CLIENTS_ACTIVE.name]
    assert again.labels == active.labels
    assert again.dropped == 80


def test_databases_are_bounded_too_and_times_are_seconds() -> None:
    rows = [
        {"database": f"d{n:03}", "xact_count": "1", "wait_time": "2500000", "server_assignment_count": "7"}
        for n in range(MOST_DATABASES + 5)
    ]

    found = read(Shows(), "pgbouncer.stats", rows)

    assert found.keys() == {catalogue.TRANSACTIONS.name, catalogue.WAIT_SECONDS.name}
    waits = found[catalogue.WAIT_SECONDS.name]
    assert (len(waits.labels), waits.dropped, set(waits.values)) == (MOST_DATABASES, 5, {2.5})


def test_a_wait_is_told_with_its_microseconds() -> None:
    waits = read(Shows(), "pgbouncer.pools", pools(1))[catalogue.LONGEST_WAIT.name]
    assert waits.values == [2.5]


@pytest.mark.parametrize("column", ["reserve_pool", "reserve_pool_size"])
def test_a_column_that_was_renamed_is_the_same_metric(column: str) -> None:
    row = dict.fromkeys(("name", "host", "port", "database", "force_user", "pool_mode"), "x") | {column: "3"}
    assert read(Shows(), "pgbouncer.databases", [row])[catalogue.RESERVE_POOL.name].values == [3.0]
