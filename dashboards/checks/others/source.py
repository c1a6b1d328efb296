"""What is exported, asked of a page of metrics or of a Prometheus: by address, or as they were saved."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from dashboards.checks.others import page
from dashboards.checks.others.known import Exported, seen
from dashboards.checks.queries.rates import UNKNOWN
from dashboards.errors import StackError, shown_url
from dashboards.given import text_of
from dashboards.prometheus_api import Prometheus, untrusted
from exporters.catalogue import Metric

TIMEOUT = 10.0
LARGEST = 100_000_000
LONGEST = 60.0  # seconds until a page is whole
WANTED = "expected a page of metrics, or a Prometheus"
ACCEPT = {"Accept": "text/plain;version=0.0.4"}


class Source:
    """One address or file of `--metrics-from`, and who asks there: by default nobody in particular."""

    def __init__(self, given: str, asker: Prometheus | None = None) -> None:
        self.given = given
        self.shown = shown_url(given) if "://" in given else given
        self.server = replace(asker or Prometheus(url=""), url=given.rstrip("/"), timeout=TIMEOUT)

    def exported(self, names: Collection[str]) -> Exported:
        """What is exported there; labels and numbers of series of these names.

        Raises:
            StackError: nothing answers there, or something else.
        """
        if "://" not in self.given:
            return self._file()
        text = self._page()
        return self._read(text) if text is not None else self._asked(names)

    def _file(self) -> Exported:
        told = f"--metrics-from {self.shown}"
        text = text_of(
            Path(self.given), LARGEST, told, f"{WANTED}'s answer, saved, or an address with http://"
        )
        return self._read(text)

    def _page(self) -> str | None:
        """What is at the address, if it is a page of metrics."""
        try:
            with self.server.fetch("GET", self.given, headers=ACCEPT, stream=True) as answer:
                kind = answer.headers.get("Content-Type", "")
                plain = answer.ok and ("text/plain" in kind or "openmetrics" in kind)
                return self._whole(answer) if plain else None
        except (requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
            raise StackError(
                f"--metrics-from {self.shown}: expected http:// or https://; correct it"
            ) from None
        except requests.exceptions.SSLError as error:
            raise StackError(f"--metrics-from: {untrusted(self.shown, error)}") from None
        except requests.RequestException as error:
            raise StackError(
                f"--metrics-from {self.shown}: no answer ({type(error).__name__}); is it running there?"
            ) from None

    def _whole(self, answer: requests.Response) -> str:
        """The page, which could be one that never ends."""
        body, end = bytearray(), time.monotonic() + LONGEST
        for part in answer.iter_content(1 << 16):
            body += part
            if len(body) > LARGEST or time.monotonic() > end:
                raise StackError(
                    f"--metrics-from {self.shown}: {len(body)} bytes, and more to come; {WANTED}, of at most "
                    f"{LARGEST} bytes and {LONGEST:g} s"
                )
        return body.decode("utf-8", errors="replace")

    def _read(self, text: str) -> Exported:
        """A page, or what Prometheus' API answered about metadata or names."""
        if text.lstrip().startswith("{"):
            return self._saved(text)
        try:
            return page.read(text)
        except ValueError as error:
            raise StackError(f"--metrics-from {self.shown}: {error}; {WANTED}") from None

    def _saved(self, text: str) -> Exported:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = None
        data = document.get("data") if isinstance(document, dict) else None
        if isinstance(data, list) and all(isinstance(each, str) for each in data):
            return Exported({name: seen(name, UNKNOWN) for name in data})
        if isinstance(data, dict):
            return Exported(_of_metadata(data))
        raise StackError(
            f"--metrics-from {self.shown}: other JSON; expected what /api/v1/metadata or "
            "/api/v1/label/__name__/values of a Prometheus answers"
        )

    def _asked(self, names: Collection[str]) -> Exported:
        """Every name, with the kinds of what is scraped; of the names asked for, labels and numbers too."""
        prometheus = self.server
        there = prometheus.label_values('{__name__=~".+"}', "__name__", 0, math.floor(_NOW))
        kinds = _of_metadata(prometheus.get("metadata"))
        metrics = {name: kinds.get(name) or seen(name, UNKNOWN) for name in there}
        found = Exported(metrics, whole=True)
        for name in sorted(set(names) & set(there)):
            answer = prometheus.label_names(name, 0, math.floor(_NOW))
            found.labels[name] = frozenset(answer) - {"__name__"}
            counted = prometheus.query(f"count({name})")
            found.counts[name] = int(counted[0][1][0]) if counted else 0
            family = metrics[name]
            if family.kind == "histogram" and name.endswith("_bucket"):
                bounds = prometheus.label_values(name, "le", 0, math.floor(_NOW))
                metrics[name] = seen(family.name, "histogram", family.help, _bounds(bounds))
        return found


_NOW = 4_102_444_800  # 2100: all that is there


def _bounds(texts: Collection[str]) -> list[float]:
    numbers = [float(text) for text in texts]
    return [number for number in numbers if math.isfinite(number)]


def _of_metadata(data: dict[str, Any]) -> dict[str, Metric]:
    """Families as `/api/v1/metadata` lists them, by each of their sample names."""
    found: dict[str, Metric] = {}
    for name, entries in data.items():
        entry = entries[0] if isinstance(entries, list) and entries else {}
        kind = str(entry.get("type", UNKNOWN)) if isinstance(entry, dict) else UNKNOWN
        metric = seen(name, kind, str(entry.get("help", "")) if isinstance(entry, dict) else "")
        found |= {name + part: metric for part in page.PARTS.get(kind, ("",))}
    return found
