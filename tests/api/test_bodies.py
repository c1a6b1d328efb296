"""How large bodies are: of answers before and after compression, and of requests."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from exporters.api import instrument
from tests.api.asgi import get
from tests.api.samples import Samples

Read = Callable[[], Samples]
PAYLOAD = [{"employee": number, "name": "somebody"} for number in range(400)]


@pytest.mark.parametrize("gzip_last", [True, False])
def test_compressed_and_raw_bytes_are_told_apart_in_any_order_of_middleware(
    samples: Read, *, gzip_last: bool
) -> None:
    app = FastAPI()

    @app.get("/big")
    async def big() -> list[dict[str, Any]]:
        return PAYLOAD

    if not gzip_last:
        app.add_middleware(GZipMiddleware, minimum_size=100)
    instrument(app)
    if gzip_last:
        app.add_middleware(GZipMiddleware, minimum_size=100)
    answer = get(app, "/big", headers={"accept-encoding": "gzip"})
    plain = get(app, "/big")

    page = samples()
    raw = len(plain.body)
    assert json.loads(gzip.decompress(answer.body)) == PAYLOAD
    assert page.get("http_response_wire_bytes_total", handler="/big", encoding="gzip") == len(answer.body)
    assert page.get("http_response_raw_bytes_total", handler="/big", encoding="gzip") == raw
    assert page.get("http_response_wire_bytes_total", handler="/big", encoding="identity") == raw
    assert page.get("http_response_raw_bytes_total", handler="/big", encoding="identity") == raw
    assert page.get("http_response_size_bytes_sum") == len(answer.body) + raw


def test_a_compressed_stream_is_counted_chunk_by_chunk(samples: Read) -> None:
    app = FastAPI()

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(24):
                yield b"x" * 1000

        return StreamingResponse(body())

    app.add_middleware(GZipMiddleware)
    instrument(app)
    answer = get(app, "/stream", headers={"accept-encoding": "gzip"})
    page = samples()
    assert page.get("http_response_raw_bytes_total", handler="/stream", encoding="gzip") == 24_000
    wire = page.get("http_response_wire_bytes_total", handler="/stream", encoding="gzip")
    assert wire == len(answer.body) < 1000


def test_a_body_compressed_by_the_endpoint_is_as_large_as_it_is_sent(samples: Read) -> None:
    app = FastAPI()

    @app.get("/ready-made")
    async def ready_made() -> Response:
        return Response(b"12345", headers={"content-encoding": "BR"})

    @app.get("/odd")
    async def odd() -> Response:
        return Response(b"123", headers={"content-encoding": "gzip, br"})

    instrument(app)
    get(app, "/ready-made")
    get(app, "/odd")
    page = samples()
    assert page.get("http_response_raw_bytes_total", handler="/ready-made", encoding="br") == 5
    assert page.get("http_response_wire_bytes_total", handler="/ready-made", encoding="br") == 5
    assert page.get("http_response_wire_bytes_total", handler="/odd", encoding="other") == 3


def test_the_body_that_answers_head_is_not_sent(samples: Read) -> None:
    app = FastAPI()

    async def page_of(_request: Any) -> Response:
        return Response(b"x" * 5000)

    app.router.routes.append(Route("/page", page_of))
    instrument(app)
    get(app, "/page", method="HEAD")
    page = samples()
    assert page.get("http_requests_total", method="HEAD", handler="/page", status="200") == 1
    assert page.get("http_response_size_bytes_sum") == 0
    assert not page.matching("http_response_wire_bytes_total")


def test_the_bodies_of_requests_are_measured_as_they_are_read(samples: Read) -> None:
    app = FastAPI()

    @app.post("/items/{item_id}")
    async def read(item_id: int, request: Request) -> int:
        return len(await request.body())

    @app.put("/refused")
    async def refused() -> None:
        raise HTTPException(413)

    @app.delete("/first/{item_id}")
    async def first(item_id: int, request: Request) -> None:
        async for _ in request.stream():
            raise HTTPException(413)

    instrument(app)
    get(app, "/items/1", method="POST")
    assert not samples().matching("http_request_size_bytes_count")
    assert get(app, "/items/1", method="POST", body=[b"x" * 300]).body == b"300"
    assert get(app, "/items/2", method="POST", body=[b"x" * 1000, b"y" * 900, b""]).body == b"1900"
    get(app, "/refused", method="PUT", body=[b"x" * 5000])
    get(app, "/first/1", method="DELETE", body=[b"x" * 10, b"x" * 5000])

    page = samples()
    assert page.label_values("http_request_size_bytes_count", "handler") == {
        "/items/{item_id}",
        "/first/{item_id}",
    }
    assert page.get("http_request_size_bytes_sum", handler="/first/{item_id}") == 10
    of_items = {"handler": "/items/{item_id}"}
    assert page.get("http_request_size_bytes_sum", **of_items) == 300 + 1900
    found = [
        page.get("http_request_size_bytes_bucket", le=le, **of_items) for le in ("256.0", "1024.0", "4096.0")
    ]
    assert found == [0, 1, 2]


def test_a_file_that_the_server_itself_sends_counts_its_length(samples: Read, tmp_path: Path) -> None:
    app = FastAPI()
    file = tmp_path / "report.csv"
    file.write_bytes(b"a,b\n" * 100)

    @app.get("/report")
    async def report() -> FileResponse:
        return FileResponse(file)

    instrument(app)
    get(app, "/report", extensions={"http.response.pathsend": {}})
    page = samples()
    assert page.get("http_response_wire_bytes_total", handler="/report", encoding="identity") == 400
    assert page.get("http_requests_total", method="GET", handler="/report", status="200") == 1
