"""The exporter's HTTP side: few pages, few threads, and no client that can keep a scrape from its answer.

Bodies are fixed texts or metrics; the text of whatever goes wrong goes to the log alone.
"""

from __future__ import annotations

import errno
import html
import http.server
import io
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from exporters.clients import STILL_SECONDS, Client, Doing, Inlet, Outlet, Places
from exporters.crew import Crew
from exporters.errors import ExporterError, PageMissingError
from exporters.exposition import CONTENT_TYPE, compress
from exporters.headers import TooLargeError, accepts_gzip, read_headers
from exporters.scrape import seconds_for
from exporters.targets import AskedWrongError, Targets
from exporters.web.policy import Policy, Verdict

MOST_CONNECTED = 512  # clients without a place; beyond these the kernel keeps some more
KERNEL_KEEPS = 1024
SILENT_SECONDS = 5.0  # without a byte to read, or for writing an answer
SMALLEST_TO_COMPRESS = 1024  # bytes
POLL_SECONDS = 0.05
SERVES = "http.client"  # the name of a thread that does

HEALTHY = "/-/healthy"
READY = "/-/ready"
LANDING = "/"
PROBE = "/probe"
TARGETS = "/targets"
RELOAD = "/-/reload"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="obs-exporter", charset="UTF-8"'}
PLAIN = "text/plain; charset=utf-8"

JSON = "application/json"

Page = Callable[[float, float], bytes]  # from the seconds it may take, and since when, to a text of metrics


