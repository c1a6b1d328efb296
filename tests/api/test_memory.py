"""A request leaves nothing behind that only the garbage collector could free."""

from __future__ import annotations

import gc

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from exporters.api import instrument
from tests.api.asgi import get


def test_a_request_goes_when_it_is_answered() -> None:
    app = FastAPI()

    @app.get("/things/{thing_id}")
    async def thing(thing_id: int) -> dict[str, int]:
        return {"id": thing_id}

    seen: list[int] = []

    def kept() -> int:
        return sum(1 for each in gc.get_objects() if type(each).__name__ == "Call")

    app.add_middleware(GZipMiddleware)
    instrument(app)
    get(app, "/things/1")
    gc.collect()
    before = kept()
    gc.disable()
    try:
        for path in ("/things/1", "/nowhere", "/things/none"):
            get(app, path)
            seen.append(kept() - before)
    finally:
        gc.enable()
    assert seen == [0, 0, 0]
