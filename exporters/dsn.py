"""Read the connection strings that backends already have, SQLAlchemy's among them, without any library.

A password may hold any character, encoded or not: an application that connects with a string must not
find that its exporter cannot.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

SCHEME = re.compile(r"\s*([A-Za-z][\w+.-]*)://")
WITHOUT_SCHEME = re.compile(r"\s*(?![/\s])[\s\S]*:[\s\S]*@")  # a path may begin with a slash
QUERY = re.compile(r"\?(?=\w+=)")
PLAIN_ADDRESS = re.compile(r"(\[[^\]]*\]|[^:/]*)(:\d*)?(,|/|$)")
HOST_AND_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>[^:]*))?")
CREDENTIAL = re.compile(r"(user|username|password)=", re.IGNORECASE)
KEYWORD = r"{}\s*=\s*(?:'((?:\\.|[^'\\])*)'?|((?:\\.|[^\s\\])+))"
KEYWORD_PASSWORD = re.compile(KEYWORD.format("password"), re.IGNORECASE | re.DOTALL)
KEYWORD_KEY = re.compile(KEYWORD.format(r"\bsslkey"), re.IGNORECASE | re.DOTALL)
SECRET_PARAMETERS = frozenset({"password", "sslpassword", "ssl_password", "passwd"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """The parts of a connection URL, decoded.

    Attributes:
        scheme: ``postgresql+asyncpg`` of ``postgresql+asyncpg://``, lower case.
        user: empty if there is none.
        password: decoded; empty if there is none.
        written_password: the password as it stands in the URL.
        hosts: each with its port; the port may be empty.
        path: what follows the first slash: a database.
        query: the parameters in their order.
    """

    scheme: str
    user: str
    password: str
    written_password: str
    hosts: tuple[tuple[str, str], ...]
    path: str
    query: tuple[tuple[str, str], ...]


def is_url(text: str) -> bool:
    """Whether it has the form ``scheme://``."""
    return SCHEME.match(text) is not None


def holds_connection_string(text: str) -> bool:
    """Whether there may be a password in it, where none belongs."""
    return any(("://" in text, WITHOUT_SCHEME.match(text), KEYWORD_PASSWORD.search(text)))


def holds_password(text: str) -> bool:
    """Whether there is a password in a connection string, or no telling."""
    if is_url(text):
        try:
            split_url(text)
        except ValueError:
            return True
    return bool(secrets_in(text) - {text.strip()})


def is_port(text: str) -> bool:
    """Whether it is a number that a TCP port can have."""
    return text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= 65535


def unknown_parameter(name: str, known: Iterable[str], query: Sequence[tuple[str, str]]) -> str:
    """What to say of one. It is named only where it is a slip of the pen: else it may be of a password."""
    hint = did_you_mean(name, known)
    if hint and not any("@" in part for item in query for part in item):
        return f"no parameter {name!r}{hint}"
    return "an unknown parameter after '?'; encode '@', ':', '/', '?' in a password as %40, %3A, %2F, %3F"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word, as the end of a message; empty if none is near."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def split_url(text: str) -> Url:
    """Take a URL apart; a bad %-escape stands for itself, and the last `@` ends the password.

    Raises:
        ValueError: it is no URL, or a host is followed by two ports; the message holds no part of it.
    """
    found = SCHEME.match(text)
    if found is None:
        raise ValueError("expected scheme://")
    userinfo, address, query = _sections(text[found.end() :].strip())
    user, _, password = userinfo.partition(":")
    hosts, _, path = address.partition("/")
    return Url(
        scheme=found[1].lower(),
        user=unquote(user),
        password=unquote(password),
        written_password=password,
        hosts=tuple(_host(host) for host in hosts.split(",")) if hosts else (),
        path=unquote(path),
        query=tuple(_parameter(item) for item in query.split("&") if item),
    )


def secrets_in(text: str) -> set[str]:
    """Everything in a connection string that may be a password, and the whole string."""
    secrets = {text.strip()}
    if is_url(text):
        try:
            url = split_url(text)
        except ValueError:
            return secrets
        secrets |= {url.password, url.written_password}
        secrets |= {value for name, value in url.query if name.lower() in SECRET_PARAMETERS}
    for quoted, plain in KEYWORD_PASSWORD.findall(text):
        written = quoted or plain
        secrets |= {written, _unescaped(written)}
    return secrets - {""}


def private_keys_in(text: str) -> dict[str, str]:
    """By parameter the files that a connection string names and that hold a private key."""
    if not is_url(text):
        found = KEYWORD_KEY.search(text)
        return {"sslkey": _unescaped(found[1] or found[2] or "")} if found else {}
    try:
        query = dict(split_url(text).query)
    except ValueError:
        return {}
    names = ("sslkey", "ssl_keyfile" if "ssl_keyfile" in query else "ssl_certfile")  # which may hold both
    return {name: query[name] for name in names if query.get(name)}


def _unescaped(written: str) -> str:
    return re.sub(r"(?s)\\(.)", r"\1", written)


def _sections(text: str) -> tuple[str, str, str]:
    """User and password, hosts and path, query: also where `@`, `/` or `?` stand bare in the password."""
    before, query = _without_query(text)
    userinfo, _, address = before.rpartition("@")
    # Without a slash before it the `@` ends a password, as libpq and SQLAlchemy read it; but redis-py takes
    # redis://cache:6379?username=u&password=p@w.
    no_path = ":" in address and not re.search(r"[\[/]", address)
    to_password = no_path and (address.endswith(":") or not CREDENTIAL.match(query))
    if not userinfo and "@" in query and (to_password or not PLAIN_ADDRESS.match(address)):
        userinfo, _, address = text.rpartition("@")
        address, query = _without_query(address)
    return userinfo, address, query


def _without_query(text: str) -> tuple[str, str]:
    found = QUERY.search(text)
    return (text[: found.start()], text[found.end() :]) if found else (text, "")


def _host(text: str) -> tuple[str, str]:
    found = HOST_AND_PORT.fullmatch(text)
    if found is None:
        raise ValueError("expected host or host:port")
    return unquote(found["host"].strip("[]")), found["port"] or ""


def _parameter(item: str) -> tuple[str, str]:
    name, _, value = item.partition("=")
    return unquote(name), unquote(value)
