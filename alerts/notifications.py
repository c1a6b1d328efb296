"""Who is told, and through what: channels with references to their secrets, never the secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from alerts.secret import NotifyError, Secret, SecretRef, holds_secret, is_folder, is_key, is_secret, shown
from alerts.times import WORKING_HOURS, Hours, MuteTime
from signals.numbers import require_fields

__all__ = [
    "NOTIFICATIONS",
    "Channel",
    "Email",
    "Hours",
    "MuteTime",
    "Notifications",
    "NotifyError",
    "PagerDuty",
    "SecretRef",
    "Slack",
    "Team",
    "Teams",
    "Webhook",
]

NAME = re.compile(r"[a-z][a-z0-9-]{0,19}\Z")
URL = re.compile(r"https?://[^\s/@?#$]+(/[^\s@?#$]*)?\Z")
SMARTHOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\]):(\d{1,5})\Z")
MENTION = re.compile(r"(here|channel|[US][A-Z0-9]{6,})?\Z")
RESERVED = ("critical", "warning", "heartbeat", "backup", "nobody", "info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A POST of JSON.

    Attributes:
        name: unique within the notifications.
        url: an address that is no secret, or where the engine finds it (Grafana alone can).
        token: sent as `Authorization: Bearer`, where the receiver asks for it.
        payload: ``engine`` is what the engine writes by itself; ``v1`` the message of docs/notifications.md,
            which Grafana alone can.
        hmac: signs each message; the signature is in `X-Signature`, its time in `X-Signature-Time`
            (Grafana alone can).
    """

    name: str = "webhook"
    url: str | Secret
    token: Secret | None = None
    payload: Literal["engine", "v1"] = "engine"
    hmac: Secret | None = None

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
        return tuple(each for each in (self.url, self.token, self.hmac) if isinstance(each, SecretRef))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """An incoming webhook of Slack, whose URL is the secret.

    Attributes:
        name: unique within the notifications.
        url: where the engine finds the webhook's URL.
        mention: who is called by name while something critical fires: ``here``, ``channel``, or the id of a
            user (U…) or of a group (S…).
    """

    name: str = "slack"
    url: Secret
    mention: str = ""

    def __post_init__(self) -> None:
        check_channel(self)
        if not MENTION.match(self.mention):
            raise NotifyError(
                f"slack {self.name!r}: mention is {shown(self.mention)}; expected here, channel, or the id "
                "of a user (U...) or group (S...); correct it"
            )

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """What must be there before the engine starts."""
        return (self.url,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teams:
    """A workflow of Microsoft Teams that posts what it receives; its URL is the secret. Grafana alone can."""

    name: str = "teams"
    url: Secret

    def __post_init__(self) -> None:
        check_channel(self)

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """What must be there before the engine starts."""
        return (self.url,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDuty:
    """An integration of PagerDuty, Events API v2, whose key is the secret.

    Attributes:
        name: unique within the notifications.
        key: where the engine finds the integration key.
        url: of the events API, where it is not PagerDuty's own (the EU has another).
        left_open: whether it may stand on a route that is mute at times. What ends meanwhile neither engine
            ever tells, so the incident stays open until someone, or PagerDuty's own auto-resolve, closes it.
    """

    name: str = "pagerduty"
    key: Secret
    url: str = "https://events.pagerduty.com/v2/enqueue"
    left_open: bool = False

    def __post_init__(self) -> None:
        check_channel(self)
        if not URL.match(self.url) or is_secret(self.url):
            raise NotifyError(
                f"pagerduty {self.name!r}: its url is no plain http(s) address; expected that of the events "
                "API, such as https://events.eu.pagerduty.com/v2/enqueue; correct it"
            )

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
        smarthost: ``host:port`` of the mail server.
        username, password: where the mail server asks for them.
        tls: whether the mail server must offer STARTTLS.
    """

    name: str = "email"
    to: tuple[str, ...]
    sender: str = ""
    smarthost: str = ""
    username: str = ""
    password: Secret | None = None
    tls: bool = True

    def __post_init__(self) -> None:
        check_channel(self)
        wrong = [address for address in self.to if not re.fullmatch(r"[^\s@$,;]+@[^\s@$,;]+", address)]
        if wrong or not self.to:
            raise NotifyError(f"email {self.name!r}: to is {self.to!r}; expected addresses; correct {wrong}")
        port = SMARTHOST.match(self.smarthost)
        if self.smarthost and not (port and 0 < int(port[1]) < 65536):
            said = "(not shown, it names a user)" if "@" in self.smarthost else shown(self.smarthost)
            raise NotifyError(
                f"email {self.name!r}: smarthost is {said}; expected host:port, such as "
                "smtp.example.org:587; correct it, and give a user as username and password"
            )
        if is_key(self.username):
            raise NotifyError(
                f"email {self.name!r}: its username (not shown) looks like a key; expected the name that "
                'logs in, such as apikey; put the key into a file and give password=SecretRef(file="...")'
            )

    @property
    def secrets(self) -> tuple[SecretRef, ...]:
        """What must be there before the engine starts; Grafana needs none, its own configuration does."""
        return (self.password,) if self.password else ()


Channel = Webhook | Slack | PagerDuty | Email | Teams


def check_channel(channel: Channel) -> None:
    """Refuse a field of another type, a literal that looks like a secret, and a name that fits no uid.

    Raises:
        NotifyError: a field is no such thing, holds a secret, or the name has other characters, or more
            than 20.
    """
    kind = type(channel).__name__
    require_fields(f"a channel of {kind}", channel, NotifyError, secret=True)
    for each in fields(channel):
        value = getattr(channel, each.name)
        texts = value if isinstance(value, tuple) else (value,)
        if each.name != "url" and any(isinstance(text, str) and holds_secret(text) for text in texts):
            raise NotifyError(
                f"a channel of {kind}: its {each.name} (not shown) looks like a secret; expected none in a "
                'definition; put it into a file and give SecretRef(file="...") where the channel takes one'
            )
    if not NAME.match(channel.name):
        raise NotifyError(
            f"channel {shown(channel.name)}: expected a lower-case letter, then at most 19 lower-case "
            "letters, digits or -; choose a short word"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Who hears the alerts with a team's name, in place of everybody.

    Attributes:
        critical: hear what wakes someone.
        warning: hear what can wait for the morning.
    """

    critical: tuple[Channel, ...]
    warning: tuple[Channel, ...]

    def __post_init__(self) -> None:
        require_fields("a Team", self, NotifyError, secret=True)


def receiver_of(severity: str, team: str = "") -> str:
    """The name of the receiver that hears a severity, of a team or of all."""
    return f"{team}-{severity}" if team else severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """Which channels hear what. An alert that matches nothing is told where warnings are, never nowhere.

    Attributes:
        critical: hear what wakes someone, at once: a pager and a chat.
        warning: hear what can wait for the morning, and what has no severity.
        heartbeat: hear `Watchdog` again and again; its silence means that the path is broken.
        backup: also hear that messages to other channels fail; another service than those.
        teams: who hears the alerts with ``team=``, by the team's name.
        hours: when warnings are told; None for always.
        mutes: windows in which routes are mute, such as maintenance.
        secrets_dir: where files of secrets stand for the engine that reads them.
    """

    critical: tuple[Channel, ...]
    warning: tuple[Channel, ...]
    heartbeat: tuple[Channel, ...] = ()
    backup: tuple[Channel, ...] = ()
    teams: Mapping[str, Team] = field(default_factory=dict, hash=False)
    hours: Hours | None = None
    mutes: tuple[MuteTime, ...] = ()
    secrets_dir: str = "/run/secrets"

    def __post_init__(self) -> None:
        require_fields("notifications", self, NotifyError, secret=True)
        if not is_folder(self.secrets_dir):
            raise NotifyError(
                f"notifications: secrets_dir is {shown(self.secrets_dir)}; expected a folder of letters, "
                "digits and _./-, such as /run/secrets, since it stands within references; choose another"
            )
        self._check_teams()
        for route, channels in self.routes.items():
            if not channels and route not in ("heartbeat", "backup"):
                raise NotifyError(
                    f"notifications: nobody hears {route}; expected a channel; give {route}=(...)"
                )
        named: dict[str, Channel] = {}
        for channel in self.channels:
            if named.setdefault(channel.name, channel) != channel:
                raise NotifyError(f"two channels are called {channel.name!r}; expected one; rename the other")
        self._check_times()
        self._check_backup()

    def _check_teams(self) -> None:
        for name, team in self.teams.items():
            if not NAME.match(str(name)) or name in RESERVED:
                raise NotifyError(
                    f"team {shown(str(name))}: expected a lower-case letter, then at most 19 lower-case "
                    f"letters, digits or -, and none of {', '.join(RESERVED)}; choose another word"
                )
            if not isinstance(team, Team):
                raise NotifyError(
                    f"team {name!r} is a {type(team).__name__}; expected Team(critical=(...), "
                    "warning=(...)); give that"
                )

    def _check_times(self) -> None:
        known = ("critical", "warning", *self.teams)
        names = [WORKING_HOURS, ALWAYS, *(mute.name for mute in self.mutes)]
        for mute in self.mutes:
            if names.count(mute.name) > 1:
                raise NotifyError(
                    f"two mute times are called {mute.name!r}, or the name is taken; expected one; rename it"
                )
            for route in mute.routes:
                if route not in known:
                    raise NotifyError(
                        f"mute time {mute.name!r} names the route {route!r}; expected one of "
                        f"{', '.join(known)}; correct it"
                    )
        for route, channels in self.routes.items():
            hours = (WORKING_HOURS,) if self.hours and route.endswith("warning") else ()
            times = " and ".join((*hours, *self.muted_by(route)))
            for channel in channels:
                if times and isinstance(channel, PagerDuty) and not channel.left_open:
                    raise NotifyError(
                        f"pagerduty {channel.name!r} hears {route}, which is mute by {times}: of what ends "
                        "then its incident stays open; expected it on routes that always speak; take it off "
                        "this one, or give left_open=True and let PagerDuty resolve incidents after a time"
                    )

    def muted_by(self, route: str) -> tuple[str, ...]:
        """The mute times of a route, by the name of its receiver."""
        team, _, severity = route.rpartition("-")
        return tuple(each.name for each in self.mutes if {team, severity} & set(each.routes))

    def _check_backup(self) -> None:
        """A failing channel is of no use to tell of its own failure."""
        others = {channel.name for name, each in self.routes.items() if name != "backup" for channel in each}
        if self.backup and not {channel.name for channel in self.backup} - others:
            raise NotifyError(
                f"backup has only channels that other routes have too, {', '.join(sorted(others))}; expected "
                "another one, which still works when those fail; give backup=(...) one of its own"
            )

    @property
    def routes(self) -> dict[str, tuple[Channel, ...]]:
        """Who hears each route, by the name of its receiver."""
        return {
            "critical": self.critical,
            "warning": self.warning,
            "heartbeat": self.heartbeat,
            "backup": self.backup,
            **{receiver_of("critical", name): team.critical for name, team in self.teams.items()},
            **{receiver_of("warning", name): team.warning for name, team in self.teams.items()},
        }

    @property
    def channels(self) -> Iterator[Channel]:
        """Every channel, once for each route that names it."""
        for channels in self.routes.values():
            yield from channels

    @property
    def secrets(self) -> tuple[tuple[str, SecretRef], ...]:
        """Each channel's name with a secret of it, for whoever looks whether they are there."""
        return tuple(dict.fromkeys((each.name, secret) for each in self.channels for secret in each.secrets))


# A time that is always, for routes that are mute for good.
ALWAYS = "always"
# The receiver in the compose file, which keeps messages and tells nobody. It needs no secret, so all starts.
WEBHOOK = Webhook(url="http://webhook:9095/")
NOTIFICATIONS = Notifications(critical=(WEBHOOK,), warning=(WEBHOOK,), heartbeat=(WEBHOOK,))
