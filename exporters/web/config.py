"""Read the file of --web.config.file, in the format of Prometheus' exporter-toolkit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporters.readers import Reader, a_text, read_document, section
from exporters.yaml_file import HIDDEN_KEY, Hidden, WrongError

BCRYPT = re.compile(r"\$2[aby]\$(?P<cost>\d\d)\$(?P<salt>[./A-Za-z0-9]{22})[./A-Za-z0-9]{31}")
QUICK = b"$2b$04$"  # before a salt that is tried
LEAST_COST = 4
MOST_COST = 15  # two seconds and more of a processor for each login
MOST_USERS = 100
VERSIONS = ("TLS12", "TLS13")
# Of the five that the format has, the two that ask for a certificate and do not verify it are left out.
ANYBODY = "NoClientCert"
MAY_SHOW = "VerifyClientCertIfGiven"
MUST_SHOW = "RequireAndVerifyClientCert"
CLIENT_AUTH = (ANYBODY, MAY_SHOW, MUST_SHOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsConfig:
    """What ``tls_server_config`` says; files as they stand there, or from the folder of the file.

    Attributes:
        client_ca_file: who must have signed a client's certificate; None where none is looked at.
        client_auth_type: one of `CLIENT_AUTH`.
        min_version: one of `VERSIONS`, as is `max_version`.
    """

    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = None
    client_auth_type: str = ANYBODY
    min_version: str = VERSIONS[0]
    max_version: str = VERSIONS[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """What the file says.

    Attributes:
        tls: None if the pages are served without.
        users: by name the bcrypt hash of the password; without any, nobody is asked.
    """

    tls: TlsConfig | None
    users: Mapping[str, str]


def read_web_config(path: Path) -> WebConfig:
    """The web configuration in a file.

    Raises:
        ConfigError: it is unreadable, no YAML, or says something that is not understood here.
    """

    def understood(read: dict[str, Any]) -> WebConfig:
        tls: dict[str, Any] = read.get("tls_server_config", {})
        tls |= {name: path.parent / file for name, file in tls.items() if name.endswith("_file")}
        return WebConfig(tls=TlsConfig(**tls) if tls else None, users=read.get("basic_auth_users", {}))

    return read_document(path, SECTIONS, understood)


def _one_of(names: tuple[str, ...]) -> Reader:
    def read(value: Any, key: str) -> Any:
        if value not in names:
            raise WrongError(key, value, f"one of {', '.join(names)}, which are those supported here")
        return value

    return read


TLS: dict[str, Reader] = {
    "cert_file": a_text,
    "key_file": a_text,
    "client_ca_file": a_text,
    "client_auth_type": _one_of(CLIENT_AUTH),
    "min_version": _one_of(VERSIONS),
    "max_version": _one_of(VERSIONS),
}


def _tls(value: Any, key: str) -> dict[str, str]:
    read: dict[str, str] = section(TLS)(value, key)
    for name in ("cert_file", "key_file") if read else ():
        if name not in read:
            raise WrongError(f"{key}.{name}", None, "the path of a file in PEM")
    if read.get("min_version", VERSIONS[0]) > read.get("max_version", VERSIONS[-1]):
        raise WrongError(f"{key}.max_version", read["max_version"], "min_version or newer")
    looks = read.get("client_auth_type", ANYBODY) != ANYBODY
    if looks and "client_ca_file" not in read:
        expected = f"who signs the certificates of clients, as client_auth_type is {read['client_auth_type']}"
        raise WrongError(f"{key}.client_ca_file", None, expected)
    if "client_ca_file" in read and not looks:
        expected = f"{MUST_SHOW} or {MAY_SHOW}, as client_ca_file is given"
        raise WrongError(f"{key}.client_auth_type", read.get("client_auth_type"), expected)
    return read


def _users(value: Any, key: str) -> dict[str, str]:
    users = {} if value is None else value
    if not isinstance(users, dict) or len(users) > MOST_USERS:
        raise WrongError(key, Hidden(), f"at most {MOST_USERS} names, each with the hash of its password")
    return {_name(name, key): _hash(value, f"{key}.{_name(name, key)}") for name, value in users.items()}


def _name(value: Any, key: str) -> str:
    if not isinstance(value, str) or not value or ":" in value:
        raise WrongError(f"{key}.{HIDDEN_KEY}", value, "a name without a colon; a number in quotes")
    return value


def _hash(value: Any, key: str) -> str:
    # What stands in its place may be the password itself.
    found = BCRYPT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        expected = "a bcrypt hash in quotes; to make one: htpasswd -nBC 10 NAME"
        raise WrongError(key, Hidden(), expected)
    if not LEAST_COST <= int(found["cost"]) <= MOST_COST:
        expected = f"a cost from {LEAST_COST} to {MOST_COST}; to make one: htpasswd -nBC 10 NAME"
        raise WrongError(key, int(found["cost"]), expected)
    try:
        import bcrypt  # noqa: PLC0415  without it `Logins` says that it is missing
    except ModuleNotFoundError:
        return found[0]
    try:
        bcrypt.hashpw(b"", QUICK + found["salt"].encode())
    except ValueError:
        expected = "a bcrypt hash in quotes, as it was made; its salt is none"
        raise WrongError(key, Hidden(), expected) from None
    return found[0]


SECTIONS: dict[str, Reader] = {"tls_server_config": _tls, "basic_auth_users": _users}
