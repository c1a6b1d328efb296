"""The exporter's HTTP side: few pages, few threads, and no client that can keep a scrape from its answer.

Bodies are fixed texts or metrics; the text of whatever goes wrong goes to the log alone.
"""

from __future__ import annotations

import errno
import html
import http.server
import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from exporters.errors import ExporterError
from exporters.exposition import CONTENT_TYPE, compress
from exporters.scrape import seconds_for

MAX_CLIENTS = 32  # at once; when they are as many, the one silent for longest makes room
SILENT_SECONDS = 5.0  # without a byte to read, or for writing an answer
SMALLEST_TO_COMPRESS = 1024  # bytes
POLL_SECONDS = 0.05

HEALTHY = "/-/healthy"
READY = "/-/ready"
LANDING = "/"
PLAIN = "text/plain; charset=utf-8"

Page = Callable[[float], bytes]  # from the seconds it may take to a text of metrics


class Server(socketserver.TCPServer):
    """Listens as soon as it is made; answers from `start` to `stop`.

    Args:
        host: an address or name; empty for all interfaces.
        port: 0 for a free one.
        pages: by path, what makes its metrics.
        title: name and version, for the landing page.
        log: where requests (at debug) and faults go.

    Raises:
        ExporterError: the address is taken, not this machine's, or not allowed.
    """

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, host: str, port: int, pages: Mapping[str, Page], title: str, log: logging.Logger
    ) -> None:
        self.pages = pages
        self.title = title
        self.log = log
        self.ready = True
        self.clients = _Clients()
        self.compressed = {path: _Compressed() for path in pages}
        kind, flags = socket.SOCK_STREAM, socket.AI_PASSIVE
        try:
            self.address_family, _, _, _, address = socket.getaddrinfo(
                host or None, port, type=kind, flags=flags
            )[0]
            super().__init__(address[:2], _Request)  # type: ignore[arg-type]  # typeshed: (str, int) alone
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            advice = (
                "end what listens there, or give another"
                if taken
                else "expected an address of this machine in"
            )
            raise ExporterError(
                f"cannot listen on {host}:{port}: {error.strerror}; {advice} --web.listen-address"
            ) from None
        self._thread = threading.Thread(
            target=self.serve_forever, args=(POLL_SECONDS,), name="http", daemon=True
        )

    @property
    def address(self) -> str:
        """Host and port, as they stand in a URL."""
        host, port = self.socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def start(self) -> None:
        """Answer from now on, in threads."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Let pages under way be finished within this time, then hang up."""
        self.ready = False
        self.clients.wait_until_idle(seconds)
        self.shutdown()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the client a thread, if need be that of one who says nothing."""
        if not self.clients.admit(request):
            self.shutdown_request(request)
            return
        threading.Thread(target=self._serve, args=(request, client_address), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  the signature of socketserver
        """A client could not be given a thread; its fault must not be printed past the log."""
        self.log.exception("client %s could not be served", client_address[0])

    def _serve(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.finish_request(request, client_address)
        except OSError as error:
            self.log.debug("client %s is gone: %s", client_address[0], error)
        finally:
            self.clients.remove(request)
            self.shutdown_request(request)


class _Compressed:
    """The last page in its short form, made once for all who got the same object at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._page = self._short = b""

    def of(self, page: bytes) -> bytes:
        """What `compress` makes of it."""
        with self._lock:
            if page is not self._page:
                self._page, self._short = page, compress(page)
            return self._short


class _Clients:
    """The open connections, in the order of their coming."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answering: dict[socket.socket, bool] = {}

    def admit(self, client: socket.socket) -> bool:
        """Whether there is room for one more; a silent client is sent away for it."""
        with self._lock:
            if len(self._answering) >= MAX_CLIENTS:
                silent = next((one for one, answering in self._answering.items() if not answering), None)
                if silent is None:
                    return False
                del self._answering[silent]
                _wake(silent)
            self._answering[client] = False
            return True

    def answering(self, client: socket.socket) -> None:
        """The client has made its request."""
        with self._lock:
            if client in self._answering:
                self._answering[client] = True

    def remove(self, client: socket.socket) -> None:
        """The client has its answer."""
        with self._lock:
            self._answering.pop(client, None)

    def wait_until_idle(self, seconds: float) -> None:
        """Return when nobody waits for an answer, or after this time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._lock:
                if not any(self._answering.values()):
                    return
            time.sleep(POLL_SECONDS)


def _wake(client: socket.socket) -> None:
    """End the wait of the client's thread."""
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has gone by itself


class _Request(http.server.BaseHTTPRequestHandler):
    """One request, one answer, and the connection is closed."""

    server: Server
    timeout = SILENT_SECONDS
    wbufsize = -1
    error_content_type = PLAIN

    def do_GET(self) -> None:
        """Answer with the page of this path."""
        self.server.clients.answering(self.connection)
        path = self.path.partition("?")[0]
        if path in self.server.pages:
            self._metrics(path)
        elif path == HEALTHY:
            self._answer(b"healthy\n")
        elif path == READY:
            ready = self.server.ready
            status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(b"ready\n" if ready else b"shutting down\n", status)
        elif path == LANDING:
            self._answer(_landing(self.server), content_type="text/html; charset=utf-8")
        else:
            self._answer(b"not found\n", HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815  http.server looks for this name

    def _metrics(self, path: str) -> None:
        try:
            body = self.server.pages[path](
                seconds_for(self.headers.get("X-Prometheus-Scrape-Timeout-Seconds"))
            )
        except Exception:
            self.server.log.exception("%s: the page could not be made", self.path)
            self._answer(b"the page could not be made; the log says why\n", HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        headers = {}
        if len(body) >= SMALLEST_TO_COMPRESS and accepts_gzip(self.headers.get("Accept-Encoding", "")):
            body = self.server.compressed[path].of(body)
            headers["Content-Encoding"] = "gzip"
        self._answer(body, content_type=CONTENT_TYPE, headers=headers)

    def _answer(
        self,
        body: bytes,
        status: HTTPStatus = HTTPStatus.OK,
        content_type: str = PLAIN,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002  the signature of http.server
        """Answer a request that is no GET or no HTTP, with nothing of it in the body."""
        status = HTTPStatus(code)
        allow = {}
        if status is HTTPStatus.NOT_IMPLEMENTED:
            status, allow = HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"}
        self._answer(f"{status.phrase.lower()}\n".encode(), status, headers=allow)

    def version_string(self) -> str:
        """The header ``Server``: no version of Python for whoever asks."""
        return "obs-exporter"

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are of interest to a debugger alone."""
        self.server.log.debug("%s " + format, self.client_address[0], *args)


def accepts_gzip(header: str) -> bool:
    """Whether ``Accept-Encoding`` names gzip, and not with ``q=0``."""
    for item in header.split(","):
        name, _, quality = item.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _landing(server: Server) -> bytes:
    links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in (*server.pages, HEALTHY, READY))
    title = html.escape(server.title)
    return (
        f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1><ul>{links}</ul></html>\n'
    ).encode()
