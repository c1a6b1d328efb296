"""`cache_response`: the audited backend's cache decorator, on Redis."""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Callable
from typing import Any

from pydantic_core import to_json
from redis import Redis, RedisError

Endpoint = Callable[..., Any]


@functools.cache
def client() -> Redis:
    """This process's Redis client. Its short timeouts keep a dead cache from stopping requests."""
    return Redis.from_url(os.environ["REDIS_URL"], socket_timeout=0.5, socket_connect_timeout=0.5)


def cache_response(ttl: int, key_prefix: str) -> Callable[[Endpoint], Endpoint]:
    """Keep what an endpoint returns for `ttl` seconds, under `key_prefix` and its plain arguments.

    Without Redis the endpoint computes its answer, every time.
    """

    def decorate(endpoint: Endpoint) -> Endpoint:
        @functools.wraps(endpoint)
        def cached(**arguments: Any) -> Any:
            key = cache_key(key_prefix, arguments)
            try:
                found = client().get(key)
            except RedisError:
                return endpoint(**arguments)
            if found is None:
                found = to_json(endpoint(**arguments))
                with contextlib.suppress(RedisError):
                    client().set(key, found, ex=ttl)
            return json.loads(found)

        return cached

    return decorate


def cache_key(prefix: str, arguments: dict[str, Any]) -> str:
    """The key of one answer; sessions and other objects are no part of it."""
    plain = [f"{name}={value}" for name, value in sorted(arguments.items()) if isinstance(value, int | str)]
    return ":".join([prefix, *plain]) if plain else f"{prefix}:all"
