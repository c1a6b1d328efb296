"""Where a Redis is and as whom to ask it, from the URL that the application uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporters.dsn import Url, is_port, is_url, split_url, unknown_parameter
from exporters.errors import ConfigError

EXPECTED = "expected redis://user:password@host:6379/0, rediss:// for TLS, or unix:///path/to/socket"
SCHEMES = ("redis", "rediss", "unix")
TLS_PARAMETERS = frozenset(
    {
        "ssl_ca_certs", "ssl_ca_path", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname", "ssl_ciphers",
        "ssl_keyfile", "ssl_min_version", "ssl_password",
    }
)  # fmt: skip
# redis-py takes the number that stands in TLS itself.
VERSIONS = {"771": 771, "TLSv1.2": 771, "772": 772, "TLSv1.3": 772}
NO = ("0", "f", "false", "n", "no")
# How an application talks to Redis is its own matter, and INFO tells of every database.
APPLICATION_ONLY = frozenset(
    {
        "client_name", "db", "decode_responses", "encoding", "encoding_errors", "health_check_interval",
        "legacy_responses", "lib_name", "lib_version", "max_connections", "protocol", "retry_on_error",
        "retry_on_timeout", "socket_connect_timeout", "socket_keepalive", "socket_read_size",
        "socket_timeout", "timeout", "virtual_host",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server and the user to ask it as.

    Attributes:
        path: of a Unix socket; empty for TCP.
        username: empty for the default user.
        tls: options for the connection, as redis-py names them; None without TLS.
    """

    host: str = ""
    port: int = 6379
    path: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    tls: Mapping[str, str | int] | None = None

    def __str__(self) -> str:
        """Fit for a log: without the password."""
        where = self.path or f"{self.host}:{self.port}"
        return f"{where} user={self.username or 'default'}{' tls' if self.tls is not None else ''}"


def parse_url(text: str, name: str = "REDIS_URL") -> Address:
    """Read a URL as redis-py does, and also where its password holds `@`, `:` or `/`.

    Args:
        text: the URL.
        name: the variable that it comes from, for messages.

    Raises:
        ConfigError: it is no URL of a Redis; its text is not in the message.
    """
    if not is_url(text):
        raise ConfigError(f"{name}: not a URL; {EXPECTED}")
    try:
        url = split_url(text)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}; {EXPECTED}") from None
    if url.scheme not in SCHEMES:
        raise ConfigError(f"{name}: the scheme is {url.scheme!r}; {EXPECTED}")
    query = _query(url, name)
    username = query.pop("username", url.user)
    password = query.pop("password", url.password)
    if url.scheme == "unix":
        return Address(path=f"/{url.path}", username=username, password=password)
    host, port = (url.hosts or (("localhost", ""),))[0]
    if len(url.hosts) > 1 or not is_port(port or "6379"):
        raise ConfigError(f"{name}: one host, and a port from 1 to 65535; {EXPECTED}")
    return Address(
        host=host or "localhost",
        port=int(port or 6379),
        username=username,
        password=password,
        tls=_tls(query, name) if url.scheme == "rediss" else None,
    )


def _tls(query: dict[str, str], name: str) -> dict[str, str | int]:
    options: dict[str, str | int] = {key: value for key, value in query.items() if value}  # as redis-py
    if checks := query.get("ssl_check_hostname"):
        options["ssl_check_hostname"] = checks.lower() not in NO
    if version := query.get("ssl_min_version"):
        if version not in VERSIONS:
            raise ConfigError(f"{name}: ssl_min_version: expected one of {', '.join(VERSIONS)}")
        options["ssl_min_version"] = VERSIONS[version]
    return options


def _query(url: Url, name: str) -> dict[str, str]:
    known = {"username", "password", *TLS_PARAMETERS}
    used: dict[str, str] = {}
    for key, value in url.query:
        if key in known:
            used[key] = value
        elif key not in APPLICATION_ONLY:
            raise ConfigError(f"{name}: {unknown_parameter(key, known | APPLICATION_ONLY, url.query)}")
    return used
