"""What stands between the databases and the message: the API, the exporter, Prometheus and the others.

Each server keeps its files in a directory of its own and listens on one port of 127.0.0.1.
"""

from __future__ import annotations

import secrets
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import requests

from examples.demo.process import ROOT, Server, free_port, program

# A file of the directory that Grafana calls its home.
DEFAULTS = "conf/defaults.ini"
GET_GRAFANA = (
    "Debian has no package of it: take Grafana's own, or its tarball, from "
    "https://grafana.com/grafana/download, and put its bin on PATH (of the package /usr/share/grafana/bin); "
    "or ask one that runs elsewhere with these files: make grafana-check URL=http://HOST:3000"
)


def answers(url: str) -> bool:
    """Whether a GET of this URL is answered with a 2xx."""
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


class HttpServer(Server, ABC):
    """A server with one port, that is ready when a path of it answers.

    Attributes:
        ready: the path that answers with 2xx once the server can work.
        env: variables of its environment; changes take effect at the next start.
        flags: beside those of its command, likewise.
    """

    ready = "/"

    def __init__(self, name: str, home: Path, *, port: int = 0, env: Mapping[str, str] | None = None) -> None:
        home.mkdir(parents=True, exist_ok=True)
        super().__init__(name, home / f"{name}.log")
        self.home = home
        self.port = port or free_port()
        self.env = dict(env or {})
        self.flags: list[str] = []

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://{self.address}"

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments.

        Raises:
            ServerError: it is not installed.
        """

    def start(self) -> Self:
        """Start it in the checkout, and wait until it answers.

        Raises:
            ServerError: it is not installed, ended, or did not answer within a minute.
        """
        self.launch([*self.command(), *self.flags], env=self.env, cwd=ROOT)
        self.wait_for(lambda: answers(self.url + self.ready), timeout=60)
        return self


class Api(HttpServer):
    """The example backend under `uvicorn --workers`."""

    ready = "/health"

    def __init__(self, home: Path, env: Mapping[str, str], *, workers: int = 4, port: int = 0) -> None:
        super().__init__("api", home, port=port, env=env)
        self.workers = workers

    def command(self) -> list[str]:
        """Python's own uvicorn."""
        command = [sys.executable, "-m", "uvicorn", "examples.backend.app:app", "--no-access-log"]
        command += ["--port", str(self.port), "--workers", str(self.workers)]
        # A worker that takes longer than 5 s for its imports would be killed for it, again and again.
        return [*command, "--timeout-worker-healthcheck", "20", "--timeout-graceful-shutdown", "3"]

    def start(self) -> Self:
        """Start it, and wait until every worker is up."""
        self.log.unlink(missing_ok=True)
        super().start()
        up = "Application startup complete."
        self.wait_for(lambda: self.log.read_text().count(up) >= self.workers, timeout=60)
        return self


class Exporter(HttpServer):
    """`python -m exporters`: PostgreSQL and Redis on `/metrics`, the API's workers on `/metrics/api`."""

    ready = "/-/healthy"

    def __init__(self, home: Path, arguments: Sequence[str], *, port: int = 0) -> None:
        super().__init__("exporter", home, port=port)
        self.arguments = list(arguments)

    def command(self) -> list[str]:
        """This checkout's exporter."""
        return [sys.executable, "-m", "exporters", "--web.listen-address", self.address, *self.arguments]


class Blackbox(HttpServer):
    """blackbox_exporter, which asks the API's health route from outside."""

    ready = "/-/healthy"

    def __init__(self, home: Path, config: Path, *, port: int = 0, time_scale: float = 1.0) -> None:
        super().__init__("blackbox", home, port=port)
        self.config = config
        self.time_scale = time_scale

    def command(self) -> list[str]:
        """Under Debian's name or the project's own."""
        debian = "prometheus-blackbox-exporter"
        found = program("blackbox_exporter", f"/usr/bin/{debian}", package=debian)
        command = [found, f"--config.file={self.config}", f"--web.listen-address={self.address}"]
        # Kept back of a scrape's time; of one short second its own half would leave a probe too little.
        return [*command, f"--timeout-offset={0.5 * self.time_scale}"]


