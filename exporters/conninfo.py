"""Turn any connection string of a backend into one for libpq, put together from its parts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from exporters.dsn import did_you_mean, is_port, is_url, split_url, unknown_parameter
from exporters.errors import ConfigError
from exporters.secrets import refuse_passfile

# A dead peer is noticed by the kernel, also where no statement is under way. Without a passphrase for a key,
# which may be one in the home directory, OpenSSL would ask the terminal.
DEFAULTS = {
    "sslpassword": "none",
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
}
APPLICATION_NAME = "obs-exporter"
# The exporter's role reads only, wherever it is: an application's server is told by what it is, not by that.
SESSION_ATTRIBUTES = {"read-write": "primary", "read-only": "standby"}
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
SCHEMES = ("postgresql", "postgres")
EXPECTED = "expected postgresql://user:password@host:5432/database or key=value pairs"

# What SQLAlchemy hands to asyncpg, and libpq has under another name or not at all.
RENAMED = {"ssl": "sslmode", "database": "dbname", "timeout": "connect_timeout"}
TRUTH = {"true": "require", "1": "require", "false": "disable", "0": "disable"}
APPLICATION_ONLY = frozenset(
    {
        "async_fallback", "command_timeout", "max_cacheable_statement_size", "max_cached_statement_lifetime",
        "prepare_threshold", "prepared_statement_cache_size", "prepared_statement_name_func",
        "server_settings", "statement_cache_size",
    }
)  # fmt: skip


def libpq_conninfo(text: str, name: str) -> str:
    """A connection string for psycopg.

    Args:
        text: a URL, with SQLAlchemy's driver or without, or libpq's ``key=value`` pairs.
        name: the variable that it comes from, for messages.

    Raises:
        ConfigError: it is neither, or holds a parameter that nobody knows; its text is not in the message.
            Or a password would be read from a file that others may read.
    """
    given = _of_url(text, name) if is_url(text) else _of_pairs(text, name)
    _check(given, name)
    _check_passfile(given, name)
    # Not even that of PGAPPNAME: a pooler would leave it in a session that others use. See `pipeline.LIMITS`.
    parts = {**DEFAULTS, **given, "application_name": ""}
    if (wanted := given.get("target_session_attrs")) in SESSION_ATTRIBUTES:
        parts["target_session_attrs"] = SESSION_ATTRIBUTES[wanted]
    try:
        return make_conninfo("", **parts)
    except ProgrammingError:
        raise ConfigError(f"{name}: not a connection string for PostgreSQL; {EXPECTED}") from None


def describe(conninfo: str) -> str:
    """Host, port, database and role of a connection string, for the log."""
    parts = conninfo_to_dict(conninfo)
    shown = ("host", "port", "dbname", "user", "sslmode")
    return " ".join(f"{key}={parts[key]}" for key in shown if parts.get(key)) or "libpq's defaults"


def _of_pairs(text: str, name: str) -> dict[str, str]:
    try:
        return {key: str(value) for key, value in conninfo_to_dict(text).items()}
    except ProgrammingError:
        raise ConfigError(f"{name}: not a connection string for PostgreSQL; {EXPECTED}") from None


def _of_url(text: str, name: str) -> dict[str, str]:
    try:
        url = split_url(text)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}; {EXPECTED}") from None
    if url.scheme.partition("+")[0] not in SCHEMES:
        raise ConfigError(f"{name}: the scheme is {url.scheme!r}; {EXPECTED}")
    parts = {
        "host": ",".join(host for host, _ in url.hosts),
        "port": ",".join(port for _, port in url.hosts) if any(port for _, port in url.hosts) else "",
        "dbname": url.path,
        "user": url.user,
        "password": url.password,
    }
    query = _of_query(url.query, name)
    if "host" in query and ":" in query["host"] and not query["host"].startswith("/"):
        query |= _hosts_of_query(query.pop("host"))
    return {key: value for key, value in (parts | query).items() if value}


def _check(given: Mapping[str, str], name: str) -> None:
    """What libpq finds out at the first connect alone. No value is shown: it may be a piece of a password."""
    if "service" in given:  # libpq tells what its file says only of the variable
        raise ConfigError(
            f"{name}: service= is not read here; expected host, port, dbname and user in its place, as they "
            "stand in the service file; or set PGSERVICE, which is read"
        )
    ports = given.get("port", "").split(",")
    if not all(not port or is_port(port) for port in ports):
        raise ConfigError(
            f"{name}: a port is no number from 1 to 65535; "
            "encode '@', ':' and '/' in a password as %40, %3A, %2F"
        )
    hosts = max(len(given.get(key, "").split(",")) for key in ("host", "hostaddr"))
    if len(ports) not in (1, hosts):
        raise ConfigError(f"{name}: ports: {len(ports)}, hosts: {hosts}; expected one port, or one for each")
    mode = given.get("sslmode", SSL_MODES[0])
    if mode not in SSL_MODES:
        hint = did_you_mean(mode, SSL_MODES)
        raise ConfigError(f"{name}: unknown sslmode; expected one of {', '.join(SSL_MODES)}{hint}")


def _check_passfile(given: Mapping[str, str], name: str) -> None:
    """Of the file where libpq looks for a password that is not given."""
    of_libpq = {option.keyword: (option.val or b"").decode() for option in pq.Conninfo.get_defaults()}
    if given.get("password") or of_libpq[b"password"]:
        return
    if path := given.get("passfile"):
        refuse_passfile(Path(path), f"{name}: passfile={path}")
    elif path := of_libpq[b"passfile"]:
        refuse_passfile(Path(path), f"PGPASSFILE={path}")
    else:
        path = os.path.expanduser("~/.pgpass")  # noqa: PTH111  raises nothing where there is no home
        refuse_passfile(Path(path), path)


def _of_query(query: tuple[tuple[str, str], ...], name: str) -> dict[str, str]:
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    parts: dict[str, str] = {}
    for written, value in query:
        key = RENAMED.get(written, written)
        if key in APPLICATION_ONLY:
            continue
        if key not in known:
            raise ConfigError(f"{name}: {unknown_parameter(written, known, query)}")
        if key == "sslmode":
            parts[key] = TRUTH.get(value.lower(), value)
        else:
            parts[key] = f"{parts[key]},{value}" if key in parts else value
    return parts


def _hosts_of_query(hosts: str) -> Mapping[str, str]:
    """SQLAlchemy's ``?host=a:5432&host=b:5432``."""
    # More than one colon is of an IPv6 address.
    pairs = [host.partition(":") if host.count(":") == 1 else (host, "", "") for host in hosts.split(",")]
    return {"host": ",".join(host for host, _, _ in pairs), "port": ",".join(port for _, _, port in pairs)}
