"""Are the secrets there, before Grafana starts? One that is not ends the whole server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from alerts.notifications import Notifications, SecretRef


def problems(notifications: Notifications, env: Mapping[str, str] = os.environ) -> list[str]:
    """A line for each secret that is missing, unreadable, empty or all digits; never its value."""
    found = []
    for channel, secret in notifications.secrets:
        name = secret.path(notifications.secrets_dir) or f"${secret.variable}"
        problem = _problem(secret, name, env)
        if problem:
            found.append(f"channel {channel!r}: {name} {problem}")
    return found


def _problem(secret: SecretRef, name: str, env: Mapping[str, str]) -> str:
    if secret.file:
        try:
            value = Path(name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return "is missing; write the secret into it"
        except (OSError, UnicodeDecodeError) as error:
            return (
                f"cannot be read ({type(error).__name__}); give the user who runs this the right to read text"
            )
    elif secret.variable in env:
        value = env[secret.variable].strip()
    else:
        return "is not set; set it in Grafana's environment"
    if not value:
        return "is empty; write the secret into it"
    if value.isdigit():
        return "is all digits, which Grafana turns into a number and refuses; use a key with a letter in it"
    return ""
