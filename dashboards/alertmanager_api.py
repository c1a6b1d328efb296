"""Asking a running Alertmanager, and giving it an alert."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
import yaml

from dashboards.errors import StackError, shown_url

COUNTED = re.compile(
    r"^alertmanager_(notifications|notification_requests|notification_requests_failed)_total"
    r'\{[^}]*\bintegration="([^"]+)"[^}]*\} (\S+)$',
    re.M,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What Alertmanager sent since its start, by kind of channel, such as `slack`.

    Attributes:
        begun: messages, counted before the first attempt.
        answered: attempts that are over, well or not.
        failed: those of them that the channel refused, or did not answer.
    """

    begun: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def since(self, earlier: Sent) -> Sent:
        """What was sent after that."""
        return Sent(
            begun=self.begun - earlier.begun,
            answered=self.answered - earlier.answered,
            failed=self.failed - earlier.failed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alertmanager:
    """An Alertmanager at this URL, without a slash at the end.

    Raises:
        StackError: from every method, where it does not answer, or refuses.
    """

    url: str
    timeout: float = 10.0

    def post(self, alerts: Sequence[Mapping[str, Any]]) -> None:
        """Give it alerts, each with `labels`, `annotations` and the times `startsAt` and `endsAt`."""
        self._ask("POST", "/api/v2/alerts", json=list(alerts))

    def receivers(self, service: str) -> dict[str, list[str]]:
        """Which receivers hear each alert of this service, by its label `route`."""
        answer = self._ask("GET", "/api/v2/alerts", params={"filter": f'service="{service}"'}).json()
        return {each["labels"]["route"]: [one["name"] for one in each["receivers"]] for each in answer}

    def selected(self, matchers: Sequence[str]) -> list[dict[str, str]]:
        """The labels of each alert that all of these select, such as ``alertname="RedisDown"``."""
        answer = self._ask("GET", "/api/v2/alerts", params={"filter": list(matchers)}).json()
        return [each["labels"] for each in answer]

    def config(self) -> dict[str, Any]:
        """The configuration that it works with, defaults written out and secrets not."""
        try:
            found = yaml.safe_load(self._ask("GET", "/api/v2/status").json()["config"]["original"])
        except (KeyError, TypeError, ValueError, yaml.YAMLError):
            found = None
        if not isinstance(found, dict):
            raise StackError(
                f"{shown_url(self.url)}/api/v2/status tells no configuration; expected an Alertmanager; "
                "check the URL"
            )
        return found

    def sent(self) -> Sent:
        """What it sent since its start."""
        found = Sent()
        counters = {
            "notifications": found.begun,
            "notification_requests": found.answered,
            "notification_requests_failed": found.failed,
        }
        for what, integration, count in COUNTED.findall(self._ask("GET", "/metrics").text):
            counters[what][integration] += int(float(count))
        return found

    def _ask(self, method: str, path: str, **more: Any) -> requests.Response:
        shown = shown_url(self.url)
        try:
            response = requests.request(method, self.url + path, timeout=self.timeout, **more)
        except requests.RequestException as error:
            raise StackError(
                f"no answer from Alertmanager at {shown} ({type(error).__name__}); "
                "is it running, and is the URL right?"
            ) from None
        if not response.ok:
            raise StackError(
                f"{shown}{path} answered {response.status_code}: {response.text[:200].strip()}; "
                "expected 200; check the URL"
            )
        return response
