"""Everything that is watched, as the configuration says it now; it may be read again while pages are made."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from exporters.catalogue import self_
from exporters.collectors.base import Backend, Family
from exporters.config import Config, read_config
from exporters.distribution import missing, version
from exporters.errors import ConfigError, ExporterError
from exporters.scrape import Scraper
from exporters.secrets import Redactor
from exporters.targets import Target, Targets, Watch
from exporters.watched import VARIABLES, backend, connection_of, watched, where

if TYPE_CHECKING:
    from exporters.web.guard import Guard

LOG = logging.getLogger("exporter")
NAMES = {"postgres": "PostgreSQL", "redis": "Redis", "pgbouncer": "PgBouncer"}


@dataclass(frozen=True, slots=True)
class _Main:
    """A server of the page of all, and the options that it is watched with."""

    options: Mapping[str, Any]
    backend: Backend


class Watching:
    """The servers of ``/metrics`` and the targets of ``/probe``.

    Args:
        config: as it was read; read again from the same file by `reload`.
        environ: where the connection strings are looked for.
        redactor: the one that the log uses.
        allow_open: whether every user of the machine may read files that hold secrets.
        guard: of the file that says who may ask; None without one.

    Raises:
        ExporterError: something is configured wrongly, or a driver is missing.
    """

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        redactor: Redactor,
        allow_open: bool = False,
        guard: Guard | None = None,
    ) -> None:
        self._environ = environ
        self._guard = guard
        self._redactor = redactor
        self._allow_open = allow_open
        self._sources = watched(environ, redactor, allow_open)
        self._main: dict[str, _Main] = {}
        self._lock = threading.Lock()
        self._started = time.time()
        self._file, self._compat = config.file, config.compat
        self._loaded, self._is_loaded = self._started, True
        self._says_something = False
        self.targets = Targets()
        self.scraper = Scraper([], LOG, process=self._of_process)
        for kind, source in self._sources.items():
            with _drivers():
                LOG.info("watching %s at %s", NAMES[kind], where(kind, source))
        self._take(config)
        if self.targets:
            LOG.info("targets that may be asked for: %d", len(self.targets))

    def __bool__(self) -> bool:
        return bool(self._sources) or len(self.targets) > 0

    def reload(self) -> bool:
        """Read the file again; whether what it says holds now. If not, what held before still does."""
        with self._lock:
            if self._file is None:
                LOG.warning("there is no --config.file to read again")
                return True
            try:
                config = read_config(self._file)
                if self.targets and not config.targets:
                    raise ConfigError(
                        f"{self._file}: names no target any more, as if half written; expected at least one; "
                        "to give all up, start the exporter again"
                    )
                if self._says_something and not says_something(config):
                    raise ConfigError(
                        f"{self._file}: says nothing any more, as if half written; expected what is to hold; "
                        "to give all up, start the exporter again"
                    )
                self._take(replace(config, compat=self._compat))
            except ExporterError as error:
                LOG.error("the configuration stays as it was: %s", error)
                self._is_loaded = False
            except Exception:
                LOG.exception("the configuration stays as it was")
                self._is_loaded = False
            else:
                LOG.info("the configuration was read again; targets: %d", len(self.targets))
                self._loaded, self._is_loaded = time.time(), True
            return self._is_loaded

    def backends(self) -> list[Backend]:
        """All that are open, for the end."""
        return [*(main.backend for main in self._main.values()), *self.targets.backends()]

    def _take(self, config: Config) -> None:
        """From now on watch what this says; nothing has changed if it raises."""
        with _drivers():
            targets = {name: self._target(name, config) for name in config.targets}
            main = {kind: self._watched(kind, config.section(kind)) for kind in self._sources}
        kinds = {*self._sources, *(target.kind for target in config.targets.values())}
        for kind in VARIABLES:
            if getattr(config, kind) and kind not in kinds:
                LOG.warning("the configuration has a section %s, but no such server is given", kind)
        self._says_something = says_something(config)
        left = [one.backend for kind, one in self._main.items() if main[kind] is not one]
        self._main = main
        self.scraper.watch([one.backend for one in main.values()])
        self.targets.replace(targets, left)

    def _watched(self, kind: str, options: Mapping[str, Any]) -> _Main:
        known = self._main.get(kind)
        if known is not None and known.options == options:
            return known
        return _Main(options, backend(kind, self._sources[kind], options, LOG))

    def _target(self, name: str, config: Config) -> Target:
        given = config.targets[name]
        source = connection_of(name, given, self._environ, self._redactor, self._allow_open)
        modules = ["", *(module for module, kinds in config.modules.items() if given.kind in kinds)]
        watches = {
            module: Watch(
                kind=given.kind, source=source, labels=given.labels, options=config.options(given, module)
            )
            for module in modules
        }
        if any(watch.options.get("top_index_candidates") for watch in watches.values()):
            from exporters.collectors.postgres import searches  # noqa: F401, PLC0415  is sqlglot there?
        if self.targets.source(name) != source:
            LOG.debug("target %s: %s at %s", name, NAMES[given.kind], where(given.kind, source))
        return Target(kind=given.kind, source=source, watches=watches)

    def _of_process(self) -> list[Family]:
        guard = self._guard
        return [
            Family(self_.START_TIME, [()], [self._started]),
            Family(self_.BUILD_INFO, [(version(),)], [1]),
            Family(self_.CONFIG_LOADED, [()], [self._is_loaded and (guard is None or guard.is_loaded)]),
            Family(self_.CONFIG_LOADED_TIMESTAMP, [()], [self._loaded]),
            *([] if guard is None else guard.families()),
        ]


def says_something(config: Config) -> bool:
    """Whether any key of the file holds anything."""
    return any((config.postgres, config.redis, config.targets, config.modules))


@contextlib.contextmanager
def _drivers() -> Iterator[None]:
    """One that is not installed is a user's mistake."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing(error) from None
