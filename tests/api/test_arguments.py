"""What `instrument` is given: each thing works, or one line says what is wrong and what to do."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import values
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool, QueuePool
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware

from exporters.api import InstrumentationError, instrument
from tests.api.asgi import get
from tests.api.samples import Samples

ROOT = Path(__file__).parents[2]
Read = Callable[[], Samples]


def refused(app: Any, **options: Any) -> str:
    """The message, which is one line."""
    with pytest.raises(InstrumentationError) as caught:
        instrument(app, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert caught.value.__cause__ is None, "which would be a traceback before it"
    return message


def test_two_calls_on_one_application() -> None:
    app = FastAPI()
    instrument(app)
    assert (
        'twice on one application; call it once, and give several engines together: engine={"main"'
        in refused(app)
    )


def test_a_call_after_the_first_request() -> None:
    app = FastAPI()
    get(app, "/")
    assert "after the application started; call it where the application is made" in refused(app)


def test_a_call_in_lifespan_with_the_engine_that_is_made_there() -> None:
    messages: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        messages.append(refused(app, engine=create_engine("sqlite://")))
        yield

    app = FastAPI(lifespan=lifespan)
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> dict[str, Any]:
        return next(events)

    async def send(_message: Any) -> None:
        pass

    asyncio.run(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send))
    assert "make an engine before that too, not in lifespan" in messages[0]


@pytest.mark.parametrize("what", [None, "app:app", GZipMiddleware(FastAPI())])
def test_what_is_no_application(what: Any) -> None:
    message = refused(what)
    assert f"got {type(what).__name__}; expected a FastAPI or Starlette application" in message


def test_an_application_of_starlette_alone(samples: Read) -> None:
    app = Starlette()
    instrument(app)
    get(app, "/nowhere")
    assert samples().total("http_requests_total", handler="__unmatched__") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_handlers": 0}, "max_handlers is 0; expected 1 or more"),
        ({"nplusone_threshold": 1}, "nplusone_threshold is 1; expected 2 or more executions"),
        ({"max_handlers": "300"}, "max_handlers is '300'; expected 1 or more"),
        ({"nplusone_threshold": "5"}, "nplusone_threshold is '5'; expected 2 or more"),
        ({"workers": "2"}, "workers is '2'; expected 1 or more"),
        ({"scrape_interval": "20s"}, "scrape_interval is '20s'; expected seconds"),
        ({"scrape_interval": float("nan")}, "scrape_interval is nan; expected seconds"),
        ({"excluded": "/health"}, "excluded: got str; expected a tuple of paths, such as ('/health',)"),
        ({"excluded": None}, "excluded: got NoneType; expected a tuple of paths"),
        ({"excluded": ("/health", 1)}, "excluded: got 1 in it; expected paths, such as '/health'"),
        ({"excluded": ("health",)}, "excluded: got 'health' in it; expected paths, such as '/health'"),
        ({"engine": "postgresql://u:secret@h/db"}, "engine 'default': got str with SQLAlchemy"),
        ({"engine": {"main": object()}}, "engine 'main': got object with SQLAlchemy"),
        ({"cache": object()}, "cache: got object; expected the redis-py client"),
    ],
)
def test_what_is_out_of_bounds(options: dict[str, Any], message: str) -> None:
    told = refused(FastAPI(), **options)
    assert told.startswith(message)
    assert "secret" not in told


def test_a_refused_call_may_be_put_right() -> None:
    app = FastAPI()
    refused(app, engine="no engine")
    instrument(app)


@pytest.mark.parametrize("kind", ["file", "below a file"])
def test_a_directory_that_cannot_be_used(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    (tmp_path / "file").write_text("")
    directory = tmp_path / "file" if kind == "file" else tmp_path / "file" / "metrics"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(directory))
    message = refused(FastAPI())
    assert message.startswith(f"PROMETHEUS_MULTIPROC_DIR='{directory}': ")
    assert "expected a local directory with free space that every worker may write" in message


def test_an_engine_without_a_pool_beside_one_with(samples: Read) -> None:
    app = FastAPI()
    pooled = create_engine("sqlite://", poolclass=QueuePool, pool_size=4, max_overflow=0)
    alone = create_engine("sqlite://", poolclass=NullPool)

    @app.get("/both")
    async def both() -> None:
        for engine in (pooled, alone):
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))

    instrument(app, engine={"pooled": pooled, "alone": alone})
    get(app, "/both")
    pooled.dispose()
    page = samples()
    assert page.get("db_queries_per_request_sum", handler="/both") == 2
    assert page.label_values("db_client_connection_max", "pool") == {"pooled"}
    assert page.get("db_client_connection_use_time_seconds_count", pool="alone") == 1


WITHOUT_SQLALCHEMY = """
import sys
sys.modules["sqlalchemy"] = None  # as if it were not installed
from fastapi import FastAPI
from exporters.api import InstrumentationError, instrument
from tests.api.asgi import get
app = FastAPI()
try:
    instrument(app, engine=object())
except InstrumentationError as error:
    print(error)
instrument(app)
print(get(app, "/nowhere").status)
"""


def test_no_sqlalchemy_is_needed_unless_there_is_an_engine() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SQLALCHEMY], env=env, capture_output=True, text=True, check=True
    )
    refusal, status = done.stdout.splitlines()
    assert refusal.startswith("engine was given, but SQLAlchemy cannot be imported")
    assert "install 'sqlalchemy>=2'" in refusal
    assert status == "404"


CONFIGURED = "obs_api_workers_configured"


def test_scrapes_without_a_pause() -> None:
    assert refused(FastAPI(), scrape_interval=0) == "scrape_interval is 0; expected seconds, more than 0"


def test_no_workers_at_all() -> None:
    assert refused(FastAPI(), workers=0) == "workers is 0; expected 1 or more, or None if it is not known"


@pytest.mark.parametrize(
    ("given", "environment", "told"), [(3, "8", 3), (None, "8", 8), (None, "", None), (None, "many", None)]
)
def test_how_many_workers_there_should_be_is_told_where_it_is_known(
    given: int | None,
    environment: str,
    told: int | None,
    samples: Read,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", environment)
    app = FastAPI()
    instrument(app, workers=given)
    assert samples().get(CONFIGURED) is None, "a process that only loads the application is no worker"
    get(app, "/")
    assert samples().get(CONFIGURED) == told
