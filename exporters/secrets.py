"""Where connection strings come from, and how their passwords stay out of everything that is written."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

from exporters.dsn import holds_connection_string, private_keys_in, secrets_in
from exporters.errors import ConfigError

MASK = "***"


# Shorter ones, and these words, stand in any text: its gaps would make it unreadable, and tell what they are.
SHORTEST = 4
WORDS = frozenset(
    {
        "database", "host", "password", "port", "postgres", "postgresql", "redis", "role", "such", "there",
        "user", "wrong",
    }
)  # fmt: skip
# Where such a one is a value: of a URL, of key=value or a mapping, or between quotes.
IN_URL = r"(?P<url>:)(?:{0})(?=@)"
OF_KEY = r"(?P<key>(?i:passw(?:or)?d|pwd)[\"']?\s*[:=]\s*[\"']?)(?:{0})(?!\w)"
QUOTED = r"(?P<quote>[\"'])(?:{0})(?=\\?[\"'])"


class Redactor:
    """Replaces every secret it was told of, however it is spelled, by ``***``.

    One that is a word of many messages is replaced only where it stands as a value.
    """

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()
        self._anywhere: re.Pattern[str] | None = None
        self._as_value: re.Pattern[str] | None = None

    def learn(self, secrets: Iterable[str]) -> None:
        """From now on mask these texts, and their URL-encoded and quoted forms."""
        known = self._known.union(secrets)
        if known != self._known:
            self._known = known
            words = {each for each in known if len(each) < SHORTEST or each in WORDS}
            self._anywhere = _pattern("(?:{0})", known - words)
            self._as_value = _pattern(f"{IN_URL}|{OF_KEY}|{QUOTED}", words)

    def mask(self, text: str) -> str:
        """The text without any secret."""
        if self._anywhere:
            text = self._anywhere.sub(MASK, text)
        if self._as_value:
            text = self._as_value.sub(lambda found: f"{found[found.lastgroup or 0]}{MASK}", text)
        return text


def _pattern(around: str, secrets: Iterable[str]) -> re.Pattern[str] | None:
    """What finds each spelling of the secrets, the longest first; None without any."""
    forms = sorted({form for secret in secrets for form in spellings(secret)}, key=len, reverse=True)
    return re.compile(around.format("|".join(map(re.escape, forms)))) if forms else None


def spellings(secret: str) -> set[str]:
    """The forms in which a library, a URL, a JSON log or a Python message may write a secret."""
    backslashes = secret.replace("\\", "\\\\")
    forms = {
        secret,
        # A variable may hold what is no UTF-8; it is refused, but not told either.
        quote(secret, safe="", errors="surrogateescape"),
        quote(secret, errors="surrogateescape"),
        quote_plus(secret, errors="surrogateescape"),
        repr(secret)[1:-1],
        backslashes.replace("'", "\\'"),
        backslashes.replace('"', '\\"'),
        json.dumps(secret)[1:-1],
    }
    return forms - {""}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionString:
    """A connection string in a variable, or in the file that a variable names.

    Attributes:
        name: the variable, such as ``DATABASE_URL``; it stands in messages.
        value: the string itself, when it is not in a file.
        file: where it is read from, again at every connect.
        redactor: learns the passwords as they are read.
        allow_open: whether every user of the machine may read the file, and that of a private key.
    """

    name: str
    redactor: Redactor
    value: str = ""
    file: Path | None = None
    allow_open: bool = False

    def read(self) -> str:
        """The string as it is now.

        Raises:
            ConfigError: it is no text, its file is unreadable or empty, or everybody may read that or the
                private key that it names.
        """
        text = self.value if self.file is None else read_secret(self.file, self.name, self.allow_open)
        self.redactor.learn(secrets_in(text))
        if not holds_text(text):
            raise ConfigError(f"{self.name}: not UTF-8 text; encode its bytes in a URL, as %C3%BC for ü")
        for parameter, key in private_keys_in(text).items():
            with contextlib.suppress(OSError, ValueError):  # no such file: the driver says so
                mode = Path(key).stat().st_mode
                refuse_open(mode, f"{self.name}: {parameter}={key}", Path(key), self.allow_open)
        return text


def holds_text(value: str) -> bool:
    """Whether it can be written as UTF-8, which Python lets a variable hold anyhow."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def connection_string(
    name: str, environ: Mapping[str, str], redactor: Redactor, allow_open: bool = False
) -> ConnectionString | None:
    """What ``NAME_FILE`` or ``NAME`` holds; None if neither is set.

    Raises:
        ConfigError: both are set, or the one for a file holds the string itself.
    """
    file_variable = f"{name}_FILE"
    value, file = environ.get(name, "").strip(), environ.get(file_variable, "")
    if value and file:
        raise ConfigError(f"{name} and {file_variable} are both set; expected one of them; unset the other")
    if value:
        return ConnectionString(name=name, value=value, redactor=redactor, allow_open=allow_open)
    if not file:
        return None
    if holds_connection_string(file):
        raise ConfigError(f"{file_variable} holds a connection string; expected a file's path; set {name}")
    return ConnectionString(name=file_variable, file=Path(file), redactor=redactor, allow_open=allow_open)


def read_secret(path: Path, name: str, allow_open: bool) -> str:
    """The content of a file that holds a secret, without surrounding space.

    Raises:
        ConfigError: it is unreadable or empty, or every user may read it and that is not allowed.
    """
    try:
        with path.open(encoding="utf-8") as file:
            refuse_open(os.fstat(file.fileno()).st_mode, f"{name}={path}", path, allow_open)
            text = file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ConfigError(f"{name}={path}: {reason}; expected a file with a connection string") from None
    if not text:
        raise ConfigError(f"{name}={path}: the file is empty; expected a connection string")
    return text


def refuse_open(mode: int, what: str, path: Path, allowed: bool) -> None:
    """Refuse a file that every user of the machine may read.

    Args:
        mode: of the file that is read, which that at its path need no longer be.
        what: names the file in the message.
        path: of the file, for the command that mends it.
        allowed: whether that may be, as in a container that has no other user.

    Raises:
        ConfigError: everybody may read it, and that is not allowed.
    """
    if mode & stat.S_IROTH and not allowed:
        raise ConfigError(
            f"{what}: mode {stat.S_IMODE(mode):04o} lets every user of this machine read it; expected 0640 "
            f"or less; run: chmod 0640 {shlex.quote(str(path))} (in Kubernetes: defaultMode: 0440, fsGroup); "
            "or give --secrets.allow-world-readable where a container runtime mounts it so"
        )


def refuse_passfile(path: Path, what: str) -> None:
    """Refuse a password file that libpq does not use, as it would write to stderr at each connect.

    Args:
        path: where there need not be any.
        what: names the file in the message.

    Raises:
        ConfigError: others than its owner may use it, or it is no plain file.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if not stat.S_ISREG(mode):
        raise ConfigError(f"{what}: no plain file; expected one of mode 0600 or less, or none at that path")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            f"{what}: mode {stat.S_IMODE(mode):04o} lets other users of this machine use it; expected 0600 "
            f"or less, as libpq takes no other; run: chmod 0600 {shlex.quote(str(path))}; or, where a "
            "container runtime mounts it so, give the whole connection string in a file"
        )