class Server:
    """Listens as soon as it is made; answers from `start` to `stop`.

    A client that has said nothing costs no thread. One that has asked is answered by a thread of a few, or
    waits for one; while some wait, those who do not read what they asked for are sent away.

    Args:
        host: an address or name; empty for all interfaces.
        port: 0 for a free one.
        pages: by path, what makes its metrics.
        title: name and version, for the landing page.
        log: where requests (at debug) and faults go.
        guard: what a connection must bring that is made now; by default nothing.
        targets: those of `PROBE`; None for no such page.
        reload: reads the configuration again, and returns whether it holds; None where no request may.

    Raises:
        ExporterError: the address is taken, not this machine's, or not allowed.
    """

    def __init__(
        self,
        host: str,
        port: int,
        pages: Mapping[str, Page],
        title: str,
        log: logging.Logger,
        *,
        guard: Callable[[], Policy] = Policy,
        targets: Targets | None = None,
        reload: Callable[[], bool] | None = None,
    ) -> None:
        self.targets = targets
        self.reload = reload
        self.pages = pages
        self.title = title
        self.log = log
        self.guard = guard
        self.ready = True
        # Each target may keep one waiting that asks for it, and nobody else.
        self.places = Places(lambda: min(len(targets or ()), MOST_CONNECTED // 2))
        self.compressed = {path: _Compressed() for path in pages}
        self._crew = Crew(SERVES)
        self._ending = threading.Event()
        try:
            self._socket = _listen(host, port)
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
        self._thread = threading.Thread(target=self._welcome, name="http", daemon=True)

    @property
    def address(self) -> str:
        """Host and port, as they stand in a URL."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def origin(self) -> str:
        """What URLs of its pages begin with."""
        return f"{'https' if self.guard().context else 'http'}://{self.address}"

    def start(self) -> None:
        """Answer from now on, in threads."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Let pages under way be finished within this time, then hang up."""
        self.ready = False
        self.places.wait_until_idle(seconds)
        self._ending.set()
        self._thread.join()
        self._socket.close()

    def _welcome(self) -> None:
        """Take in whoever comes, and give a place to whoever asks."""
        silent: set[Client] = set()
        with selectors.DefaultSelector() as events:
            events.register(self._socket, selectors.EVENT_READ)

            def let_go(client: Client) -> None:
                silent.remove(client)
                events.unregister(client.socket)

            while not self._ending.is_set():
                ready = events.select(POLL_SECONDS)
                now = time.monotonic()
                asking = [key.data for key, _ in ready if isinstance(key.data, Client)]
                for client in asking:
                    let_go(client)
                    client.asked = now
                for client in asking:  # together: none runs before the last of them has a place
                    self._seat(client)
                if len(asking) < len(ready):
                    self._take_in(events, silent)
                patience = STILL_SECONDS if self._full(silent) else SILENT_SECONDS
                latest = time.monotonic() - patience
                for client in [client for client in silent if client.since < latest]:
                    let_go(client)
                    client.hang_up()
                for client in self.places.make_room():
                    self.log.debug("client %s is sent away: others wait, and it does not read", client.host)
        for client in silent:
            client.hang_up()

    def _take_in(self, events: selectors.BaseSelector, silent: set[Client]) -> None:
        if self._full(silent):
            time.sleep(POLL_SECONDS)  # whoever comes now waits in the kernel
        elif (client := self._accept()) is not None:
            silent.add(client)
            events.register(client.socket, selectors.EVENT_READ, client)

    def _full(self, silent: Collection[Client]) -> bool:
        return len(self.places) + len(silent) >= MOST_CONNECTED

    def _accept(self) -> Client | None:
        try:
            connection, address = self._socket.accept()
        except OSError as error:  # it has gone again, or no more files may be open
            self.log.debug("a client could not be taken in: %s", error)
            time.sleep(POLL_SECONDS)
            return None
        return Client(connection, address[0])

    def _seat(self, client: Client) -> None:
        if not self.places.take(client):
            return
        try:
            self._crew.do(partial(self._serve, client))
        except RuntimeError:  # the system allows no more threads
            self.log.exception("client %s could not be served", client.host)
            self._serve_none(client)

    def _serve(self, client: Client | None) -> None:
        while client is not None:
            try:
                _Request(client, self)
            except OSError as error:
                self.log.debug("client %s is gone: %s", client.host, error)
            except Exception:
                self.log.exception("client %s could not be served", client.host)
            successor = self.places.leave(client)
            client.hang_up()
            client = successor

    def _serve_none(self, client: Client | None) -> None:
        while client is not None:
            successor = self.places.leave(client)
            client.hang_up()
            client = successor


def _listen(host: str, port: int) -> socket.socket:
    kind, flags = socket.SOCK_STREAM, socket.AI_PASSIVE
    family, _, _, _, address = socket.getaddrinfo(host or None, port, type=kind, flags=flags)[0]
    listening = socket.socket(family, kind)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address[:2])
        listening.listen(KERNEL_KEEPS)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


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


class _Request(http.server.BaseHTTPRequestHandler):
    """One request, one answer, and the connection is closed."""

    server: Server  # type: ignore[assignment]  # all that is asked of it stands here
    raw_requestline: bytes
    timeout = SILENT_SECONDS
    error_content_type = PLAIN

    def __init__(self, client: Client, server: Server) -> None:
        self.client = client
        self.asked = client.asked
        self.policy = server.guard()
        super().__init__(client.socket, (client.host, 0), server)  # type: ignore[arg-type]  # see `server`

    def setup(self) -> None:
        """Read and write where it shows whether the client gets on."""
        super().setup()
        inlet, outlet = Inlet(self.client), Outlet(self.client)
        if self.policy.context is None:
            self.rfile, self.wfile = io.BufferedReader(inlet), io.BufferedWriter(outlet)
            return
        from exporters.web.tunnel import Tunnel  # noqa: PLC0415  loads OpenSSL

        tunnel = Tunnel(self.policy.context, inlet, outlet)
        tunnel.shake_hands()
        self.rfile, self.wfile = io.BufferedReader(tunnel), io.BufferedWriter(tunnel)

    def parse_request(self) -> bool:
        """As http.server does, but for the headers; that looks at whatever is no usual request."""
        words = self.raw_requestline.decode("latin-1").split()
        if len(words) != 3 or words[2] not in ("HTTP/1.0", "HTTP/1.1"):
            return super().parse_request()
        self.requestline, self.close_connection = " ".join(words), True
        self.command, self.path, self.request_version = words
        try:
            self.headers = read_headers(self.rfile)  # type: ignore[assignment]  # no mail
        except TooLargeError:
            self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return False
        return True

    def do_GET(self) -> None:
        """Answer with the page of this path."""
        self.client.moves(Doing.WAITING)
        path, _, query = self.path.partition("?")
        if path not in (HEALTHY, READY) and not self._may_ask():
            return
        if path in self.server.pages:
            self._metrics(self.server.pages[path], self.server.compressed[path].of)
        elif path == PROBE and (targets := self.server.targets) is not None:
            self._metrics(lambda seconds, asked: targets.page(query, seconds, asked), compress)
        elif path == TARGETS and self.server.targets is not None:
            self._answer(self.server.targets.listed(), content_type=JSON)
        elif path == RELOAD:
            self._answer(b"expected POST\n", HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
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

    def do_POST(self) -> None:
        """Read the configuration again, where requests may ask for that."""
        self.client.moves(Doing.WAITING)
        if not self._may_ask():
            return
        if self.path != RELOAD:
            self.send_error(HTTPStatus.NOT_IMPLEMENTED)
        elif self.server.reload is None:
            self._answer(b"off; it is on with --web.enable-lifecycle\n", HTTPStatus.FORBIDDEN)
        elif self.server.reload():
            self._answer(b"reloaded\n")
        else:
            self._answer(
                b"the configuration stays as it was; the log says why\n", HTTPStatus.INTERNAL_SERVER_ERROR
            )

    def _may_ask(self) -> bool:
        """Whether this client may have what not everybody may; if not, it has its answer."""
        if self.policy.logins is None:
            return True
        verdict = self.policy.logins.check(self.headers.get("Authorization", ""), self.client.host)
        if verdict is Verdict.LATER:
            later = {"Retry-After": "1"}
            self._answer(b"too many log in; try again\n", HTTPStatus.TOO_MANY_REQUESTS, headers=later)
        elif verdict is Verdict.NO:
            self._answer(b"a name and a password are expected\n", HTTPStatus.UNAUTHORIZED, headers=CHALLENGE)
        return verdict is Verdict.YES

    def _metrics(self, page: Page, shorten: Callable[[bytes], bytes]) -> None:
        try:
            limit = self.headers.get("X-Prometheus-Scrape-Timeout-Seconds")
            body = page(seconds_for(limit, waited=time.monotonic() - self.asked), self.asked)
        except AskedWrongError as error:
            self._answer(f"{error}\n".encode(), HTTPStatus.BAD_REQUEST)
            return
        except Exception as error:
            if not isinstance(error, PageMissingError):
                self.server.log.exception("%s: the page could not be made", self.path)
            self._answer(b"the page could not be made; the log says why\n", HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        headers = {}
        if len(body) >= SMALLEST_TO_COMPRESS and accepts_gzip(self.headers.get("Accept-Encoding", "")):
            body = shorten(body)
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


def _landing(server: Server) -> bytes:
    of_targets = () if server.targets is None else (TARGETS,)
    links = "".join(
        f'<li><a href="{path}">{path}</a></li>' for path in (*server.pages, *of_targets, HEALTHY, READY)
    )
    title = html.escape(server.title)
    return (
        f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1><ul>{links}</ul></html>\n'
    ).encode()
