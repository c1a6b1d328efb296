"""Faults inside the application, for drills. One file, watched by every worker, says which are on.

The file holds JSON such as ``{"slow": {"handler": "/api/employees", "seconds": 0.4, "at": "database"},
"errors": {"handler": "/api/requests"}, "nplusone": {"handler": "/api/employees", "queries": 20},
"block": {"handler": "/api/requests", "seconds": 0.5},
"uncompressed": {}, "hold": {"connections": 30, "on": 1, "off": 1}}``; without the file nothing is wrong.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

from fastapi import Request
from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

POLL_SECONDS = 0.1
SLEEP = text("SELECT pg_sleep(:seconds)")
ONE_EMPLOYEE = text("SELECT full_name FROM employees WHERE id = :id")


class InjectedError(RuntimeError):
    """The failure that the fault `errors` asks for."""


class Faults:
    """What one worker knows of the faults; a thread keeps it up to date, with or without requests."""

    def __init__(self, file: Path, engine: Engine) -> None:
        self.file = file
        self.engine = engine
        self.active: dict[str, dict[str, Any]] = {}
        self.held: list[Connection] = []
        self.seen = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, name="faults", daemon=True)

    def start(self) -> None:
        """Begin to watch the file."""
        self.thread.start()

    def stop(self) -> None:
        """End the thread and give back the connections it holds."""
        self.ended.set()
        self.thread.join()

    async def strike(self, request: Request) -> None:
        """Do to this request what is on for its route template; runs after routing, in each request."""
        handler = request.scope["route"].path
        if (slow := self.on("slow", handler)) is not None:
            if slow["at"] == "database":
                await run_in_threadpool(self._execute, SLEEP, [{"seconds": slow["seconds"]}])
            else:
                await asyncio.sleep(slow["seconds"])
        if (nplusone := self.on("nplusone", handler)) is not None:
            rows = [{"id": number + 1} for number in range(nplusone["queries"])]
            await run_in_threadpool(self._execute, ONE_EMPLOYEE, rows)
        if (block := self.on("block", handler)) is not None:
            time.sleep(block["seconds"])  # that is the fault
        if self.on("errors", handler) is not None:
            raise InjectedError(f"{handler} fails because the fault 'errors' is on")

    def on(self, name: str, handler: str) -> dict[str, Any] | None:
        """The fault of this name, if it is on for this route."""
        fault = self.active.get(name)
        return fault if fault is not None and fault["handler"] == handler else None

    def _execute(self, statement: TextClause, parameters: list[dict[str, Any]]) -> None:
        with self.engine.connect() as connection:
            for each in parameters:
                connection.execute(statement, each)

    def _watch(self) -> None:
        while not self.ended.wait(POLL_SECONDS):
            self._read()
            self._hold(self._wanted())
        self._hold(0)

    def _wanted(self) -> int:
        """How many connections to hold now: all the time, or in turns of some seconds on and some off."""
        hold = self.active.get("hold", {})
        period = hold.get("on", 0) + hold.get("off", 0)
        if period and time.monotonic() % period >= hold["on"]:
            return 0
        return int(hold.get("connections", 0))

    def _read(self) -> None:
        try:
            stamp = self.file.stat().st_mtime_ns
            if stamp != self.seen:
                self.active = json.loads(self.file.read_text())
                self.seen = stamp
        except FileNotFoundError:
            self.active, self.seen = {}, 0

    def _hold(self, count: int) -> None:
        """Hold this many connections, each in an open transaction, as a leak would."""
        while len(self.held) < count:
            try:
                self.held.append(self.engine.connect())
                self.held[-1].execute(text("SELECT 1"))
            except SQLAlchemyError:
                return  # the pool or the server has no more to give; the next round asks again
        while len(self.held) > count:
            self.held.pop().close()


class Uncompressed:
    """What stands before the compression, and takes from requests that they understand any."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""
        if scope["type"] == "http" and "uncompressed" in self.faults.active:
            headers = [each for each in scope["headers"] if each[0] != b"accept-encoding"]
            scope = {**scope, "headers": headers}
        await self.app(scope, receive, send)
