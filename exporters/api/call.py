"""One request as it goes through the application; the current one is found through a context variable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exporters.api.recorder import Series

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
        answered: the last body byte goes out, and the request is counted.
        closed: the last body byte is out; what happens now is no part of the request.
        status: as sent, 0 before that.
        wire: body bytes sent to the server.
        received: body bytes of the request that the application took from the server.
        raw: body bytes that the application gave to its middleware.
        entered: it came as far as the router; a middleware may answer before.
        series: what it counts in, once it is answered.
        scope: what the router saw, until the call is closed. The scope holds the call, so keeping each other
            they would leave all that a request made to the garbage collector.
        root_path: where the router began to match.
        pool_seconds, cache_seconds: what it waited for a connection and for the cache's server; of waits that
            overlap, as in tasks of its own, at most the time that went by.
        repeats: how often the most repeated statement ran.
    """

    # Most of a request stays as it begins: here it costs nothing, in the constructor it would each time.
    answered = False
    closed = False
    series: Series | None = None
    status = 0
    wire = 0
    received = 0
    raw = 0
    length = 0
    encoding = "identity"
    handler = ""
    entered = False
    scope: Scope | None = None
    root_path = ""
    queries = 0
    db_seconds = 0.0
    pool_seconds = 0.0
    cache_seconds = 0.0
    repeats = 0
    statements: dict[str, int] | None = None

    def __init__(self, method: str) -> None:
        self.method = method
        self.started = perf_counter()

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
        if self.statements is None:
            self.statements = {}
        count = self.statements.get(text, 0) + 1
        self.statements[text] = count
        self.repeats = max(self.repeats, count)


current: ContextVar[Call | None] = ContextVar("exporters_api_call", default=None)
