"""What the middleware counts for each request."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI, HTTPException, WebSocket
from fastapi.responses import StreamingResponse
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware

from exporters.api import instrument
from tests.api.asgi import Answer, ask, get
from tests.api.samples import Samples

Read = Callable[[], Samples]
PAYLOAD = [{"employee": number, "name": "somebody"} for number in range(400)]


def an_app(**options: Any) -> FastAPI:
    app = FastAPI()

    @app.get("/items/{item_id}")
    async def item(item_id: int) -> dict[str, int]:
        return {"item": item_id}

    @app.get("/missing")
    async def missing() -> None:
        raise HTTPException(404)

    @app.get("/broken")
    def broken() -> None:
        raise LookupError("nobody catches this")

    @app.get("/big")
    async def big() -> list[dict[str, Any]]:
        return PAYLOAD

    @app.get("/health")
    async def health() -> str:
        return "ok"

    instrument(app, **options)
    return app


def test_requests_are_counted_by_method_template_and_exact_status(samples: Read) -> None:
    app = an_app()
    for path in ("/items/1", "/items/2", "/items/x", "/missing", "/nowhere/at/all"):
        get(app, path)
    get(app, "/items/1", method="POST")
    get(app, "/items/1", method="BREW")

    counted = {tuple(sorted(labels.items())) for labels in samples().nonzero("http_requests_total")}
    assert counted == {
        (("handler", "/items/{item_id}"), ("method", "GET"), ("status", "200")),
        (("handler", "/items/{item_id}"), ("method", "GET"), ("status", "422")),
        (("handler", "/missing"), ("method", "GET"), ("status", "404")),
        (("handler", "__unmatched__"), ("method", "GET"), ("status", "404")),
        (("handler", "/items/{item_id}"), ("method", "POST"), ("status", "405")),
        (("handler", "/items/{item_id}"), ("method", "_OTHER"), ("status", "405")),
    }
    assert samples().get("http_requests_total", method="GET", handler="/items/{item_id}", status="200") == 2


def test_a_handler_has_a_500_at_zero_before_its_first_one(samples: Read) -> None:
    app = an_app()
    get(app, "/items/1")
    assert samples().get("http_requests_total", method="GET", handler="/items/{item_id}", status="500") == 0


def test_an_unhandled_exception_is_a_500_and_is_named(samples: Read) -> None:
    app = an_app()
    with pytest.raises(LookupError):
        get(app, "/broken")
    page = samples()
    assert page.get("http_requests_total", method="GET", handler="/broken", status="500") == 1
    assert page.get("http_exceptions_total", handler="/broken", exception="LookupError") == 1
    assert page.get("http_request_duration_seconds_count", method="GET", handler="/broken") == 1
    assert page.get("http_requests_in_progress") == 0
    assert page.get("http_response_wire_bytes_total", handler="/broken", encoding="identity") == 21


def test_only_the_first_fifty_exception_classes_are_told_apart(samples: Read) -> None:
    app = FastAPI()

    @app.get("/raise/{number}")
    async def fail(number: int) -> None:
        raise type(f"Error{number}", (RuntimeError,), {})

    instrument(app)
    for number in range(60):
        with pytest.raises(RuntimeError):
            get(app, f"/raise/{number}")
    page = samples()
    assert len(page.label_values("http_exceptions_total", "exception")) == 51
    assert page.get("http_exceptions_total", handler="/raise/{number}", exception="__overflow__") == 10


def test_a_request_cancelled_before_its_response_is_a_499(samples: Read) -> None:
    app = FastAPI()
    entered = asyncio.Event()

    @app.get("/slow")
    async def slow() -> None:
        entered.set()
        await asyncio.sleep(30)

    instrument(app)

    async def cancelled() -> None:
        task = asyncio.create_task(ask(app, "/slow"))
        await entered.wait()
        assert samples().get("http_requests_in_progress") == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    page = samples()
    assert page.get("http_requests_total", method="GET", handler="/slow", status="499") == 1
    assert page.get("http_requests_in_progress") == 0
    assert not page.matching("http_exceptions_total")


def test_the_clock_stops_at_the_last_body_byte(samples: Read) -> None:
    app = FastAPI()
    running: list[float | None] = []

    async def afterwards() -> None:
        await asyncio.sleep(0.3)
        running.append(samples().get("obs_api_worker_requests_in_progress"))

    @app.get("/background")
    async def background(tasks: BackgroundTasks) -> str:
        tasks.add_task(afterwards)
        return "done"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.sleep(0.3)
            yield b"last"

        return StreamingResponse(body())

    instrument(app)
    get(app, "/background")
    get(app, "/stream")
    page = samples()
    assert running == [0]
    fast = page.get("http_request_duration_seconds_sum", method="GET", handler="/background")
    slow = page.get("http_request_duration_seconds_sum", method="GET", handler="/stream")
    assert fast is not None
    assert slow is not None
    assert fast < 0.25
    assert slow >= 0.3


def test_a_middleware_that_answers_itself_is_unmatched(samples: Read) -> None:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["https://example.org"], allow_methods=["GET"])
    instrument(app)
    preflight = {"origin": "https://example.org", "access-control-request-method": "GET"}
    get(app, "/anything", method="OPTIONS", headers=preflight)
    page = samples()
    assert page.get("http_requests_total", method="OPTIONS", handler="__unmatched__", status="200") == 1
    raw = page.get("http_response_raw_bytes_total", handler="__unmatched__", encoding="identity")
    assert raw == page.get("http_response_wire_bytes_total", handler="__unmatched__", encoding="identity")


def test_a_base_http_middleware_changes_nothing(samples: Read) -> None:
    app = an_app()

    async def through(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=through)
    get(app, "/items/1")
    with pytest.raises(LookupError):
        get(app, "/broken")
    page = samples()
    assert page.get("http_requests_total", method="GET", handler="/items/{item_id}", status="200") == 1
    assert page.get("http_exceptions_total", handler="/broken", exception="LookupError") == 1


def test_a_middleware_that_copies_the_scope_does_not_hide_the_route(samples: Read) -> None:
    app = an_app()

    class Copies:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await self.app(dict(scope), receive, send)

    app.add_middleware(Copies)
    get(app, "/items/1")
    assert samples().label_values("http_requests_total", "handler") == {"/items/{item_id}"}


def test_excluded_paths_leave_no_trace(samples: Read) -> None:
    app = an_app()
    get(app, "/health")
    get(app, "/metrics")
    get(app, "/api/health", root_path="/api")
    assert not samples().matching("http_requests_total")
    get(app, "/health/more")
    assert samples().total("http_requests_total") == 1


def test_websockets_pass_through_uncounted(samples: Read) -> None:
    app = FastAPI()

    @app.websocket("/talk")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    instrument(app)
    received = iter([{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}])
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return next(received)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/talk", "headers": [], "query_string": b"", "root_path": ""}
    asyncio.run(app(scope, receive, send))
    assert [message.get("text") for message in sent] == [None, "hello", None]
    assert not samples().matching("http_requests_total")
    assert samples().get("obs_api_workers") == 1


def test_requests_at_the_same_time_are_in_progress(samples: Read) -> None:
    app = FastAPI()
    release = asyncio.Event()

    @app.get("/wait")
    async def wait() -> None:
        await release.wait()

    instrument(app)

    async def several() -> None:
        tasks = [asyncio.create_task(ask(app, "/wait")) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert samples().get("http_requests_in_progress") == 3
        release.set()
        await asyncio.gather(*tasks)

    asyncio.run(several())
    assert samples().get("http_requests_in_progress") == 0


def test_an_error_of_our_own_is_counted_and_logged_once_and_fails_no_request(
    samples: Read, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()

    async def odd(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"many")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"fine"})

    app.mount("/odd", odd)
    instrument(app)
    with caplog.at_level(logging.WARNING, "exporters.api"):
        answers: list[Answer] = [get(app, "/odd/x") for _ in range(3)]
    assert [answer.body for answer in answers] == [b"fine"] * 3
    page = samples()
    assert page.get("obs_instrumentation_errors_total", site="request") == 3
    assert page.get("http_requests_total", method="GET", handler="/odd/*", status="200") == 3
    assert len([record for record in caplog.records if record.exc_info]) == 1


def test_the_worker_says_what_it_is(samples: Read) -> None:
    before = time.time()
    app = an_app(version="2026.11.1")
    assert samples().get("obs_api_workers") == 0, "a process that only loads the application is no worker"
    get(app, "/items/1")
    page = samples()
    started = page.get("obs_api_start_time_seconds")
    assert page.get("obs_api_workers") == 1
    assert page.get("obs_api_info", version="2026.11.1") == 1
    assert started is not None
    assert before <= started <= time.time()
