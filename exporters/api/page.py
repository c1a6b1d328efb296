"""The metrics page of all workers together, made from their files and not by them: no request waits for it.

Needs neither the application nor its libraries, so the exporter can serve it.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from time import monotonic

from prometheus_client import generate_latest

from exporters.api.lag import PAUSE
from exporters.api.metrics import WithoutCreated, registry
from exporters.api.reader import Key, MetricFile, MetricFiles
from exporters.api.slots import live_slots, multiprocess_directory
from exporters.catalogue import api
from exporters.exposition import HELP_ESCAPES, LABEL_ESCAPES, number

BUCKET = "_bucket"
# Of a directory that is not there, or holds nothing.
EXPECTED = (
    "expected the directory that the API has in PROMETHEUS_MULTIPROC_DIR, set before its Python starts, and "
    "instrument(app) in its code"
)
Labels = tuple[tuple[str, str], ...]
GaugeKey = tuple[str, Labels]


def render() -> bytes:
    """The page of this process, or of all workers where they share a directory, in text format 0.0.4."""
    directory = multiprocess_directory()
    if directory is not None:
        return _page(directory).render()
    source = registry()
    return generate_latest(WithoutCreated(source)) if source is not None else b""


class ApiPage:
    """Renders the files of a directory (PROMETHEUS_MULTIPROC_DIR of the application); may be used by threads.

    A directory that is empty or missing gives a page that says there are no workers.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._files = MetricFiles(directory)
        self._live: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._planned = (-1, -1)
        self._plan: list[_Block] = []

    @property
    def is_empty(self) -> bool:
        """Whether no worker had written a file yet when the page was last rendered."""
        return not self._files.files

    def render(self) -> bytes:
        """The page as of now."""
        with self._lock:
            live = live_slots(self.directory)
            if live is not None:
                self._live = live
            files = self._files
            files.read()
            if self._planned != (files.epoch, len(files.keys)):
                self._planned = (files.epoch, len(files.keys))
                self._plan = _plan(files)
            values = [0.0] * len(files.keys)
            gauges = _Gauges()
            for file in files.files.values():
                if file.kind == "gauge":
                    if not (
                        file.is_live_gauge and file.owner.startswith("w") and file.owner not in self._live
                    ):
                        gauges.add(file, files.keys)
                    continue
                for key, place in zip(file.keys, file.places, strict=True):
                    values[key] += file.value(place)
            blocks = [block.write(values) for block in self._plan]
            return "".join([*blocks, *gauges.write(files.helps)]).encode()


@functools.cache
def _page(directory: Path) -> ApiPage:
    return ApiPage(directory)


def unreadable(error: OSError, directory: Path) -> str:
    """Which of the API's files cannot be read, why, and what they need."""
    needs = (
        "; expected files that the exporter may read: run it as the API's user, or in its group and the API "
        "with UMask=0027"
    )
    what = f"{error.filename or directory}: {error.strerror or type(error).__name__}"
    return what + (needs if isinstance(error, PermissionError) else "")


class _Block:
    """A family of counters, histograms or summaries: everything but the numbers is text already."""

    def __init__(self, header: str, lines: list[tuple[str, int]], groups: list[_Buckets]) -> None:
        self.header = header
        self.lines = lines
        self.groups = groups

    def write(self, values: list[float]) -> str:
        out = [self.header]
        out += [f"{text}{number(values[key])}\n" for text, key in self.lines]
        for group in self.groups:
            group.write(values, out)
        return "".join(out)


class _Buckets:
    """The buckets of one histogram; the files count each alone, the page counts them up."""

    def __init__(self, buckets: list[tuple[str, int]], count: str) -> None:
        self.buckets = buckets
        self.count = count

    def write(self, values: list[float], out: list[str]) -> None:
        total = 0.0
        for text, key in self.buckets:
            total += values[key]
            out.append(f"{text}{number(total)}\n")
        out.append(f"{self.count}{number(total)}\n")


class _Gauges:
    """Gauges of all files, combined as their mode says."""

    def __init__(self) -> None:
        self.values: dict[str, dict[GaugeKey, float]] = {api.WORKERS.name: {(api.WORKERS.name, ()): 0.0}}
        self.times: dict[GaugeKey, float] = {}

    def add(self, file: MetricFile, keys: list[Key]) -> None:
        mode = file.mode.removeprefix("live")
        for index, place in zip(file.keys, file.places, strict=True):
            key = keys[index]
            labels = key.labels if mode != "all" else tuple(sorted((*key.labels, ("pid", file.owner))))
            family = self.values.setdefault(key.family, {})
            value, time = file.value(place), file.timestamp(place)
            if key.name == api.EVENT_LOOP_LAG.name and time:
                # A loop that stands still cannot say so.
                value = max(value, monotonic() - time - PAUSE)
            self._combine(family, (key.name, labels), mode, value, time)

    def _combine(
        self, family: dict[GaugeKey, float], key: GaugeKey, mode: str, value: float, time: float
    ) -> None:
        known = family.get(key)
        if known is None:
            family[key] = value
            self.times[key] = time
        elif mode == "sum":
            family[key] = known + value
        elif mode == "max":
            family[key] = max(known, value)
        elif mode == "min":
            family[key] = min(known, value)
        elif time > self.times[key]:  # mostrecent
            family[key], self.times[key] = value, time

    def write(self, helps: dict[str, str]) -> Iterable[str]:
        for family, samples in sorted(self.values.items()):
            yield _header(family, helps.get(family, api.WORKERS.help), "gauge")
            for (name, labels), value in sorted(samples.items()):
                yield f"{name}{_braces(labels)} {number(value)}\n"


def _plan(files: MetricFiles) -> list[_Block]:
    numbered = [(key, index) for index, key in enumerate(files.keys) if key.kind != "gauge"]
    numbered.sort(key=lambda pair: (pair[0].family, pair[0].kind, pair[0].name))
    blocks = []
    for (family, kind), pairs in groupby(numbered, key=lambda pair: (pair[0].family, pair[0].kind)):
        name = f"{family}_total" if kind == "counter" else family
        header = _header(name, files.helps[family], kind)
        blocks.append(_block(family, header, list(pairs)))
    return blocks


def _block(family: str, header: str, pairs: list[tuple[Key, int]]) -> _Block:
    lines = []
    histograms: dict[Labels, list[tuple[float, str, int]]] = {}
    for key, index in pairs:
        if key.name == family + BUCKET:
            bound = dict(key.labels)["le"]
            without = tuple(pair for pair in key.labels if pair[0] != "le")
            text = f"{key.name}{_braces((*without, ('le', bound)))} "
            histograms.setdefault(without, []).append((float(bound), text, index))
        else:
            lines.append((f"{key.name}{_braces(key.labels)} ", index))
    groups = [
        _Buckets([(text, index) for _, text, index in sorted(buckets)], f"{family}_count{_braces(labels)} ")
        for labels, buckets in sorted(histograms.items())
    ]
    return _Block(header, sorted(lines), groups)


def _header(name: str, help_text: str, kind: str) -> str:
    return f"# HELP {name} {help_text.translate(HELP_ESCAPES)}\n# TYPE {name} {kind}\n"


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{value.translate(LABEL_ESCAPES)}"' for name, value in labels) + "}"
