"""Put the probes around an application and the meters onto its engines, in one call."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from exporters.api.cache import watch_client
from exporters.api.errors import InstrumentationError
from exporters.api.lag import SCRAPE_INTERVAL
from exporters.api.metrics import SqlMetrics, cache_client_metrics, http_metrics, process_metrics, sql_metrics
from exporters.api.middleware import InnerProbe, OuterProbe
from exporters.api.recorder import Recorder
from exporters.api.routes import Routes
from exporters.api.siblings import configured_workers, refuse_lonely_workers
from exporters.api.worker import Worker

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine
    from starlette.applications import Starlette
    from starlette.types import ASGIApp

MARK = "_exporters_api"
DEFAULT_POOL = "default"


def instrument(
    app: Starlette,
    *,
    engine: Engine | AsyncEngine | Mapping[str, Engine | AsyncEngine] | None = None,
    cache: object | None = None,
    version: str = "",
    max_handlers: int = 300,
    nplusone_threshold: int = 5,
    excluded: Collection[str] = ("/health", "/metrics"),
    workers: int | None = None,
    scrape_interval: float = SCRAPE_INTERVAL,
) -> None:
    """Measure a FastAPI or Starlette application. Call it once, before the application starts.

    The order of this call and of `add_middleware` does not matter. Nothing that it does can fail a request.
    What happens after the last body byte is no part of a request: background tasks, and since FastAPI 0.118
    what dependencies do after `yield`; its statements are counted by `db_queries_unattributed_total`.

    Args:
        app: the application.
        engine: its SQLAlchemy engine, sync or async, whose pool is called `default`; or several by name.
        cache: the redis-py client that `instrument_cache`'s functions use; its failures are cache errors,
            and what requests wait for it is measured.
        version: the application's version, shown by `obs_api_info`.
        max_handlers: route templates that each worker counts apart; later ones are counted as `__overflow__`.
        nplusone_threshold: executions of one statement in one request that make it an N+1 request.
        excluded: exact paths that are not measured.
        workers: how many worker processes the server is configured to run. By default what its command line
            or WEB_CONCURRENCY says; where neither does, nobody can tell whether one is missing.
        scrape_interval: seconds between two scrapes, at most: for so long the largest lag of a loop is shown.

    Raises:
        InstrumentationError: it was called twice, too late, with something it cannot measure, or the server
            runs several workers that share no directory.
    """
    _check_application(app)
    _check_numbers(max_handlers, nplusone_threshold, workers, scrape_interval)
    _check_paths(excluded)
    refuse_lonely_workers()
    worker = Worker(
        process_metrics(), version, workers or configured_workers(sys.argv, os.environ), scrape_interval
    )
    sql = _watch_engines(_named(engine), worker) if engine is not None else None
    if cache is not None:
        watch_client(cache)
    recorder = Recorder(
        http_metrics(),
        Routes(lambda: app.routes),
        sql=sql,
        cache=cache_client_metrics() if cache is not None else None,
        max_handlers=max_handlers,
        nplusone_threshold=nplusone_threshold,
    )

    def outside(stack: Any) -> OuterProbe:
        return OuterProbe(stack, recorder=recorder, worker=worker, excluded=excluded)

    _wrap(app, outside)
    setattr(app, MARK, True)


def _check_application(app: Starlette) -> None:
    if not hasattr(app, "build_middleware_stack") or not hasattr(app, "user_middleware"):
        raise InstrumentationError(
            f"instrument: got {type(app).__name__}; expected a FastAPI or Starlette application, before any "
            "other middleware is wrapped around it by hand"
        )
    if hasattr(app, MARK):
        raise InstrumentationError(
            "instrument was called twice on one application; call it once, and give several engines "
            'together: engine={"main": engine, "reports": other}'
        )
    if app.middleware_stack is not None:
        raise InstrumentationError(
            "instrument was called after the application started; call it where the application is made, and "
            "make an engine before that too, not in lifespan (it connects only when it is first used)"
        )


def _check_numbers(
    max_handlers: int, nplusone_threshold: int, workers: int | None, scrape_interval: float
) -> None:
    if not isinstance(max_handlers, int) or max_handlers < 1:
        raise InstrumentationError(f"max_handlers is {max_handlers!r}; expected 1 or more")
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise InstrumentationError(f"workers is {workers!r}; expected 1 or more, or None if it is not known")
    if not isinstance(scrape_interval, int | float) or not scrape_interval > 0:
        raise InstrumentationError(f"scrape_interval is {scrape_interval!r}; expected seconds, more than 0")
    if not isinstance(nplusone_threshold, int) or nplusone_threshold < 2:
        raise InstrumentationError(
            f"nplusone_threshold is {nplusone_threshold!r}; expected 2 or more executions of one statement"
        )


def _check_paths(excluded: Collection[str]) -> None:
    # Text is a collection of its letters, each of which would be a path.
    if isinstance(excluded, str) or not isinstance(excluded, Collection):
        raise InstrumentationError(
            f"excluded: got {type(excluded).__name__}; expected a tuple of paths, such as ('/health',)"
        )
    for path in excluded:
        if not isinstance(path, str) or not path.startswith("/"):
            raise InstrumentationError(f"excluded: got {path!r} in it; expected paths, such as '/health'")


def _wrap(app: Starlette, outside: Callable[[Any], OuterProbe]) -> None:
    """Build the stack with our probes at both ends, whatever is added to it until then."""
    from starlette.middleware import Middleware  # noqa: PLC0415  # the page needs no web framework

    build = app.build_middleware_stack

    def build_with_probes() -> ASGIApp:
        given = app.user_middleware
        app.user_middleware = [*given, Middleware(InnerProbe, outermost=not given)]
        try:
            return outside(build())
        finally:
            app.user_middleware = given

    app.build_middleware_stack = build_with_probes  # type: ignore[method-assign]  # looked up on the instance


def _named(engine: Any) -> Mapping[str, Any]:
    return engine if isinstance(engine, Mapping) else {DEFAULT_POOL: engine}


def _watch_engines(engines: Mapping[str, Any], worker: Worker) -> SqlMetrics:
    try:
        from exporters.api.sqlalchemy_ import watch_engine  # noqa: PLC0415  # an application may do without
    except ImportError as error:
        raise InstrumentationError(
            f"engine was given, but SQLAlchemy cannot be imported ({error}); install 'sqlalchemy>=2', or "
            "leave engine out"
        ) from error
    metrics = sql_metrics()
    for name, engine in engines.items():
        worker.on_start.append(watch_engine(engine, name, metrics).start)
    return metrics
