"""What requests of four workers wait for: a connection, the cache's server, a thread."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis.asyncio
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from examples.demo.databases import Redis
from exporters.api import instrument
from exporters.api.lag import PAUSE
from tests.api.asgi import ask
from tests.api.samples import Samples
from tests.api.servers import WORKERS, Served, serve

THREADS = 40  # that anyio gives to a loop
HELD = 0.25
CALLERS = 8 * WORKERS  # as many as have no connection at first: there are three to a worker
POPPED = 0.5
DURATION = "http_request_duration_seconds_sum"
POOL = "http_request_pool_seconds_total"
CACHE = "http_request_cache_seconds_total"
Read = Callable[[], Samples]


@pytest.fixture(scope="module")
def served(database: str, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve("uvicorn", database, tmp_path_factory.mktemp("waits"), redis=redis_server.url) as served:
        yield served


def together(served: Served, path: str, count: int) -> None:
    with ThreadPoolExecutor(count) as pool:
        assert {status for status, _ in pool.map(lambda _: served.ask(path), range(count))} == {200}


def test_waiting_for_a_connection_is_part_of_the_requests_time(served: Served) -> None:
    handler = "/hold/{seconds}"
    together(served, f"/hold/{HELD}", CALLERS)
    served.wait_for("http_request_duration_seconds_count", CALLERS, method="GET", handler=handler)
    page = served.samples()
    whole = page.get(DURATION, method="GET", handler=handler) or 0
    waited = page.get(POOL, handler=handler) or 0
    by_pool = sum(
        page.get(f"db_client_connection_{kind}_time_seconds_sum", pool="default") or 0
        for kind in ("wait", "create")
    )
    # Nobody but requests takes a connection here. What a new connection is asked at first, for the dialect,
    # is neither waiting nor connecting, and yet the request's time.
    assert by_pool * 0.99 <= waited
    # Whoever is late waits for those before: what is neither held nor waited for is next to nothing.
    assert HELD * WORKERS < waited < whole - CALLERS * HELD * 0.99
    assert page.get(CACHE, handler=handler) == 0


def test_waiting_for_the_cache_is_part_of_the_requests_time(served: Served) -> None:
    handler, count = "/pop/{seconds}", 2 * WORKERS
    together(served, f"/pop/{POPPED}", count)
    served.wait_for("http_request_duration_seconds_count", count, method="GET", handler=handler)
    page = served.samples()
    whole = page.get(DURATION, method="GET", handler=handler) or 0
    waited = page.get(CACHE, handler=handler) or 0
    assert count * POPPED * 0.98 <= waited <= whole
    assert page.get(POOL, handler=handler) == 0


def test_threads_are_counted_over_all_workers_while_they_are_taken(served: Served) -> None:
    served.wait_for("obs_api_threads_limit", WORKERS * THREADS)
    callers = [threading.Thread(target=served.ask, args=(f"/pop/{8 * POPPED}",)) for _ in range(10)]
    for each in callers:
        each.start()
    served.wait_for("obs_api_threads_used", 10)
    assert served.samples().get("obs_api_threads_waiting") == 0
    for each in callers:
        each.join()
    served.wait_for("obs_api_threads_used", 0)


def test_who_finds_no_thread_is_seen_waiting(samples: Read) -> None:
    app = FastAPI()

    @app.get("/sleep")
    def sleep() -> None:
        time.sleep(8 * PAUSE)

    instrument(app)

    async def crowd() -> Samples:
        current_default_thread_limiter().total_tokens = 2
        callers = [asyncio.create_task(ask(app, "/sleep")) for _ in range(5)]
        await asyncio.sleep(4 * PAUSE)
        page = samples()
        await asyncio.gather(*callers)
        return page

    page = asyncio.run(crowd())
    assert page.get("obs_api_threads_used") == 2
    assert page.get("obs_api_threads_limit") == 2
    assert page.get("obs_api_threads_waiting") == 3


def test_waits_that_overlap_are_no_more_than_the_time_that_went_by(
    redis_server: Redis, samples: Read
) -> None:
    app = FastAPI()

    async def both() -> None:
        async with redis.asyncio.Redis.from_url(redis_server.url) as client:

            @app.get("/both")
            async def pops() -> None:
                await asyncio.gather(*(client.blpop(["nothing"], timeout=POPPED) for _ in range(3)))
                async with client.pipeline() as pipeline:
                    await pipeline.get("a").get("b").execute()

            instrument(app, cache=client)
            await ask(app, "/both")

    asyncio.run(both())
    whole = samples().get(DURATION, method="GET", handler="/both") or 0
    assert POPPED * 0.98 <= (samples().get(CACHE, handler="/both") or 0) <= whole
