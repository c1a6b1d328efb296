"""Are the secrets there, before Grafana starts? One that is not ends the whole server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path

from alerts.model import Engine
from alerts.notifications import WEBHOOK, Notifications, SecretRef
from dashboards.checks.times import seconds
from dashboards.errors import StackError
from dashboards.stack import Stack

# What Grafana reads from a file or variable becomes a number or a boolean where Go's strconv takes it for one
# while the contact point wants text: Grafana ends. Alertmanager takes a file as it is.
BOOLEANS = frozenset(("t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE"))
HEXADECIMAL = re.compile(r"[+-]?0x[0-9a-f_.]+p[+-]?\d+", re.IGNORECASE)
ADDRESS = re.compile(r"https?://[^\s/?#]+\S*")
CONVERTED = "which Grafana turns into {} and refuses; use one that reads as nothing but text"


def require(*, secrets_dir: str | None, retention: str | None) -> None:
    """Let options pass that can be looked at.

    Raises:
        StackError: the folder is none, or the retention is no time.
    """
    if secrets_dir is not None and not Path(secrets_dir).is_dir():
        raise StackError(
            f"--secrets-dir {secrets_dir}: there is no such folder; expected the one with the files of "
            "secrets; make it, or give another one"
        )
    if retention is not None and seconds(retention) is None:
        raise StackError(
            f"--retention {retention!r} is no time; expected such as 35d; give what Prometheus is given as "
            "--storage.tsdb.retention.time"
        )


def problems(
    notifications: Notifications,
    env: Mapping[str, str] = os.environ,
    *,
    engine: Engine = "grafana",
    secrets_dir: str | None = None,
) -> list[str]:
    """A line for each secret that would end Grafana or arrive there as another one; never its value.

    Args:
        notifications: of the stack that is about to start.
        engine: which of the two notifies, and reads the secrets.
        env: where variables are looked up.
        secrets_dir: where the files are for whoever looks, if not where the engine finds them.
    """
    if secrets_dir is not None:
        notifications = replace(notifications, secrets_dir=secrets_dir)
    found: list[str] = []
    for channel, use, secret in dict.fromkeys(_secrets(notifications)):
        name = secret.path(notifications.secrets_dir) or f"${secret.variable}"
        problem = _problem(secret, name, env, engine, use)
        if problem:
            found.append(f"channel {channel!r}: {name} {problem}")
    return found


def _secrets(notifications: Notifications) -> Iterator[tuple[str, str, SecretRef]]:
    """The channel's name, which of its fields it is, and the secret."""
    for channel in notifications.channels:
        for each in fields(channel):
            if isinstance(secret := getattr(channel, each.name), SecretRef):
                yield channel.name, each.name, secret


def notes(stack: Stack, *, grafana_url: str | None = None, retention: str | None = None) -> list[str]:
    """A line for each thing that starts well and may yet surprise.

    Args:
        stack: that is about to start.
        grafana_url: where people will open Grafana, if that is known.
        retention: what Prometheus is started with, if that is known.
    """
    found = []
    links = stack.grafana_url
    if WEBHOOK in stack.notifications.channels:
        found.append(
            f"channel {WEBHOOK.name!r} is the demo's receiver, {WEBHOOK.url}, which keeps messages and tells "
            "nobody; for a backend of your own, name a channel of your own in the stack"
        )
    if not stack.notifications.heartbeat:
        found.append(
            "no channel hears the heartbeat: if Prometheus or what notifies dies, nobody notices; give "
            "heartbeat=(...) a dead man's switch outside of this installation"
        )
    if grafana_url is not None and grafana_url.rstrip("/") != links.rstrip("/"):
        found.append(
            f"links to runbooks and panels begin with {links}, but Grafana is at {grafana_url}; "
            "give the stack that grafana_url, and build"
        )
    if retention is not None and seconds(retention) != stack.retention * 86_400:
        found.append(
            f"Prometheus keeps {retention}, but the stack counts on {stack.retention}d; set RETENTION to that"
        )
    return found


def _problem(secret: SecretRef, name: str, env: Mapping[str, str], engine: Engine, use: str) -> str:
    if secret.file:
        try:
            # As they are: a line that ends with \r\n would else lose what some reader does not.
            value = Path(name).read_bytes().decode()
        except FileNotFoundError:
            return "is missing; write the secret into it"
        except (OSError, UnicodeDecodeError) as error:
            if isinstance(error, UnicodeDecodeError):
                why, advice = "it is no text in UTF-8", "write the secret into it, and nothing else"
            else:
                why, advice = str(error.strerror), "give the user who runs this the right to read text"
            return f"cannot be read ({why}); {advice}"
    elif secret.variable in env:
        value = env[secret.variable]
    else:
        return (
            "is not set; set it in Grafana's environment, or, as Docker Compose hands no variable on, "
            'give SecretRef(file="...")'
        )
    secret_alone = value.strip()
    if not secret_alone:
        return "is empty; write the secret into it"
    if len(secret_alone.splitlines()) > 1:
        return "has several lines; expected the secret alone; leave the others out"
    if value != secret_alone and (engine, use) == ("prometheus", "password"):
        return (
            "begins or ends with a space or a line break, with which Alertmanager logs in; expected the "
            "password alone; write it with `printf %s`"
        )
    unfit = _unfit_for_grafana(secret_alone) if engine == "grafana" else ""
    if not unfit and use == "url" and not ADDRESS.fullmatch(secret_alone):
        return "holds no http(s) address; expected such as https://host/path; write the channel's whole URL"
    return unfit


def _unfit_for_grafana(value: str) -> str:
    """What Grafana would make of the value, without it."""
    if value.isdigit():
        return f"is all digits, {CONVERTED.format('a number')}"
    if _number(value):
        return f"reads as a number, {CONVERTED.format('a number')}"
    if value in BOOLEANS:
        return f"reads as true or false, {CONVERTED.format('a boolean')}"
    if "$" in value:
        return "has a $, from which on Grafana looks for a variable; use one without"
    return ""


def _number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return bool(HEXADECIMAL.fullmatch(value))
    return True
