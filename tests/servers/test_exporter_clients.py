"""Many clients at once, those who say nothing, ask by halves or do not read: each scrape has its answer."""

from __future__ import annotations

import http.client
import logging
import os
import re
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from examples.demo.process import wait_until
from exporters.clients import PLACES
from exporters.request import Page
from exporters.server import POLL_SECONDS, SERVES, Server
from tests.servers.postgres_support import LOG

ASK = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = b"x" * 6_000_000  # more than the sockets of both sides swallow


@contextmanager
def serving(page: Page) -> Iterator[Server]:
    server = Server("127.0.0.1", 0, {"/metrics": page}, "test", LOG)
    server.start()
    wait_until(lambda: threads() == 0, "those of another test have ended")
    try:
        yield server
    finally:
        server.stop(0)


def scrape(server: Server, **headers: str) -> int:
    """The length of an answer that came whole."""
    connection = http.client.HTTPConnection(server.address, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", "/metrics", headers=named)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 200
    return len(body)


@contextmanager
def clients(server: Server, number: int, says: bytes) -> Iterator[list[socket.socket]]:
    """So many clients who say this and then nothing more, and read nothing."""
    host, port = server.address.split(":")
    with ExitStack() as stack:
        yield [stack.enter_context(_client((host, int(port)), says)) for _ in range(number)]


def _client(address: tuple[str, int], says: bytes) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(5)
    client.connect(address)
    client.sendall(says)
    return client


def threads() -> int:
    return sum(thread.name == SERVES for thread in threading.enumerate())


def woken() -> int:
    """How often the thread that takes clients in went to sleep so far."""
    (thread,) = (each for each in threading.enumerate() if each.name == "http")
    status = Path(f"/proc/self/task/{thread.native_id}/status").read_text()
    return int(re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)[0])


def test_who_has_no_clients_sleeps() -> None:
    with serving(lambda *_: b"made") as server:
        scrape(server)
        time.sleep(2 * POLL_SECONDS)  # until it has looked after the scraper for the last time
        before = woken()
        time.sleep(10 * POLL_SECONDS)  # in which it would look ten times
        assert woken() == before
        with clients(server, 1, b""):
            wait_until(lambda: woken() > before + 1, "it looks after who says nothing")


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python 3.12 on
def test_it_ends_while_a_process_that_was_forked_lives() -> None:
    server = Server("127.0.0.1", 0, {}, "test", LOG)
    server.start()
    forked = os.fork()
    if not forked:
        signal.pause()  # until it is killed below
        os._exit(0)
    ending = threading.Thread(target=server.stop, args=(0,))
    try:
        ending.start()
        ending.join(5)
        assert not ending.is_alive()
    finally:
        os.kill(forked, signal.SIGKILL)
        os.waitpid(forked, 0)
        ending.join()


@pytest.mark.parametrize(
    ("page", "says"),
    [(b"x", b""), (b"x", b"GET /metrics HTTP/1.1\r\nX-Slow: "), (LARGE, ASK)],
    ids=["silent", "half a request", "no reader"],
)
def test_who_stands_still_costs_no_scrape_its_answer(page: bytes, says: bytes) -> None:
    with serving(lambda *_: page) as server, clients(server, 3 * PLACES, says):
        started = time.monotonic()
        assert [scrape(server) for _ in range(3)] == 3 * [len(page)]
        assert time.monotonic() - started < 8
        # One that ends may still be there beside the one that took its place.
        wait_until(lambda: threads() <= PLACES, "there are no more threads than places")


def test_500_at_once_are_all_answered() -> None:
    with serving(lambda *_: b"x" * 1000) as server, ThreadPoolExecutor(500) as pool:
        assert Counter(pool.map(scrape, [server] * 500)) == {1000: 500}


def test_who_reads_slowly_is_left_in_peace_while_nobody_waits_and_has_his_answer() -> None:
    with serving(lambda *_: LARGE) as server, clients(server, 1, ASK) as (slow,):
        time.sleep(0.5)
        assert scrape(server) == len(LARGE)
        assert sum(iter(lambda: len(slow.recv(1 << 20)), 0)) > len(LARGE)


def test_whose_page_is_in_the_making_is_never_sent_away() -> None:
    ready = threading.Event()

    def page(*_: float) -> bytes:
        ready.wait(5)
        return b"made"

    with serving(page) as server, ThreadPoolExecutor(2 * PLACES) as pool:
        asked = [pool.submit(scrape, server) for _ in range(2 * PLACES)]
        wait_until(lambda: len(server.places) == PLACES, "those who wait for a place")
        time.sleep(0.5)
        ready.set()
        assert [answer.result() for answer in asked] == 2 * PLACES * [4]


def test_the_time_that_a_scrape_waits_for_a_place_is_taken_from_its_own() -> None:
    ready, given = threading.Event(), list[float]()

    def page(seconds: float, _asked: float) -> bytes:
        given.append(seconds)
        ready.wait(5)
        return b"made"

    with serving(page) as server, ThreadPoolExecutor(PLACES + 1) as pool:
        for number in range(PLACES + 1):
            pool.submit(scrape, server, X_Prometheus_Scrape_Timeout_Seconds="2")
            wait_until(lambda n=number: len(given) + len(server.places) == n + 1, "it has asked")  # type: ignore[misc]
        time.sleep(0.4)
        ready.set()
        wait_until(lambda: len(given) == PLACES + 1, "all have a place")
    assert min(given[:PLACES]) > 1.2
    assert given[PLACES] < 1.1


def test_more_than_there_is_room_for_wait_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporters.server.MOST_CONNECTED", 10)
    ready = threading.Event()

    def page(*_: float) -> bytes:
        ready.wait(10)
        return b"made"

    with serving(page) as server, ThreadPoolExecutor(PLACES + 30) as pool:
        asked = [pool.submit(scrape, server) for _ in range(PLACES + 30)]
        wait_until(lambda: len(server.places) == 10, "as many as there is room for")
        time.sleep(0.3)
        assert len(server.places) == 10
        ready.set()
        assert {answer.result() for answer in asked} == {4}


def test_the_silent_go_when_there_is_no_room_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporters.server.MOST_CONNECTED", 10)
    with serving(lambda *_: b"made") as server, clients(server, 15, b"") as silent:
        assert [client.recv(1) for client in silent[:10]] == 10 * [b""]
        for client in silent[10:]:
            client.sendall(ASK)
        assert all(client.recv(100).startswith(b"HTTP/1.0 200") for client in silent[10:])


@pytest.mark.parametrize(("size", "status"), [(8_000, b"200 OK"), (80_000, b"431 ")])
def test_long_headers_have_an_answer(size: int, status: bytes) -> None:
    ask = b"GET /metrics HTTP/1.1\r\nX-Long: " + b"x" * size + b"\r\n\r\n"
    with serving(lambda *_: b"made") as server, clients(server, 1, ask) as (client,):
        assert client.recv(100).startswith(b"HTTP/1.0 " + status)


def test_a_full_house_leaves_no_thread_and_no_client_behind(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(lambda *_: LARGE) as server, clients(server, 2 * PLACES, ASK):
        scrape(server)
        assert threads() > 0
    wait_until(lambda: threads() == 0, "the threads end soon after their clients")
    assert any("is sent away" in record.getMessage() for record in caplog.records)
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]
