"""Who is told, and through what: channels with references to their secrets, never the secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from signals.numbers import require_fields

NAME = re.compile(r"[a-z][a-z0-9-]{0,19}\Z")
FILE = re.compile(r"[A-Za-z0-9_./-]+\Z")
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
URL = re.compile(r"https?://[^\s/@?#$]+(/[^\s@?#$]*)?\Z")
# Whoever knows such an address can post: its path is the password.
SECRET_SERVICE = re.compile(r"hooks\.slack\.com|discord(app)?\.com/api/webhooks|webhook\.office\.com", re.I)
SECRET_SEGMENT = re.compile(r"bot\d+:|[0-9a-f]{32}", re.I)
LONG = 24


class NotifyError(ValueError):
    """Notifications that cannot be: the message names the channel, the value and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """Where the engine finds a secret when it starts: a file, or Grafana alone a variable.

    Attributes:
        file: a name below `Notifications.secrets_dir`, or an absolute path.
        variable: of Grafana's environment.
    """

    file: str = ""
    variable: str = ""

    def __post_init__(self) -> None:
        require_fields("a SecretRef", self, NotifyError, secret=True)
        if bool(self.file) == bool(self.variable):
            raise NotifyError("a SecretRef names a file or a variable; give exactly one of the two")
        if self.file and not FILE.match(self.file):
            raise NotifyError(
                f"SecretRef file {_shown(self.file)}: expected a path of letters, digits and _./-, such as "
                "slack_url, with the secret in that file; rename it"
            )
        if self.variable and not VARIABLE.match(self.variable):
            raise NotifyError(
                f"SecretRef variable {_shown(self.variable)}: expected a name such as SLACK_URL, with the "
                "secret in that variable; rename it"
            )

    def path(self, secrets_dir: str) -> str:
        """The file's whole path; empty for a variable."""
        return str(PurePosixPath(secrets_dir) / self.file) if self.file else ""


Secret = Annotated[SecretRef, 'a SecretRef, such as SecretRef(file="slack_url")']


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A POST of JSON.

    Attributes:
        name: unique within the notifications.
        url: an address that is no secret, or where the engine finds it (Grafana alone can).
        token: sent as `Authorization: Bearer`, where the receiver asks for it.
    """

    name: str = "webhook"
    url: str | Secret
    token: Secret | None = None

    def __post_init__(self) -> None:
        check_channel(self)
        if isinstance(self.url, str) and (not URL.match(self.url) or is_secret(self.url)):
            raise NotifyError(
                f"webhook {self.name!r}: its url is no plain http(s) address, or is a secret by itself; "
                'expected one without user, query and key; give url=SecretRef(file="...") for a secret one'
            )

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """What must be there before the engine starts."""
        return tuple(each for each in (self.url, self.token) if isinstance(each, SecretRef))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """An incoming webhook of Slack, whose URL is the secret."""

    name: str = "slack"
    url: Secret

    def __post_init__(self) -> None:
        check_channel(self)

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """What must be there before the engine starts."""
        return (self.url,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDuty:
    """An integration of PagerDuty, Events API v2, whose key is the secret."""

    name: str = "pagerduty"
    key: Secret

    def __post_init__(self) -> None:
        check_channel(self)

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """What must be there before the engine starts."""
        return (self.key,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """Mail. Grafana has its server in its own configuration; Alertmanager needs the rest from here.

    Attributes:
        to: addresses.
        sender: the address it comes from.
        smarthost: host and port of the mail server.
        username, password: where the mail server asks for them.
    """

    name: str = "email"
    to: tuple[str, ...]
    sender: str = ""
    smarthost: str = ""
    username: str = ""
    password: Secret | None = None

    def __post_init__(self) -> None:
        check_channel(self)
        wrong = [address for address in self.to if not re.fullmatch(r"[^\s@$,;]+@[^\s@$,;]+", address)]
        if wrong or not self.to:
            raise NotifyError(f"email {self.name!r}: to is {self.to!r}; expected addresses; correct {wrong}")

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """What must be there before the engine starts; Grafana needs none, its own configuration does."""
        return (self.password,) if self.password else ()


Channel = Webhook | Slack | PagerDuty | Email


def is_secret(url: str) -> bool:
    """Whether the address itself gives the right to post, as far as one can see."""
    parts = urlsplit(url)
    return bool(SECRET_SERVICE.search(f"{parts.netloc}{parts.path}")) or any(
        _looks_drawn(segment) for segment in parts.path.split("/")
    )


def _looks_drawn(segment: str) -> bool:
    """Whether it is a key or token (of a bot, in hexadecimal, a UUID, random characters) and no words."""
    if SECRET_SEGMENT.search(segment.replace("-", "")):
        return True
    runs = re.findall(rf"[0-9A-Za-z]{{{LONG},}}", segment)
    if any(not run.isalpha() and not run.isdigit() for run in runs):
        return True
    kinds = [any(map(kind, segment)) for kind in (str.islower, str.isupper, str.isdigit)]
    return len(segment) >= LONG and all(kinds)


def _shown(name: str) -> str:
    """A name that cannot be one, unless it looks like the secret itself."""
    return "(not shown)" if "://" in name or _looks_drawn(name) else repr(name)


def check_channel(channel: Channel) -> None:
    """Refuse a field of another type, and a name that cannot be part of a uid.

    Raises:
        NotifyError: a field is no such thing, or the name has other characters, or more than 20.
    """
    require_fields(f"a channel of {type(channel).__name__}", channel, NotifyError, secret=True)
    if not NAME.match(channel.name):
        raise NotifyError(
            f"channel {_shown(channel.name)}: expected a lower-case letter, then at most 19 lower-case "
            "letters, digits or -; choose a short word"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """Which channels hear what. An alert that matches nothing is told where warnings are, never nowhere.

    Attributes:
        critical: hear what wakes someone.
        warning: hear what can wait for the morning, and what has no severity.
        heartbeat: hear `Watchdog` again and again; its silence means that the path is broken.
        secrets_dir: where files of secrets stand for the engine that reads them.
    """

    critical: tuple[Channel, ...]
    warning: tuple[Channel, ...]
    heartbeat: tuple[Channel, ...] = ()
    secrets_dir: str = "/run/secrets"

    def __post_init__(self) -> None:
        require_fields("notifications", self, NotifyError, secret=True)
        for route in ("critical", "warning"):
            if not getattr(self, route):
                raise NotifyError(
                    f"notifications: nobody hears {route}; expected a channel; give {route}=(...)"
                )
        named: dict[str, Channel] = {}
        for channel in self.channels:
            if named.setdefault(channel.name, channel) != channel:
                raise NotifyError(f"two channels are called {channel.name!r}; expected one; rename the other")

    @property
    def channels(self) -> Iterator[Channel]:
        """Every channel, once for each route that names it."""
        yield from (*self.critical, *self.warning, *self.heartbeat)

    @property
    def secrets(self) -> tuple[tuple[str, SecretRef], ...]:
        """Each channel's name with a secret of it, for whoever looks whether they are there."""
        return tuple(dict.fromkeys((each.name, secret) for each in self.channels for secret in each.secrets))


# The receiver in the compose file, which keeps messages and tells nobody. It needs no secret, so all starts.
WEBHOOK = Webhook(url="http://webhook:9095/")
NOTIFICATIONS = Notifications(critical=(WEBHOOK,), warning=(WEBHOOK,), heartbeat=(WEBHOOK,))
