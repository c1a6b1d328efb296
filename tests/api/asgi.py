"""Send a request to an application as a server would, without a socket in between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """What came out of the application."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: asyncio.Event = field(default_factory=asyncio.Event)


async def ask(
    app: Any,
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: Sequence[bytes] = (b"",),
    root_path: str = "",
    answer: Answer | None = None,
    extensions: dict[str, Any] | None = None,
) -> Answer:
    """One request; an exception that leaves the application is raised, as a server would see it."""
    answer = answer if answer is not None else Answer()
    last = len(body) - 1
    bodies = iter([{"type": "http.request", "body": body[n], "more_body": n < last} for n in range(last + 1)])

    async def receive() -> dict[str, Any]:
        message = next(bodies, None)
        if message is None:
            await answer.complete.wait()
            return {"type": "http.disconnect"}
        return message

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")
            if not message.get("more_body", False):
                answer.complete.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": root_path,
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "extensions": extensions or {},
    }
    await app(scope, receive, send)
    return answer


def get(app: Any, path: str, **options: Any) -> Answer:
    """One request, in an event loop of its own."""
    return asyncio.run(ask(app, path, **options))
