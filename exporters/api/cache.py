"""Count hits and misses of cached functions, whatever the cache: a hit is a call that never reached them."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from exporters.api.errors import InstrumentationError
from exporters.api.metrics import CacheMetrics, cache_metrics, caught
from exporters.api.recorder import Bounded
from exporters.catalogue.api import RESULT

P = ParamSpec("P")
R = TypeVar("R")
Function = Callable[..., Any]

# Prefixes are static arguments in the code; this only catches one that holds a key after all.
MAX_PREFIXES = 100


class CacheRecorder:
    """Counts outcomes of a cache that is no decorator.

    `prefix` is the static part of a key, never the key itself.
    """

    def __init__(self) -> None:
        self._metrics: CacheMetrics = cache_metrics()
        self._prefixes = Bounded(MAX_PREFIXES)
        self._known: set[str] = set()

    def hit(self, prefix: str) -> None:
        """The value came from the cache."""
        self.count(prefix, "hit")

    def miss(self, prefix: str) -> None:
        """The cache answered that it has no value."""
        self.count(prefix, "miss")

    def error(self, prefix: str) -> None:
        """The cache did not answer; this is no miss."""
        self.count(prefix, "error")

    def bypass(self, prefix: str) -> None:
        """The cache was not asked on purpose."""
        self.count(prefix, "bypass")

    def foresee(self, prefix: str) -> None:
        """Start all outcomes of a prefix at 0, so that the first error is an increase."""
        try:
            known = self._prefixes(prefix)
            for result in RESULT.values:
                self._metrics.requests.labels(known, result)
            self._known.add(known)
        except Exception:
            caught("cache")

    def count(self, prefix: str, result: str) -> None:
        """Count one request with a result of the catalogue's label; never raises."""
        try:
            known = self._prefixes(prefix)
            if known not in self._known:
                self.foresee(known)
            self._metrics.requests.labels(known, result).inc()
        except Exception:
            caught("cache")


class _Attempt:
    """One call of a cached function: whether it got past the cache, and whether the cache failed."""

    __slots__ = ("failed", "reached")

    def __init__(self) -> None:
        self.reached = False
        self.failed = False


_watched: list[Function] = []
_attempt: ContextVar[_Attempt | None] = ContextVar("exporters_api_cache_attempt", default=None)


@functools.cache
def shared_recorder() -> CacheRecorder:
    """The recorder of all decorated functions, made when the first one is."""
    return CacheRecorder()


def instrument_cache(factory: Callable[P, Function], *, prefix: str = "key_prefix") -> Callable[P, Function]:
    """Wrap a factory of cache decorators, such as ``cache_response(ttl=300, key_prefix="dashboard")``.

    Used in place of the original: ``cache_response = instrument_cache(cache_response)``. Functions and
    decorators may be sync or async. A failure that the decorator swallows is seen as `error` if the cache's
    client was given to ``instrument(app, cache=client)``; otherwise it looks like a miss.

    Args:
        factory: returns a decorator.
        prefix: the factory's parameter whose value becomes the label `prefix`; without a value the name
            of the decorated function is used.

    Raises:
        InstrumentationError: the factory has no such parameter.
    """
    signature = inspect.signature(factory)
    if prefix not in signature.parameters:
        raise InstrumentationError(
            f"instrument_cache: {getattr(factory, '__name__', factory)!r} has no parameter {prefix!r}; "
            f"it has {list(signature.parameters)}; name the one that holds the key prefix: prefix=..."
        )

    @functools.wraps(factory)
    def make(*args: P.args, **kwargs: P.kwargs) -> Function:
        decorator = factory(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments[prefix]

        def decorate(function: Function) -> Function:
            name = str(given or function.__name__)
            recorder = shared_recorder()
            recorder.foresee(name)
            cached = decorator(_around(function, _past_the_cache))
            return _around(cached, functools.partial(_counted, recorder, name))

        return decorate

    return make


def watch_client(client: Any) -> None:
    """Let failed commands of a redis-py client count as cache errors of the cached function that sent them.

    Raises:
        InstrumentationError: it has no `execute_command`.
    """
    execute = getattr(client, "execute_command", None)
    if not callable(execute):
        raise InstrumentationError(
            f"cache: got {type(client).__name__}; expected the redis-py client of the cache, sync or async "
            "(it has execute_command)"
        )
    if execute not in _watched:
        client.execute_command = _failing(execute)
        _watched.append(client.execute_command)


def _failing(execute: Function) -> Function:
    async def awaited(answer: Awaitable[Any]) -> Any:
        with _failures_marked():
            return await answer

    @functools.wraps(execute)
    def command(*args: Any, **kwargs: Any) -> Any:
        with _failures_marked():
            answer = execute(*args, **kwargs)
        return awaited(answer) if inspect.isawaitable(answer) else answer

    return command


@contextlib.contextmanager
def _failures_marked() -> Iterator[None]:
    try:
        yield
    except Exception:
        attempt = _attempt.get()
        if attempt is not None:
            attempt.failed = True
        raise


@contextlib.contextmanager
def _past_the_cache() -> Iterator[None]:
    """The function itself runs; caches that it uses are counted apart."""
    attempt = _attempt.get()
    if attempt is not None:
        attempt.reached = True
    token = _attempt.set(None)
    try:
        yield
    finally:
        _attempt.reset(token)


@contextlib.contextmanager
def _counted(recorder: CacheRecorder, prefix: str) -> Iterator[None]:
    attempt = _Attempt()
    token = _attempt.set(attempt)
    try:
        yield
    except Exception:
        attempt.failed = attempt.failed or not attempt.reached
        recorder.count(prefix, _result(attempt))
        raise
    else:
        recorder.count(prefix, _result(attempt))
    finally:
        _attempt.reset(token)


def _result(attempt: _Attempt) -> str:
    if attempt.failed:
        return "error"
    return "miss" if attempt.reached else "hit"


def _around(function: Function, context: Callable[[], AbstractContextManager[None]]) -> Function:
    """The same function, sync or async as it is, inside a context."""
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            with context():
                return await function(*args, **kwargs)

        return call_async

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with context():
            return function(*args, **kwargs)

    return call
