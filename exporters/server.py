"""The exporter's HTTP side: few pages, few threads, and no client that can keep a scrape from its answer.

Bodies are fixed texts or metrics; the text of whatever goes wrong goes to the log alone.
"""

from __future__ import annotations

import errno
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from exporters.clients import SILENT_SECONDS, STILL_SECONDS, Client, Places
from exporters.crew import Crew
from exporters.errors import ExporterError
from exporters.exposition import compress
from exporters.request import Page, Request
from exporters.targets import Targets
from exporters.web.policy import Policy

MOST_CONNECTED = 512  # clients without a place; beyond these the kernel keeps some more
KERNEL_KEEPS = 1024
IPV4_AS_6 = "::ffff:"
POLL_SECONDS = 0.05  # while somebody says nothing or waits; else nobody is looked after
SERVES = "http.client"  # the name of a thread that does

Group = list[Client]  # of whom each is given the same answer


class Server:
    """Listens as soon as it is made; answers from `start` to `stop`.

    A client that has said nothing costs no thread. One that has asked is answered by a thread of a few, or
    waits for one; while some wait, those who do not read what they asked for are sent away. Where everybody
    may read, those who ask for the same in the same words at the same moment get one answer of one thread.

    Args:
        host: an address or name; empty for all interfaces.
        port: 0 for a free one.
        pages: by path, what makes its metrics.
        title: name and version, for the landing page.
        log: where requests (at debug) and faults go.
        guard: what a connection must bring that is made now; None where that is nothing.
        targets: those of ``/probe``; None for no such page.
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
        guard: Callable[[], Policy] | None = None,
        targets: Targets | None = None,
        reload: Callable[[], bool] | None = None,
    ) -> None:
        self.targets = targets
        self.reload = reload
        self.pages = pages
        self.title = title
        self.log = log
        self.guard = guard or Policy
        self._is_open = guard is None
        self.ready = True
        # Each target may keep one waiting that asks for it, and nobody else.
        self.places = Places(lambda: min(len(targets or ()), MOST_CONNECTED // 2))
        self.compressed = {path: _Compressed() for path in pages}
        self._crew = Crew(SERVES)
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
        self._end, self._ended = socket.socketpair()
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Let pages under way be finished within this time, then hang up."""
        self.ready = False
        self.places.wait_until_idle(seconds)
        self._end.shutdown(socket.SHUT_WR)  # closed, it would stay open in a process that was forked
        self._thread.join()
        self._crew.disband()
        for each in (self._end, self._ended, self._socket):
            each.close()

    def _welcome(self) -> None:
        """Take in whoever comes, and give a place to whoever asks."""
        silent: set[Client] = set()
        with selectors.DefaultSelector() as events:
            events.register(self._socket, selectors.EVENT_READ)
            events.register(self._ended, selectors.EVENT_READ)

            def let_go(client: Client) -> None:
                silent.remove(client)
                events.unregister(client.socket)

            while True:
                ready = events.select(POLL_SECONDS if silent or self.places else None)
                if any(key.fileobj is self._ended for key, _ in ready):
                    break
                now = time.monotonic()
                asking = [key.data for key, _ in ready if isinstance(key.data, Client)]
                for client in asking:
                    let_go(client)
                    client.asked = now
                self._seat(asking)
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
        return Client(connection, address[0].removeprefix(IPV4_AS_6))

    def _seat(self, clients: Iterable[Client]) -> None:
        """Give places to those who have asked, before any of them is served."""
        seated = []
        for client in clients:
            if not client.hear():
                client.hang_up()
            elif self.places.take(client):
                seated.append(client)
        for group in self._begin(_groups(seated, self._is_open)):
            self.log.error("%d clients could not be served: the system allows no more threads", len(group))
            for client in group:
                self._serve_none(client)

    def _begin(self, groups: Sequence[Group]) -> list[Group]:
        """Have threads serve these; those are left for whom the system allows none."""
        for place, group in enumerate(groups):
            try:
                self._crew.do(partial(self._serve, [group]))
            except RuntimeError:
                return [*groups[place:]]
        return []

    def _serve(self, groups: list[Group]) -> None:
        """Answer these, and whoever has their places then; all but one by other threads, if there are any."""
        while groups:
            *others, group = groups
            groups = [*self._begin(others), *self._answer(group)]

    def _answer(self, group: Group) -> list[Group]:
        """Give all the same; next to be served is who has not taken it whole, and who has a place now."""
        answer = group[0].left or self._made_for(group[0])
        for client in group[1:]:
            self.log.debug("%s asked the same at the same moment", client.host)
        late, next_ones = list[Group](), list[Client]()
        for client in group:
            try:
                has_all = not answer or client.give(answer)
            except OSError as error:
                self.log.debug("client %s is gone: %s", client.host, error)
                has_all = True
            if not has_all:
                late.append([client])
            elif (successor := self._dismiss(client)) is not None:
                next_ones.append(successor)
        return [*late, *_groups(next_ones, self._is_open)]

    def _made_for(self, client: Client) -> bytes:
        """What a client is answered; nothing if it has gone, or has its answer already."""
        try:
            return Request(client, self).answer
        except OSError as error:
            self.log.debug("client %s is gone: %s", client.host, error)
        except Exception:
            self.log.exception("client %s could not be served", client.host)
        return b""

    def _dismiss(self, client: Client) -> Client | None:
        """It has its answer; whoever has its place now."""
        successor = self.places.leave(client)
        client.hang_up()
        return successor

    def _serve_none(self, client: Client | None) -> None:
        while client is not None:
            client = self._dismiss(client)


def _groups(clients: Iterable[Client], everybody_may: bool) -> list[Group]:
    """Those who ask for the same in the same words, and asked at the same moment, are one."""
    alike: dict[object, Group] = {}
    for client in clients:
        is_whole = client.said.endswith(b"\r\n\r\n")
        words = (client.said, client.asked) if everybody_may and is_whole else client
        alike.setdefault(words, []).append(client)
    return [*alike.values()]


def _listen(host: str, port: int) -> socket.socket:
    if host:
        return _listen_at(host, port)
    try:
        return _listen_at("::", port)  # of IPv4 too
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise
        return _listen_at("0.0.0.0", port)  # noqa: S104  asked for; this machine has no IPv6


def _listen_at(host: str, port: int) -> socket.socket:
    kind, flags = socket.SOCK_STREAM, socket.AI_PASSIVE
    family, _, _, _, address = socket.getaddrinfo(host, port, type=kind, flags=flags)[0]
    listening = socket.socket(family, kind)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if host == "::":
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
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
