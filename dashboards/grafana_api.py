"""Asking a running Grafana, as its own front end does."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import requests
from requests.auth import HTTPBasicAuth

from dashboards.errors import RefusedError, StackError, shown_url
from dashboards.prometheus_api import Samples

Json = dict[str, Any]

NOT_FINITE = {"NaN": math.nan, "Inf": math.inf, "NegInf": -math.inf}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grafana:
    """A Grafana at this URL.

    Attributes:
        url: without a slash at the end.
        user, password: of someone who may read alert rules and contact points; never shown.
        token: of a service account, in their place.
        datasource: the uid of Prometheus in it.

    Raises:
        StackError: from every method, where Grafana does not answer, or refuses.
    """

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    datasource: str = "prometheus"
    timeout: float = 30.0
    fills_ranges: ClassVar[bool] = True

    @classmethod
    def of_environment(cls, url: str, datasource: str) -> Self:
        """With the credentials that GRAFANA_TOKEN, or GRAFANA_USER and GRAFANA_PASSWORD, hold."""
        return cls(
            url=url.rstrip("/"),
            user=os.environ.get("GRAFANA_USER", ""),
            password=os.environ.get("GRAFANA_PASSWORD", ""),
            token=os.environ.get("GRAFANA_TOKEN", ""),
            datasource=datasource,
        )

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at ``/api/<path>``."""
        return self._ask("GET", path, params=query)

    def find(self, path: str, **query: Any) -> Any:
        """As `get`; None where Grafana has no such thing, and answers 404."""
        return self._ask("GET", path, missing=True, params=query)

    def version(self) -> str:
        """Such as 12.3.3."""
        found = self.get("health")
        told = str(found.get("version", "")) if isinstance(found, dict) else ""
        if not re.match(r"\d+\.\d+", told):
            raise StackError(
                f"{shown_url(self.url)}/api/health told no version; expected a Grafana that shows its "
                "version to this user; check the URL, and GRAFANA_TOKEN, or GRAFANA_USER and "
                "GRAFANA_PASSWORD"
            )
        return told

    def health(self) -> Json:
        """What Grafana says after asking the data source: ``status`` is OK or ERROR, with a ``message``."""
        found: Json = self._ask("GET", f"datasources/uid/{self.datasource}/health", answer="status")
        return found

    def test_receivers(self, receivers: Sequence[Json], alert: Json) -> Any:
        """Send an alert to contact points, given as Grafana stores them; nothing is changed by it."""
        asked = {"receivers": list(receivers), "alert": alert}
        path = "alertmanager/grafana/config/api/v1/receivers/test"
        return self._ask("POST", path, answer="receivers", json=asked)

    def label_values(self, selector: str, label: str, start: float, end: float) -> list[str]:
        """The values of a label on the series selected, as a variable asks for them."""
        path = f"datasources/uid/{self.datasource}/resources/api/v1/label/{label}/values"
        answer = self.get(path, **{"match[]": selector, "start": int(start), "end": math.ceil(end)})
        return [str(value) for value in answer["data"]]

    def answer(self, target: Mapping[str, Any], expr: str, start: float, end: float, step: float) -> Samples:
        """The samples of a panel's query; Grafana fills ``$__rate_interval`` and ``$__range`` by itself."""
        source = {"type": "prometheus", "uid": self.datasource}
        step_ms = max(1, round(step * 1000))
        query = {
            **target,
            "datasource": source,
            "expr": expr,
            "intervalMs": step_ms,
            "maxDataPoints": max(1, round((end - start) / step)),
        }
        asked = {"from": str(round(start * 1000)), "to": str(round(end * 1000)), "queries": [query]}
        found = self._ask("POST", "ds/query", answer="results", json=asked)["results"][target["refId"]]
        if found.get("error"):
            raise RefusedError(f"Grafana refused a query: {found['error']}; the query: {expr}")
        return [series for frame in found.get("frames", ()) for series in _series(frame)]

    def _ask(self, method: str, path: str, *, answer: str = "", missing: bool = False, **more: Any) -> Any:
        """The JSON of an answer; one that says what failed is an answer too, known by this key.

        With `missing` a 404 is one as well: None.
        """
        # As bytes: requests writes text as Latin-1, in which there is no euro sign.
        headers = {"Authorization": f"Bearer {self.token}".encode()} if self.token else {}
        auth = HTTPBasicAuth(self.user.encode(), self.password.encode()) if self.user else None
        url, shown = f"{self.url}/api/{path}", f"{shown_url(self.url)}/api/{path}"
        try:
            response = requests.request(method, url, headers=headers, auth=auth, timeout=self.timeout, **more)
            body = response.json()
        except requests.JSONDecodeError:
            raise StackError(
                f"{shown} answered {response.status_code} without JSON; expected a Grafana; check the URL"
            ) from None
        except requests.RequestException as error:
            raise StackError(
                f"no answer from Grafana at {shown_url(self.url)} ({type(error).__name__}); "
                "is it running, and is the URL right?"
            ) from None
        if missing and response.status_code == 404:
            return None
        if response.status_code >= 400 and not (answer and isinstance(body, dict) and answer in body):
            told = body.get("message", "no reason given") if isinstance(body, dict) else "no reason given"
            raise StackError(
                f"{shown} answered {response.status_code}: {told}; expected 200; may this user read it?"
            )
        return body


def _series(frame: Json) -> Iterator[tuple[dict[str, str], list[float]]]:
    """The numeric columns of a data frame. What JSON has no number for stands beside the values."""
    data = frame["data"]
    beside = data.get("entities") or [None] * len(data["values"])
    for described, values, special in zip(frame["schema"]["fields"], data["values"], beside, strict=True):
        if described["type"] != "number":
            continue
        numbers = dict(enumerate(values))
        for name, places in (special or {}).items():
            numbers |= dict.fromkeys(places, NOT_FINITE[name])
        found = [float(value) for _, value in sorted(numbers.items()) if value is not None]
        if found:
            yield dict(described.get("labels") or {}), found
