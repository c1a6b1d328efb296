"""The exporter's life: put the backends together, listen, answer, and end when told to."""

from __future__ import annotations

import gc
import logging
import math
import re
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from exporters.config import Config
from exporters.distribution import installed, version
from exporters.errors import ConfigError, PageMissingError
from exporters.request import HEALTHY, PROBE, READY, RELOAD, TARGETS, Page
from exporters.secrets import Redactor
from exporters.server import Server
from exporters.targets import close
from exporters.watching import Watching

if TYPE_CHECKING:
    from exporters.web.guard import Guard

LOG = logging.getLogger("exporter")
ENDING = {signal.SIGTERM, signal.SIGINT}
SIGNALS = {*ENDING, signal.SIGHUP}
SWEEP_SECONDS = 5.0
API_PATH = "/metrics/api"
TELEMETRY_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?")  # what stands in a request as it is
# Closing has as long: half of the second in which a supervisor sees the process end, on a busy machine too.
DRAIN_SECONDS = 0.25
API_PATIENCE_SECONDS = 60.0  # for an API that starts after the exporter


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What flags and environment say.

    Attributes:
        listen_address: ``host:port``; without a host all interfaces.
        telemetry_path: of the page of the servers.
        web_config_file: with certificates and users; None if everybody may read, without TLS.
        api_directory: of the API workers' files; None if no API is served for.
        config: the YAML file's content.
        lifecycle: whether a request may have the file read again.
        environ: where the connection strings are looked for.
        redactor: the one that the log uses.
        allow_open_secrets: whether every user of the machine may read files that hold secrets.
    """

    listen_address: str
    telemetry_path: str
    web_config_file: Path | None
    api_directory: Path | None
    config: Config
    lifecycle: bool
    environ: Mapping[str, str]
    redactor: Redactor
    allow_open_secrets: bool = False


def run(options: Options) -> None:
    """Serve until SIGTERM or SIGINT; at SIGHUP read the configuration again.

    Raises:
        ExporterError: something is configured wrongly, or the address is taken; nothing was served then.
    """
    # Waited for rather than handled: a handler that sets an Event may meet the wait holding its lock.
    # Before there is any thread, since each takes over what its maker blocks.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    host, port = _host_and_port(options.listen_address)
    if len(found := installed()) > 1:
        LOG.warning(
            "%s are both installed here, and one has overwritten files of the other; uninstall both, then "
            "install one",
            " and ".join(found),
        )
    guard = _guard(options)
    watching = Watching(options.config, options.environ, options.redactor, options.allow_open_secrets, guard)
    try:
        if not watching and options.api_directory is None:
            raise ConfigError(
                "nothing to watch; expected DATABASE_URL or REDIS_URL (or either as a file in "
                "DATABASE_URL_FILE, REDIS_URL_FILE), targets in --config.file, or "
                "--api.multiprocess-dir; try: REDIS_URL=redis://localhost:6379"
            )
        pages = _pages(options, watching)
        server = Server(
            host,
            port,
            pages,
            f"obs-exporter {version()}",
            LOG,
            guard=guard.now if guard else None,
            targets=watching.targets if options.config.file else None,
            reload=watching.reload if options.lifecycle else None,
        )
        gc.freeze()  # what is loaded stays: to look through it took one page in five twice as long
        server.start()
        LOG.info("listening on %s", " and ".join(f"{server.origin}{path}" for path in pages))
        _wait(watching)
        LOG.info("ending")
        server.stop(DRAIN_SECONDS)
    finally:
        close(watching.backends())


def _guard(options: Options) -> Guard | None:
    """What gives the policy of each connection; None where one holds for all."""
    if options.web_config_file is None:
        return None
    from exporters.web.guard import Guard  # noqa: PLC0415  loads OpenSSL

    return Guard(options.web_config_file, options.allow_open_secrets, LOG)


def _wait(watching: Watching) -> None:
    """Return when it is time to end."""
    threading.Thread(target=_sweep, args=(watching,), name="targets.sweep", daemon=True).start()
    # Without a time limit: after a pause of the process or its container that is longer than such a one,
    # Python returns from sigtimedwait as if a signal had come.
    while signal.sigwait(SIGNALS) == signal.SIGHUP:
        watching.reload()


def _sweep(watching: Watching) -> None:
    while True:
        time.sleep(SWEEP_SECONDS)
        watching.targets.sweep()


def _pages(options: Options, watching: Watching) -> dict[str, Page]:
    """By path what makes its page."""
    path = options.telemetry_path
    if not TELEMETRY_PATH.fullmatch(path) or path in (HEALTHY, READY, API_PATH, PROBE, TARGETS, RELOAD):
        raise ConfigError(
            f"--web.telemetry-path: {path!r}; expected a path of its own in letters, digits and '-._~/', "
            "such as '/metrics'"
        )
    pages: dict[str, Page] = {path: watching.scraper.page}
    if options.api_directory is not None:
        if not options.api_directory.exists():
            LOG.warning("%s is not there yet; it is read as soon as the API makes it", options.api_directory)
        elif not options.api_directory.is_dir():
            raise ConfigError(
                f"--api.multiprocess-dir: {options.api_directory} is no directory; expected the one that "
                "the API has in PROMETHEUS_MULTIPROC_DIR"
            )
        pages[API_PATH] = api_page(options.api_directory)
    return pages


def api_page(directory: Path, patience: float = API_PATIENCE_SECONDS) -> Page:
    """What makes the page of the API's workers, and says once if they wrote nothing for so many seconds."""
    from exporters.api.page import EXPECTED, ApiPage, unreadable  # noqa: PLC0415  loads prometheus_client

    page = ApiPage(directory)
    due = time.monotonic() + patience
    told = ""

    def render(_seconds: float, _asked: float) -> bytes:
        nonlocal due, told
        try:
            body = page.render()
        except OSError as error:
            before, told = told, unreadable(error, directory)
            if told != before:
                LOG.error("--api.multiprocess-dir: %s", told)
            raise PageMissingError from None
        if told:
            LOG.info("--api.multiprocess-dir: %s can be read now", directory)
            told = ""
        if page.is_empty and time.monotonic() >= due:
            due = math.inf
            LOG.warning(
                "--api.multiprocess-dir: %s %s; %s",
                directory,
                "holds no metric files" if directory.is_dir() else "is not there",
                EXPECTED,
            )
        return body

    return render


def _host_and_port(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"--web.listen-address: {address!r}; expected host:port, such as '127.0.0.1:10910'")
    return host.strip("[]"), int(port)
