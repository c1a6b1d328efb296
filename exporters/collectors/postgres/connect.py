"""Open a connection to PostgreSQL without ever waiting past a deadline, a frozen name server included."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
EVENTS = {pq.PollingStatus.READING: READ, pq.PollingStatus.WRITING: WRITE}

# A connection that is refused carries no SQLSTATE out of libpq, only words: its own, and those of the server,
# which are English unless `lc_messages` says otherwise. The words themselves are never shown.
REASONS = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("no pg_hba.conf entry", "28000"),
    ('FATAL:  role "', "28000"),
    ('FATAL:  database "', "3D000"),
    ("too many connections", "53300"),
    ("too many clients", "53300"),
    ("remaining connection slots", "53300"),
    ("starting up", "57P03"),
    ("shutting down", "57P03"),
    ("Connection refused", "ConnectionRefusedError"),
    ("No such file", "FileNotFoundError"),
    ("certificate", "CertificateError"),
)


class ConnectionFailed(Exception):  # noqa: N818  it is the connection that failed, not the program
    """There is no connection, or none any more.

    Attributes:
        code: an SQLSTATE, or the class of an exception; never a text that may hold a password.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def connect(conninfo: str, deadline: float) -> pq.abc.PGconn:
    """A connection that never blocks.

    Raises:
        ConnectionFailed: it was refused.
        TimeoutError: there was none by the deadline.
    """
    try:
        pgconn = pq.PGconn.connect_start(_resolved(conninfo, deadline).encode())
    except psycopg.Error as error:
        raise ConnectionFailed(type(error).__name__) from None
    try:
        _complete(pgconn, deadline)
        pgconn.nonblocking = 1
    except BaseException:
        pgconn.finish()
        raise
    return pgconn


def cancel_and_close(pgconn: pq.abc.PGconn, deadline: float) -> None:
    """Close a connection and end what the server still does for it, as far as that is possible in time.

    Closed first: the server then finds nobody to answer, and does not go on to what was sent after it.
    """
    try:
        cancel = pgconn.cancel_conn()
    except psycopg.Error:  # libpq before 17: the server's statement_timeout ends it
        pgconn.finish()
        return
    pgconn.finish()
    with contextlib.suppress(psycopg.Error, OSError):
        cancel.start()
        while (state := cancel.poll()) in EVENTS:
            wait(cancel.socket, EVENTS[pq.PollingStatus(state)], deadline)
    cancel.finish()


def wait(fileno: int, events: int, deadline: float) -> int:
    """The events that happened.

    Raises:
        TimeoutError: none did by the deadline.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(fileno, events)
        ready = selector.select(max(0.0, deadline - time.monotonic()))
    if not ready:
        raise TimeoutError
    return ready[0][1]


def _complete(pgconn: pq.abc.PGconn, deadline: float) -> None:
    state = pq.PollingStatus.WRITING
    while state in EVENTS and pgconn.status != pq.ConnStatus.BAD:
        wait(pgconn.socket, EVENTS[state], deadline)
        state = pq.PollingStatus(pgconn.connect_poll())
    if pgconn.status != pq.ConnStatus.OK:
        words = pgconn.error_message.decode(errors="replace")
        raise ConnectionFailed(next((code for part, code in REASONS if part in words), "OperationalError"))


def _resolved(conninfo: str, deadline: float) -> str:
    """The connection string with addresses for its hosts: libpq would wait for the name server.

    Raises:
        ConnectionFailed: a name has no address.
        TimeoutError: the name server did not answer.
    """
    given = conninfo_to_dict(conninfo)
    defaults = {option.keyword.decode(): option.val for option in pq.Conninfo.get_defaults()}

    def parameter(name: str) -> str:
        return str(given.get(name) or (defaults.get(name) or b"").decode())

    hosts = parameter("host").split(",")
    if parameter("hostaddr") or all(not host or host.startswith(("/", "@")) for host in hosts):
        return conninfo
    ports = parameter("port").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    found = [
        (host, address, port)
        for host, port in zip(hosts, ports, strict=False)
        for address in _addresses(host, deadline)
    ]
    host, hostaddr, port = (",".join(column) for column in zip(*found, strict=True))
    return make_conninfo(conninfo, host=host, hostaddr=hostaddr, port=port)


def _addresses(host: str, deadline: float) -> list[str]:
    if not host or host.startswith(("/", "@")):
        return [""]
    found: list[str] = []
    problem: list[str] = []

    def look_up() -> None:
        try:
            for *_, address in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
                found.append(str(address[0]))
        except OSError as error:
            problem.append(type(error).__name__)

    # A thread of its own: getaddrinfo knows no time limit. It ends when the resolver gives up.
    thread = threading.Thread(target=look_up, name="postgres.resolve", daemon=True)
    thread.start()
    thread.join(max(0.0, deadline - time.monotonic()))
    if thread.is_alive():
        raise TimeoutError
    if problem:
        raise ConnectionFailed(problem[0])
    return found
