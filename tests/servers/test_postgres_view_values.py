"""Each number of a database, table and index stands under the name of its column, where no two are alike."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from examples.demo.databases import Postgres
from examples.demo.process import wait_until
from exporters.catalogue import CATALOGUE, Metric
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import postgres_objects as objects
from exporters.collectors.postgres import PostgresBackend
from tests.servers.exporter_support import Samples
from tests.servers.postgres_support import Session, admin, collect, create_database, watch

# Watched from another one, since an exporter that is connected moves what it reads.
COUNTED, WATCHED = "counted", "watching"
# Each thing is done in a number of its own. Rows come by bitmap too, of which the index fetches none.
WORK = (
    "CREATE TABLE busy (id int PRIMARY KEY, n int, note text) WITH (fillfactor = 50)",
    "CREATE INDEX busy_n ON busy (n)",
    "INSERT INTO busy SELECT n, n, 'x' FROM generate_series(1, 1000) n",
    "VACUUM busy",
    "SELECT pg_stat_reset()",
    "INSERT INTO busy SELECT n, n, 'y' FROM generate_series(1001, 1130) n",
    "UPDATE busy SET note = 'z' WHERE id <= 40",
    "UPDATE busy SET n = n + 10000 WHERE id BETWEEN 101 AND 123",
    "DELETE FROM busy WHERE id BETWEEN 201 AND 217",
    "SET enable_seqscan = off; SET enable_bitmapscan = off",
    *("SELECT note FROM busy WHERE id BETWEEN 300 AND 310",) * 3,
    "SET enable_bitmapscan = on; SET enable_indexscan = off",
    *("SELECT note FROM busy WHERE n BETWEEN 400 AND 405",) * 2,
    "SET enable_seqscan = on; SET enable_bitmapscan = off",
    *("SELECT count(note) FROM busy",) * 9,
    "RESET ALL",
)


@pytest.fixture(scope="module")
def server(server_root: Path) -> Iterator[Postgres]:
    """A server of its own, in which nothing happens by itself."""
    server = Postgres(server_root / "view-values", autovacuum="off", track_io_timing="on").start()
    create_database(server, WATCHED)
    with admin(server) as session:
        # A copy of files: blocks that are not in memory, so that they are read.
        session.execute(f"CREATE DATABASE {COUNTED} STRATEGY file_copy")
    yield server
    server.stop()


def sort_on_disk(session: Session) -> None:
    session.execute("SET work_mem = '64kB'; SET temp_tablespaces = ''")
    for _ in range(2):
        session.execute(
            "SELECT count(*) FROM (SELECT n FROM generate_series(1, 9000) n ORDER BY -n OFFSET 0) s"
        )


def deadlock(server: Postgres) -> None:
    with admin(server, COUNTED) as one, admin(server, COUNTED) as other, ThreadPoolExecutor(2) as pool:
        for session, number in ((one, 1), (other, 2)):
            session.execute("BEGIN; SET LOCAL deadlock_timeout = '50ms'")
            session.execute("SELECT pg_advisory_xact_lock(%s)", [number])
        waits = [
            pool.submit(session.execute, "SELECT pg_advisory_xact_lock(%s)", [number])
            for session, number in ((one, 2), (other, 1))
        ]
        assert psycopg.errors.DeadlockDetected in {type(wait.exception(timeout=10)) for wait in waits}
        one.rollback()
        other.rollback()


def end_sessions(server: Postgres, *, abandoned: int, fatal: int, killed: int) -> None:
    """Sessions whose client went without a word, that the server ended, and that an operator ended."""
    with admin(server) as operator, ExitStack() as stack:
        for _ in range(abandoned):
            session = admin(server, COUNTED)
            with socket.socket(fileno=session.fileno()) as line:
                line.shutdown(socket.SHUT_RDWR)
                line.detach()
            with pytest.raises(psycopg.OperationalError):
                session.execute("SELECT 1")
        for _ in range(fatal):
            session = stack.enter_context(admin(server, COUNTED))
            session.execute("SET idle_session_timeout = '1ms'")
            pid = session.info.backend_pid
            alive = "SELECT FROM pg_stat_activity WHERE pid = %s"
            wait_until(lambda: operator.execute(alive, [pid]).fetchone() is None, "it is ended")  # noqa: B023  at once
        for _ in range(killed):
            session = stack.enter_context(admin(server, COUNTED))
            operator.execute("SELECT pg_terminate_backend(%s, 5000)", [session.info.backend_pid])


@contextmanager
def history(server: Postgres) -> Iterator[None]:
    """Everything that is counted has happened, and eleven sessions sit idle."""
    with ExitStack() as stack:
        with admin(server, COUNTED) as session:
            session.execute("BEGIN; SELECT 1")
            session.execute("SELECT pg_sleep(0.2)")
            session.execute("COMMIT")
            sort_on_disk(session)
        deadlock(server)
        end_sessions(server, abandoned=5, fatal=7, killed=9)
        for _ in range(11):
            stack.enter_context(admin(server, COUNTED))
        yield


@pytest.fixture(scope="module")
def counted(server: Postgres) -> Iterator[Postgres]:
    with admin(server, COUNTED) as session:
        for statement in WORK:
            session.execute(statement)
        with session.transaction(force_rollback=True):
            session.execute("SELECT pg_sleep(0.01)")
    with history(server):
        yield server


@pytest.fixture
def backend(server: Postgres) -> Iterator[PostgresBackend]:
    with closing(watch(server, WATCHED)) as backend:
        yield backend


def column(metric: Metric, view: str) -> str:
    """The metrics are named after the columns; the server counts time in milliseconds."""
    name = metric.name.removeprefix(f"{view}_").removesuffix("_total")
    if metric.unit == "timestamp":
        return f"extract(epoch FROM {name})::float8"
    return f"{name.removesuffix('_seconds')} / 1000" if metric.unit == "seconds" else f"{name}::float8"


def compare(
    read: Callable[[], dict[Metric, float]],
    page: Callable[[], dict[Metric, float | None]],
    *,
    may_be_zero: set[Metric],
) -> None:
    """The page says of each metric what the view says, once that stands still and no two of it are alike."""
    told: list[dict[Any, Any]] = []

    def ready() -> bool:
        told[:] = [read(), page(), read()]
        values = [value for metric, value in told[0].items() if metric not in may_be_zero]
        return told[0] == told[2] and len({*values, 0.0}) == len(values) + 1

    # A session that ends tells what it did a little after its client is gone.
    wait_until(ready, "the view stands still, and no two of it are alike", timeout=20)
    said, shown, _ = told
    # Not by share: of a time in Unix seconds that would be seconds.
    wrong = {str(metric): shown[metric] for metric in said if abs((shown[metric] or 0) - said[metric]) > 1e-6}
    assert wrong == {}, {str(metric): said[metric] for metric in said}


def reading(
    session: Session, columns: Mapping[Metric, str], source: str
) -> Callable[[], dict[Metric, float]]:
    def read() -> dict[Metric, float]:
        row = session.execute(f"SELECT {', '.join(columns.values())} FROM {source}").fetchone()  # noqa: S608  ours
        assert row is not None
        return dict(zip(columns, map(float, row), strict=True))

    return read


def test_every_column_of_a_database_is_under_its_own_metric(
    counted: Postgres, backend: PostgresBackend
) -> None:
    view = "pg_stat_database"
    metrics = [metric for metric in CATALOGUE.of("postgres") if metric.name.startswith(f"{view}_")]
    assert len(metrics) == 23
    columns = {metric: column(metric, view) for metric in metrics}
    with admin(counted) as session:
        read = reading(session, columns, f"{view} WHERE datname = '{COUNTED}'")

        def page() -> dict[Metric, float | None]:
            shown = collect(backend)
            return {metric: shown.of(metric, datname=COUNTED) for metric in metrics}

        # Without a standby no statement conflicts with one; here no session writes blocks itself.
        compare(read, page, may_be_zero={catalogue.CONFLICTS, catalogue.WRITE_SECONDS})


def test_every_column_of_a_table_and_of_its_indexes_is_under_its_own_metric(counted: Postgres) -> None:
    view = "pg_stat_user_tables"
    tables = [metric for metric in CATALOGUE.of("postgres") if metric.name.startswith(f"{view}_")]
    assert len(tables) == 13
    columns = {metric: column(metric, view) for metric in tables}
    for metric, what in ((objects.TABLE_LAST_VACUUM, "vacuum"), (objects.TABLE_LAST_ANALYZE, "analyze")):
        columns[metric] = f"extract(epoch FROM greatest(last_{what}, last_auto{what}))::float8"
    indexes = (objects.INDEX_SCANS, objects.INDEX_ROWS_READ, objects.INDEX_ROWS_FETCHED)
    of_indexes = {metric: column(metric, "pg_stat_user_indexes") for metric in indexes}
    labels = {"datname": COUNTED, "schemaname": "public", "relname": "busy"}
    with admin(counted, COUNTED) as session, closing(watch(counted, COUNTED)) as backend:
        session.execute("VACUUM busy")
        session.execute("ANALYZE busy")
        session.execute("UPDATE busy SET note = 'changed' WHERE id BETWEEN 501 AND 507")
        session.execute("INSERT INTO busy VALUES (-1), (-2), (-3), (-4)")
        session.execute("SELECT pg_stat_force_next_flush()")

        def values(names: Mapping[Metric, str], **more: str) -> Callable[[], dict[Metric, float | None]]:
            def page() -> dict[Metric, float | None]:
                shown: Samples = collect(backend)
                return {metric: shown.of(metric, **labels, **more) for metric in names}

            return page

        compare(
            reading(session, columns, "pg_stat_user_tables WHERE relname = 'busy'"),
            values(columns),
            may_be_zero=set(),
        )
        for name, zeros in (("busy_pkey", set[Metric]()), ("busy_n", {objects.INDEX_ROWS_FETCHED})):
            compare(
                reading(session, of_indexes, f"pg_stat_user_indexes WHERE indexrelname = '{name}'"),
                values(of_indexes, indexrelname=name),
                may_be_zero=zeros,
            )
