"""What guards the pages now: the web configuration with its files, read again when one has changed."""

from __future__ import annotations

import logging
import os
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from exporters.catalogue import self_
from exporters.collectors.base import Family
from exporters.errors import ConfigError, ExporterError
from exporters.secrets import refuse_open
from exporters.web.certificate import Term, first_to_end
from exporters.web.config import ANYBODY, MUST_SHOW, TlsConfig, WebConfig, read_web_config
from exporters.web.logins import Logins
from exporters.web.policy import Policy, Verdict

VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
Mark = tuple[int, int, int, int] | None


class Guard:
    """The policy of one file; looked for at each connection, since certificates are renewed on disk.

    What is wrong when it is read again changes nothing, and is told once. A file that gives up a protection
    is wrong too: it may be half written.

    Attributes:
        is_loaded: whether it was understood when it was last read.

    Raises:
        ExporterError: the configuration is wrong as it is at the start.
    """

    def __init__(self, path: Path, allow_open: bool, log: logging.Logger) -> None:
        self._path = path
        self._allow_open = allow_open
        self._log = log
        self._lock = threading.Lock()
        self._marks: dict[Path, Mark] = {}
        self._policy = Policy()
        self._policy = self._read()
        self.is_loaded = True

    def now(self) -> Policy:
        """What goes for a connection that is made now."""
        with self._lock:
            if any(_mark(file) != mark for file, mark in self._marks.items()):
                self._renew()
            return self._policy

    def families(self) -> list[Family]:
        """What there is to say of the policy in force."""
        found = []
        if (term := self._policy.term) is not None:
            found.append(Family(self_.CERTIFICATE_END, [()], [term.ends]))
            found.append(Family(self_.CERTIFICATE_LEFT, [()], [term.left(time.time())]))
        if (logins := self._policy.logins) is not None:
            results = self_.LOGIN_RESULT.values
            found.append(
                Family(
                    self_.LOGINS,
                    [(result,) for result in results],
                    [logins.answered[verdict] for verdict in Verdict],
                )
            )
        return found

    def _renew(self) -> None:
        try:
            policy = self._read()
            if given_up := self._policy.protections - policy.protections:
                raise ConfigError(
                    f"{self._path}: gives up {' and '.join(sorted(given_up))}; expected what it had at the "
                    "start; to give that up, start the exporter again"
                )
        except ExporterError as error:
            self._log.error("%s; what was read before stays in force", error)
            self.is_loaded = False
        else:
            self._policy = policy
            self.is_loaded = True
            self._log.info("%s and its files are read again", self._path)

    def _read(self) -> Policy:
        # The marks are older than what is read, so that no change between them is overlooked.
        self._marks = {self._path: _mark(self._path)}
        config = read_web_config(self._path)
        self._marks |= {file: _mark(file) for file in _files(config)}
        return Policy(
            context=_context(config.tls, self._path, self._allow_open) if config.tls else None,
            logins=Logins(config.users, self._log, self._policy.logins) if config.users else None,
            term=_term(config.tls.cert_file, self._path) if config.tls else None,
        )


def _mark(file: Path) -> Mark:
    """What differs once the file, or the one that a link leads to, is another or others may read it."""
    try:
        state = file.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino, state.st_mode


def _files(config: WebConfig) -> Iterator[Path]:
    if config.tls:
        yield config.tls.cert_file
        yield config.tls.key_file
        if config.tls.client_ca_file:
            yield config.tls.client_ca_file


def _context(tls: TlsConfig, path: Path, allow_open: bool) -> ssl.SSLContext:
    place = f"{path}: tls_server_config"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = VERSIONS[tls.min_version]
    context.maximum_version = VERSIONS[tls.max_version]
    context.options |= ssl.OP_NO_RENEGOTIATION
    _look(tls.cert_file, f"{place}.cert_file", allow_open=True)
    _look(tls.key_file, f"{place}.key_file", allow_open=allow_open)
    try:
        # Without an answer OpenSSL would ask the terminal.
        context.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: "")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{place}: {tls.cert_file} with {tls.key_file}: {_reason(error)}; expected a certificate and its "
            "own key, both in PEM, the key without a passphrase"
        ) from None
    if tls.client_ca_file:
        _look(tls.client_ca_file, f"{place}.client_ca_file", allow_open=True)
        try:
            context.load_verify_locations(tls.client_ca_file)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{place}.client_ca_file: {tls.client_ca_file}: {_reason(error)}; "
                "expected certificates in PEM"
            ) from None
    if tls.client_auth_type != ANYBODY:
        must = tls.client_auth_type == MUST_SHOW
        context.verify_mode = ssl.CERT_REQUIRED if must else ssl.CERT_OPTIONAL
    return context


def _look(file: Path, key: str, *, allow_open: bool) -> None:
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
    except OSError as error:
        raise _unreadable(key, file, error) from None
    refuse_open(mode, f"{key}: {file}", file, allow_open)


def _term(file: Path, path: Path) -> Term | None:
    try:
        return first_to_end(file.read_text(errors="replace"))
    except OSError as error:  # gone since OpenSSL read it
        raise _unreadable(f"{path}: tls_server_config.cert_file", file, error) from None


def _unreadable(key: str, file: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{key}: {file}: {error.strerror}; expected a file in PEM")


def _reason(error: Exception) -> str:
    """What OpenSSL calls it; its message goes on with a line of its source."""
    reason = getattr(error, "reason", None)
    return str(reason).lower().replace("_", " ") if reason else "not readable as PEM"
