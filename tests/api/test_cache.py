"""Cached functions on a real Redis: hit, miss, error, bypass."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import redis.asyncio
from fastapi import FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool

from examples.demo.databases import Redis
from exporters.api import CacheRecorder, InstrumentationError, instrument, instrument_cache
from tests.api.asgi import ask, get
from tests.api.samples import Samples

Read = Callable[[], Samples]
REFUSING = "redis://127.0.0.1:1/0"


def outcomes(page: Samples, prefix: str) -> dict[str, float]:
    found = page.matching("cache_requests_total", prefix=prefix)
    return {dict(labels)["result"]: value for labels, value in found.items()}


def none_but(**counted: int) -> dict[str, int]:
    return {"hit": 0, "miss": 0, "error": 0, "bypass": 0} | counted


def cache_response_of(client: Any) -> Any:
    """A decorator as backends have them: it swallows the failures of its cache."""

    def cache_response(ttl: int = 60, key_prefix: str = "") -> Any:
        def decorate(function: Any) -> Any:
            @functools.wraps(function)
            async def cached(*args: Any, **kwargs: Any) -> Any:
                key = f"{key_prefix}:{args}:{sorted(kwargs.items())}"
                try:
                    found = await client.get(key)
                except redis.RedisError:
                    found = None
                if found is not None:
                    return json.loads(found)
                value = await function(*args, **kwargs)
                with contextlib.suppress(redis.RedisError):
                    await client.set(key, json.dumps(value), ex=ttl)
                return value

            return cached

        return decorate

    return cache_response


def sync_cache_response_of(client: redis.Redis) -> Any:
    def cache_response(ttl: int, key_prefix: str) -> Any:
        def decorate(function: Any) -> Any:
            @functools.wraps(function)
            def cached(*args: Any) -> Any:
                key = f"{key_prefix}:{args}"
                found = client.get(key)
                if found is not None:
                    return json.loads(found)
                value = function(*args)
                client.set(key, json.dumps(value), ex=ttl)
                return value

            return cached

        return decorate

    return cache_response


@pytest.fixture
def client(redis_server: Redis) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(redis_server.url)
    client.flushall()
    yield client
    client.flushall()
    client.close()


def run(url: str, use: Callable[[Any], Any]) -> None:
    """Run `use` with an asynchronous client, in an event loop of its own."""

    async def with_client() -> None:
        client = redis.asyncio.Redis.from_url(url)
        async with contextlib.aclosing(client):
            await use(client)

    asyncio.run(with_client())


def test_a_hit_is_a_call_that_does_not_reach_the_function(client: redis.Redis, samples: Read) -> None:
    calls: list[int] = []
    cache_response = instrument_cache(sync_cache_response_of(client))

    @cache_response(ttl=60, key_prefix="squares")
    def square(number: int) -> int:
        calls.append(number)
        return number * number

    assert outcomes(samples(), "squares") == none_but()
    assert [square(number) for number in (2, 3, 2, 2)] == [4, 9, 4, 4]
    assert calls == [2, 3]
    assert outcomes(samples(), "squares") == none_but(hit=2, miss=2)


def test_an_endpoint_keeps_its_signature_and_is_counted(
    client: redis.Redis, redis_server: Redis, samples: Read
) -> None:
    async def use(cache: Any) -> None:
        cache_response = instrument_cache(cache_response_of(cache))
        app = FastAPI()

        @app.get("/dashboard/{year}")
        @cache_response(ttl=300, key_prefix="dashboard_admin")
        async def dashboard(year: int, month: int = 1) -> dict[str, int]:
            return {"year": year, "month": month}

        instrument(app, cache=cache)
        answers = [await ask(app, f"/dashboard/{year}") for year in (2025, 2025, 2026)]
        assert [json.loads(answer.body)["year"] for answer in answers] == [2025, 2025, 2026]

    run(redis_server.url, use)
    assert outcomes(samples(), "dashboard_admin") == none_but(hit=1, miss=2)


def test_calls_at_the_same_time_and_nested_ones_do_not_mix(
    client: redis.Redis, redis_server: Redis, samples: Read
) -> None:
    async def use(cache: Any) -> None:
        cache_response = instrument_cache(cache_response_of(cache))

        @cache_response(key_prefix="inner")
        async def inner(number: int) -> int:
            await asyncio.sleep(0.01)
            return number

        @cache_response(key_prefix="outer")
        async def outer(number: int) -> int:
            return int(await inner(number % 2))

        for number in range(4):
            await outer(number)
        await asyncio.gather(*(outer(number) for number in range(6)))

    run(redis_server.url, use)
    page = samples()
    assert outcomes(page, "outer") == none_but(hit=4, miss=6)
    assert outcomes(page, "inner") == none_but(hit=4, miss=2)


def test_a_cache_that_is_down_is_an_error_and_no_miss(samples: Read) -> None:
    async def use(cache: Any) -> None:
        cache_response = instrument_cache(cache_response_of(cache))

        @cache_response(key_prefix="down")
        async def answer() -> int:
            return 42

        instrument(FastAPI(), cache=cache)
        assert await answer() == 42

    run(REFUSING, use)
    assert outcomes(samples(), "down") == none_but(error=1)


def test_a_cache_that_raises_is_an_error_even_unseen(samples: Read) -> None:
    client = redis.Redis.from_url(REFUSING)
    cache_response = instrument_cache(sync_cache_response_of(client))

    @cache_response(60, "loud")
    def answer() -> int:
        return 42

    with pytest.raises(redis.ConnectionError):
        answer()
    client.close()
    assert outcomes(samples(), "loud") == none_but(error=1)


def test_a_sync_client_is_watched_too(client: redis.Redis, samples: Read) -> None:
    client.set("list:()", "x")
    client.rename("list:()", "text")
    client.lpush("list:()", "not a string")

    def cache_response(key_prefix: str) -> Any:
        def decorate(function: Any) -> Any:
            @functools.wraps(function)
            def cached() -> Any:
                try:
                    return client.get(f"{key_prefix}:()")  # WRONGTYPE
                except redis.ResponseError:
                    return function()

            return cached

        return decorate

    counted = instrument_cache(cache_response)
    instrument(FastAPI(), cache=client)
    instrument(FastAPI(), cache=client)
    answer = counted("list")(lambda: 42)
    assert answer() == 42
    assert outcomes(samples(), "list") == none_but(error=1)


def test_a_function_that_fails_is_a_miss(client: redis.Redis, redis_server: Redis, samples: Read) -> None:
    async def use(cache: Any) -> None:
        cache_response = instrument_cache(cache_response_of(cache))

        @cache_response(key_prefix="failing")
        async def absent() -> None:
            raise HTTPException(404)

        instrument(FastAPI(), cache=cache)
        with pytest.raises(HTTPException):
            await absent()

    run(redis_server.url, use)
    assert outcomes(samples(), "failing") == none_but(miss=1)


def test_a_call_cancelled_in_the_cache_counts_as_nothing(samples: Read) -> None:
    def cache_response(key_prefix: str) -> Any:
        def decorate(function: Any) -> Any:
            async def cached() -> Any:
                await asyncio.sleep(30)
                return await function()

            return cached

        return decorate

    async def cancelled() -> None:
        @instrument_cache(cache_response)("slow")
        async def answer() -> int:
            return 42

        task = asyncio.create_task(answer())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert outcomes(samples(), "slow") == none_but()


def test_a_sync_function_behind_an_async_decorator_is_counted(samples: Read) -> None:
    store: dict[int, int] = {}

    def cache_response(key_prefix: str) -> Any:
        def decorate(function: Any) -> Any:
            @functools.wraps(function)
            async def cached(number: int) -> Any:
                if number not in store:
                    store[number] = await run_in_threadpool(function, number)
                return store[number]

            return cached

        return decorate

    app = FastAPI()

    @app.get("/double/{number}")
    @instrument_cache(cache_response)("doubles")
    def double(number: int) -> int:
        return 2 * number

    for _ in range(3):
        assert get(app, "/double/4").body == b"8"
    assert outcomes(samples(), "doubles") == none_but(hit=2, miss=1)


def test_the_label_is_the_named_parameter_or_the_functions_name(samples: Read) -> None:
    def cache(namespace: str = "", expire: int = 60) -> Any:
        return lambda function: function

    counted = instrument_cache(cache, prefix="namespace")
    counted(expire=5)(_anonymous)()
    counted("people")(_anonymous)()
    assert outcomes(samples(), "_anonymous") == none_but(miss=1)
    assert outcomes(samples(), "people") == none_but(miss=1)
    with pytest.raises(InstrumentationError) as refused:
        instrument_cache(cache, prefix="key")
    assert "has no parameter 'key'; it has ['namespace', 'expire']; name the one" in str(refused.value)
    assert "or leave prefix out" in str(refused.value)


def _anonymous() -> None:
    pass


class _Shop:
    @staticmethod
    def price() -> None:
        pass


def test_a_factory_without_a_prefix_counts_by_the_functions_names(
    samples: Read, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "exporters.api")

    def cache_response(ttl: int) -> Any:
        return functools.lru_cache(maxsize=2)

    for cached in (instrument_cache(cache_response)(300), instrument_cache(functools.lru_cache)(2)):
        answer, price = cached(_anonymous), cached(_Shop.price)
        answer()
        answer()
        price()
    page = samples()
    assert outcomes(page, "_anonymous") == none_but(hit=2, miss=2)
    assert outcomes(page, "_Shop.price") == none_but(miss=2)
    assert [record.levelname for record in caplog.records] == ["INFO"] * 2, "once for each factory"
    assert "cache_response' has no parameter 'key_prefix'; the label prefix is the name" in caplog.text


def test_a_parameter_that_holds_no_text_becomes_no_label(samples: Read) -> None:
    def cache_response(ttl: int, key_prefix: object = None) -> Any:
        return lambda function: function

    instrument_cache(cache_response, prefix="ttl")(300)(_anonymous)()
    instrument_cache(cache_response)(300, key_prefix=_anonymous)(_anonymous)()
    page = samples()
    assert page.label_values("cache_requests_total", "prefix") == {"_anonymous"}
    assert outcomes(page, "_anonymous") == none_but(miss=2)


@pytest.mark.parametrize("decorator", [functools.lru_cache, functools.cache])
def test_a_decorator_in_place_of_its_factory_is_refused_where_it_is_used(decorator: Any) -> None:
    cached = instrument_cache(decorator)
    with pytest.raises(InstrumentationError, match=r"was given the function '_anonymous' itself; expected"):
        cached(_anonymous)


def test_a_cache_by_hand_says_what_happened_and_a_key_in_place_of_a_prefix_is_capped(samples: Read) -> None:
    recorder = CacheRecorder()
    recorder.bypass("reports")
    recorder.error("reports")
    recorder.hit("reports")
    recorder.miss("reports")
    recorder.miss("reports")
    assert outcomes(samples(), "reports") == {"hit": 1, "miss": 2, "error": 1, "bypass": 1}
    for number in range(200):
        recorder.hit(f"user:{number}")
    page = samples()
    assert len(page.label_values("cache_requests_total", "prefix")) == 101
    assert outcomes(page, "__overflow__")["hit"] == 101


def test_what_is_no_client_is_refused() -> None:
    with pytest.raises(InstrumentationError, match="got str; expected the redis-py client"):
        instrument(FastAPI(), cache="redis://127.0.0.1")


def test_what_cannot_be_called_is_no_factory() -> None:
    with pytest.raises(
        InstrumentationError, match=r"^instrument_cache: got int; expected a factory of cache"
    ):
        instrument_cache(3)  # type: ignore[arg-type]
