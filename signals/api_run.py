"""Signals of what runs: which version, since when, on how many workers, with how many threads."""

from __future__ import annotations

from exporters.catalogue import api
from exporters.catalogue.labels import JOB
from signals.idioms import WINDOW, grouping, promql, select, value
from signals.model import Signal
from signals.numbers import COUNT, RATIO, SECONDS, STATE
from signals.promql import Query

VERSION = Signal(
    title="Version",
    why="The version that each living worker was given: several while a deploy goes on.",
    good="One, the newest.",
    act="Two for longer than a deploy takes: a worker or host was not restarted.",
    query=value(api.APP_INFO, over="max", by=(api.VERSION,)),
    unit=STATE,
    legend="{{version}}",
)
SINCE_START = Signal(
    title="Since the last start",
    why="How long ago the youngest worker started: a deploy, or one worker that took another's place.",
    good="As long as since your last deploy.",
    act="Shorter than that: a worker died. Read the server's log for a signal, memory or an exception.",
    query=promql("time() - {start}", start=value(api.START_TIME, over="max")),
    unit=SECONDS,
    legend="running",
)
STARTS = Signal(
    title="Worker starts",
    why="How often within the window the youngest worker was another one: each is a start, several at once "
    "count as one.",
    good="None between two deploys.",
    act="Starts without a deploy: read the server's log for a signal, memory or an exception.",
    query=Query(
        f"max by {grouping((JOB.name,))} (changes({select(api.START_TIME)}[{WINDOW}]))",
        (api.START_TIME,),
        (),
        (JOB.name,),
    ),
    unit=COUNT,
    legend="starts",
)
CONFIGURED = Signal(
    title="Workers configured",
    why="Worker processes that there should be, as the server was told.",
    good="As many as are alive.",
    act="Where nobody told, give `instrument(app, workers=…)`.",
    query=value(api.WORKERS_CONFIGURED),
    unit=COUNT,
    legend="configured",
)
THREADS_USED = Signal(
    title="Threads used",
    why="Threads that run what is no coroutine, such as a `def` endpoint and its dependencies, over all "
    "workers. A look every quarter of a second: a short peak may be missed.",
    good="Far below the limit.",
    act="Find what keeps a thread long: a slow statement, a call to a service, a lock.",
    query=value(api.THREADS_USED),
    unit=COUNT,
    legend="used",
)
THREADS_WAITING = Signal(
    title="Waiting for a thread",
    why="Calls that wait for a thread, over all workers; one is enough to tell that some worker has none.",
    good="None.",
    act="Make the endpoint `async def` with an async driver, or raise the limit with the pool: "
    "anyio.to_thread.current_default_thread_limiter().total_tokens.",
    query=value(api.THREADS_WAITING),
    unit=COUNT,
    legend="waiting",
)
THREADS_LIMIT = Signal(
    title="Most threads",
    why="Threads that all workers together may have; anyio gives each worker 40.",
    good="At least as many as the pools' connections.",
    act="More threads than connections only move the queue to the pool.",
    query=value(api.THREADS_LIMIT),
    unit=COUNT,
    legend="limit",
)
THREADS_SHARE = Signal(
    title="Threads of the limit",
    why="Of the threads that all workers may have, those that are taken.",
    good="Below a half.",
    act="Find what keeps a thread long: a slow statement, a call to a service, a lock.",
    query=promql("{used} / ({limit} > 0)", used=THREADS_USED.query, limit=THREADS_LIMIT.query),
    unit=RATIO,
    legend="threads",
)
