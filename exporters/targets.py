"""Servers that a scrape asks for by name, at ``/probe?target=NAME``: many, of which few are connected.

Only what the configuration names is ever asked: whoever may read metrics must not choose where the exporter,
which holds passwords, connects to. A target that nobody asks for costs no thread, no connection and no page.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from exporters.collectors.base import Backend
from exporters.scrape import Scraper
from exporters.secrets import ConnectionString
from exporters.watched import backend

LOG = logging.getLogger("exporter")
IDLE_SECONDS = 300.0  # without a scrape; then even a slow Prometheus takes its last values for gone
CLOSE_SECONDS = 0.25  # together; a page under way is not waited for
EXPECTED = "expected target=NAME, and module=NAME if need be, each once"
PARAMETERS = ("target", "module")


class AskedWrongError(Exception):
    """A scrape asks for what is not configured; the message repeats nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A server and how it is watched; another one if anything of it is other.

    Attributes:
        kind: such as ``postgres``.
        source: where its connection string is.
        labels: put on every series.
        options: as in the configuration's section of its kind.
    """

    kind: str
    source: ConnectionString
    labels: Mapping[str, str]
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server that may be asked for.

    Attributes:
        kind: such as ``postgres``.
        source: where its connection string is.
        watches: how, by the name of a module; the empty one is for a scrape that names none.
    """

    kind: str
    source: ConnectionString
    watches: Mapping[str, Watch]


class _Probe:
    """A target that is asked for, until it has not been for a while."""

    def __init__(self, name: str, watch: Watch) -> None:
        log = LOG.getChild(name)
        self.watch = watch
        self.backend = backend(watch.kind, watch.source, watch.options, log)
        self.page = Scraper([self.backend], log, labels=watch.labels).page
        self.used = 0.0


class Targets:
    """All targets, and those of them that are asked for.

    Args:
        idle: seconds without a scrape after which a target is let go.
    """

    def __init__(self, idle: float = IDLE_SECONDS) -> None:
        self._idle = idle
        self._lock = threading.Lock()
        self._targets: Mapping[str, Target] = {}
        self._probes: dict[tuple[str, str], _Probe] = {}

    def __len__(self) -> int:
        return len(self._targets)

    def source(self, name: str) -> ConnectionString | None:
        """Where the connection string of a target is; None if there is no such target."""
        target = self._targets.get(name)
        return target.source if target else None

    def replace(self, targets: Mapping[str, Target], left: Iterable[Backend] = ()) -> None:
        """From now on these are all; one that is watched as before keeps its connection and what it knows.

        Args:
            targets: by name.
            left: others that nobody asks any more.
        """
        gone = [*left]
        with self._lock:
            self._targets = targets
            for (name, module), probe in list(self._probes.items()):
                target = targets.get(name)
                if target is None or target.watches.get(module) != probe.watch:
                    del self._probes[name, module]
                    gone.append(probe.backend)
        close(gone)  # at once: who takes its place may need its connection

    def page(self, query: str, seconds: float, asked: float = math.inf) -> bytes:
        """The page of one target.

        Args:
            query: of the request.
            seconds: as `Scraper.page` takes them.
            asked: the same.

        Raises:
            AskedWrongError: it asks for anything but a target, or for none.
        """
        name, module = _asked(query)
        with self._lock:
            target = self._targets.get(name)
            if target is None:
                raise AskedWrongError("no target has this name in the configuration")
            watch = target.watches.get(module)
            if watch is None:
                raise AskedWrongError("no module has this name and a section for this kind of server")
            probe = self._probes.get((name, module))
            if probe is None:
                probe = self._probes[name, module] = _Probe(name, watch)
            probe.used = time.monotonic()
        return probe.page(seconds, asked)

    def listed(self) -> bytes:
        """All names, as Prometheus' ``http_sd_configs`` read them."""
        kinds: dict[str, list[str]] = {}
        for name, target in self._targets.items():
            kinds.setdefault(target.kind, []).append(name)
        groups = [{"targets": names, "labels": {"__meta_kind": kind}} for kind, names in kinds.items()]
        return json.dumps(groups).encode()

    def sweep(self) -> None:
        """Let go of those who have not been asked for in a while."""
        now = time.monotonic()
        with self._lock:
            idle = [key for key, probe in self._probes.items() if now - probe.used >= self._idle]
            gone = [self._probes.pop(key).backend for key in idle]
        close(gone)

    def backends(self) -> list[Backend]:
        """Those that are open, for the end."""
        with self._lock:
            return [probe.backend for probe in self._probes.values()]


def _asked(query: str) -> tuple[str, str]:
    """The names of a target and of a module; empty for none."""
    try:
        given = parse_qsl(query, keep_blank_values=True, strict_parsing=True, max_num_fields=len(PARAMETERS))
    except ValueError:
        raise AskedWrongError(EXPECTED) from None
    asked = dict(given)
    if len(asked) < len(given) or not asked.keys() <= set(PARAMETERS) or not all(asked.values()):
        raise AskedWrongError(EXPECTED)
    if "target" not in asked:
        raise AskedWrongError(EXPECTED)
    return asked["target"], asked.get("module", "")


def close(backends: Iterable[Backend]) -> None:
    """Close all at once, and wait no longer than an ending process may."""
    threads = [threading.Thread(target=one.close, name="targets.close", daemon=True) for one in backends]
    for thread in threads:
        thread.start()
    latest = time.monotonic() + CLOSE_SECONDS
    for thread in threads:
        thread.join(max(0.0, latest - time.monotonic()))
