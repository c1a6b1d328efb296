"""What the exporter answers, to whom, and how soon."""

from __future__ import annotations

import errno
import gzip
import http.client
import logging
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from examples.demo.databases import Redis
from exporters.catalogue import redis as catalogue
from exporters.catalogue import self_
from exporters.clients import PLACES
from exporters.headers import accepts_gzip
from exporters.scrape import seconds_for
from exporters.server import Server
from tests.servers.exporter_process import Exporter
from tests.servers.exporter_support import add_user, admin, schema, url_of


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis that a test may freeze, and must thaw."""
    server = Redis(tmp_path_factory.mktemp("redis")).start()
    add_user(server)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def exporter(server: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    exporter = Exporter(tmp_path_factory.mktemp("exporter"), "--log.level", "debug", REDIS_URL=url_of(server))
    yield exporter
    exporter.stop()


@pytest.fixture
def frozen(server: Redis) -> Iterator[None]:
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    yield
    os.kill(server.process.pid, signal.SIGCONT)


def test_the_page_is_text_format_and_compressed_where_that_is_accepted(exporter: Exporter) -> None:
    plain = exporter.get("/metrics", Accept_Encoding="identity")
    small = exporter.get("/metrics", Accept_Encoding="gzip")

    assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Type"] == plain.headers["Content-Type"]
    assert small.headers["Content-Encoding"] == "gzip"
    assert int(small.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert schema(small.text) == schema(plain.text)


def test_the_number_of_series_is_that_of_the_page(exporter: Exporter) -> None:
    page = exporter.scrape()

    assert page.of(self_.SERIES) == len(page)
    assert page.of(self_.DROPPED_SERIES, reason="duplicate") == 0


def test_promtool_finds_no_fault_in_the_page(exporter: Exporter) -> None:
    page = exporter.get("/metrics").text.encode()

    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)

    assert (done.stdout + done.stderr).decode() == ""


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [("/-/healthy", 200, "healthy\n"), ("/-/ready", 200, "ready\n"), ("/nothing", 404, "not found\n"),
     ("/metrics/api", 404, "not found\n"), ("/metrics/", 404, "not found\n"),
     ("/-/ready?x=1", 200, "ready\n")],
)  # fmt: skip
def test_small_pages(exporter: Exporter, path: str, status: int, body: str) -> None:
    response = exporter.get(path)

    assert (response.status_code, response.text) == (status, body)


def test_the_landing_page_tells_what_this_is_and_where_to_go(exporter: Exporter) -> None:
    page = exporter.get("/").text

    assert re.search(r"<h1>obs-exporter \S+</h1>", page)
    links = re.findall(r'href="([^"]+)"', page)
    assert links == ["/metrics", "/-/healthy", "/-/ready"]
    assert [exporter.get(link).status_code for link in links] == [200, 200, 200]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "BREW"])
def test_other_methods_are_refused(exporter: Exporter, method: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=5)
    connection.request(method, "/metrics")
    response = connection.getresponse()

    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD"
    assert response.read() == b"method not allowed\n"
    connection.close()


def test_head_is_get_without_the_body(exporter: Exporter) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=5)
    connection.request("HEAD", "/-/healthy")
    response = connection.getresponse()

    assert (response.status, response.headers["Content-Length"], response.read()) == (200, "8", b"")
    connection.close()


def test_what_is_no_http_gets_an_answer_without_its_own_text(exporter: Exporter) -> None:
    with socket.create_connection(("127.0.0.1", exporter.port), timeout=5) as client:
        client.sendall(b"<script> is no method\r\n\r\n")
        answer = client.recv(10_000)

    assert answer == b"bad request\n"


def calls_of_info(server: Redis) -> int:
    with admin(server) as client:
        return int(client.info("commandstats")["cmdstat_info"]["calls"])


def test_scrapes_at_the_same_time_share_one_collection(exporter: Exporter, server: Redis) -> None:
    assert server.process is not None
    exporter.scrape()
    before = calls_of_info(server)
    os.kill(server.process.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(8) as pool:
        pages = [pool.submit(exporter.scrape) for _ in range(8)]
        time.sleep(0.5)
        os.kill(server.process.pid, signal.SIGCONT)
        found = [page.result() for page in pages]

    assert {page.of(catalogue.UP) for page in found} == {1}
    assert calls_of_info(server) - before == 2  # one of the exporter, one of this test
    assert len({page.of(catalogue.NET_INPUT) for page in found}) == 1


@pytest.mark.usefixtures("frozen")
def test_a_frozen_server_is_told_as_down_within_two_seconds(exporter: Exporter) -> None:
    started = time.monotonic()
    page = exporter.scrape(X_Prometheus_Scrape_Timeout_Seconds="10")

    assert time.monotonic() - started < 2
    assert page.of(catalogue.UP) == 0
    assert self_.BUILD_INFO.name in page.names()


@pytest.mark.usefixtures("frozen")
def test_prometheus_own_time_limit_is_kept(exporter: Exporter) -> None:
    started = time.monotonic()
    page = exporter.scrape(X_Prometheus_Scrape_Timeout_Seconds="1")

    assert time.monotonic() - started < 1
    assert page.of(catalogue.UP) == 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 2.0), ("10", 2.0), ("2", 1.5), ("1", 0.5), ("0.5", 0.25), ("", 2.0), ("soon", 2.0), ("nan", 2.0),
     ("-1", 2.0), ("0", 2.0), ("inf", 2.0)],
)  # fmt: skip
def test_the_time_for_a_page_follows_from_the_scrapers_limit(header: str | None, seconds: float) -> None:
    assert seconds_for(header) == seconds


@pytest.mark.parametrize(
    ("line", "answer"),
    [(b"GET /-/ready HTTP/1.0", b"HTTP/1.0 200 "), (b"GET /-/ready HTTP/1.7", b"HTTP/1.0 200 "),
     (b"GET /-/ready", b"ready\n"), (b"GET /-/ready HTTP/2.0", b"http version not supported\n"),
     (b"GET /-/ready HTTP/x", b"bad request\n"), (b"GET / /-/ready HTTP/1.1", b"HTTP/1.0 400 "),
     (b"POST /-/ready", b"bad request\n"), (b"", b"")],
)  # fmt: skip
def test_the_first_line_says_what_is_spoken(exporter: Exporter, line: bytes, answer: bytes) -> None:
    with socket.create_connection(("127.0.0.1", exporter.port), timeout=5) as client:
        client.sendall(line + b"\r\n\r\n")
        assert client.recv(10_000).startswith(answer)


@pytest.mark.parametrize(
    ("said", "names"),
    [(b"Accept-Encoding: gzip", True), (b"ACCEPT-ENCODING:gzip  ", True),
     (b"Accept-Encoding: br\r\nAccept-Encoding: gzip", False),
     (b"no header\r\n: x\r\nAccept-Encoding: gzip", True),
     (b"\r\n".join(b"X-%d: x" % number for number in range(99)) + b"\r\nAccept-Encoding: gzip", True),
     (b"X: \xff\x00\r\nAccept-Encoding: gzip", True), (b"X-Accept-Encoding: gzip", False)],
)  # fmt: skip
def test_of_each_header_the_first_is_taken_in_any_letters(
    exporter: Exporter, said: bytes, names: bool
) -> None:
    with socket.create_connection(("127.0.0.1", exporter.port), timeout=5) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\n" + said + b"\r\n\r\n")
        head = client.recv(10_000).partition(b"\r\n\r\n")[0]

    assert head.startswith(b"HTTP/1.0 200 ")
    assert (b"Content-Encoding: gzip" in head) is names


def test_more_headers_than_anybody_needs_are_refused(exporter: Exporter) -> None:
    with socket.create_connection(("127.0.0.1", exporter.port), timeout=5) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\n" + b"X: x\r\n" * 101 + b"\r\n")
        assert client.recv(10_000).startswith(b"HTTP/1.0 431 ")


@pytest.mark.parametrize(
    ("header", "accepted"),
    [("gzip", True), ("gzip, deflate", True), ("deflate;q=0.5, GZIP;q=0.8", True), ("*", True),
     ("identity", False), ("", False), ("gzip;q=0", False), ("gzip; q=0.0, br", False), ("xgzip", False),
     ("GZIP;Q=0", False), ("*;q=0, gzip", True), ("gzip;q=0, *", False)],
)  # fmt: skip
def test_gzip_is_used_where_it_is_accepted(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_a_page_that_cannot_be_made_says_so_without_a_reason(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: float) -> bytes:
        raise RuntimeError("the reason")

    server = Server("127.0.0.1", 0, {"/metrics": broken}, "test", logging.getLogger("test"))
    server.start()
    try:
        response = requests.get(f"http://{server.address}/metrics", timeout=5)
    finally:
        server.stop(0)

    assert (response.status_code, response.text) == (500, "the page could not be made; the log says why\n")
    assert "the reason" in caplog.text


def test_clients_that_say_nothing_do_not_keep_a_scrape_waiting(exporter: Exporter) -> None:
    address = ("127.0.0.1", exporter.port)
    with ExitStack() as stack:
        for number in range(3 * PLACES):
            client = stack.enter_context(socket.create_connection(address, timeout=5))
            if number % 2:
                client.sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
        started = time.monotonic()
        assert exporter.scrape().of(catalogue.UP) == 1
        assert time.monotonic() - started < 2
        assert exporter.process is not None
        threads = len(list(Path(f"/proc/{exporter.process.pid}/task").iterdir()))
        assert threads <= PLACES + 5


@pytest.mark.usefixtures("frozen")
def test_many_scrapes_of_a_frozen_server_do_not_pile_up_connections(exporter: Exporter) -> None:
    def connects(_: object = None) -> float:
        page = exporter.scrape(X_Prometheus_Scrape_Timeout_Seconds="1")
        return sum(page.of(self_.CONNECTS, backend="redis", result=result) or 0 for result in ("ok", "error"))

    before = connects()
    with ThreadPoolExecutor(10) as pool:
        after = max(pool.map(connects, range(20)))

    assert after - before <= 5


def test_bytes_that_are_compressed_are_the_same_page(exporter: Exporter) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=5)
    connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
    body = connection.getresponse().read()

    assert gzip.decompress(body).startswith(b"# HELP redis_up")
    connection.close()


@pytest.mark.parametrize(
    "query",
    [
        "target=redis://user:told-by-nobody@localhost:6379",
        "target=postgresql%3A%2F%2Fuser%3Atold-by-nobody%40localhost%2Fapp",
        "target=localhost&password=told-by-nobody",
    ],
)
def test_a_password_that_a_request_brings_is_not_logged(query: str, exporter: Exporter) -> None:
    assert exporter.get(f"/probe?{query}").status_code == 404
    written = exporter.written()
    assert "a connection string, not shown" in written
    assert "told-by-nobody" not in written
    assert exporter.get("/probe?target=known").status_code == 404
    assert "/probe?target=known" in exporter.written()


@pytest.mark.parametrize("without", ["", "::"])
def test_without_a_host_all_interfaces_are_those_of_this_machine(
    without: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bind = socket.socket.bind

    def bound(self: socket.socket, address: tuple[str, int]) -> None:
        if address[0] == without:
            raise OSError(errno.EADDRNOTAVAIL, "no IPv6 here")
        bind(self, address)

    monkeypatch.setattr(socket.socket, "bind", bound)
    server = Server("", 0, {}, "test", logging.getLogger("test"))
    server.start()
    port = server.address.rpartition(":")[2]
    try:
        for host in ("127.0.0.1", *(() if without else ("[::1]",))):
            assert requests.get(f"http://{host}:{port}/-/healthy", timeout=5).text == "healthy\n"
    finally:
        server.stop(1)
    told = [record.getMessage().partition(" ")[0] for record in caplog.records if record.name == "test"]
    assert told == (["127.0.0.1"] if without else ["127.0.0.1", "::1"])
