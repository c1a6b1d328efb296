"""Sessions: counted by what they do, aged, blocked, and bounded in their labels."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psycopg
import pytest

from examples.demo.databases import Postgres
from examples.demo.process import wait_until
from exporters.catalogue import Metric
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.postgres import PostgresBackend, PostgresSettings
from tests.servers.exporter_support import Samples
from tests.servers.postgres_support import LOG, Session, admin, collect, conninfo, create_database, watch

DATABASE = "sessions"


@pytest.fixture(scope="module")
def server(postgres: Postgres) -> Postgres:
    create_database(postgres, DATABASE)
    with admin(postgres, DATABASE) as session:
        session.execute("CREATE TABLE things (id int)")
    return postgres


@pytest.fixture
def backend(server: Postgres) -> Iterator[PostgresBackend]:
    with closing(watch(server, DATABASE, heavy_ttl=60.0, sizes_ttl=60.0)) as backend:
        yield backend


def connect(server: Postgres, application: str, role: str = "postgres") -> Session:
    return psycopg.connect(
        f"{server.superuser_dsn} dbname={DATABASE} user={role} application_name={application}",
        autocommit=True,
    )


def total(page: Samples, metric: Metric, **labels: str) -> float:
    """The sum of all series that have these labels."""
    wanted = set(labels.items())
    return sum(value for (name, found), value in page.items() if name == metric.name and wanted <= found)


def values(page: Samples, metric: Metric, label: str) -> set[str]:
    return {dict(labels)[label] for name, labels in page if name == metric.name}


def test_every_state_of_every_database_is_there_and_zero_where_nobody_is(backend: PostgresBackend) -> None:
    page = collect(backend)
    for database in ("postgres", DATABASE):
        for state in catalogue.STATE.values:
            labels = {"datname": database, "state": state}
            assert page.of(catalogue.ACTIVITY, **labels, usename="", application_name="") == 0
            assert page.of(catalogue.OLDEST_TRANSACTION, **labels) == 0
            assert page.of(catalogue.OLDEST_QUERY, **labels) == 0
        for kind in catalogue.WAIT_EVENT_TYPE.values:
            assert page.of(catalogue.WAITING, datname=database, wait_event_type=kind) == 0
        assert page.of(catalogue.BLOCKED, datname=database) == 0
        for metric in (catalogue.LONGEST_BLOCKED, catalogue.OLDEST_OPEN, catalogue.IDLE_IN_TRANSACTION):
            assert page.of(metric, datname=database) == 0


def test_the_exporters_own_session_counts_as_it_takes_a_connection_and_keeps_its_name(
    server: Postgres, backend: PostgresBackend
) -> None:
    labels = {"datname": DATABASE, "state": "active", "usename": "obs_exporter"}
    assert collect(backend).of(catalogue.ACTIVITY, **labels, application_name="obs-exporter") == 1
    with admin(server) as session:
        name = "SELECT application_name FROM pg_stat_activity WHERE usename = 'obs_exporter'"
        assert session.execute(name).fetchall() == [("obs-exporter",)]


def test_sessions_are_counted_by_state_role_and_application(
    server: Postgres, backend: PostgresBackend
) -> None:
    with (
        connect(server, "shop"),
        connect(server, "shop"),
        connect(server, "shop") as in_transaction,
        connect(server, "shop") as aborted,
        connect(server, "report"),
    ):
        in_transaction.execute("BEGIN")
        with pytest.raises(psycopg.errors.DivisionByZero):
            aborted.execute("BEGIN; SELECT 1 / 0")
        page = collect(backend)
        shop = {"datname": DATABASE, "usename": "postgres", "application_name": "shop"}
        assert page.of(catalogue.ACTIVITY, **shop, state="idle") == 2
        assert page.of(catalogue.ACTIVITY, **shop, state="idle in transaction") == 1
        assert page.of(catalogue.ACTIVITY, **shop, state="idle in transaction (aborted)") == 1
        assert total(page, catalogue.ACTIVITY, datname=DATABASE) == 6  # with the exporter's own
        assert total(page, catalogue.ACTIVITY, datname=DATABASE, application_name="report") == 1
        in_transaction.execute("ROLLBACK")
        aborted.execute("ROLLBACK")


def test_the_oldest_transaction_and_statement_are_told_by_state(
    server: Postgres, backend: PostgresBackend
) -> None:
    with (
        connect(server, "forgetful") as forgetful,
        connect(server, "slow") as slow,
        ThreadPoolExecutor(1) as pool,
    ):
        forgetful.execute("BEGIN")
        time.sleep(0.5)
        running = pool.submit(slow.execute, "SELECT pg_sleep(60)")
        try:
            wait_until(lambda: active(backend, DATABASE) == 2, "the slow statement runs")
            time.sleep(0.2)
            page = collect(backend)
        finally:
            slow.cancel_safe()
        assert isinstance(running.exception(timeout=10), psycopg.errors.QueryCanceled)
        forgetful.execute("ROLLBACK")

    idle = page.of(catalogue.OLDEST_TRANSACTION, datname=DATABASE, state="idle in transaction") or 0
    active_transaction = page.of(catalogue.OLDEST_TRANSACTION, datname=DATABASE, state="active") or 0
    statement = page.of(catalogue.OLDEST_QUERY, datname=DATABASE, state="active") or 0
    assert 0.7 <= idle < 15
    assert 0.2 <= statement < idle - 0.4
    assert active_transaction == pytest.approx(statement, abs=0.1)
    assert page.of(catalogue.OLDEST_QUERY, datname=DATABASE, state="idle in transaction") == 0
    assert page.of(catalogue.WAITING, datname=DATABASE, wait_event_type="Timeout") == 1  # pg_sleep


def test_the_oldest_transaction_and_the_longest_idle_one_are_told(
    server: Postgres, backend: PostgresBackend
) -> None:
    with connect(server, "steps") as steps, connect(server, "pg_dump") as dump:
        dump.execute("BEGIN")
        time.sleep(0.4)
        began = time.monotonic()
        steps.execute("BEGIN")
        time.sleep(0.4)
        step = time.monotonic()
        steps.execute("SELECT 1")
        page = collect(backend)
        # A job that works on in one transaction is old, and idle for no longer than between two statements.
        oldest = page.of(catalogue.OLDEST_OPEN, datname=DATABASE) or 0
        assert 0.4 <= oldest <= time.monotonic() - began
        dump.execute("SELECT 1")
        idle = collect(backend).of(catalogue.IDLE_IN_TRANSACTION, datname=DATABASE) or math.inf
        assert idle <= time.monotonic() - step
        with pytest.raises(psycopg.errors.DivisionByZero):
            steps.execute("SELECT 1 / 0")
        dump.execute("ROLLBACK")
        time.sleep(0.3)
        assert 0.3 <= (collect(backend).of(catalogue.IDLE_IN_TRANSACTION, datname=DATABASE) or 0) < 15
        steps.execute("ROLLBACK")
    page = collect(backend)
    for metric in (catalogue.OLDEST_OPEN, catalogue.IDLE_IN_TRANSACTION):
        assert page.of(metric, datname=DATABASE) == page.of(metric, datname="postgres") == 0


@pytest.mark.parametrize(
    "statement",
    ["CREATE INDEX ON slow (waits(id))", "CLUSTER slow USING slow_waits", "VACUUM slow", "ANALYZE slow"],
)
def test_what_the_server_does_for_itself_is_no_old_transaction(
    server: Postgres, backend: PostgresBackend, statement: str
) -> None:
    with admin(server, DATABASE) as session:
        session.execute(
            "DROP TABLE IF EXISTS slow; CREATE TABLE slow AS SELECT generate_series(1, 9999) AS id"
        )
        session.execute(
            "CREATE OR REPLACE FUNCTION waits(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN "
            "PERFORM pg_sleep(coalesce(current_setting('obs.pause', true), '0')::float8); RETURN $1; END $$"
        )
        session.execute("CREATE INDEX slow_waits ON slow (waits(id))")
    with connect(server, "keeper") as keeper, ThreadPoolExecutor(1) as pool:
        keeper.execute("SET obs.pause = 1; SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1")
        running = pool.submit(keeper.execute, statement)
        try:
            wait_until(
                lambda: (
                    (collect(backend).of(catalogue.OLDEST_TRANSACTION, datname=DATABASE, state="active") or 0)
                    > 0.5
                ),
                "it runs",
            )
            page = collect(backend)
            again = watch(server, DATABASE)
            with closing(again):
                builds = collect(again).of(objects.INDEX_BUILDS, datname=DATABASE)
        finally:
            keeper.cancel_safe()
        assert isinstance(running.exception(timeout=10), psycopg.errors.QueryCanceled)
    assert page.of(catalogue.OLDEST_OPEN, datname=DATABASE) == 0
    assert builds == (1 if statement.startswith("CREATE INDEX") else 0)


def active(backend: PostgresBackend, database: str) -> float:
    return total(collect(backend), catalogue.ACTIVITY, datname=database, state="active")


def test_blocked_sessions_are_counted_with_the_longest_wait(
    server: Postgres, backend: PostgresBackend
) -> None:
    with connect(server, "holder") as holder, ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        holder.execute("BEGIN; LOCK TABLE things IN ACCESS EXCLUSIVE MODE")
        waiters = [stack.enter_context(connect(server, "waiter")) for _ in range(2)]
        waits = [pool.submit(waiter.execute, "SELECT * FROM things") for waiter in waiters]
        try:
            wait_until(
                lambda: collect(backend).of(catalogue.BLOCKED, datname=DATABASE) == 2, "two sessions wait"
            )
            time.sleep(0.3)
            page = collect(backend)
        finally:
            holder.execute("ROLLBACK")
        for wait in waits:
            wait.result(timeout=10)
        assert collect(backend).of(catalogue.BLOCKED, datname=DATABASE) == 0

    assert page.of(catalogue.BLOCKED, datname=DATABASE) == 2
    assert page.of(catalogue.WAITING, datname=DATABASE, wait_event_type="Lock") == 2
    assert 0.3 <= (page.of(catalogue.LONGEST_BLOCKED, datname=DATABASE) or 0) < 15
    assert page.of(catalogue.BLOCKED, datname="postgres") == 0
    assert page.of(catalogue.LOCKS, datname=DATABASE, mode="accessexclusivelock") == 1
    assert page.of(catalogue.LOCKS, datname=DATABASE, mode="accesssharelock") == 2


def test_an_index_build_that_lets_old_transactions_end_blocks_nobody(
    server: Postgres, backend: PostgresBackend
) -> None:
    build = "CREATE INDEX CONCURRENTLY built_slowly ON things (id)"
    with (
        connect(server, "writer") as writer,
        connect(server, "builder") as builder,
        ThreadPoolExecutor(1) as pool,
    ):
        writer.execute("BEGIN; DELETE FROM things")
        built = pool.submit(builder.execute, build)
        try:
            wait_until(
                lambda: collect(backend).of(catalogue.BLOCKED, datname=DATABASE) == 1, "the build waits"
            )
            time.sleep(0.3)
            page = collect(backend)
        finally:
            writer.execute("ROLLBACK")
        built.result(timeout=10)
        builder.execute("DROP INDEX built_slowly")
    assert page.of(catalogue.LONGEST_BLOCKED, datname=DATABASE) == 0


def test_application_names_and_roles_past_their_caps_are_other(server: Postgres) -> None:
    backend = watch(server, DATABASE, heavy_ttl=60.0, cap_applications=2, cap_roles=1)
    with closing(backend), ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(connect(server, "many"))
        for number in range(4):
            stack.enter_context(connect(server, f"made-up-{number}"))
        page = collect(backend)
        assert values(page, catalogue.ACTIVITY, "usename") == {"", "postgres", "other"}
        shown = values(page, catalogue.ACTIVITY, "application_name")
        assert len(shown - {"", "other"}) == 2
        assert total(page, catalogue.ACTIVITY, datname=DATABASE, application_name="many") == 3
        assert total(page, catalogue.ACTIVITY, datname=DATABASE) == 8  # nobody is lost
        # The places are taken: a larger newcomer does not begin a series.
        for _ in range(9):
            stack.enter_context(connect(server, "newcomer"))
        assert values(collect(backend), catalogue.ACTIVITY, "application_name") == shown


def test_a_session_whose_state_the_role_may_not_see_is_unknown(
    server: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    with admin(server) as session:
        session.execute("DROP ROLE IF EXISTS obs_blind")
        session.execute("CREATE ROLE obs_blind LOGIN PASSWORD 'blind'")
        session.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    try:
        text = conninfo(server, "postgres", password="blind", role="obs_blind")
        backend = PostgresBackend(PostgresSettings(conninfo=lambda: text), LOG)
        with closing(backend), connect(server, "shop"):
            pages = [collect(backend) for _ in range(2)]
        told = [record.getMessage() for record in caplog.records]
        assert ["GRANT pg_read_all_stats TO obs_blind" in line for line in told] == [True]
        for page in pages:
            assert page.of(catalogue.UP) == 1
            assert total(page, catalogue.ACTIVITY, state="unknown", datname=DATABASE, usename="postgres") >= 1
            assert "pg_stat_statements_calls_total" in page.names()  # its own
            assert all(dict(labels).get("queryid") != "" for _, labels in page)
            assert values(page, catalogue.DATABASE_SIZE, "datname") >= {"postgres", DATABASE}
    finally:
        with admin(server) as session:
            session.execute("DROP ROLE obs_blind")
