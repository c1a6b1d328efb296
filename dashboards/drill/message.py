"""Is a message what whoever is woken needs: the right title, a value, and links that lead somewhere?"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from alerts.model import TEMPLATE, TEMPLATE_LABEL, Alert
from dashboards.drill.model import Drill, Site
from dashboards.drill.watch import Chat, Told
from dashboards.stack import RUNBOOKS_UID
from dashboards.write import render

BOARD = re.compile(r"grafana/dashboards/(.+)\.json\Z")
# As `humanize` and its kin write it: 12.3%, 1.5k, 4m 3s, -0.
VALUE = r"[+-]?\d[\d.,]*(e[+-]?\d+)?\S*( \d+[a-z]+)*"


@dataclass
class Messages:
    """Judges messages by the files that were built for this stack."""

    site: Site

    def __post_init__(self) -> None:
        stack = self.site.stack
        self.alerts = {alert.name: alert for alert in stack.alerts}
        self.panels: dict[str, dict[int, str]] = {}
        for path, content in render(stack).items():
            if found := BOARD.match(path):
                self.panels[found[1]] = dict(panels(json.loads(content)))

    def problems(self, told: Told, drill: Drill) -> list[str]:
        """What is wrong with a message that something fires; nothing if all is well."""
        alert, labels = self.alerts[told.name], told.alert["labels"]
        wanted = {"severity": alert.severity.value, "service": alert.service, **drill.about}
        found = [
            f"the message says {name}={labels.get(name)!r}, not {value!r}"
            for name, value in wanted.items()
            if labels.get(name) != value
        ]
        annotations = told.alert.get("annotations", {})
        summary = annotations.get("summary", "")
        if not re.fullmatch(self.summary(alert, labels), summary):
            found.append(f"the summary {summary!r} is not {alert.summary!r} with its labels and a value")
        uid, panel = self.site.stack.panel_of(alert.signal)
        found += self._link(annotations, "dashboard_url", uid, panel, self.panels[uid].get(panel, ""))
        runbook = self.site.stack.all_boards[-1].panel_id(alert.name)
        found += self._link(annotations, "runbook_url", RUNBOOKS_UID, runbook, alert.name)
        return found

    def worded(self, chat: Chat, told: Told) -> list[str]:
        """What is wrong with the same message as a chat shows it."""
        alert, annotations = self.alerts[told.name], told.alert.get("annotations", {})
        wanted = {
            "title": (chat.title, (alert.severity.value, alert.service)),
            "text": (chat.text, (annotations.get("summary", ""), self.site.stack.rules.action_of(alert))),
        }
        return [
            f"the {where} of the chat's message, {text!r}, lacks {word!r}"
            for where, (text, words) in wanted.items()
            for word in words
            if _plain(word) not in _plain(text)
        ]

    def summary(self, alert: Alert, labels: Mapping[str, str]) -> str:
        """A pattern of the sentence as the engine must have filled it in."""
        text = self.site.stack.rules.says(alert, alert.summary)
        pattern, end = "", 0
        for template in TEMPLATE.finditer(text):
            label = TEMPLATE_LABEL.match(template[1])
            pattern += re.escape(text[end : template.start()])
            pattern += re.escape(labels.get(label[1], "")) if label else VALUE
            end = template.end()
        return pattern + re.escape(text[end:])

    def _link(self, annotations: Mapping[str, str], name: str, uid: str, panel: int, title: str) -> list[str]:
        url = annotations.get(name, "")
        parts = urlsplit(url)
        shown = parse_qs(parts.query).get("viewPanel", [""])[0]
        if parts.path.rpartition("/")[2] != uid or shown != f"panel-{panel}":
            return [f"{name} {url!r} does not lead to panel {panel} of {uid}"]
        if self.panels.get(uid, {}).get(panel) != title:
            return [f"{name} {url!r}: the built board {uid} has no panel {panel} called {title!r}"]
        return self._opened(name, url, uid) if self.site.grafana else []

    def _opened(self, name: str, url: str, uid: str) -> list[str]:
        """What Grafana says of the link, and of the board that it leads to."""
        for address in (url, f"{self.site.grafana}/api/dashboards/uid/{uid}"):
            try:
                status = requests.get(address, timeout=10).status_code
            except requests.RequestException as error:
                return [f"{name}: no answer from {address} ({type(error).__name__})"]
            if status != 200:
                return [f"{name}: {address} answered {status}, not 200"]
        return []


def _plain(text: str) -> str:
    """Without what a chat takes for markup."""
    return html.unescape(text).replace("`", "").replace("*", "")


def panels(board: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Each panel's id and title, also those of collapsed rows."""
    found = []
    for panel in board.get("panels", ()):
        found.append((int(panel["id"]), str(panel.get("title", ""))))
        found += panels(panel)
    return found
