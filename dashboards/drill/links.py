"""Where the links of a message lead: to whose server, which time, and what a silence would silence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from alerts.message import HOUR
from exporters.catalogue.external import ALERTNAME

# As a chat writes an address with its name.
LINK = re.compile(r"<([^<>|]+)\|([^<>|]+)>")
MATCHER = re.compile(r'([A-Za-z_]\w*)(=~|!=|!~|=)"((?:[^"\\]|\\.)*)"')
BEFORE = HOUR / 1e9
# Seconds between the beginnings of alerts that one message tells together: its link is that of the first.
NEAR = 60.0
NEW_SILENCE = "/silences/new"


def named(text: str) -> dict[str, str]:
    """The links of a chat's message, by their names."""
    return {name: address for address, name in LINK.findall(text)}


def elsewhere(name: str, url: str, server: str) -> list[str]:
    """A link to another server than this one, or by another scheme."""
    base, parts = urlsplit(server), urlsplit(url)
    if (parts.scheme, parts.netloc) == (base.scheme, base.netloc) and parts.path.startswith(base.path):
        return []
    return [f"{name} {url!r} does not lead to {server}"]


def untimely(name: str, url: str, alert: Mapping[str, Any], *, required: bool = False) -> list[str]:
    """A link whose panel would show another time than that of the alert.

    Args:
        name: of the link.
        url: of the link.
        alert: as it stands in the message, with `startsAt`.
        required: whether it must say a time at all.
    """
    told = parse_qs(urlsplit(url).query).get("from", [""])[0]
    if not told and not required:
        return []
    if not alert.get("startsAt"):
        return [f"{name} {url!r}: the message does not say when its alert began"]
    begins = datetime.fromisoformat(alert["startsAt"]).timestamp() - BEFORE
    if told.isdigit() and abs(int(told) / 1000 - begins) <= NEAR:
        return []
    return [
        f"{name} {url!r} shows from {told or 'no time'}; expected {begins * 1000:.0f}, an hour before "
        f"{alert['startsAt']}"
    ]


def matchers(url: str) -> list[tuple[str, str, str]] | None:
    """Label, operator and value of what a silence link would silence; None if it is no such link."""
    parts = urlsplit(url)
    route, _, query = parts.fragment.partition("?")
    if route == NEW_SILENCE:  # Alertmanager's, behind the #
        (text,) = parse_qs(query).get("filter", [""])
        if not (text.startswith("{") and text.endswith("}")):
            return None
        found = [MATCHER.fullmatch(each) for each in re.split(r",(?=[A-Za-z_]\w*[=!])", text[1:-1])]
        return [(each[1], each[2], each[3]) for each in found if each] if all(found) else None
    return _of_grafana(parts)


def _of_grafana(parts: SplitResult) -> list[tuple[str, str, str]] | None:
    pairs = [each.partition("=") for each in parse_qs(parts.query).get("matcher", [])]
    return [(name, "=", value) for name, _, value in pairs] if parts.path.endswith("/silence/new") else None


def unsilenced(url: str, labels: Mapping[str, str]) -> list[str]:
    """What is wrong with a silence link of an alert with these labels."""
    found = matchers(url)
    if not found:
        return [f"the silence link {url!r} has no matchers that can be read"]
    problems = [
        f"the silence link {url!r} would not silence this alert: {name} is {labels.get(name)!r}"
        for name, operator, value in found
        if operator != "=" or labels.get(name) != value
    ]
    if not any(name == ALERTNAME.name for name, *_ in found):
        problems.append(f"the silence link {url!r} would silence other alerts too: it names none")
    return problems
