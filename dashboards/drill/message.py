"""Is a message what whoever is woken needs: title, a value beyond the limit, links that lead there?"""

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
from alerts.proof.templates import TEMPLATE as FORMAT
from dashboards.alertmanager_api import Alertmanager
from dashboards.drill import links
from dashboards.drill.model import Drill, Site
from dashboards.drill.value import PATTERNS, is_beyond
from dashboards.drill.watch import Chat, Told
from dashboards.errors import StackError
from dashboards.runbook_board import UID as RUNBOOKS_UID
from dashboards.words import counted
from dashboards.write import render

BOARD = re.compile(r"grafana/dashboards/(.+)\.json\Z")


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
        found += self._summary_problems(alert, labels, annotations.get("summary", ""))
        url = annotations.get("dashboard_url", "")
        found += self._panel("dashboard_url", url, alert)
        found += links.untimely("dashboard_url", url, told.alert)
        runbook = self.site.stack.all_boards[-1].panel_id(alert.name)
        url = annotations.get("runbook_url", "")
        return found + self._link("runbook_url", url, RUNBOOKS_UID, runbook, alert.name)

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
        ] + self._chat_links(chat, told)

    def _chat_links(self, chat: Chat, told: Told) -> list[str]:
        """What is wrong with the links of a chat's message: panel, runbook and silence."""
        alert, found = self.alerts[told.name], links.named(chat.text)
        lacking = {"Panel", "Runbook", "Silence"} - set(found)
        if lacking:
            return [f"the chat's message has no link {', '.join(sorted(lacking))}: {chat.text!r}"]
        problems = self._panel("the chat's Panel", found["Panel"], alert)
        problems += links.untimely("the chat's Panel", found["Panel"], told.alert, required=True)
        runbook = told.alert.get("annotations", {}).get("runbook_url", "")
        if found["Runbook"] != runbook:
            problems.append(f"the chat's Runbook {found['Runbook']!r} is not {runbook!r}")
        return problems + self.silence(found["Silence"], told.alert["labels"])

    def silence(self, url: str, labels: Mapping[str, str]) -> list[str]:
        """What is wrong with a silence link of an alert with these labels."""
        problems = links.unsilenced(url, labels)
        server = self.site.alertmanager
        if problems or not server:
            return problems
        if elsewhere := links.elsewhere("the silence link", url, server):
            return elsewhere
        texts = [f'{name}{operator}"{value}"' for name, operator, value in links.matchers(url) or ()]
        try:
            selected = Alertmanager(url=server).selected(texts)
        except StackError as error:
            return [f"the silence link {url!r}: {error}"]
        if any(labels.items() <= each.items() for each in selected):
            return []
        found = counted(len(selected), "alert")
        return [f"the silence link {url!r} selects {found} at {server}, and not this one"]

    def _summary_problems(self, alert: Alert, labels: Mapping[str, str], summary: str) -> list[str]:
        pattern, forms = self.summary(alert, labels)
        found = re.fullmatch(pattern, summary)
        if not found:
            return [f"the summary {summary!r} is not {alert.summary!r} with its labels and a value"]
        limit = self.site.stack.rules.number(alert.threshold).value
        return [
            f"the summary {summary!r} tells {value}, which is not {alert.operator} {limit:g}, the limit"
            for form, value in zip(forms, found.groups(), strict=True)
            if not is_beyond(form, value, alert.operator, limit)
        ]

    def summary(self, alert: Alert, labels: Mapping[str, str]) -> tuple[str, list[str]]:
        """A pattern of the sentence as the engine must have filled it in, and how each value is written."""
        text = self.site.stack.rules.says(alert, alert.summary)
        pattern, end, forms = "", 0, []
        for template in TEMPLATE.finditer(text):
            label = TEMPLATE_LABEL.match(template[1])
            pattern += re.escape(text[end : template.start()])
            if label:
                pattern += re.escape(labels.get(label[1], ""))
            else:
                written = FORMAT.fullmatch(template[0])
                forms.append((written and written[2]) or "")
                pattern += f"({PATTERNS[forms[-1]]})"
            end = template.end()
        return pattern + re.escape(text[end:]), forms

    def _panel(self, name: str, url: str, alert: Alert) -> list[str]:
        uid, panel = self.site.stack.panel_of(alert.signal)
        return self._link(name, url, uid, panel, self.panels[uid].get(panel, ""))

    def _link(self, name: str, url: str, uid: str, panel: int, title: str) -> list[str]:
        parts = urlsplit(url)
        shown = parse_qs(parts.query).get("viewPanel", [""])[0]
        if parts.path.rpartition("/")[2] != uid or shown != f"panel-{panel}":
            return [f"{name} {url!r} does not lead to panel {panel} of {uid}"]
        if elsewhere := links.elsewhere(name, url, self.site.stack.grafana_url):
            return elsewhere
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
