"""Where messages arrive in tests: an endpoint for HTTP and one for mail, which keep what they are given."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import ssl
import threading
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self


@dataclass
class Inbox:
    """What arrived, the oldest first.

    Attributes:
        answers: the status of each answer to come; 200 once they are used up.
        slow: seconds before an answer.
    """

    arrived: list[Any] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    slow: float = 0.0
    refused: int = 0

    def wait(self, count: int, seconds: float = 20.0) -> list[Any]:
        """What arrived, once it is that many."""
        deadline = time.monotonic() + seconds
        while len(self.arrived) < count:
            assert time.monotonic() < deadline, f"{len(self.arrived)} of {count} messages arrived"
            time.sleep(0.02)
        return list(self.arrived)


@dataclass(frozen=True)
class Post:
    """One request: its path, its headers in lower case, its body as it came and as JSON."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HttpEndpoint(ThreadingHTTPServer):
    """Takes every POST, as Slack, PagerDuty, Teams and webhooks do."""

    daemon_threads = True

    def __init__(self, port: int = 0, *, certificate: Path | None = None) -> None:
        self.inbox = Inbox()
        self.scheme = "https" if certificate else "http"
        super().__init__(("127.0.0.1", port), _handler(self.inbox))
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, or mistrusts the certificate, is what some tests are about."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


def _handler(inbox: Inbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            time.sleep(inbox.slow)
            status = inbox.answers.pop(0) if inbox.answers else 200
            if status == 200:
                headers = {name.lower(): value for name, value in self.headers.items()}
                inbox.arrived.append(Post(self.path, headers, body))
            else:
                inbox.refused += 1
            # Slack's Web API answers with JSON, its hooks with ok, PagerDuty with 202 and JSON.
            answer = b"ok" if self.path.startswith("/slack") else b'{"status": "success"}'
            self.send_response(202 if status == 200 and self.path.startswith("/pagerduty") else status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    return Handler


class MailEndpoint(socketserver.ThreadingTCPServer):
    """As much of SMTP as it takes to be given a mail."""

    daemon_threads = True

    def __init__(self) -> None:
        self.inbox = Inbox()
        super().__init__(("127.0.0.1", 0), _session(self.inbox))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


def _session(inbox: Inbox) -> type[socketserver.StreamRequestHandler]:
    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 test")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self._say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    content = b"".join(each.removeprefix(b".") for each in lines)
                    inbox.arrived.append(email.message_from_bytes(content, policy=email.policy.default))
                self._say("221 bye" if word == b"QUIT" else "250 ok")

        def _say(self, answer: str) -> None:
            self.wfile.write(f"{answer}\r\n".encode())

    return Session


def parts(mail: EmailMessage) -> dict[str, str]:
    """The text of each part of a mail, by its type."""
    return {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
