"""Scrapers that ask at the same moment: who asks for the same has the same, and nobody waits for another."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from examples.demo.process import wait_until
from exporters.clients import PLACES, Client
from exporters.request import Page
from exporters.server import Server
from exporters.web.policy import Policy
from tests.servers.postgres_support import LOG

ASK = b"GET /metrics HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n"
PLAIN = ASK.replace(b"gzip", b"identity")
OTHERS = (
    PLAIN,
    ASK.replace(b"\r\n\r\n", b"\r\nX-Prometheus-Scrape-Timeout-Seconds: 1\r\n\r\n"),
    ASK.replace(b"GET", b"HEAD"),
)
LARGE = b"x" * 6_000_000  # more than the sockets of both sides swallow
LINES = b"some_metric 1\n" * 200


class Counted:
    """A page that knows how often it was made."""

    def __init__(self, body: bytes = LINES) -> None:
        self.body = body
        self.seconds: list[float] = []
        self.ready = threading.Event()
        self.ready.set()

    def __call__(self, seconds: float, _asked: float) -> bytes:
        self.seconds.append(seconds)
        assert self.ready.wait(5)
        return self.body


@contextmanager
def asked(
    page: Page, said: Sequence[bytes], *, at: float = 1.0, guard: Callable[[], Policy] | None = None
) -> Iterator[tuple[Server, list[Client], list[socket.socket]]]:
    """A server, its side of those who have said this, and their own; nobody has a place yet."""
    server = Server("127.0.0.1", 0, {"/metrics": page}, "test", LOG, guard=guard)
    with ExitStack() as stack:
        stack.callback(server._socket.close)
        stack.callback(server._crew.disband)
        pairs = [socket.socketpair() for _ in said]
        for (ours, theirs), words in zip(pairs, said, strict=True):
            stack.callback(ours.close)
            stack.enter_context(theirs).settimeout(5)
            theirs.sendall(words)
        yield server, [Client(ours, "x", asked=at) for ours, _ in pairs], [theirs for _, theirs in pairs]


def answer(client: socket.socket) -> bytes:
    """All that it is sent until the server hangs up."""
    return b"".join(iter(lambda: client.recv(1 << 20), b""))


def test_who_does_not_answer_yet_has_one_file_open() -> None:
    files = Path("/proc/self/fd")
    before = len([*files.iterdir()])
    server = Server("127.0.0.1", 0, {}, "test", LOG)
    opened = len([*files.iterdir()]) - before
    server._socket.close()
    assert opened == 1


def test_who_asks_for_the_same_at_the_same_moment_has_the_same_answer_made_once() -> None:
    page = Counted()
    with asked(page, [ASK] * 10) as (server, clients, sockets):
        server._seat(clients)
        (found,) = {answer(each) for each in sockets}
    assert found.startswith(b"HTTP/1.0 200 OK")
    assert len(page.seconds) == 1


@pytest.mark.parametrize("other", OTHERS, ids=["not compressed", "in less time", "no body"])
def test_who_asks_in_other_words_has_an_answer_of_his_own(other: bytes) -> None:
    page = Counted()
    with asked(page, [ASK, other, ASK]) as (server, clients, sockets):
        server._seat(clients)
        first, its_own, last = map(answer, sockets)
    assert len(page.seconds) == 2
    assert first == last
    assert len(its_own) != len(first) or max(page.seconds) > min(page.seconds)


def test_half_a_request_is_waited_for_by_nobody_but_its_own_thread() -> None:
    page = Counted()
    with asked(page, [PLAIN[:-2], PLAIN[:-2], PLAIN]) as (server, clients, sockets):
        server._seat(clients)
        whole = answer(sockets[2])
        assert len(page.seconds) == 1
        sockets[0].sendall(b"\r\n")
        sockets[1].sendall(b"X-Prometheus-Scrape-Timeout-Seconds: 1\r\n\r\n")
        assert [answer(half) for half in sockets[:2]] == [whole] * 2
    assert len(page.seconds) == 3
    assert min(page.seconds) < 1 < sorted(page.seconds)[1]


def test_where_not_everybody_may_read_each_request_is_looked_at_by_itself() -> None:
    page = Counted()
    with asked(page, [ASK] * 3, guard=Policy) as (server, clients, sockets):
        server._seat(clients)
        assert all(answer(each).startswith(b"HTTP/1.0 200 OK") for each in sockets)
    assert len(page.seconds) == 3


def test_who_does_not_read_or_is_gone_costs_the_others_nothing() -> None:
    with asked(Counted(LARGE), [PLAIN] * 4) as (server, clients, sockets):
        sockets[0].shutdown(socket.SHUT_RDWR)
        server._seat(clients)
        read = [answer(each) for each in sockets[2:]]
        wait_until(lambda: bool(clients[1].left), "it is being waited for")
        late = answer(sockets[1])
    assert read == [late, late]
    assert late.endswith(LARGE)


def test_who_waited_for_a_place_shares_no_answer_with_who_asked_later() -> None:
    page = Counted()
    page.ready.clear()
    with asked(page, [ASK] * (PLACES + 3)) as (server, clients, sockets):
        clients[-1].asked = 2.0
        server._seat(clients)
        assert len(server.places) == 3
        page.ready.set()
        assert len({answer(each)[-100:] for each in sockets}) == 1
    assert len(page.seconds) == 3


def test_where_no_thread_can_be_begun_nobody_is_kept(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with asked(Counted(), [ASK] * (PLACES + 3)) as (server, clients, sockets):

        def refuse(_: object) -> None:
            raise RuntimeError

        monkeypatch.setattr(server._crew, "do", refuse)
        server._seat(clients)
        assert {answer(each) for each in sockets} == {b""}
        assert len(server.places) == 0
    assert "the system allows no more threads" in caplog.text
    with asked(Counted(LARGE), [PLAIN] * 2) as (server, clients, sockets):
        monkeypatch.setattr(server._crew, "do", refuse)
        assert all(client.hear() and server.places.take(client) for client in clients)
        serving = threading.Thread(target=server._serve, args=([clients],))
        serving.start()
        assert len({answer(each) for each in reversed(sockets)}) == 1  # one after the other
        serving.join()
