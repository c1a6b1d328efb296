"""Requests that end otherwise than by a whole answer: who broke off, the application or the client?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import ClientDisconnect

from exporters.api import instrument
from tests.api.asgi import Answer, ask, get
from tests.api.samples import Samples

Read = Callable[[], Samples]


def upload(app: FastAPI, path: str) -> list[int]:
    """Send the first half of a body and go away; returns what statuses the server was told to send."""
    messages = iter(
        [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]
    )
    statuses = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    with pytest.raises(ClientDisconnect):
        asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]  # a dict is a scope
    return statuses


def statuses(page: Samples) -> set[tuple[str, str]]:
    return {(labels["handler"], labels["status"]) for labels in page.nonzero("http_requests_total")}


@pytest.mark.parametrize("reader", ["endpoint", "stream", "middleware"])
def test_an_upload_that_the_client_breaks_off_is_no_error_of_ours(reader: str, samples: Read) -> None:
    app = FastAPI()

    @app.post("/endpoint")
    async def whole(request: Request) -> int:
        return len(await request.body())

    @app.post("/stream")
    async def chunks(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    async def logs_bodies(request: Request, call_next: Any) -> Any:
        await request.body()
        return await call_next(request)

    if reader == "middleware":
        app.add_middleware(BaseHTTPMiddleware, dispatch=logs_bodies)
    instrument(app)
    assert upload(app, f"/{reader}") == [500], "Starlette answers, though nobody reads it"
    page = samples()
    handler = "__unmatched__" if reader == "middleware" else f"/{reader}"
    assert statuses(page) == {(handler, "499")}
    assert not page.matching("http_exceptions_total")
    assert page.get("http_requests_in_progress") == page.get("obs_api_worker_requests_in_progress") == 0


def test_an_answer_is_counted_before_it_can_arrive_and_timed_until_it_has(samples: Read) -> None:
    app = FastAPI()
    app.get("/")(lambda: 1)
    seen: list[tuple[float | None, ...]] = []

    def look() -> None:
        page = samples()
        labels = {"method": "GET", "handler": "/"}
        seen.append(
            (
                page.get("http_requests_total", **labels, status="200"),
                page.get("http_request_duration_seconds_count", **labels),
                page.get("http_requests_in_progress"),
            )
        )

    class Slow(Answer):
        """Takes the last byte and thinks about it."""

        @property
        def body(self) -> bytes:
            return b""

        @body.setter
        def body(self, _bytes: bytes) -> None:
            if self.status:
                look()
                time.sleep(0.2)

    instrument(app)
    get(app, "/", answer=Slow())
    look()
    assert seen == [(1, 0, 1), (1, 1, 0)]
    seconds = samples().get("http_request_duration_seconds_sum", method="GET", handler="/")
    assert seconds is not None
    assert seconds >= 0.2


def test_a_second_last_byte_is_no_second_answer(samples: Read) -> None:
    app = FastAPI()

    async def twice(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2):
            await send({"type": "http.response.body", "body": b"x"})

    app.mount("/twice", twice)
    instrument(app)
    get(app, "/twice/x")
    assert samples().total("http_requests_total") == 1


def test_an_answer_that_an_exception_cuts_short_is_a_500(samples: Read) -> None:
    app = FastAPI()

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"half"
            raise LookupError("the other half")

        return StreamingResponse(body())

    instrument(app)
    with pytest.raises((LookupError, BaseExceptionGroup)):
        get(app, "/half")
    page = samples()
    assert statuses(page) == {("/half", "500")}
    # Older versions of Starlette raise a group of one.
    assert page.get("http_exceptions_total", handler="/half", exception="LookupError") == 1
    assert page.label_values("http_exceptions_total", "exception") == {"LookupError"}


def test_an_exception_after_the_last_byte_changes_no_status(samples: Read) -> None:
    app = FastAPI()

    def fail() -> None:
        raise LookupError("afterwards")

    @app.get("/background")
    async def background(tasks: BackgroundTasks) -> str:
        tasks.add_task(fail)
        return "done"

    instrument(app)
    with pytest.raises(LookupError):
        get(app, "/background")
    page = samples()
    assert statuses(page) == {("/background", "200")}
    assert page.get("http_exceptions_total", handler="/background", exception="LookupError") == 1


def test_an_answer_that_is_cancelled_halfway_keeps_the_status_that_was_sent(samples: Read) -> None:
    app = FastAPI()
    halfway = asyncio.Event()

    async def hangs(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        halfway.set()
        await asyncio.sleep(30)

    app.mount("/hangs", hangs)
    instrument(app)

    async def cancelled() -> None:
        task = asyncio.create_task(ask(app, "/hangs/x"))
        await halfway.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert statuses(samples()) == {("/hangs/*", "200")}
