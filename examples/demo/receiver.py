"""A webhook receiver: keeps every message delivered to it, and gives them back as one JSON list.

`python -m examples.demo.receiver --listen 127.0.0.1:PORT`; POST a message to any path, GET / for all, and
GET /?since=TIME for those that came after that Unix time.
PUT a JSON list of paths to /refused: until the next list, messages to these are answered with 500.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEPT = 1000


class Receiver(ThreadingHTTPServer):
    """The server with its messages, the oldest first; past a thousand the oldest is dropped."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Handler)
        self.lock = threading.Lock()
        self.refused: list[str] = []
        self.messages: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def keep(self, path: str, body: object) -> None:
        """Remember one message with its time of arrival (Unix time)."""
        with self.lock:
            self.messages.append({"received": time.time(), "path": path, "body": body})

    def all(self) -> list[dict[str, Any]]:
        """What was delivered so far."""
        with self.lock:
            return list(self.messages)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Receiver
    timeout = 10

    def do_POST(self) -> None:
        """Keep a JSON message; anything else is refused."""
        body = self._read()
        if body is None:
            return
        if self.path in self.server.refused:
            self._answer(500, {"error": "told to refuse what comes to this path"})
            return
        self.server.keep(self.path, body)
        self._answer(200, {"status": "kept", "ok": True})  # "ok" is what Slack says

    def do_PUT(self) -> None:
        """Take the list of paths to refuse."""
        body = self._read()
        if body is None:
            return
        if self.path != "/refused" or not isinstance(body, list):
            self._answer(400, {"error": "expected a JSON list of paths at /refused"})
            return
        self.server.refused = [str(each) for each in body]
        self._answer(200, {"status": "told"})

    def _read(self) -> Any:
        """The JSON of a request; None after an answer that it is none."""
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            return json.loads(text)
        except ValueError:
            self._answer(400, {"error": "expected a JSON body"})
            return None

    def do_GET(self) -> None:
        """Give back everything kept, or what came after a time."""
        since = parse_qs(urlsplit(self.path).query).get("since", ["0"])[-1]
        try:
            after = float(since)
        except ValueError:
            self._answer(400, {"error": f"since is {since!r}; expected a Unix time"})
            return
        self._answer(200, [each for each in self.server.all() if each["received"] > after])

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet; the messages themselves are the record."""

    def _answer(self, status: int, value: object) -> None:
        payload = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:9095", metavar="HOST:PORT")
    host, _, port = parser.parse_args().listen.rpartition(":")
    Receiver((host, int(port))).serve_forever()


if __name__ == "__main__":
    main()
