"""What stands between the databases and the message: the API, the exporter, Prometheus and the others.

Each server keeps its files in a directory of its own and listens on one port of 127.0.0.1.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from examples.demo.process import Server, free_port, program

ROOT = Path(__file__).parents[2]


def answers(url: str) -> bool:
    """Whether a GET of this URL is answered with a 2xx."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own http:// address
            return bool(200 <= response.status < 300)
    except (urllib.error.URLError, OSError):
        return False


class HttpServer(Server):
    """A server with one port, that is ready when a path of it answers.

    Attributes:
        ready: the path that answers with 2xx once the server can work.
    """

    ready = "/"

    def __init__(self, name: str, home: Path, *, port: int = 0) -> None:
        home.mkdir(parents=True, exist_ok=True)
        super().__init__(name, home / f"{name}.log")
        self.home = home
        self.port = port or free_port()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://{self.address}"

    def run(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> None:
        """Start the command in the checkout, and wait until the server answers."""
        self.launch(command, env=env, cwd=ROOT)
        self.wait_for(lambda: answers(self.url + self.ready), timeout=60)


class Api(HttpServer):
    """The example backend under `uvicorn --workers`."""

    ready = "/health"

    def __init__(self, home: Path, env: Mapping[str, str], *, workers: int = 4, port: int = 0) -> None:
        super().__init__("api", home, port=port)
        self.env = dict(env)
        self.workers = workers

    def start(self) -> Api:
        """Start it, and wait until every worker is up."""
        self.log.unlink(missing_ok=True)
        command = [sys.executable, "-m", "uvicorn", "examples.backend.app:app", "--no-access-log"]
        command += ["--port", str(self.port), "--workers", str(self.workers)]
        self.run([*command, "--timeout-graceful-shutdown", "3"], env=self.env)
        started = "Application startup complete."
        self.wait_for(lambda: self.log.read_text().count(started) >= self.workers, timeout=60)
        return self


class Exporter(HttpServer):
    """`python -m exporters`: PostgreSQL and Redis on `/metrics`, the API's workers on `/metrics/api`."""

    ready = "/-/healthy"

    def __init__(
        self, home: Path, env: Mapping[str, str], arguments: Sequence[str], *, port: int = 0
    ) -> None:
        super().__init__("exporter", home, port=port)
        self.env = dict(env)
        self.arguments = list(arguments)

    def start(self) -> Exporter:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "exporters", "--web.listen-address", self.address]
        self.run([*command, *self.arguments], env=self.env)
        return self


class Blackbox(HttpServer):
    """blackbox_exporter, which asks the API's health route from outside."""

    ready = "/-/healthy"

    def __init__(self, home: Path, config: Path, *, port: int = 0) -> None:
        super().__init__("blackbox", home, port=port)
        self.config = config

    def start(self) -> Blackbox:
        """Start it and wait until it answers."""
        name = "prometheus-blackbox-exporter"
        command = [program("blackbox_exporter", f"/usr/bin/{name}", package=name)]
        self.run([*command, f"--config.file={self.config}", f"--web.listen-address={self.address}"])
        return self


class Prometheus(HttpServer):
    """Prometheus on a rendered configuration; rules are found beside it."""

    ready = "/-/ready"

    def __init__(self, home: Path, config: Path, *, port: int = 0) -> None:
        super().__init__("prometheus", home, port=port)
        self.config = config

    def start(self) -> Prometheus:
        """Start it and wait until it answers."""
        command = [program("prometheus", package="prometheus"), f"--config.file={self.config}"]
        command += [f"--storage.tsdb.path={self.home / 'tsdb'}", f"--web.listen-address={self.address}"]
        self.run([*command, "--web.enable-lifecycle", "--log.level=warn"])
        return self


class Alertmanager(HttpServer):
    """Alertmanager on a rendered configuration, alone (no cluster)."""

    ready = "/-/ready"

    def __init__(self, home: Path, config: Path, *, port: int = 0) -> None:
        super().__init__("alertmanager", home, port=port)
        self.config = config

    def start(self) -> Alertmanager:
        """Start it and wait until it answers."""
        name = "prometheus-alertmanager"
        command = [program("alertmanager", f"/usr/bin/{name}", package=name)]
        command += [f"--config.file={self.config}", f"--storage.path={self.home / 'data'}"]
        self.run([*command, f"--web.listen-address={self.address}", "--cluster.listen-address="])
        return self


class WebhookReceiver(HttpServer):
    """Takes the messages and shows them; see `examples/demo/receiver.py`."""

    def __init__(self, home: Path, *, name: str = "webhook", port: int = 0) -> None:
        super().__init__(name, home, port=port)

    def start(self) -> WebhookReceiver:
        """Start it and wait until it answers."""
        self.run([sys.executable, "-m", "examples.demo.receiver", "--listen", self.address])
        return self
