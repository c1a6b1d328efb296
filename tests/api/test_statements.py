"""SQL statements on a real PostgreSQL: counted, timed, and given to the request that they serve."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, joinedload
from starlette.middleware.base import BaseHTTPMiddleware

from exporters.api import instrument
from tests.api.asgi import ask, get
from tests.api.samples import Samples
from tests.api.shop import Person, Team, async_engine, sync_engine

Read = Callable[[], Samples]


@pytest.fixture
def engine(database: str) -> Iterator[Any]:
    with sync_engine(database) as engine:
        yield engine


def queries(page: Samples, handler: str) -> float | None:
    return page.get("db_queries_per_request_sum", handler=handler)


def test_queries_and_their_time_belong_to_the_handler(engine: Any, samples: Read) -> None:
    app = FastAPI()

    @app.get("/two")
    def two() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            connection.execute(text("SELECT pg_sleep(0.05)"))

    @app.get("/none")
    def none() -> None:
        pass

    instrument(app, engine=engine)
    get(app, "/two")
    get(app, "/two")
    get(app, "/none")
    page = samples()
    assert queries(page, "/two") == 4
    assert page.get("db_queries_per_request_count", handler="/two") == 2
    assert page.get("db_queries_per_request_bucket", handler="/none", le="0.0") == 1
    assert page.get("db_queries_per_request_bucket", handler="/two", le="1.0") == 0
    assert page.get("db_queries_per_request_bucket", handler="/two", le="2.0") == 2
    seconds = page.get("http_request_db_seconds_total", handler="/two")
    duration = page.get("http_request_duration_seconds_sum", method="GET", handler="/two")
    assert seconds is not None
    assert duration is not None
    assert 0.1 <= seconds <= duration
    assert page.get("http_request_db_seconds_total", handler="/none") == 0
    assert page.get("db_queries_unattributed_total") == 0


def test_lazy_loads_in_a_loop_are_an_nplusone_request(engine: Any, samples: Read) -> None:
    app = FastAPI()

    def names(limit: int, *options: Any) -> list[str]:
        with Session(engine) as session:
            people = session.scalars(select(Person).order_by(Person.id).limit(limit).options(*options))
            return [person.team.name for person in people]

    @app.get("/lazy/{limit}")
    def lazy(limit: int) -> list[str]:
        return names(limit)

    @app.get("/joined")
    def joined() -> list[str]:
        return names(20, joinedload(Person.team))

    instrument(app, engine=engine)
    get(app, "/joined")
    page = samples()
    assert queries(page, "/joined") == 1
    assert page.get("db_nplusone_requests_total", handler="/joined") == 0
    get(app, "/lazy/4")
    assert samples().get("db_nplusone_requests_total", handler="/lazy/{limit}") == 0
    assert not samples().matching("db_nplusone_repeats_count")
    get(app, "/lazy/5")
    get(app, "/lazy/20")
    page = samples()
    assert queries(page, "/lazy/{limit}") == 5 + 6 + 21
    assert page.get("db_nplusone_requests_total", handler="/lazy/{limit}") == 2
    assert page.get("db_nplusone_repeats_count", handler="/lazy/{limit}") == 2
    assert page.get("db_nplusone_repeats_sum", handler="/lazy/{limit}") == 5 + 20
    assert page.get("db_nplusone_repeats_bucket", handler="/lazy/{limit}", le="5.0") == 1


def test_a_list_of_another_length_is_the_same_statement(engine: Any, samples: Read) -> None:
    app = FastAPI()

    @app.get("/lists")
    def lists() -> None:
        with Session(engine) as session:
            for length in range(1, 4):
                session.scalars(select(Team).where(Team.id.in_(range(length)))).all()

    @app.get("/different")
    def different() -> None:
        with engine.connect() as connection:
            for number in range(3):
                connection.exec_driver_sql(f"SELECT {number}")

    instrument(app, engine=engine, nplusone_threshold=3)
    get(app, "/lists")
    get(app, "/different")
    page = samples()
    assert page.get("db_nplusone_requests_total", handler="/lists") == 1
    assert page.get("db_nplusone_requests_total", handler="/different") == 0


def test_statements_are_timed_by_operation(engine: Any, samples: Read) -> None:
    app = FastAPI()

    @app.get("/all")
    def everything() -> None:
        with engine.connect() as connection:
            connection.execute(insert(Team), [{"id": 100, "name": "a"}, {"id": 101, "name": "b"}])
            connection.execute(text("  update team SET name = 'c' WHERE id = 100"))
            connection.execute(text("DELETE FROM team WHERE id > 99"))
            connection.execute(text("(SELECT 1) UNION (SELECT 2)"))
            connection.execute(text("SET LOCAL work_mem = '8MB'"))
            connection.rollback()

    instrument(app, engine=engine)
    assert samples().label_values("db_query_duration_seconds_count", "operation") == {
        "select",
        "insert",
        "update",
        "delete",
        "other",
    }
    get(app, "/all")
    page = samples()
    counts = {
        operation: page.get("db_query_duration_seconds_count", operation=operation)
        for operation in ("select", "insert", "update", "delete", "other")
    }
    assert counts == {"select": 1, "insert": 1, "update": 1, "delete": 1, "other": 1}


def test_errors_are_counted_by_class_from_zero_and_cost_time_too(engine: Any, samples: Read) -> None:
    app = FastAPI()

    @app.get("/errors")
    def errors() -> None:
        with engine.connect() as connection:
            with pytest.raises(ProgrammingError):
                connection.execute(text("SELECT * FROM nowhere"))
            connection.rollback()
            with pytest.raises(IntegrityError):
                connection.execute(insert(Team).values(id=1, name="again"))
            connection.rollback()
            connection.execute(text("SET statement_timeout = '50ms'"))
            with pytest.raises(OperationalError):
                connection.execute(text("SELECT pg_sleep(5)"))

    instrument(app, engine=engine)
    assert samples().get("db_query_errors_total", error="OperationalError") == 0
    get(app, "/errors")
    page = samples()
    failed = {labels["error"] for labels in page.nonzero("db_query_errors_total")}
    assert failed == {"ProgrammingError", "IntegrityError", "OperationalError"}
    assert queries(page, "/errors") == 4
    seconds = page.get("http_request_db_seconds_total", handler="/errors")
    assert seconds is not None
    assert seconds >= 0.05


def test_a_server_that_cannot_be_reached_is_an_error(samples: Read) -> None:
    app = FastAPI()
    with sync_engine("//nobody:x@127.0.0.1:1/none") as engine:

        @app.get("/down")
        def down() -> None:
            with pytest.raises(OperationalError):
                engine.connect()

        instrument(app, engine=engine)
        get(app, "/down")
    page = samples()
    assert page.get("db_query_errors_total", error="OperationalError") == 1
    assert queries(page, "/down") == 0
    assert page.get("db_client_connection_create_time_seconds_count", pool="default") == 0


@pytest.mark.parametrize("with_base_http_middleware", [False, True])
def test_every_way_to_run_a_statement_is_attributed(
    database: str, samples: Read, *, with_base_http_middleware: bool
) -> None:
    async def run() -> None:
        async with async_engine(database) as engine:
            with sync_engine(database) as blocking:
                app = ways_to_run(engine, blocking)
                if with_base_http_middleware:
                    app.add_middleware(BaseHTTPMiddleware, dispatch=_through)
                instrument(app, engine={"async": engine, "sync": blocking})
                for path in WAYS:
                    answer = await ask(app, path)
                    assert answer.status == 200, path

    asyncio.run(run())
    page = samples()
    assert {path: queries(page, path) for path in WAYS} == dict.fromkeys(WAYS, 2)
    assert page.get("db_queries_unattributed_total") == 0


WAYS = (
    "/async",
    "/session",
    "/gather",
    "/task",
    "/thread",
    "/threadpool",
    "/dependency",
    "/sync-dependency",
    "/stream",
    "/sync-stream",
)


async def _through(request: Any, call_next: Any) -> Any:
    return await call_next(request)


def ways_to_run(engine: Any, blocking: Any) -> FastAPI:  # noqa: C901, PLR0915  # a list of short endpoints
    app = FastAPI()

    async def one() -> None:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    def one_sync() -> None:
        with blocking.connect() as connection:
            connection.execute(text("SELECT 1"))

    async def before() -> AsyncIterator[None]:
        await one()
        yield

    def before_sync() -> Iterator[None]:
        one_sync()
        yield

    @app.get("/async")
    async def with_async() -> None:
        await one()
        await one()

    @app.get("/session")
    async def with_session() -> None:
        async with AsyncSession(engine) as session:
            await session.scalars(select(Team))
            await session.run_sync(lambda inner: inner.scalars(select(Person)).all())

    @app.get("/gather")
    async def with_gather() -> None:
        await asyncio.gather(one(), one())

    @app.get("/task")
    async def with_task() -> None:
        await asyncio.create_task(one())
        await one()

    @app.get("/thread")
    async def with_thread() -> None:
        await asyncio.to_thread(one_sync)
        await one()

    @app.get("/threadpool")
    def with_threadpool() -> None:
        one_sync()
        one_sync()

    @app.get("/dependency")
    async def with_dependency(_: None = Depends(before)) -> None:
        await one()

    @app.get("/sync-dependency")
    def with_sync_dependency(_: None = Depends(before_sync)) -> None:
        one_sync()

    @app.get("/stream")
    async def with_stream() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            await one()
            yield b"1"
            await one()
            yield b"2"

        return StreamingResponse(body())

    @app.get("/sync-stream")
    def with_sync_stream() -> StreamingResponse:
        def body() -> Iterator[bytes]:
            one_sync()
            yield b"1"
            one_sync()
            yield b"2"

        return StreamingResponse(body())

    return app


def test_statements_outside_a_request_are_counted_apart(engine: Any, samples: Read) -> None:
    app = FastAPI()

    def one() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    @app.get("/background")
    def background(tasks: BackgroundTasks) -> None:
        one()
        tasks.add_task(one)

    @app.get("/own-thread")
    def own_thread() -> None:
        thread = threading.Thread(target=one)
        thread.start()
        thread.join()

    @app.get("/health")
    def health() -> None:
        one()

    instrument(app, engine=engine)
    one()
    for path in ("/background", "/own-thread", "/health"):
        get(app, path)
    page = samples()
    assert queries(page, "/background") == 1
    assert queries(page, "/own-thread") == 0
    assert page.get("db_queries_unattributed_total") == 4
    assert page.get("db_query_duration_seconds_count", operation="select") == 5


def test_requests_at_the_same_time_do_not_share_their_queries(database: str, samples: Read) -> None:
    app = FastAPI()

    async def run() -> None:
        async with async_engine(database, pool_size=10) as engine:

            @app.get("/ask/{times}")
            async def many(times: int) -> None:
                async with engine.connect() as connection:
                    for _ in range(times):
                        await connection.execute(text("SELECT pg_sleep(0.01)"))

            instrument(app, engine=engine, nplusone_threshold=5)
            await asyncio.gather(*(ask(app, f"/ask/{times}") for times in (0, 1, 2, 3, 4, 4, 4, 5)))

    asyncio.run(run())
    page = samples()
    assert queries(page, "/ask/{times}") == 23
    assert page.get("db_nplusone_requests_total", handler="/ask/{times}") == 1
    buckets = [
        page.get("db_queries_per_request_bucket", handler="/ask/{times}", le=bound)
        for bound in ("0.0", "1.0", "2.0", "3.0", "5.0")
    ]
    assert buckets == [1, 2, 3, 4, 8]


def test_an_engine_shared_by_two_applications_counts_a_statement_once(engine: Any, samples: Read) -> None:
    first, second = FastAPI(), FastAPI()

    def one() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    first.get("/first")(one)
    second.get("/second")(one)
    instrument(first, engine=engine)
    instrument(second, engine=engine)
    get(first, "/first")
    get(second, "/second")
    page = samples()
    assert queries(page, "/first") == queries(page, "/second") == 1
    assert page.get("db_query_duration_seconds_count", operation="select") == 2
