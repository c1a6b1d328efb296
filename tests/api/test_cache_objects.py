"""Cache decorators that return more than a plain function, and clients that send more than one command."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import redis
import redis.asyncio
from fastapi import FastAPI

from examples.demo.databases import Redis
from exporters.api import instrument, instrument_cache
from tests.api.asgi import get
from tests.api.samples import Samples
from tests.api.test_cache import REFUSING, none_but, outcomes

Read = Callable[[], Samples]


class Cached:
    """A cached function as an object, as several libraries make them."""

    _is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]  # so FastAPI 0.115 awaits it

    def __init__(self, function: Any) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.store: dict[Any, Any] = {}

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        key = (*args, *kwargs.values())
        if key not in self.store:
            self.store[key] = await self.function(*args, **kwargs)
        return self.store[key]

    @property
    def size(self) -> int:
        return len(self.store)

    def clear(self) -> None:
        self.store.clear()


def as_object(key_prefix: str) -> Any:
    return Cached


def test_an_object_whose_call_is_async_stays_an_endpoint_and_itself(samples: Read) -> None:
    app = FastAPI()

    @app.get("/double/{number}")
    @instrument_cache(as_object)("doubles")
    async def double(number: int) -> int:
        """Twice as much."""
        return 2 * number

    instrument(app)
    answers = [get(app, f"/double/{number}") for number in (1, 2, 1)]
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"2"), (200, b"4"), (200, b"2")]
    assert outcomes(samples(), "doubles") == none_but(hit=1, miss=2)
    assert inspect.iscoroutinefunction(double.__call__), "this is how a framework knows what to await"
    assert double.__name__ == "double"
    assert double.__doc__ == "Twice as much."
    assert double.size == 2
    double.clear()
    assert double.size == 0


def test_what_lru_cache_adds_is_still_there(samples: Read) -> None:
    def cache(key_prefix: str) -> Any:
        return functools.lru_cache(maxsize=2)

    counted = instrument_cache(cache)

    @counted("squares")
    def square(number: int) -> int:
        return number * number

    class Shop:
        @counted("prices")
        def price(self, number: int) -> int:
            return number

    shop = Shop()
    assert [square(2), square(2), shop.price(3), shop.price(3)] == [4, 4, 3, 3]
    assert outcomes(samples(), "squares") == outcomes(samples(), "prices") == none_but(hit=1, miss=1)
    assert square.cache_info().hits == Shop.price.cache_info().hits == 1
    square.cache_clear()
    assert square.cache_info().currsize == 0
    assert square(2) == 4
    assert outcomes(samples(), "squares") == none_but(hit=1, miss=2)


def test_a_sync_wrapper_that_gives_something_to_await_is_counted_when_that_is_over(samples: Read) -> None:
    store: dict[int, int] = {}

    def cache(key_prefix: str) -> Any:
        def decorate(function: Any) -> Any:
            @functools.wraps(function)
            def cached(number: int) -> Awaitable[int]:
                if number in store:
                    known: asyncio.Future[int] = asyncio.get_running_loop().create_future()
                    known.set_result(store[number])
                    return known
                return compute(number)

            async def compute(number: int) -> int:
                store[number] = await function(number)
                return store[number]

            return cached

        return decorate

    @instrument_cache(cache)("doubles")
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        if number < 0:
            raise ValueError(number)
        return 2 * number

    async def run() -> None:
        # Made here, and awaited in a task that has a context of its own.
        assert await asyncio.gather(*[double(number) for number in (1, 2, 3)]) == [2, 4, 6]
        assert [await double(1), await double(2)] == [2, 4]
        with pytest.raises(ValueError, match="-1"):
            await double(-1)

    asyncio.run(run())
    assert outcomes(samples(), "doubles") == none_but(hit=2, miss=4)


@pytest.fixture
def wrong_type(redis_server: Redis) -> Iterator[str]:
    """A server where the key `list` holds no string."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
        client.lpush("list", "not a string")
        yield redis_server.url
        client.flushall()


def swallowing(ask: Callable[[], Any]) -> Any:
    """A factory of decorators that take a failing cache for an empty one."""

    def cache(key_prefix: str) -> Any:
        def decorate(function: Any) -> Any:
            def cached() -> Any:
                with contextlib.suppress(redis.RedisError):
                    return ask()
                return function()

            return cached

        return decorate

    return instrument_cache(cache)


@pytest.mark.parametrize("down", [False, True])
def test_a_pipeline_that_fails_is_an_error(wrong_type: str, samples: Read, *, down: bool) -> None:
    with redis.Redis.from_url(REFUSING if down else wrong_type) as client:
        instrument(FastAPI(), cache=client)

        def pipeline() -> Any:
            with client.pipeline() as queue:
                queue.get("list")
                queue.ttl("list")
                return queue.execute()

        def watching() -> Any:
            with client.pipeline() as queue:
                queue.watch("list")
                return queue.get("list")

        assert swallowing(pipeline)("pipeline")(lambda: 42)() == 42
        assert swallowing(watching)("watching")(lambda: 42)() == 42
        assert type(client.pipeline()).__name__ == "Pipeline"
    assert outcomes(samples(), "pipeline") == outcomes(samples(), "watching") == none_but(error=1)


def test_a_pipeline_of_an_asynchronous_client_too(wrong_type: str, samples: Read) -> None:
    async def run() -> None:
        async with redis.asyncio.Redis.from_url(wrong_type) as client:
            instrument(FastAPI(), cache=client)

            def cache(key_prefix: str) -> Any:
                def decorate(function: Any) -> Any:
                    async def cached() -> Any:
                        try:
                            async with client.pipeline() as queue:
                                return await queue.get(key_prefix).execute()
                        except redis.RedisError:
                            return await function()

                    return cached

                return decorate

            counted = instrument_cache(cache)

            @counted("list")
            async def failing() -> int:
                return 42

            @counted("nothing")
            async def answered() -> int:
                return 42

            assert await failing() == 42
            assert await answered() == [None]

    asyncio.run(run())
    assert outcomes(samples(), "list") == none_but(error=1)
    assert outcomes(samples(), "nothing") == none_but(hit=1)
