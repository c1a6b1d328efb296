"""One connection to Redis that keeps to a deadline, and asks for nothing its user may not do."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as TooLate

from exporters.collectors.redis.address import Address
from exporters.collectors.selfstats import SelfStats

CLIENT_NAME = "obs-exporter"
NO_PAIR = "PEM lib"  # all that OpenSSL says of a file that it cannot read
Command = tuple[str | int | bytes, ...]


class Reply(NamedTuple):
    """What a command brought.

    Attributes:
        value: as hiredis reads it, or a `ResponseError`.
        seconds: from the command before it, or from sending, to its arrival.
    """

    value: Any
    seconds: float


class Session:
    """An open connection. After any exception but a `ResponseError` it is of no more use.

    Raises:
        RedisError: the server is not there, does not answer in time, or refuses the user.
        OSError: a certificate or a key cannot be read.
    """

    def __init__(self, address: Address, deadline: float) -> None:
        self.opened = self._sent = time.monotonic()
        self._connection = _connection(address, _left(deadline))
        try:
            self._connect()
            # Refused by a proxy that knows no names: no reason to tell nothing of the server behind it.
            self.ask([("CLIENT", "SETNAME", CLIENT_NAME)], deadline)
        except BaseException:
            self.close()
            raise

    def _connect(self) -> None:
        try:
            self._connection.connect()
        except TooLate as error:
            if isinstance(self._connection, SSLConnection):
                raise TooLate(
                    f"{error}; rediss:// expects TLS: where none is spoken, write redis://"
                ) from None
            raise
        except Disconnected as error:
            if NO_PAIR not in str(error):
                raise
            raise Disconnected(
                "ssl_certfile and ssl_keyfile: expected a certificate and its own key, both in PEM, and "
                "ssl_password where the key has a passphrase"
            ) from None

    def ask(self, commands: Sequence[Command], deadline: float) -> list[Reply]:
        """Send all commands at once and read their replies; an error reply stands for its command alone.

        Args:
            commands: each as its words.
            deadline: by ``time.monotonic()``.

        Raises:
            RedisError: the connection broke, or the last reply did not arrive in time.
        """
        self.send(commands, deadline)
        return self.receive(len(commands), deadline)

    def send(self, commands: Sequence[Command], deadline: float) -> None:
        """Send commands, for `receive` to read as many replies.

        Raises:
            RedisError: the connection broke.
        """
        self._sent = time.monotonic()
        self._socket().settimeout(_left(deadline))
        self._connection.send_packed_command(self._connection.pack_commands(commands))

    def receive(self, count: int, deadline: float) -> list[Reply]:
        """The replies to what was sent.

        Raises:
            RedisError: the connection broke, or the last reply did not arrive in time.
        """
        sock = self._socket()
        replies: list[Reply] = []
        before = self._sent
        for _ in range(count):
            sock.settimeout(_left(deadline))
            try:
                value = self._connection.read_response()
            except ResponseError as error:
                value = error
            now = time.monotonic()
            replies.append(Reply(value, now - before))
            before = now
        return replies

    def _socket(self) -> socket.socket:
        """For time limits of our own: that of redis-py starts anew at every read."""
        sock: socket.socket | None = self._connection._sock
        if sock is None:
            raise Disconnected("closed")
        return sock

    def close(self) -> None:
        """Hang up; a thread that waits for a reply gets an exception."""
        with contextlib.suppress(Exception):  # whatever the state of a connection that is given up
            self._connection.disconnect()


def open_session(address: Callable[[], Address], deadline: float, stats: SelfStats) -> Session:
    """Connect, and count it.

    Raises:
        ConfigError: the address cannot be read.
        RedisError: see `Session`.
        OSError: see `Session`.
    """
    try:
        session = Session(address(), deadline)
    except Exception:
        stats.connected(ok=False)
        raise
    stats.connected(ok=True)
    return session


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TooLate("no time left")
    return left


def _connection(address: Address, timeout: float) -> Any:  # redis-py's own annotations are incomplete
    options: dict[str, Any] = {
        "username": address.username or None,
        "password": address.password or None,
        "protocol": 2,
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
    }
    kind: Any
    if address.path:
        kind = UnixDomainSocketConnection
        options["path"] = address.path
    else:
        options |= {"host": address.host, "port": address.port}
        kind = Connection
        if address.tls is not None:
            kind = SSLConnection
            # Without a passphrase OpenSSL would ask the terminal for that of a key.
            options |= {"ssl_password": "", **address.tls}
    connection = kind(**options)
    # Else redis-py sends CLIENT SETINFO, which stands in ACL LOG as denied. The name differs by version.
    for field in ("driver_info", "lib_name", "lib_version"):
        setattr(connection, field, None)
    return connection
