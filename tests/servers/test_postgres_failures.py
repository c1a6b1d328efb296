"""One question of many that is locked, refused or slow costs its own answer, and leaves nothing behind."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from examples.demo.databases import Postgres
from examples.demo.process import wait_until
from exporters.catalogue import CATALOGUE, self_
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.postgres import PostgresBackend
from exporters.scrape import Scraper, seconds_for
from tests.servers.exporter_support import Samples, parse
from tests.servers.failure_support import (
    DATABASE,
    INDEX,
    NAMES,
    assert_down,
    assert_well,
    errors,
    failing,
    locked,
    timed,
)
from tests.servers.postgres_support import (
    LOG,
    admin,
    collect,
    create_database,
    frozen,
    run_role_sql,
    sessions,
    wait_for_no_session,
    watch,
)


def test_a_locked_table_costs_the_collector_that_needs_it_and_no_other(
    server: Postgres, backend: PostgresBackend, caplog: pytest.LogCaptureFixture
) -> None:
    healthy = collect(backend)
    with locked(server, "jobs"):
        started = time.monotonic()
        pages = [collect(backend) for _ in range(2)]
        assert time.monotonic() - started < 2 * 0.5  # lock_timeout is 0.1 s
        assert sessions(server)[0][1] == "idle"
    for page in pages:
        assert failing(page) == {"postgres.expected_indexes"}
        missing = {metric.name for metric in CATALOGUE.of("postgres") if "expected" in metric.collector}
        assert healthy.names() - page.names() == missing
        assert (
            page.of(objects.TABLE_SEQ_SCAN, datname=DATABASE, schemaname="public", relname="jobs") is not None
        )
    assert errors(pages[1]) == {("postgres.expected_indexes", "55P03"): 2}
    page = collect(backend)
    assert_well(page)
    assert page.of(self_.CONNECTS, backend="postgres", result="ok") == 1
    assert [record.getMessage() for record in caplog.records] == [
        "postgres.expected_indexes: 55P03 LockNotAvailable; another session holds a lock on a table",
        "postgres.expected_indexes: answers again",
    ]


@pytest.mark.parametrize("catalog", ["pg_class", "pg_database"])
def test_a_locked_catalog_costs_those_that_read_it_within_the_shortest_time_limit_too(
    server: Postgres, backend: PostgresBackend, catalog: str
) -> None:
    assert_well(collect(backend))
    scraper, session = Scraper([backend], LOG), sessions(server)
    with admin(server, DATABASE) as other:  # which is in before nobody is let in any more
        other.execute(f"BEGIN; LOCK TABLE {catalog} IN ACCESS EXCLUSIVE MODE")
        pages = []
        for _ in range(3):  # a second apart, as their time limit says
            begun = time.monotonic()
            pages.append(parse(scraper.page(seconds_for("1")).decode()))
            time.sleep(max(0.0, begun + 1.0 - time.monotonic()))
        other.execute("ROLLBACK")
    for page in pages:
        assert page.of(catalogue.UP) == 1
        assert not failing(page) & {"postgres.settings", "postgres.bgwriter", "postgres.wal"}
    assert len(failing(pages[-1])) < len(NAMES) / 2
    wait_until(lambda: not failing(collect(backend)), "all answer again", timeout=3)
    assert [process for process, _ in sessions(server)] == [process for process, _ in session]


def test_a_collector_that_is_refused_touches_no_other(server: Postgres, backend: PostgresBackend) -> None:
    healthy = collect(backend)
    function = "FUNCTION pg_stat_statements(boolean)"
    with admin(server, DATABASE) as session:
        session.execute(f"REVOKE EXECUTE ON {function} FROM PUBLIC")
        try:
            page = collect(backend)
            assert sessions(server)[0][1] == "idle"
        finally:
            session.execute(f"GRANT EXECUTE ON {function} TO PUBLIC")
    assert page.of(catalogue.UP) == 1
    assert failing(page) == {"postgres.statements"}
    assert all("pg_stat_statements" in name for name in healthy.names() - page.names())
    assert errors(page) == {("postgres.statements", "42501"): 1}
    assert_well(collect(backend))


def test_no_transaction_outlives_a_failure_and_the_server_has_nothing_to_warn_of(server: Postgres) -> None:
    size = server.log.stat().st_size
    with closing(watch(server, DATABASE, expected_indexes=(INDEX,))) as backend, locked(server, "jobs"):
        for _ in range(2):
            collect(backend)
    with server.log.open() as log:
        log.seek(size)
        lines = [line for line in log if "ERROR" in line or "WARNING" in line or "FATAL" in line]
    # The lock timeout itself, and neither "current transaction is aborted" nor "no transaction in progress".
    assert len(lines) == 2
    assert all("canceling statement due to lock timeout" in line for line in lines)


def test_a_slow_statement_is_ended_at_the_deadline_and_leaves_nothing_behind(server: Postgres) -> None:
    settings = {"statement_timeout_ms": 60_000, "lock_timeout_ms": 60_000, "expected_indexes": (INDEX,)}
    with closing(watch(server, DATABASE, **settings)) as backend:
        assert_well(collect(backend))
        # Two in a row: the first is ended by the statement_timeout that it got, the second by a cancel.
        with locked(server, "jobs", "pg_stat_statements_info"):
            page = timed(backend, seconds=1.0)
            wait_for_no_session(server, seconds=1.0)
        assert page.of(catalogue.UP) == 1
        assert errors(page) == {
            ("postgres.expected_indexes", "57014"): 1,
            ("postgres.statements_info", "TimeoutError"): 1,
        }
        lost = {"postgres.statements_info", "postgres.configuration", "postgres.sizes"}
        assert failing(page) == {"postgres.expected_indexes", *lost}
        page = collect(backend)
        assert_well(page)
        assert page.of(self_.CONNECTS, backend="postgres", result="ok") == 2


def test_a_statement_that_is_always_slow_starves_no_other(server: Postgres) -> None:
    settings = {"statement_timeout_ms": 60_000, "lock_timeout_ms": 60_000, "expected_indexes": (INDEX,)}
    with (
        closing(watch(server, DATABASE, **settings)) as backend,
        locked(server, "jobs", "pg_stat_statements_info"),
    ):
        pages = [collect(backend, seconds=1.0) for _ in range(2)]
    assert "postgres.sizes" in failing(pages[0])
    assert "postgres.sizes" not in failing(pages[1])


def test_answers_stand_for_their_time_and_their_age_is_told(server: Postgres) -> None:
    with (
        closing(watch(server, DATABASE, heavy_ttl=0.6, sizes_ttl=60.0)) as backend,
        admin(server, DATABASE) as s,
    ):
        labels = {"backend": "postgres", "collector": "postgres.index_totals"}
        first = collect(backend)
        s.execute("CREATE INDEX more ON jobs (open)")
        try:
            time.sleep(0.2)
            second = collect(backend)
            time.sleep(0.5)
            third = collect(backend)
        finally:
            s.execute("DROP INDEX more")
    counts = [page.of(objects.INDEXES, datname=DATABASE) for page in (first, second, third)]
    assert counts == [1, 1, 2]
    ages = [page.of(self_.CACHE_AGE, **labels) or 0 for page in (first, second, third)]
    assert ages[0] < 0.2 <= ages[1]
    assert ages[2] < 0.2
    sizes = {"backend": "postgres", "collector": "postgres.sizes"}
    assert (third.of(self_.CACHE_AGE, **sizes) or 0) >= 0.7
    assert [third.of(self_.CACHE_RENEWAL, **which) for which in (labels, sizes)] == [0.6, 60]
    assert catalogue.DATABASE_SIZE.name in third.names()


def test_remembered_answers_are_not_told_of_a_server_that_is_down(server: Postgres) -> None:
    with closing(watch(server, DATABASE, heavy_ttl=60.0, sizes_ttl=60.0)) as backend:
        assert_well(collect(backend))
        with frozen(server):
            page = collect(backend, seconds=0.5)
        assert_down(page)
        assert self_.CACHE_AGE.name not in page.names()


def test_without_the_extension_the_rest_is_there_and_it_is_found_when_it_comes(server: Postgres) -> None:
    create_database(server, "bare")
    with closing(watch(server, "bare")) as backend, admin(server, "bare") as session:
        page = collect(backend)
        assert_well(page)
        assert not any(name.startswith("pg_stat_statements") for name in page.names())
        session.execute(
            'CREATE SCHEMA "Odd {schema}"; CREATE EXTENSION pg_stat_statements SCHEMA "Odd {schema}"'
        )
        run_role_sql(server, "bare")
        collect(backend)
        page = collect(backend)
        assert_well(page)
        assert objects.STATEMENT_CALLS.name in page.names()
        session.execute("DROP EXTENSION pg_stat_statements")
        collect(backend)
        assert_well(collect(backend))


def test_close_ends_the_session(server: Postgres) -> None:
    wait_for_no_session(server)
    backend = watch(server, DATABASE)
    collect(backend)
    assert len(sessions(server)) == 1
    backend.close()
    wait_for_no_session(server)


def test_a_collector_that_always_fails_is_asked_less_often_and_the_log_says_so_once(
    server: Postgres, backend: PostgresBackend, caplog: pytest.LogCaptureFixture
) -> None:
    assert_well(collect(backend))
    refused, key = "FUNCTION pg_stat_statements(boolean)", ("postgres.statements", "42501")
    with admin(server, DATABASE) as session:
        session.execute(f"REVOKE EXECUTE ON {refused} FROM PUBLIC")
        try:
            end, pages = time.monotonic() + 1.5, list[Samples]()
            while time.monotonic() < end:
                pages.append(collect(backend))
        finally:
            session.execute(f"GRANT EXECUTE ON {refused} TO PUBLIC")
    for page in pages:
        assert {"postgres.statements"} <= failing(page) <= {"postgres.statements", "postgres.statements_info"}
    tries = errors(pages[-1])[key]
    assert 3 <= tries < max(10, len(pages) / 2)
    told = [record.getMessage() for record in caplog.records if "postgres.statements:" in record.getMessage()]
    assert [("asked less often" in line, "42501" in line) for line in told] == [(False, True), (True, False)]
    wait_until(lambda: not failing(collect(backend)), "it is asked again", timeout=3)
