"""Asking a running Alertmanager, and giving it an alert."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from dashboards.errors import StackError

COUNTED = re.compile(
    r'^alertmanager_notifications_(failed_)?total\{[^}]*\bintegration="([^"]+)"[^}]*\} (\S+)$', re.M
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

    def receivers(self, alertname: str) -> dict[str, list[str]]:
        """Which receivers hear each alert of this name, by its label `route`."""
        answer = self._ask("GET", "/api/v2/alerts", params={"filter": f'alertname="{alertname}"'}).json()
        return {each["labels"]["route"]: [one["name"] for one in each["receivers"]] for each in answer}

    def selected(self, matchers: Sequence[str]) -> list[dict[str, str]]:
        """The labels of each alert that all of these select, such as ``alertname="RedisDown"``."""
        answer = self._ask("GET", "/api/v2/alerts", params={"filter": list(matchers)}).json()
        return [each["labels"] for each in answer]

    def sent(self) -> tuple[float, float]:
        """Notifications that it tried to send since its start, and those of them that failed."""
        tried = failed = 0.0
        for bad, _, count in COUNTED.findall(self._ask("GET", "/metrics").text):
            if bad:
                failed += float(count)
            else:
                tried += float(count)
        return tried, failed

    def _ask(self, method: str, path: str, **more: Any) -> requests.Response:
        try:
            response = requests.request(method, self.url + path, timeout=self.timeout, **more)
        except requests.RequestException as error:
            raise StackError(
                f"no answer from Alertmanager at {self.url} ({type(error).__name__}); "
                "is it running, and is the URL right?"
            ) from None
        if not response.ok:
            raise StackError(
                f"{self.url}{path} answered {response.status_code}: {response.text[:200].strip()}; "
                "expected 200; check the URL"
            )
        return response
