"""Faults of whoever watches: Prometheus, what it reads, and who is told."""

from __future__ import annotations

import contextlib
import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import requests
import yaml

from examples.demo.servers import Exporter
from examples.faults.model import FaultError, Targets
from examples.faults.process import Process

PROMETHEUS = "provisioning/prometheus"
TWO = '(vector(1) or label_replace(vector(1), "other", "1", "", ""))'
# Seconds that an evaluation of the slow rule takes about; its group has one.
EVALUATION = 4.0
# 86,400 steps for each day; a query may have 50 million.
DAYS_OF_SECONDS, MOST_DAYS = "sum_over_time(vector(1)[{days}d:1s])", 200
SAMPLE_DAYS, SAMPLES = 5, 4


class _Reloaded:
    """A fault in a file that a server reads again when it is told to."""

    def __init__(self, targets: Targets, *, server: str = "prometheus") -> None:
        self.server = server
        self.url = targets.url(server)
        self.folder = Path(targets.home) / "provisioning" / server
        if not self.folder.is_dir():
            raise FaultError(f"{self.folder} is no directory; expected what the demo rendered for {server}")

    def reload(self) -> bool:
        """Whether the server took what it was given, which waits for rules that are evaluated."""
        return requests.post(f"{self.url}/-/reload", timeout=60).ok


class FailRule(_Reloaded):
    """A rule that Prometheus loads, and whose every evaluation fails."""

    def __init__(self, targets: Targets) -> None:
        super().__init__(targets)

    def inject(self) -> None:
        """Add it to a file of its own."""
        group = {"name": "fault", "interval": "1s", "rules": [self.rule()]}
        self.file.write_text(yaml.safe_dump({"groups": [group]}))
        self.reload()

    def rule(self) -> dict[str, str]:
        """What is added: each series matches both on the other side, which no evaluation can answer."""
        return {"record": "fault:many_to_many", "expr": f"{TWO} * on () {TWO}"}

    def heal(self) -> None:
        """Remove the file."""
        if self.file.exists():
            self.file.unlink()
            self.reload()

    @property
    def file(self) -> Path:
        """Where the rule stands."""
        return self.folder / "rules/fault.yml"


class SlowRule(FailRule):
    """A rule that takes longer than its group's interval, and about as long on each machine."""

    def rule(self) -> dict[str, str]:
        """As many steps as this Prometheus needs so long for, when the machine lets it."""
        query = {"query": DAYS_OF_SECONDS.format(days=SAMPLE_DAYS)}
        took = []
        for _ in range(SAMPLES):
            began = monotonic()
            requests.post(f"{self.url}/api/v1/query", data=query, timeout=60).raise_for_status()
            took.append(monotonic() - began)
        days = min(MOST_DAYS, math.ceil(SAMPLE_DAYS * EVALUATION / min(took)))
        return {"record": "fault:slow", "expr": DAYS_OF_SECONDS.format(days=days)}


class BreakConfig(_Reloaded):
    """A mistake in the file of Prometheus or Alertmanager, and a reload: it goes on with what it had."""

    MISTAKE = "\nno_such_key: 1\n"

    def inject(self) -> None:
        """Write it, and reload."""
        self.file.write_text(self.file.read_text() + self.MISTAKE)
        self.reload()

    def heal(self) -> None:
        """Take it out, and reload."""
        text = self.file.read_text()
        if text.endswith(self.MISTAKE):
            self.file.write_text(text.removesuffix(self.MISTAKE))
            self.reload()

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.folder / f"{self.server}.yml"


# What the exporter is told of other servers than PostgreSQL.
OTHERS = ("REDIS_URL=", "POOLER_URL=")


