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

from exporters.collectors.postgres.refusals import Refusal, refusal

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
EVENTS = {pq.PollingStatus.READING: READ, pq.PollingStatus.WRITING: WRITE}

Place = tuple[str, str, str]  # host, address (empty for a Unix socket), port

# A connection that is refused carries no SQLSTATE out of libpq, only words: see `refusals`.
NOT_ALLOWED = "NotAllowed"  # at the console of PgBouncer
REASONS = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("SASL authentication failed", "28P01"),  # by PgBouncer, as what follows
    ("no such database: ", "3D000"),
    ("no pg_hba.conf entry", "28000"),
    ("pg_hba.conf rejects", "28000"),
    ("authentication failed for user", "28000"),  # by another method than a password
    ('permission denied for database "', "42501"),
    ("too many connections", "53300"),
    ("is not currently accepting connections", "DatabaseClosed"),
    ('FATAL:  role "', "28000"),
    ('FATAL:  database "', "3D000"),
    ("too many clients", "53300"),
    ("no more connections allowed", "MaxClientConn"),
    ("unsupported startup parameter", "StartupParameter"),
    ("remaining connection slots", "53300"),
    ("starting up", "57P03"),
    ("shutting down", "57P03"),
    ("Connection refused", "ConnectionRefusedError"),
    ("does not support SSL", "TlsNotSupported"),
    ("has group or world access", "PrivateKeyOpen"),
    ("could not load private key", "PrivateKeyUnread"),
    ("channel binding", "AuthMethod"),
    ("authentication method requirement", "AuthMethod"),
    ("certificate", "CertificateError"),
    ("FATAL:  not allowed", NOT_ALLOWED),
    ("No such file", "FileNotFoundError"),
    ("Permission denied", "PermissionError"),
    ("unreachable", "Unreachable"),
    ("No route to host", "Unreachable"),
    ("closed the connection unexpectedly", "ConnectionResetError"),
    ("session is read-only", "TargetSessionAttrs"),
    ("session is not read-only", "TargetSessionAttrs"),
    ("hot standby mode", "TargetSessionAttrs"),
    (' value: "', "InvalidParameter"),
    ("for connection option", "InvalidParameter"),
)


class ConnectionFailed(Exception):  # noqa: N818  it is the connection that failed, not the program
    """There is no connection, or none any more.

    Attributes:
        code: an SQLSTATE, or the class of an exception; never a text that may hold a password.
        refusal: of a server that answered and did not let the role in; else None.
    """

    def __init__(self, code: str, refusal: Refusal | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.refusal = refusal


def connect(conninfo: str, deadline: float) -> pq.abc.PGconn:
    """A connection that never blocks.

    libpq goes on to the next address by itself where one refuses, but waits for ever for one that is silent.
    So each has its share of the time that is left, and one that does not use it is left out of a new attempt.

    Raises:
        ConnectionFailed: it was refused.
        TimeoutError: there was none by the deadline.
    """
    places = _places(conninfo, deadline)
    passes = 2 if conninfo_to_dict(conninfo).get("target_session_attrs") == "prefer-standby" else 1
    while True:
        try:
            pgconn = pq.PGconn.connect_start(_with_places(conninfo, places).encode())
        except psycopg.Error as error:
            raise ConnectionFailed(type(error).__name__) from None
        try:
            _complete(pgconn, deadline, passes * len(places))
            pgconn.nonblocking = 1
        except TimeoutError:
            silent = _at(pgconn)
            pgconn.finish()
            others = [place for place in places if (place[1] or place[0], place[2]) != silent]
            places = others if len(others) < len(places) else places[1:]
            if not places or time.monotonic() >= deadline:
                raise
        except BaseException:
            pgconn.finish()
            raise
        else:
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


def _complete(pgconn: pq.abc.PGconn, deadline: float, places: int) -> None:
    state = pq.PollingStatus.WRITING
    at, until = ("", ""), deadline
    while state in EVENTS and pgconn.status != pq.ConnStatus.BAD:
        if at != _at(pgconn):
            now = time.monotonic()
            at, until = _at(pgconn), now + (deadline - now) / max(1, places)
            places -= 1
        wait(pgconn.socket, EVENTS[state], until)
        state = pq.PollingStatus(pgconn.connect_poll())
    if pgconn.status != pq.ConnStatus.OK:
        words = pgconn.error_message.decode(errors="replace")
        code = next((code for part, code in REASONS if part in words), "OperationalError")
        role, database = pgconn.user.decode(errors="replace"), pgconn.db.decode(errors="replace")
        raise ConnectionFailed(code, refusal(words, role, database))


def _at(pgconn: pq.abc.PGconn) -> tuple[str, str]:
    """The address, or directory of a socket, and the port that it tries now."""
    return (pgconn.hostaddr or pgconn.host).decode(), pgconn.port.decode()


def _places(conninfo: str, deadline: float) -> list[Place]:
    """Every address of every host: libpq itself would wait for the name server.

    Raises:
        ConnectionFailed: no name has an address.
        TimeoutError: the name server did not answer.
    """
    given = conninfo_to_dict(conninfo)
    defaults = {option.keyword.decode(): option.val for option in pq.Conninfo.get_defaults()}

    def parameter(name: str) -> list[str]:
        return str(given.get(name) or (defaults.get(name) or b"").decode()).split(",")

    hosts, addresses, ports = parameter("host"), parameter("hostaddr"), parameter("port")
    if addresses != [""]:
        hosts = hosts * len(addresses) if hosts == [""] else hosts
        return list(zip(hosts, addresses, _for_each(ports, addresses), strict=False))
    places: list[Place] = []
    problem: Exception | None = None
    for number, (host, port) in enumerate(zip(hosts, _for_each(ports, hosts), strict=False)):
        now = time.monotonic()
        try:
            found = _addresses(host, now + (deadline - now) / (len(hosts) - number))
            places += [(host, address, port) for address in found]
        except (ConnectionFailed, TimeoutError) as error:
            problem = error
    if not places and problem is not None:
        raise problem
    return list(dict.fromkeys(places))


def _for_each(ports: list[str], hosts: list[str]) -> list[str]:
    return ports * len(hosts) if len(ports) == 1 else ports


def _with_places(conninfo: str, places: list[Place]) -> str:
    host, hostaddr, port = (",".join(column) for column in zip(*places, strict=True))
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
