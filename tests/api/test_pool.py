"""Connection pools against a real PostgreSQL: what is used, who waits, and how long."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import event, text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool, QueuePool, SingletonThreadPool, StaticPool

from examples.demo.databases import Postgres
from exporters.api import InstrumentationError, instrument
from tests.api.asgi import get
from tests.api.samples import Samples
from tests.api.shop import async_engine, sync_engine

Read = Callable[[], Samples]
WAIT = "db_client_connection_wait_time_seconds"
USE = "db_client_connection_use_time_seconds"
CREATE = "db_client_connection_create_time_seconds"


def serve(engine: Any) -> FastAPI:
    """An application that has had its first request, so that it is a worker."""
    app = FastAPI()
    instrument(app, engine=engine)
    get(app, "/health")
    return app


def gauges(page: Samples, pool: str = "default") -> dict[str, float | None]:
    return {
        "used": page.get("db_client_connection_count", pool=pool, state="used"),
        "idle": page.get("db_client_connection_count", pool=pool, state="idle"),
        "overflow": page.get("db_pool_overflow_connections", pool=pool),
        "max": page.get("db_client_connection_max", pool=pool),
        "utilization": page.get("db_pool_worker_utilization", pool=pool),
        "pending": page.get("db_client_connection_pending_requests", pool=pool),
    }


@pytest.fixture
def engine(database: str) -> Iterator[Any]:
    with sync_engine(database, pool_size=2, max_overflow=2, pool_timeout=0.3) as engine:
        yield engine


def test_the_gauges_follow_every_checkout_and_never_go_below_zero(engine: Any, samples: Read) -> None:
    serve(engine)
    empty = {"used": 0, "idle": 0, "overflow": 0, "max": 4, "utilization": 0, "pending": 0}
    assert gauges(samples()) == empty
    connections = [engine.connect() for _ in range(3)]
    assert gauges(samples()) == empty | {"used": 3, "overflow": 1, "utilization": 0.75}
    connections.pop().close()
    assert gauges(samples()) == empty | {"used": 2, "idle": 1, "overflow": 1, "utilization": 0.5}
    connections.pop().close()
    assert gauges(samples()) == empty | {"used": 1, "idle": 2, "overflow": 1, "utilization": 0.25}
    connections.pop().close()
    assert gauges(samples()) == empty | {"idle": 2}
    page = samples()
    assert page.get(f"{WAIT}_count", pool="default") == 3
    assert page.get(f"{USE}_count", pool="default") == 3
    assert page.get(f"{CREATE}_count", pool="default") == 3


def test_waiting_is_told_apart_from_connecting(database: str, samples: Read) -> None:
    def slowly(_dialect: Any, _record: Any, arguments: Any, options: dict[str, Any]) -> None:
        time.sleep(0.2)

    with sync_engine(database, pool_size=1, max_overflow=0) as engine:
        event.listen(engine, "do_connect", slowly)
        serve(engine)
        connection = engine.connect()
        page = samples()
        connecting = page.get(f"{CREATE}_sum", pool="default")
        assert connecting is not None
        assert connecting >= 0.2
        waited = page.get(f"{WAIT}_sum", pool="default")
        assert waited is not None
        assert waited < 0.1

        thread = threading.Thread(target=lambda: engine.connect().close())
        thread.start()
        time.sleep(0.3)
        assert gauges(samples())["pending"] == 1
        connection.close()
        thread.join()
    page = samples()
    assert gauges(page)["pending"] == 0
    waited = page.get(f"{WAIT}_sum", pool="default")
    assert waited is not None
    assert 0.25 <= waited <= 5
    assert page.get(f"{CREATE}_count", pool="default") == 1
    used = page.get(f"{USE}_sum", pool="default")
    assert used is not None
    assert used >= 0.3


def test_a_caller_that_gives_up_is_a_timeout_and_its_wait_counts(engine: Any, samples: Read) -> None:
    serve(engine)
    assert samples().get("db_client_connection_timeouts_total", pool="default") == 0
    connections = [engine.connect() for _ in range(4)]
    with pytest.raises(PoolTimeout):
        engine.connect()
    for connection in connections:
        connection.close()
    page = samples()
    assert page.get("db_client_connection_timeouts_total", pool="default") == 1
    assert page.get("db_query_errors_total", error="OperationalError") == 0
    assert page.get(f"{WAIT}_count", pool="default") == 5
    waited = page.get(f"{WAIT}_sum", pool="default")
    assert waited is not None
    assert waited >= 0.3
    assert gauges(page)["pending"] == 0


def test_async_tasks_wait_for_each_other(database: str, samples: Read) -> None:
    async def run() -> None:
        async with async_engine(database, pool_size=2, max_overflow=1, pool_timeout=0.5) as engine:
            serve_in_loop(engine)
            assert isinstance(engine.pool, AsyncAdaptedQueuePool)

            async def hold(seconds: float) -> None:
                async with engine.connect() as connection:
                    await connection.execute(text("SELECT 1"))
                    await asyncio.sleep(seconds)

            tasks = [asyncio.create_task(hold(0.25)) for _ in range(5)]
            await asyncio.sleep(0.15)
            full = gauges(samples())
            await asyncio.gather(*tasks)
            assert full == {"used": 3, "idle": 0, "overflow": 1, "max": 3, "utilization": 1, "pending": 2}

            holders = [asyncio.create_task(hold(1.0)) for _ in range(3)]
            await asyncio.sleep(0.05)
            with pytest.raises(PoolTimeout):
                await hold(0)
            await asyncio.gather(*holders)

    asyncio.run(run())
    page = samples()
    assert page.get("db_client_connection_timeouts_total", pool="default") == 1
    assert page.get(f"{WAIT}_count", pool="default") == 9
    waits = [page.get(f"{WAIT}_bucket", pool="default", le=bound) for bound in ("0.05", "30.0")]
    assert waits == [6, 9]
    assert page.get(f"{USE}_count", pool="default") == 8


def serve_in_loop(engine: Any) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(serve, engine).result()


def test_a_cancelled_task_no_longer_waits(database: str, samples: Read) -> None:
    async def run() -> None:
        async with async_engine(database, pool_size=1, max_overflow=0) as engine:
            serve_in_loop(engine)
            async with engine.connect():
                task = asyncio.create_task(engine.connect().start())
                await asyncio.sleep(0.1)
                assert gauges(samples())["pending"] == 1
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            async with engine.connect():
                pass

    asyncio.run(run())
    assert gauges(samples())["pending"] == 0
    assert samples().get(f"{WAIT}_count", pool="default") == 3


def test_dispose_keeps_the_measuring_and_forgets_the_old_pool(engine: Any, samples: Read) -> None:
    serve(engine)
    old_pool = engine.pool
    old = engine.connect()
    engine.connect().close()
    engine.dispose()
    new = engine.connect()
    assert gauges(samples())["used"] == 1
    old.close()
    assert gauges(samples())["used"] == 1, "a connection of the old pool says nothing of the new one"
    old_pool.dispose()
    assert gauges(samples())["used"] == 1
    new.close()
    page = samples()
    assert gauges(page)["idle"] == 1
    assert page.get(f"{WAIT}_count", pool="default") == 3
    assert page.get(f"{USE}_count", pool="default") == 3
    assert isinstance(engine.pool, QueuePool)
    assert type(engine.pool).__name__ == "QueuePool"
    engine.dispose()
    assert gauges(samples())["idle"] == 0


def test_a_broken_connection_is_replaced_without_an_error(
    database: str, postgres: Postgres, samples: Read
) -> None:
    with sync_engine(database, pool_size=1, max_overflow=0, pool_pre_ping=True) as engine:
        serve(engine)
        engine.connect().close()
        with psycopg.connect(postgres.superuser_dsn, autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop'")
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    page = samples()
    assert page.get(f"{CREATE}_count", pool="default") == 2
    assert not page.nonzero("db_query_errors_total")
    assert gauges(page)["used"] == 0


def test_a_detached_connection_is_no_longer_used(engine: Any, samples: Read) -> None:
    serve(engine)
    connection = engine.connect()
    connection.detach()
    assert gauges(samples())["used"] == 0
    connection.close()


@pytest.mark.parametrize("pool_class", [NullPool, StaticPool, SingletonThreadPool])
def test_a_pool_without_a_limit_has_no_gauges_and_everything_else(
    pool_class: Any, database: str, samples: Read
) -> None:
    with sync_engine(database, poolclass=pool_class) as engine:
        serve(engine)
        for _ in range(2):
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        page = samples()
    assert gauges(page) == {
        "used": None,
        "idle": None,
        "overflow": None,
        "max": None,
        "utilization": None,
        "pending": 0,
    }
    assert page.get(f"{WAIT}_count", pool="default") == 2
    assert page.get(f"{USE}_count", pool="default") == 2
    assert page.get(f"{CREATE}_count", pool="default") == (2 if pool_class is NullPool else 1)
    assert page.get("db_client_connection_timeouts_total", pool="default") == 0
    assert page.get("db_query_duration_seconds_count", operation="select") == 2


@pytest.mark.parametrize("options", [{"max_overflow": -1}, {"pool_size": 0}])
def test_an_unlimited_pool_shows_what_it_uses_and_no_ceiling(
    options: dict[str, int], database: str, samples: Read
) -> None:
    with sync_engine(database, **options) as engine:
        serve(engine)
        connections = [engine.connect() for _ in range(7)]
        page = samples()
        for connection in connections:
            connection.close()
    assert gauges(page) == {
        "used": 7,
        "idle": 0,
        "overflow": None,
        "max": None,
        "utilization": None,
        "pending": 0,
    }


def test_two_engines_have_pools_of_their_own_names(database: str, samples: Read) -> None:
    with sync_engine(database, pool_size=3) as main, sync_engine(database, pool_size=1) as reports:
        serve({"main": main, "reports": reports})
        with reports.connect():
            page = samples()
    assert gauges(page, "main")["max"] == 13
    assert gauges(page, "reports")["max"] == 11
    assert gauges(page, "main")["used"] == 0
    assert gauges(page, "reports")["used"] == 1


def test_one_engine_under_two_names_is_refused(engine: Any) -> None:
    with pytest.raises(InstrumentationError, match="already instrumented as 'one'"):
        instrument(FastAPI(), engine={"one": engine, "two": engine})


def test_many_threads_leave_the_gauges_right(database: str, samples: Read) -> None:
    with sync_engine(database, pool_size=2, max_overflow=2) as engine:
        serve(engine)

        def work(_: int) -> None:
            with engine.connect() as connection:
                connection.execute(text("SELECT pg_sleep(0.002)"))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(100)))
        page = samples()
        assert isinstance(engine.pool, QueuePool)
        assert gauges(page) == {
            "used": 0,
            "idle": engine.pool.checkedin(),
            "overflow": 0,
            "max": 4,
            "utilization": 0,
            "pending": 0,
        }
        assert page.get(f"{USE}_count", pool="default") == 100
        assert page.get(f"{WAIT}_count", pool="default") == 100
