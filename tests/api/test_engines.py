"""What an engine may be, and what may befall it, without a request failing or hanging."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import Gauge
from sqlalchemy import Engine, create_engine, insert, text
from sqlalchemy.exc import ProgrammingError, StatementError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from exporters.api import InstrumentationError, instrument
from tests.api.asgi import get
from tests.api.samples import Samples
from tests.api.shop import Team, sync_engine

Read = Callable[[], Samples]
DEADLINE = 20


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    with sync_engine(database, pool_size=2, max_overflow=1, insertmanyvalues_page_size=3) as engine:
        yield engine


def serve(engine: Any, app: FastAPI | None = None) -> FastAPI:
    app = app or FastAPI()
    instrument(app, engine=engine)
    get(app, "/health")
    return app


def within_the_deadline(work: Callable[[], None]) -> None:
    """Run it in a thread, since one that waits for itself would never come back."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(DEADLINE)
    assert not thread.is_alive(), "it hangs"


def test_a_connection_that_the_garbage_collector_gives_back_while_gauges_are_written(
    database: str, monkeypatch: pytest.MonkeyPatch, samples: Read
) -> None:
    # Disposed of only where all is well: a pool that hangs would hang then too.
    engine = create_engine(f"postgresql+psycopg:{database}", pool_size=2, max_overflow=1)
    collecting = threading.Event()
    write = Gauge.set

    def collect_first(self: Gauge, value: float) -> None:
        if collecting.is_set():
            collecting.clear()
            gc.collect()
        write(self, value)

    monkeypatch.setattr(Gauge, "set", collect_first)
    serve(engine)
    seen: list[float | None] = []

    def leak_and_connect() -> None:
        leaked: list[Any] = [engine.connect()]
        leaked.append(leaked)
        del leaked  # from now on only the collector knows it
        collecting.set()
        with engine.connect():
            seen.append(samples().get("db_client_connection_count", pool="default", state="used"))

    gc.collect()
    gc.disable()
    try:
        within_the_deadline(leak_and_connect)
    finally:
        gc.enable()
    assert not collecting.is_set(), "no gauge was written"
    assert seen == [1], "what was given back meanwhile is written too"
    assert isinstance(engine.pool, QueuePool)
    assert engine.pool.checkedin() == 2
    engine.dispose()


def test_an_engine_and_a_view_on_it_are_one_pool(engine: Engine, samples: Read) -> None:
    view = engine.execution_options(isolation_level="AUTOCOMMIT")
    with pytest.raises(InstrumentationError, match="pool is already instrumented as 'main'"):
        instrument(FastAPI(), engine={"main": view, "view": engine})


@pytest.mark.parametrize("first", ["engine", "view"])
def test_statements_of_an_engine_and_of_a_view_count_once(first: str, engine: Engine, samples: Read) -> None:
    view = engine.execution_options(isolation_level="AUTOCOMMIT")
    app = FastAPI()

    @app.get("/both")
    def both() -> None:
        for each in (engine, view):
            with each.connect() as connection:
                connection.execute(text("SELECT 1"))
                with pytest.raises(ProgrammingError):
                    connection.execute(text("SELECT * FROM nowhere"))

    instrument(FastAPI(), engine=engine if first == "engine" else view)
    serve(view if first == "engine" else engine, app)
    get(app, "/both")
    page = samples()
    assert page.get("db_queries_per_request_sum", handler="/both") == 4
    assert page.get("db_query_errors_total", error="ProgrammingError") == 2
    assert page.get("db_client_connection_wait_time_seconds_count", pool="default") == 2
    assert page.get("db_client_connection_use_time_seconds_count", pool="default") == 2
    assert page.get("db_client_connection_max", pool="default") == 3


def test_a_pool_keeps_its_name_through_dispose(engine: Engine) -> None:
    instrument(FastAPI(), engine=engine)
    engine.dispose()
    with pytest.raises(InstrumentationError, match="already instrumented as 'default'"):
        instrument(FastAPI(), engine={"other": engine})


def test_a_pool_that_cannot_say_how_full_it_is_still_serves(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, samples: Read
) -> None:
    serve(engine)
    with monkeypatch.context() as patch:
        patch.delattr(QueuePool, "checkedout")
        with engine.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
    assert samples().get("obs_instrumentation_errors_total", site="pool")


def test_the_batches_of_one_bulk_insert_are_no_loop(engine: Engine, samples: Read) -> None:
    app = FastAPI()

    def people(ids: range) -> list[dict[str, Any]]:
        return [{"id": number, "name": "x"} for number in ids]

    @app.get("/bulk")
    def bulk() -> None:
        with Session(engine) as session:
            statement = insert(Team).returning(Team.id)
            assert len(session.scalars(statement, people(range(1000, 1015))).all()) == 15
            session.rollback()

    @app.get("/loop")
    def loop() -> None:
        with Session(engine) as session:
            for number in range(1000, 1005):
                session.execute(insert(Team).returning(Team.id), people(range(number, number + 1)))
            session.rollback()

    serve(engine, app)
    get(app, "/bulk")
    get(app, "/loop")
    page = samples()
    assert page.get("db_queries_per_request_sum", handler="/bulk") == 5
    assert page.get("db_nplusone_requests_total", handler="/bulk") == 0
    assert page.get("db_nplusone_requests_total", handler="/loop") == 1


def test_every_class_of_error_that_a_statement_can_have_starts_at_zero(engine: Engine, samples: Read) -> None:
    serve(engine)
    before = samples().label_values("db_query_errors_total", "error")
    with engine.connect() as connection, pytest.raises(StatementError):
        connection.execute(text("SELECT :missing"), {})
    page = samples()
    assert page.nonzero("db_query_errors_total") == [{"error": "StatementError"}]
    assert page.label_values("db_query_errors_total", "error") == before
    assert "DBAPIError" in before
