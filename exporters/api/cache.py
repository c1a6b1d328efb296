"""Count hits and misses of cached functions, whatever the cache: a hit is a call that never reached them."""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from time import perf_counter
from typing import Any, ParamSpec, TypeVar

from exporters.api.call import current
from exporters.api.errors import InstrumentationError
from exporters.api.metrics import CacheMetrics, cache_metrics, caught
from exporters.api.recorder import Bounded
from exporters.catalogue.api import RESULT

log = logging.getLogger("exporters.api")

P = ParamSpec("P")
R = TypeVar("R")
Function = Callable[..., Any]

# Prefixes are static arguments in the code; this only catches one that holds a key after all.
MAX_PREFIXES = 100
USUAL_PARAMETER = "key_prefix"


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

    __slots__ = ("failed", "prefix", "reached", "recorder")

    def __init__(self, recorder: CacheRecorder, prefix: str) -> None:
        self.recorder = recorder
        self.prefix = prefix
        self.reached = False
        self.failed = False

    def end(self, error: BaseException | None) -> None:
        """Count it; a call that was cancelled in the cache says nothing of the cache."""
        if isinstance(error, Exception):
            self.failed = self.failed or not self.reached
        elif error is not None:
            return
        self.recorder.count(self.prefix, "error" if self.failed else "miss" if self.reached else "hit")


_watched: list[Function] = []
_attempt: ContextVar[_Attempt | None] = ContextVar("exporters_api_cache_attempt", default=None)


@functools.cache
def shared_recorder() -> CacheRecorder:
    """The recorder of all decorated functions, made when the first one is."""
    return CacheRecorder()


def instrument_cache(factory: Callable[P, Function], *, prefix: str | None = None) -> Callable[P, Function]:
    """Wrap a factory of cache decorators, such as ``cache_response(ttl=300, key_prefix="dashboard")``.

    Used in place of the original: ``cache_response = instrument_cache(cache_response)``. Functions and
    decorators may be sync or async, and a decorator may return an object: its methods and attributes, such as
    `cache_clear`, stay within reach. A failure that the decorator swallows is seen as `error` if the cache's
    client was given to ``instrument(app, cache=client)``; otherwise it looks like a miss.

    Args:
        factory: returns a decorator.
        prefix: the factory's parameter whose value becomes the label `prefix`; `key_prefix` if not given.
            Where there is no such parameter, or its value is no text, the label is the qualified name of the
            cached function.

    Raises:
        InstrumentationError: the factory cannot be called, or has no parameter of the name given; or, when it
            is called, it turns out to be a decorator itself.
    """
    if not callable(factory):
        raise InstrumentationError(
            f"instrument_cache: got {type(factory).__name__}; expected a factory of cache decorators, "
            "such as cache_response of @cache_response(ttl=300)"
        )
    signature = inspect.signature(factory)
    parameter = _prefix_parameter(factory, signature, prefix)

    @functools.wraps(factory)
    def make(*args: P.args, **kwargs: P.kwargs) -> Function:
        decorator = factory(*args, **kwargs)
        if args and getattr(decorator, "__wrapped__", None) is args[0]:
            raise InstrumentationError(
                f"instrument_cache: {_name(factory)!r} was given the function {_name(args[0])!r} itself; "
                "expected a factory of decorators: write parentheses, as in @cached(), or wrap a plain "
                "decorator as instrument_cache(lambda: decorator)"
            )
        given: object = None
        if parameter is not None:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            given = bound.arguments[parameter]

        def decorate(function: Function) -> Function:
            name = str(given) if isinstance(given, str) and given else _name(function)
            recorder = shared_recorder()
            recorder.foresee(name)
            cached = decorator(_around(function, _past_the_cache))
            return _around(cached, lambda: _Section(_Attempt(recorder, name)))

        return decorate

    return make


def _prefix_parameter(factory: Function, signature: inspect.Signature, named: str | None) -> str | None:
    """The parameter that holds the prefix; None where function names have to do."""
    parameter = USUAL_PARAMETER if named is None else named
    if parameter in signature.parameters:
        return parameter
    if named is not None:
        raise InstrumentationError(
            f"instrument_cache: {_name(factory)!r} has no parameter {named!r}; it has "
            f"{list(signature.parameters)}; name the one that holds the key prefix, or leave prefix out: "
            f"then it is {USUAL_PARAMETER!r} or, without that, the name of each cached function"
        )
    log.info(
        "instrument_cache: %r has no parameter %r; the label prefix is the name of each cached function",
        _name(factory),
        USUAL_PARAMETER,
    )
    return None


