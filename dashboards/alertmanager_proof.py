"""What a running Alertmanager made of its file: routes, waits, times, receivers; of templates their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from alerts import notify
from alerts.channels import CLIENT
from dashboards.alertmanager_api import Alertmanager
from dashboards.differences import Terms, differences
from dashboards.seen import Seen, counted
from dashboards.stack import Stack

Json = dict[str, Any]

_SLACK = {
    "username": "username",
    "pretext": "pretext",
    "footer": "footer",
    "callback_id": "callbackid",
    "icon_emoji": "iconemoji",
    "icon_url": "iconurl",
}
TERMS = Terms(
    # Mail says again from whom and to whom it goes, which is compared where it is configured.
    owned=("From", "To"),
    defaults={
        "follow_redirects": True,
        "enable_http2": True,
        "require_tls": True,
        "hello": "localhost",
        "source": CLIENT,
        **{key: f'{{{{ template "slack.default.{name}" . }}}}' for key, name in _SLACK.items()},
    },
    unordered=("matchers", "source_matchers", "target_matchers", "equal", "group_by", "receivers"),
    private=True,
)
# Defaults for channels, which Alertmanager writes into each channel of its own accord.
GLOBAL = "global"


def loaded(stack: Stack, alertmanager: Alertmanager) -> Iterator[Seen]:
    """Each part of its configuration is as rendered.

    Raises:
        StackError: it does not answer, or refuses.
    """
    wanted, _ = notify.alertmanager(stack.notifications, stack.loaded, stack.rules)
    found = alertmanager.config()
    for config in (wanted, found):
        config["templates"] = [PurePosixPath(each).name for each in config.get("templates") or ()]
    parts = [part for part in dict.fromkeys((*wanted, *found)) if part != GLOBAL]
    yield from counted("Alertmanager's configuration", {part: _faults(part, wanted, found) for part in parts})


def _faults(part: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    return list(differences(wanted.get(part) or [], found.get(part) or [], TERMS, part, part))
