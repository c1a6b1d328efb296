"""Start the served application under uvicorn or gunicorn with four workers, and send it requests."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from examples.demo.process import Server, free_port, listening, wait_until
from exporters.api.page import ApiPage
from tests.api.samples import Samples

ROOT = Path(__file__).parents[2]
WORKERS = 4
COMMANDS = {
    "uvicorn": [
        *("-m", "uvicorn", "{app}", "--port", "{port}", "--workers", "{workers}"),
        # Imports may take a while, and it kills who takes 5 s. Of who is killed while it is asked it waits as
        # long for an answer before another is started.
        *("--timeout-worker-healthcheck", "20"),
    ],
    "gunicorn with uvicorn's worker": [
        *("-m", "gunicorn", "{app}", "--bind", "127.0.0.1:{port}", "--workers", "{workers}"),
        *("--worker-class", "uvicorn.workers.UvicornWorker"),
    ],
    "gunicorn with its own worker, preloading": [
        *("-m", "gunicorn", "{app}", "--bind", "127.0.0.1:{port}", "--workers", "{workers}"),
        *("--worker-class", "asgi", "--preload", "--no-control-socket"),
    ],
}


class Served:
    """A running server with its workers."""

    def __init__(self, server: Server, port: int, home: Path) -> None:
        self.server = server
        self.port = port
        self.home = home
        self.metrics = home / "metrics"
        self.page = ApiPage(self.metrics)

    def samples(self) -> Samples:
        """The page as it is now."""
        return Samples(self.page.render())

    def ask(self, path: str) -> tuple[int, str]:
        """One request on a connection of its own, so that any worker may get it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"connection": "close"})
            response = connection.getresponse()
            return response.status, response.read().decode()

    def load(self, path: str, count: int) -> int:
        """Send requests from eight threads; returns how many were answered with 200."""
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.ask(path)[0], range(count)))
        return answers.count(200)

    def pids(self) -> set[int]:
        """The workers that answer."""
        with ThreadPoolExecutor(8) as pool:
            return {int(answer) for _, answer in pool.map(lambda _: self.ask("/pid"), range(40))}

    def wait_for(self, name: str, value: float, **labels: str) -> None:
        """Until the page says so."""
        wait_until(
            lambda: self.samples().get(name, **labels) == value,
            f"{name}{labels} == {value}; the page has {self.samples().matching(name)}",
            timeout=60,  # for a worker that starts beside others at work, after a health check
        )

    def files(self) -> set[str]:
        """The metric files."""
        return {path.name for path in self.metrics.glob("*.db")}


@contextlib.contextmanager
def serve(kind: str, database: str, home: Path, *, shared: bool = True, redis: str = "") -> Iterator[Served]:
    """Run the application with four workers; without a shared directory, and with a cache, if asked."""
    port = free_port()
    values = {"app": "tests.api.served:app", "port": port, "workers": WORKERS}
    server = Server("api", home / "api.log")
    env = {
        "SERVED_DATABASE": f"postgresql+psycopg:{database}",
        "SERVED_REDIS": redis,
        "SERVED_NOTES": str(home),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PYTHONWARNINGS": "default",
    }
    if shared:
        env["PROMETHEUS_MULTIPROC_DIR"] = str(home / "metrics")
    server.launch([sys.executable, *(word.format(**values) for word in COMMANDS[kind])], env=env, cwd=home)
    served = Served(server, port, home)
    try:
        if shared:
            server.wait_for(lambda: listening(port))
            served.wait_for("obs_api_workers", WORKERS)
        yield served
    finally:
        server.stop()


def kill(pid: int) -> None:
    """As the kernel does when memory is short."""
    os.kill(pid, signal.SIGKILL)
