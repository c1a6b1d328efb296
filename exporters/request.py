"""One request: what it asks for, who may have that, and the answer."""

from __future__ import annotations

import html
import http.server
import io
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from exporters.clients import Client, Doing, Inlet, Outlet
from exporters.dsn import holds_connection_string
from exporters.errors import PageMissingError
from exporters.exposition import CONTENT_TYPE, compress
from exporters.headers import TooLargeError, accepts_gzip, read_headers
from exporters.scrape import seconds_for
from exporters.targets import AskedWrongError
from exporters.web.policy import Verdict

if TYPE_CHECKING:
    from exporters.server import Server
    from exporters.web.tunnel import Tunnel

SMALLEST_TO_COMPRESS = 1024  # bytes

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


class Request(http.server.BaseHTTPRequestHandler):
    """One request, and what is answered.

    Attributes:
        answer: for whoever asks in these words; empty if the client has it, through TLS.
    """

    server: Server  # type: ignore[assignment]  # all that is asked of it stands here
    raw_requestline: bytes
    wfile: io.BytesIO
    tunnel: Tunnel | None
    error_content_type = PLAIN

    def __init__(self, client: Client, server: Server) -> None:
        self.client = client
        self.asked = client.asked
        self.answer = b""
        self.policy = server.guard()
        super().__init__(client.socket, (client.host, 0), server)  # type: ignore[arg-type]  # see `server`

    def setup(self) -> None:
        """Read where it shows whether the client gets on."""
        inlet, self.tunnel = Inlet(self.client), None
        if self.policy.context is not None:
            from exporters.web.tunnel import Tunnel  # noqa: PLC0415  loads OpenSSL

            self.tunnel = Tunnel(self.policy.context, inlet, Outlet(self.client))
            self.tunnel.shake_hands()
        self.rfile, self.wfile = io.BufferedReader(self.tunnel or inlet), io.BytesIO()

    def finish(self) -> None:
        """Keep what was written for all who ask so, or send it through the tunnel, to this client alone."""
        with self.rfile:
            if self.tunnel is None:
                self.answer = self.wfile.getvalue()
            else:
                self.tunnel.give(self.wfile.getvalue())

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

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002  the same
        """The request's first line, unless somebody asks as other exporters are asked, with a password."""
        asked = self.requestline
        if holds_connection_string(unquote(asked)):
            asked = "(a connection string, not shown)"
        self.log_message('"%s" %s', asked, int(code))

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