class ForgetDatabase(_Reloaded):
    """In the place of the exporter, one that was started without DATABASE_URL: it says nothing of PostgreSQL.

    The chain's own goes on unseen, and serves the application's page.
    """

    def __init__(self, targets: Targets) -> None:
        super().__init__(targets)
        self.watcher = Process(targets, server="exporter")
        self.address = targets.url("exporter").removeprefix("http://")
        self.home = Path(targets.home)
        self.before = ""
        self.other: Exporter | None = None

    def inject(self) -> None:
        """Start it, and let Prometheus ask it under the same name."""
        self.watcher.require()
        self.other = Exporter(self.home / "forgetful", ["--config.file", str(self.home / "exporter.yml")])
        given = Path(f"/proc/{self.watcher.pid}/environ").read_bytes().decode().split("\0")
        urls = dict(each.split("=", 1) for each in given if each.startswith(OTHERS))
        # An empty one is none, whatever the environment of this process has.
        self.other.env = {**urls, "DATABASE_URL": ""}
        self.other.start()
        self.before = self.file.read_text()
        config = yaml.safe_load(self.before)
        for job in config["scrape_configs"]:
            for group in job.get("static_configs", ()):
                if self.address in group["targets"]:
                    group["targets"] = [self.other.address]
                    group["labels"]["instance"] = self.address
        self.file.write_text(yaml.safe_dump(config))
        self.reload()

    def heal(self) -> None:
        """Let Prometheus ask the chain's own again."""
        if self.before:
            self.file.write_text(self.before)
            self.before = ""
            self.reload()
        if self.other:
            self.other.stop()
            self.other = None

    @property
    def file(self) -> Path:
        """The configuration of Prometheus."""
        return self.folder / "prometheus.yml"


class _TargetFile:
    """A fault in the file that says what is scraped of the backend; Prometheus sees it by itself."""

    def __init__(self, targets: Targets) -> None:
        self.file = Path(targets.home) / PROMETHEUS / "targets/backend.yml"
        self.before = ""
        if not self.file.exists():
            raise FaultError(f"{self.file} is not there; expected the target file of the demo's backend")

    def change(self, groups: list[dict[str, Any]]) -> None:
        """Write other targets."""
        self.before = self.file.read_text()
        self._replace(yaml.safe_dump(groups))

    def heal(self) -> None:
        """Write what was there."""
        if self.before:
            self._replace(self.before)
            self.before = ""

    def groups(self) -> list[dict[str, Any]]:
        """The targets as they stand there."""
        found: list[dict[str, Any]] = yaml.safe_load(self.file.read_text())
        return found

    def _replace(self, text: str) -> None:
        new = self.file.with_suffix(".new")  # Prometheus never reads half a file
        new.write_text(text)
        new.replace(self.file)


class EmptyTargets(_TargetFile):
    """The target file lists nothing, as after a mistake in what generates it."""

    def __init__(self, targets: Targets, *, kind: str = "metrics") -> None:
        super().__init__(targets)
        self.kind = kind

    def inject(self) -> None:
        """Take out the targets of that kind."""
        self.change([each for each in self.groups() if each["labels"]["kind"] != self.kind])


class SlowScrape(_TargetFile):
    """The metrics page of the application takes long to arrive, though not too long."""

    def __init__(self, targets: Targets, *, delay: float = 0.85) -> None:
        super().__init__(targets)
        self.delay = delay
        self.server: ThreadingHTTPServer | None = None

    def inject(self) -> None:
        """Put a slow proxy before the page; the target keeps its name."""
        groups = self.groups()
        for group in groups:
            if group["labels"]["kind"] == "metrics":
                (address,) = group["targets"]
                self.server = _proxy(address, self.delay)
                group["targets"] = [f"127.0.0.1:{self.server.server_port}"]
                group["labels"]["instance"] = address
        self.change(groups)

    def heal(self) -> None:
        """Ask the page itself again."""
        super().heal()
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class RefuseMessages:
    """The receiver of messages answers with errors where these are sent to."""

    def __init__(self, targets: Targets, *, path: str = "/heartbeat") -> None:
        self.url = targets.url("webhook")
        self.path = path

    def inject(self) -> None:
        """Let it refuse what is sent to this path."""
        self._refuse([self.path])

    def heal(self) -> None:
        """Let it take everything."""
        self._refuse([])

    def _refuse(self, paths: list[str]) -> None:
        requests.put(f"{self.url}/refused", json=paths, timeout=10).raise_for_status()


def _proxy(address: str, delay: float) -> ThreadingHTTPServer:
    """A server that waits, and then answers as this address does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sleep(delay)
            given = {name: self.headers[name] for name in ("Accept",) if name in self.headers}
            answer = requests.get(f"http://{address}{self.path}", headers=given, timeout=5)
            with contextlib.suppress(OSError):  # whoever asked gave up
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="slow-proxy", daemon=True).start()
    return server