def _name(function: Any) -> str:
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def watch_client(client: Any) -> None:
    """Measure what requests wait for a redis-py client, and let its failures be those of the cached function.

    Those of its pipelines too.

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
        client.execute_command = _measured(execute)
        _watched.append(client.execute_command)
        if callable(getattr(client, "pipeline", None)):
            client.pipeline = _with_watched_pipelines(client.pipeline)


def _measured(execute: Function) -> Function:
    async def awaited(answer: Awaitable[Any]) -> Any:
        with _noticed():
            return await answer

    @functools.wraps(execute)
    def command(*args: Any, **kwargs: Any) -> Any:
        with _noticed():
            answer = execute(*args, **kwargs)
        return awaited(answer) if inspect.isawaitable(answer) else answer

    return command


def _with_watched_pipelines(pipeline: Function) -> Function:
    @functools.wraps(pipeline)
    def make(*args: Any, **kwargs: Any) -> Any:
        made = pipeline(*args, **kwargs)
        try:
            made.__class__ = _watched_pipeline(made.__class__)
        except Exception:
            caught("cache")
        return made

    return make


@functools.cache
def _watched_pipeline(base: type) -> type:
    """The same class; of its commands only those after WATCH are not queued until `execute`, but sent."""
    sent = ("execute", "immediate_execute_command")
    return type(
        base.__name__, (base,), {name: _measured(getattr(base, name)) for name in sent if hasattr(base, name)}
    )


@contextlib.contextmanager
def _noticed() -> Iterator[None]:
    """Whoever waits for the cache's server here: how long, and whether in vain."""
    call = current.get()
    before, started = call.cache_seconds if call is not None else 0.0, perf_counter()
    try:
        yield
    except Exception:
        attempt = _attempt.get()
        if attempt is not None:
            attempt.failed = True
        raise
    finally:
        # A pipeline that sends its scripts first is one wait, not two.
        if call is not None and not call.closed:
            call.cache_seconds = max(call.cache_seconds, before + perf_counter() - started)


class _Section:
    """Where one call runs, and once more where what it gave is awaited, in whatever task that is.

    Attributes:
        attempt: what the cache's client and the function are part of meanwhile.
        unfinished: it gave something to await.
    """

    __slots__ = ("attempt", "token", "unfinished")

    def __init__(self, attempt: _Attempt | None) -> None:
        self.attempt = attempt
        self.unfinished = False

    def __enter__(self) -> None:
        self.token = _attempt.set(self.attempt)

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        _attempt.reset(self.token)
        if self.attempt is not None and not self.unfinished:
            self.attempt.end(error)


def _past_the_cache() -> _Section:
    """The function itself runs; caches that it uses are counted apart."""
    attempt = _attempt.get()
    if attempt is not None:
        attempt.reached = True
    return _Section(None)


def _around(function: Function, section: Callable[[], _Section]) -> Function:
    """The same function or object, sync or async as it is, whose calls run in sections."""
    is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)

    async def call_async(*args: Any, **kwargs: Any) -> Any:
        with section():
            return await function(*args, **kwargs)

    def call(*args: Any, **kwargs: Any) -> Any:
        here = section()
        with here:
            answer = function(*args, **kwargs)
            here.unfinished = inspect.isawaitable(answer)
        return _awaited(answer, here) if here.unfinished else answer

    chosen = call_async if is_async else call
    if inspect.isfunction(function):
        return functools.wraps(function)(chosen)
    return (_AsyncObject if is_async else _Object)(function, section, chosen)


async def _awaited(answer: Awaitable[Any], here: _Section) -> Any:
    here.unfinished = False
    with here:
        return await answer


class _Object:
    """A callable object, such as `functools.lru_cache` makes: all but the call is its own."""

    def __init__(self, inner: Any, section: Callable[[], _Section], call: Function) -> None:
        functools.update_wrapper(self, inner, updated=())
        self._inner = inner
        self._section = section
        self._call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "_inner":  # a copy in the making has none yet
            raise AttributeError(name)
        return getattr(self._inner, name)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        bind = getattr(type(self._inner), "__get__", None)
        bound = self._inner if bind is None else bind(self._inner, instance, owner)
        return self if bound is self._inner else _around(bound, self._section)


class _AsyncObject(_Object):
    """One whose call is a coroutine function, which frameworks look for."""

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return await self._call(*args, **kwargs)
