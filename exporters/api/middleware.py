"""Two pure ASGI probes around all middleware: the outer one sees the wire, the inner one the raw body."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection

from exporters.api.call import SCOPE_KEY, ASGIApp, Call, Message, Receive, Scope, Send, current
from exporters.api.metrics import caught
from exporters.api.recorder import Recorder
from exporters.api.worker import Worker
from exporters.catalogue.api import ENCODING

ENCODINGS = frozenset(ENCODING.values)


class OuterProbe:
    """Wraps everything, error handling included: what it sees is what the server gets."""

    def __init__(
        self, app: ASGIApp, *, recorder: Recorder, worker: Worker, excluded: Collection[str]
    ) -> None:
        self.app = app
        self.recorder = recorder
        self.worker = worker
        self.excluded = frozenset(excluded)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and record it when its last body byte is out."""
        if not self.worker.started:
            self.worker.start()
        if scope["type"] != "http" or SCOPE_KEY in scope or self._is_excluded(scope):
            await self.app(scope, receive, send)
            return
        recorder = self.recorder
        call = Call(scope["method"])
        scope[SCOPE_KEY] = call
        recorder.start()
        token = current.set(call)

        # No coroutine of our own around a message, except the last: it is recorded when it is out.
        def observed(message: Message) -> Awaitable[None]:
            return send_last(message) if _note(call, message) else send(message)

        async def send_last(message: Message) -> None:
            await send(message)
            recorder.finish(call)

        try:
            await self.app(scope, receive, observed)
        except BaseException as error:
            if not call.status:
                call.status = 499 if isinstance(error, asyncio.CancelledError) else 500
            recorder.finish(call)
            recorder.failed(call, error)
            raise
        finally:
            if not call.closed:
                recorder.finish(call)
            current.reset(token)

    def _is_excluded(self, scope: Scope) -> bool:
        path = scope["path"]
        if path in self.excluded:
            return True
        root = scope.get("root_path", "")
        return bool(root) and path.removeprefix(root) in self.excluded


class InnerProbe:
    """Stands right before the router: it counts bytes before compression and keeps the router's scope."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the router."""
        call: Call | None = scope.get(SCOPE_KEY)
        if call is None or call.entered or call.closed:
            await self.app(scope, receive, send)
            return
        call.entered = True
        call.scope = scope
        call.root_path = scope.get("root_path", "")

        def counted(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.body":
                call.raw += len(message.get("body", b""))
            return send(message)

        await self.app(scope, receive, counted)


def _note(call: Call, message: Message) -> bool:
    """Read a message on its way out; True for the last one that carries a body."""
    try:
        kind = message["type"]
        if kind == "http.response.body":
            call.wire += len(message.get("body", b""))
            return not message.get("more_body", False)
        if kind == "http.response.start":
            call.status = message["status"]
            for name, value in message.get("headers", ()):
                if name == b"content-length":
                    call.length = int(value)
                elif name == b"content-encoding":
                    encoding = value.decode("latin-1").strip().lower()
                    call.encoding = encoding if encoding in ENCODINGS else "other"
        elif kind == "http.response.pathsend":  # the server itself reads the file
            call.wire += call.length
            return True
    except Exception:
        caught("request")
    return False
