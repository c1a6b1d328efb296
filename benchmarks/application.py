"""The application that is measured: bare, with our middleware, or with the peer's.

    python -m benchmarks.application SCENARIO VARIANT

Sends requests to itself without a server in between: a number on standard input is a batch of requests, and
the answer is the wall and the CPU time that one of them took.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import QueuePool

from benchmarks import peer
from exporters.api import instrument

BARE = "bare"
OURS = "ours"
PEER = "peer"
PEER_DEFAULTS = "peer, its defaults"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A shape of application, and who is measured on it.

    Attributes:
        routers: how many `include_router` there are; 0 puts the routes on the application itself.
        queries: SQL statements in each request.
    """

    title: str
    routes: int
    routers: int = 0
    queries: int = 0
    variants: tuple[str, ...] = (BARE, OURS, PEER, PEER_DEFAULTS)


SCENARIOS = {
    "routes": Scenario(title="50 routes on the application", routes=50),
    "routers": Scenario(title="50 routes in 5 routers", routes=50, routers=5),
    "one": Scenario(title="1 route", routes=1),
    "queries": Scenario(title="1 route with 5 SQL statements", routes=1, queries=5, variants=(BARE, OURS)),
}


def application(scenario: Scenario, variant: str) -> tuple[FastAPI, tuple[str, ...]]:
    """An application, and paths that reach each of its routes once."""
    app = FastAPI()
    engine = _engine() if scenario.queries else None
    targets = [APIRouter(prefix=f"/group{number}") for number in range(scenario.routers)]
    paths = []
    for number in range(scenario.routes):
        name = f"/things{number}"
        target = targets[number % len(targets)] if targets else app
        _add(target, name, engine, scenario.queries)
        paths.append(f"{target.prefix}{name}/7" if isinstance(target, APIRouter) else f"{name}/7")
    for router in targets:
        app.include_router(router)
    if variant == OURS:
        instrument(app, engine=engine)
    elif variant in (PEER, PEER_DEFAULTS):
        peer.instrument(app, equal_work=variant == PEER)
    return app, tuple(paths)


def _engine() -> Engine:
    """A database in this process; the pool is the one that a server's URL would get."""
    return create_engine("sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0)


def _add(target: FastAPI | APIRouter, name: str, engine: Engine | None, queries: int) -> None:
    async def thing(thing_id: int) -> dict[str, object]:
        answer: dict[str, object] = {"id": thing_id, "name": name, "tags": ["a", "b"], "price": 12.5}
        if engine is not None:
            with engine.connect() as connection:
                for number in range(queries):
                    answer[f"value{number}"] = connection.execute(text(f"SELECT {number}")).scalar()
        return answer

    target.get(f"{name}/{{thing_id}}")(thing)


async def batch(app: FastAPI, paths: Iterator[str], requests: int) -> tuple[float, float]:
    """Wall and CPU seconds of one request, averaged over so many."""
    request = {"type": "http.request", "body": b"", "more_body": False}
    statuses: set[int] = set()

    async def receive() -> dict[str, Any]:
        return request

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.add(message["status"])

    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(requests):
        await app(_scope(next(paths)), receive, send)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if statuses != {200}:
        raise RuntimeError(f"the application answered {sorted(statuses)}; expected 200 alone")
    return wall / requests, cpu / requests


def _scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"api"), (b"accept", b"*/*"), (b"user-agent", b"bench")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


def main() -> None:
    """Answer batches until standard input ends."""
    scenario, variant = sys.argv[1:]
    app, paths = application(SCENARIOS[scenario], variant)
    endless = itertools.cycle(paths)
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            print(json.dumps(runner.run(batch(app, endless, int(line)))), flush=True)


if __name__ == "__main__":
    main()
