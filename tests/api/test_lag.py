"""An event loop that is held up says so, whichever worker it is, and measuring it holds up nothing."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from examples.demo.process import wait_until
from exporters.api import instrument
from exporters.api.lag import PAUSE, SCRAPE_INTERVAL, LoopLag
from tests.api.asgi import ask, get
from tests.api.samples import Samples
from tests.api.servers import COMMANDS, kill, serve

LAG = "obs_api_event_loop_lag_seconds"
BLOCKED = 0.7
Read = Callable[[], Samples]


def blocking() -> FastAPI:
    """An application with an endpoint that blocks the loop."""
    app = FastAPI()

    @app.get("/block")
    async def block() -> None:
        time.sleep(BLOCKED)

    @app.get("/wait")
    async def wait() -> None:
        await asyncio.sleep(BLOCKED)

    instrument(app)
    return app


@pytest.mark.parametrize("kind", COMMANDS)
def test_the_worker_that_is_held_up_is_seen_among_the_others_as_long_as_it_lives(
    kind: str, database: str, tmp_path: Path
) -> None:
    def lag() -> float:
        return served.samples().get(LAG) or 0

    with serve(kind, database, tmp_path) as served:
        wait_until(lambda: served.samples().get(LAG) is not None, "the first look")
        before = lag()
        pid = int(served.ask(f"/block/{before + BLOCKED}")[1])
        wait_until(lambda: lag() > before + BLOCKED / 2, "the lag is shown")
        kill(pid)
        wait_until(lambda: lag() <= before + BLOCKED / 2, "it went with the worker")


def test_a_loop_that_stands_still_is_seen_while_it_does(database: str, tmp_path: Path) -> None:
    def lag() -> float:
        return served.samples().get(LAG) or 0

    with serve("uvicorn", database, tmp_path) as served:
        wait_until(lambda: served.samples().get(LAG) is not None, "the first look")
        before, began = lag(), time.monotonic()
        caller = threading.Thread(target=served.ask, args=(f"/block/{before + 6 * BLOCKED}",))
        caller.start()
        wait_until(lambda: lag() > before + BLOCKED, "it is late by now")
        assert caller.is_alive(), "it has not ended yet"
        assert lag() <= time.monotonic() - began, "and is late by no more"
        caller.join()


def test_a_call_that_blocks_is_a_lag_and_one_that_waits_is_none(samples: Read) -> None:
    app = blocking()
    assert samples().get(LAG) is None, "nothing is known before a loop runs"

    async def both() -> tuple[float, float]:
        await ask(app, "/wait")
        waited = samples().get(LAG)
        await ask(app, "/block")
        await asyncio.sleep(2 * PAUSE)
        blocked = samples().get(LAG)
        assert waited is not None
        assert blocked is not None
        return waited, blocked

    waited, blocked = asyncio.run(both())
    assert waited < BLOCKED / 2
    assert blocked >= BLOCKED - PAUSE


def test_each_loop_of_a_process_is_measured_and_none_is_kept(samples: Read) -> None:
    app = blocking()
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def one(path: str) -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await ask(app, path)
        await asyncio.sleep(2 * PAUSE)

    asyncio.run(one("/wait"))
    before = samples().get(LAG)
    asyncio.run(one("/block"))
    after = samples().get(LAG)
    assert before is not None
    assert after is not None
    assert before < BLOCKED / 2 < after
    get(app, "/wait")
    gc.collect()
    assert [loop() for loop in loops] == [None, None]


def test_each_of_two_servers_in_one_process_is_measured(samples: Read) -> None:
    app = blocking()
    ready, done = threading.Event(), threading.Event()

    async def started() -> None:
        """As a server begins."""
        events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive() -> dict[str, str]:
            return next(events)

        async def send(_message: object) -> None:
            pass

        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)

    async def first() -> None:
        await started()
        ready.set()
        while not done.is_set():
            await asyncio.sleep(PAUSE)

    async def second() -> None:
        await started()
        await asyncio.sleep(2 * PAUSE)
        await ask(app, "/block")
        await asyncio.sleep(2 * PAUSE)

    thread = threading.Thread(target=asyncio.run, args=(first(),))
    thread.start()
    try:
        assert ready.wait(10)
        asyncio.run(second())
    finally:
        done.set()
        thread.join()
    assert (samples().get(LAG) or 0) >= BLOCKED - PAUSE


def test_a_loop_ends_when_its_work_does() -> None:
    app = blocking()
    began = time.monotonic()
    for _ in range(5):
        get(app, "/nowhere")
    assert time.monotonic() - began < 5 * PAUSE


def test_a_loop_is_given_one_timer_however_many_requests_come() -> None:
    lag = LoopLag()

    async def several() -> int:
        loop = asyncio.get_running_loop()
        for _ in range(3):
            lag.watch()
        return len(loop._scheduled)  # type: ignore[attr-defined]  # nothing public tells of timers

    assert asyncio.run(several()) == 1


def test_the_largest_lag_is_shown_for_longer_than_a_scrape_and_then_forgotten(samples: Read) -> None:
    lag = LoopLag()
    shown = []
    for seconds in range(100, 190, 5):
        lag.note(0.5 if seconds == 115 else 0.001, float(seconds))
        shown.append((seconds, samples().get(LAG)))
    large = [seconds for seconds, value in shown if value == 0.5]
    assert large[0] == 115
    assert SCRAPE_INTERVAL <= large[-1] + 5 - large[0] <= 2 * SCRAPE_INTERVAL
    assert shown[-1][1] == 0.001


def test_who_scrapes_more_often_sees_a_lag_for_a_shorter_time(samples: Read) -> None:
    lag = LoopLag(1.0)
    lag.note(0.5, 100.0)
    lag.note(0.001, 101.0)
    assert samples().get(LAG) == 0.5
    lag.note(0.001, 102.0)
    assert samples().get(LAG) == 0.001


def test_what_was_before_a_pause_is_forgotten(samples: Read) -> None:
    lag = LoopLag()
    lag.note(0.5, 100.0)
    lag.note(0.001, 100.0 + 3 * SCRAPE_INTERVAL)
    assert samples().get(LAG) == 0.001


def test_without_a_loop_of_asyncio_nothing_is_said(samples: Read) -> None:
    LoopLag().watch()
    assert samples().get(LAG) is None
    assert samples().total("obs_instrumentation_errors_total") == 0
