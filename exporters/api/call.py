"""One request as it goes through the application; the current one is found through a context variable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from time import perf_counter
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# The key under which the outer probe hands the call to the inner one, through any copy of the scope.
SCOPE_KEY = "exporters.api.call"


class Call:
    """What is known of a request so far. Mutable, so that every task and thread of it writes to one object.

    Attributes:
        started: ``perf_counter()`` at the first byte.
        closed: the last body byte is out; what happens now is no part of the request.
        status: as sent, 0 before that.
        wire: body bytes sent to the server.
        raw: body bytes that the application gave to its middleware.
        entered: it came as far as the router; a middleware may answer before.
        scope: what the router saw, until the call is closed. The scope holds the call, so keeping each other
            they would leave all that a request made to the garbage collector.
        root_path: where the router began to match.
        repeats: how often the most repeated statement ran.
    """

    __slots__ = (
        "closed",
        "db_seconds",
        "encoding",
        "entered",
        "handler",
        "head",
        "length",
        "method",
        "queries",
        "raw",
        "repeats",
        "root_path",
        "scope",
        "started",
        "statements",
        "status",
        "wire",
    )

    def __init__(self, method: str) -> None:
        self.method = method
        self.head = method == "HEAD"
        self.started = perf_counter()
        self.closed = False
        self.status = 0
        self.wire = 0
        self.raw = 0
        self.length = 0
        self.encoding = "identity"
        self.handler = ""
        self.entered = False
        self.scope: Scope | None = None
        self.root_path = ""
        self.queries = 0
        self.db_seconds = 0.0
        self.repeats = 0
        self.statements: dict[str, int] = {}

    def statement(self, text: str, seconds: float, *, batch: bool = False) -> None:
        """Add one executed statement.

        Args:
            text: the same for statements that differ only in values.
            seconds: what it took.
            batch: it goes on with an execution whose first statement was added before, so repeats nothing.
        """
        self.queries += 1
        self.db_seconds += seconds
        if batch:
            return
        count = self.statements.get(text, 0) + 1
        self.statements[text] = count
        self.repeats = max(self.repeats, count)


current: ContextVar[Call | None] = ContextVar("exporters_api_call", default=None)