class Prometheus(HttpServer):
    """Prometheus on a rendered configuration, whose rules stand beside it."""

    ready = "/-/ready"

    def __init__(self, home: Path, config: Path, *, port: int = 0) -> None:
        super().__init__("prometheus", home, port=port)
        self.config = config

    def command(self) -> list[str]:
        """With flags that both Prometheus 2 and 3 know."""
        command = [program("prometheus", package="prometheus"), f"--config.file={self.config}"]
        command += [f"--storage.tsdb.path={self.home / 'tsdb'}", f"--web.listen-address={self.address}"]
        command += ["--web.enable-lifecycle", "--log.level=warn"]
        return [*command, f"--web.external-url={self.url}"]  # where links in messages lead


class Alertmanager(HttpServer):
    """Alertmanager on a rendered configuration, without a cluster."""

    ready = "/-/ready"

    def __init__(self, home: Path, config: Path, *, port: int = 0) -> None:
        super().__init__("alertmanager", home, port=port)
        self.config = config

    def command(self) -> list[str]:
        """Under Debian's name or the project's own."""
        debian = "prometheus-alertmanager"
        command = [program("alertmanager", f"/usr/bin/{debian}", package=debian)]
        command += [f"--config.file={self.config}", f"--storage.path={self.home / 'data'}"]
        command += [f"--web.listen-address={self.address}", "--cluster.listen-address="]
        return [*command, f"--web.external-url={self.url}"]  # where links in messages lead


class WebhookReceiver(HttpServer):
    """Takes the messages and shows them; see `examples/demo/receiver.py`."""

    def __init__(self, home: Path, *, name: str = "webhook", port: int = 0) -> None:
        super().__init__(name, home, port=port)

    def command(self) -> list[str]:
        """This checkout's receiver."""
        return [sys.executable, "-m", "examples.demo.receiver", "--listen", self.address]

    def messages(self) -> list[dict[str, Any]]:
        """What was delivered: ``received`` (Unix time), ``path`` and ``body`` of each, the oldest first."""
        answer = requests.get(self.url, timeout=5)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found


class Grafana(HttpServer):
    """Grafana on rendered provisioning, open to readers without a login: it listens on 127.0.0.1 alone."""

    ready = "/api/health"

    def __init__(self, home: Path, provisioning: Path, *, port: int = 0) -> None:
        super().__init__("grafana", home, port=port)
        (home / "plugins").mkdir(exist_ok=True)  # without it Grafana logs errors
        self.env = {
            "GF_PATHS_DATA": str(home / "data"),
            "GF_PATHS_LOGS": str(home / "logs"),
            "GF_PATHS_PLUGINS": str(home / "plugins"),
            "GF_PATHS_PROVISIONING": str(provisioning),
            "GF_SERVER_HTTP_ADDR": "127.0.0.1",
            "GF_SERVER_HTTP_PORT": str(self.port),
            "GF_SERVER_ROOT_URL": self.url,
            "GF_AUTH_ANONYMOUS_ENABLED": "true",
            "GF_SECURITY_ADMIN_PASSWORD": secrets.token_urlsafe(),
            # As with Docker Compose: below the half minute after which the default address is notified.
            "GF_UNIFIED_ALERTING_ALERTMANAGER_CONFIG_POLL_INTERVAL": "10s",
            # On a busy machine its small database is locked for too long otherwise.
            "GF_DATABASE_WAL": "true",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
            "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
            "GF_NEWS_NEWS_FEED_ENABLED": "false",
            "GF_PLUGINS_PREINSTALL_DISABLED": "true",
            "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED": "true",
        }

    def command(self) -> list[str]:
        """The program, and its home where that is found: a wrapper on PATH may know it better."""
        binary = Path(program("grafana", advice=GET_GRAFANA)).resolve()
        homes = (each for each in (*binary.parents, Path("/usr/share/grafana")) if (each / DEFAULTS).exists())
        return [str(binary), "server", *(f"--homepath={home}" for home in list(homes)[:1])]
