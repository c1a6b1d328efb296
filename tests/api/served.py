"""The application that real servers run in the tests of several workers."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from fastapi import FastAPI
from redis import Redis
from sqlalchemy import create_engine, text

from exporters.api import instrument, instrument_cache

engine = create_engine(os.environ["SERVED_DATABASE"], pool_size=2, max_overflow=1)
client = Redis.from_url(address) if (address := os.environ.get("SERVED_REDIS")) else None
app = FastAPI()
instrument(app, engine=engine, cache=client, version="1.0")
store: dict[str, int] = {}


def remember(key_prefix: str):  # type: ignore[no-untyped-def]  # as applications write it
    """A cache in this process."""
    return lambda function: lambda: store.setdefault(key_prefix, 1) if key_prefix in store else function()


@app.get("/pid")
async def pid() -> int:
    """Which worker answers."""
    return os.getpid()


@app.get("/query")
def query() -> int:
    """Two statements."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        return int(connection.execute(text("SELECT 2")).scalar_one())


@app.get("/hang/{name}")
async def hang(name: str) -> None:
    """Say who hangs, and hang."""
    Path(os.environ["SERVED_NOTES"], name).write_text(str(os.getpid()))
    await asyncio.sleep(60)


@app.get("/block/{seconds}")
async def block(seconds: float) -> int:
    """Hold up the event loop of whoever answers."""
    time.sleep(seconds)
    return os.getpid()


@app.get("/hold/{seconds}")
def hold(seconds: float) -> None:
    """Keep a pooled connection from others; a thread of its own waits here."""
    with engine.connect():
        time.sleep(seconds)


@app.get("/pop/{seconds}")
def pop(seconds: float) -> None:
    """Wait for the cache's server so long, in vain."""
    assert client is not None
    client.blpop(["nothing"], timeout=seconds)


remember_counted = instrument_cache(remember)


@remember_counted(key_prefix="answers")
def answer() -> int:
    """Reached once for each worker."""
    store["answers"] = 42
    return 42


@app.get("/cached")
def cached() -> int:
    """A cached value."""
    return int(answer())
