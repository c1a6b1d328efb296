"""The exporter's life: put the backends together, listen, answer, and end when told to."""

from __future__ import annotations

import logging
import math
import re
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporters.collectors.base import Backend
from exporters.config import Config
from exporters.distribution import installed, missing, version
from exporters.errors import ConfigError
from exporters.scrape import Scraper
from exporters.secrets import ConnectionString, Redactor
from exporters.server import HEALTHY, READY, Page, Server
from exporters.watched import postgres_settings, redis_settings, watched

LOG = logging.getLogger("exporter")
ENDING = {signal.SIGTERM, signal.SIGINT}
API_PATH = "/metrics/api"
TELEMETRY_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?")  # what stands in a request as it is
# Together half of the second within which a supervisor sees the process end, on a busy machine too.
DRAIN_SECONDS = 0.25
CLOSE_SECONDS = 0.25
API_PATIENCE_SECONDS = 60.0  # for an API that starts after the exporter


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What flags and environment say.

    Attributes:
        listen_address: ``host:port``; without a host all interfaces.
        telemetry_path: of the page of the servers.
        api_directory: of the API workers' files; None if no API is served for.
        config: the YAML file's content.
        environ: where the connection strings are looked for.
        redactor: the one that the log uses.
        allow_open_secrets: whether every user of the machine may read files that hold secrets.
    """

    listen_address: str
    telemetry_path: str
    api_directory: Path | None
    config: Config
    environ: Mapping[str, str]
    redactor: Redactor
    allow_open_secrets: bool = False


def run(options: Options) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ExporterError: something is configured wrongly, or the address is taken; nothing was served then.
    """
    # Waited for rather than handled: a handler that sets an Event may meet the wait holding its lock.
    # Before there is any thread, since each takes over what its maker blocks.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    host, port = _host_and_port(options.listen_address)
    if len(found := installed()) > 1:
        LOG.warning(
            "%s are both installed here, and one has overwritten files of the other; uninstall both, then "
            "install one",
            " and ".join(found),
        )
    backends = _backends(options)
    try:
        pages = _pages(options, backends)
        server = Server(host, port, pages, f"obs-exporter {version()}", LOG)
        server.start()
        LOG.info("listening on %s", " and ".join(f"http://{server.address}{path}" for path in pages))
        signal.sigwait(ENDING)
        LOG.info("ending")
        server.stop(DRAIN_SECONDS)
    finally:
        _close(backends)


def _backends(options: Options) -> list[Backend]:
    """One for each connection string; a driver is loaded only where it is needed."""
    sources = watched(options.environ, options.redactor, options.allow_open_secrets)
    if not sources and options.api_directory is None:
        raise ConfigError(
            "nothing to watch; expected DATABASE_URL or REDIS_URL (or either as a file in DATABASE_URL_FILE, "
            "REDIS_URL_FILE), or --api.multiprocess-dir; try: REDIS_URL=redis://localhost:6379"
        )
    for name in ("postgres", "redis"):
        if getattr(options.config, name) and name not in sources:
            LOG.warning("the configuration has a section %s, but no such server is given", name)
    backends: list[Backend] = []
    try:
        if "postgres" in sources:
            backends.append(_postgres(sources["postgres"], options.config))
        if "redis" in sources:
            backends.append(_redis(sources["redis"], options.config))
    except ModuleNotFoundError as error:
        raise missing(error) from None
    return backends


def _postgres(source: ConnectionString, config: Config) -> Backend:
    from exporters import conninfo  # noqa: PLC0415  loads psycopg

    LOG.info(
        "watching PostgreSQL at %s", conninfo.describe(conninfo.libpq_conninfo(source.read(), source.name))
    )

    from exporters.collectors.postgres import PostgresBackend  # noqa: PLC0415  loads psycopg

    return PostgresBackend(postgres_settings(source, config), LOG)


def _redis(source: ConnectionString, config: Config) -> Backend:
    from exporters.collectors.redis import RedisBackend  # noqa: PLC0415  loads redis-py
    from exporters.collectors.redis.address import parse_url  # noqa: PLC0415  loads redis-py

    LOG.info("watching Redis at %s", parse_url(source.read(), source.name))
    return RedisBackend(redis_settings(source, config), LOG)


def _pages(options: Options, backends: Sequence[Backend]) -> dict[str, Page]:
    """By path what makes its page."""
    path = options.telemetry_path
    if not TELEMETRY_PATH.fullmatch(path) or path in (HEALTHY, READY, API_PATH):
        raise ConfigError(
            f"--web.telemetry-path: {path!r}; expected a path of its own in letters, digits and '-._~/', "
            "such as '/metrics'"
        )
    pages: dict[str, Page] = {path: Scraper(backends, version(), LOG).page}
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
    from exporters.api.page import ApiPage  # noqa: PLC0415  loads prometheus_client

    page = ApiPage(directory)
    due = time.monotonic() + patience

    def render(_seconds: float) -> bytes:
        nonlocal due
        body = page.render()
        if page.is_empty and time.monotonic() >= due:
            due = math.inf
            LOG.warning(
                "--api.multiprocess-dir: %s %s; expected the directory that the API has in "
                "PROMETHEUS_MULTIPROC_DIR, set before its Python starts, and instrument(app) in its code",
                directory,
                "holds no metric files" if directory.is_dir() else "is not there",
            )
        return body

    return render


def _host_and_port(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"--web.listen-address: {address!r}; expected host:port, such as '127.0.0.1:10910'")
    return host.strip("[]"), int(port)


def _close(backends: Sequence[Backend]) -> None:
    """Close all at once, and wait no longer than an ending process may."""
    threads = [threading.Thread(target=backend.close, daemon=True) for backend in backends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(CLOSE_SECONDS / len(threads))
