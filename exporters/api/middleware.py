"""Two pure ASGI probes around all middleware: the outer one sees the wire, the inner one the raw body."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Collection

from exporters.api.call import SCOPE_KEY, ASGIApp, Call, Message, Receive, Scope, Send, current
from exporters.api.metrics import caught
from exporters.api.recorder import Recorder
from exporters.api.worker import Worker
from exporters.catalogue.api import ENCODING

ENCODINGS = frozenset(ENCODING.values)
CLIENT_LEFT = 499
# What they send has no meaning, and they are most of all requests.
WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


class OuterProbe:
    """Wraps everything, error handling included: what it sees is what the server gets.

    The status is the one that was sent, but for two. 500: an exception left the application before the last
    body byte, even if a 200 was out by then, for the answer broke off. 499: the client left before there was
    an answer, or while its upload was read. An exception after the last byte, as in a background task, is
    counted as an exception only.
    """

    def __init__(
        self, app: ASGIApp, *, recorder: Recorder, worker: Worker, excluded: Collection[str]
    ) -> None:
        self.app = app
        self.recorder = recorder
        self.worker = worker
        self.excluded = frozenset(excluded)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and record it when its last body byte is out."""
        worker = self.worker
        if not worker.started:
            worker.start()
        is_http = scope["type"] == "http"
        # A server begins with an event that is no request, so each of several in one process is met.
        if not is_http or not worker.lag.is_running():
            worker.lag.watch()
        if not is_http or SCOPE_KEY in scope or self._is_excluded(scope):
            await self.app(scope, receive, send)
            return
        recorder = self.recorder
        call = Call(scope["method"])
        scope[SCOPE_KEY] = call
        recorder.start()
        token = current.set(call)

        # No coroutine of our own around a message, except the last: it is recorded when it is out.
        def observed(message: Message) -> Awaitable[None]:
            if _note(call, message):
                recorder.answered(call)
                return _send_last(message, send, recorder, call)
            return send(message)

        if call.method not in WITHOUT_BODY:
            receive = _measured(receive, call)
        try:
            await self.app(scope, receive, observed)
        except BaseException as error:
            cause = _sole(error)
            call.status = _status(call, cause)
            recorder.finish(call)
            if not _client_left(cause):
                recorder.failed(call, cause)
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
    """Stands right before the router: it counts bytes before compression and keeps the router's scope.

    Where no middleware stands outside of it, nothing compresses: what is raw is what is sent.
    """

    def __init__(self, app: ASGIApp, *, outermost: bool) -> None:
        self.app = app
        self.outermost = outermost

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the router."""
        call: Call | None = scope.get(SCOPE_KEY)
        if call is None or call.entered or call.closed:
            await self.app(scope, receive, send)
            return
        call.entered = True
        call.scope = scope
        call.root_path = scope.get("root_path", "")
        if self.outermost:
            await self.app(scope, receive, send)
            return

        def counted(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.body":
                call.raw += len(message.get("body", b""))
            return send(message)

        await self.app(scope, receive, counted)


def _measured(receive: Receive, call: Call) -> Receive:
    """The same messages, their bodies counted."""

    async def measured() -> Message:
        message = await receive()
        try:
            call.received += len(message.get("body", b""))
        except Exception:
            caught("request")
        return message

    return measured


async def _send_last(message: Message, send: Send, recorder: Recorder, call: Call) -> None:
    await send(message)
    recorder.finish(call)


def _status(call: Call, error: BaseException) -> int:
    """Of a request that ended in an exception."""
    if _client_left(error):
        return CLIENT_LEFT
    if isinstance(error, asyncio.CancelledError):
        return call.status or CLIENT_LEFT
    return 500


def _sole(error: BaseException) -> BaseException:
    """What a task group wrapped; some versions of Starlette unwrap it, some do not."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _client_left(error: BaseException) -> bool:
    from starlette.requests import ClientDisconnect  # noqa: PLC0415  # the page needs no web framework

    return isinstance(error, ClientDisconnect)


def _note(call: Call, message: Message) -> bool:
    """Read a message on its way out; True for the last one that carries a body."""
    try:
        kind = message["type"]
        if kind == "http.response.body":
            call.wire += len(message.get("body", b""))
            return not message.get("more_body", False)
        if kind == "http.response.start":
            status = call.status = message["status"]
            # Starlette answers an exception while it handles it, though nobody may be left to read that.
            if status == 500 and (error := sys.exception()) is not None and _client_left(_sole(error)):
                call.status = CLIENT_LEFT
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
