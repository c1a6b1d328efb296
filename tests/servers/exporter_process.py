"""The exporter as its users run it: a process of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import requests

from examples.demo.process import Server, free_port, listening
from tests.servers.exporter_support import Samples, parse

ROOT = Path(__file__).parents[2]
UNSET = (
    "DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE", "OBS_EXPORTER_CONFIG_FILE",
    "OBS_EXPORTER_WEB_CONFIG_FILE",
)  # fmt: skip


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with exactly these servers in it."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {**kept, "PYTHONPATH": str(ROOT), **given}


def run_to_its_end(*flags: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Start it where it must end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "exporters", *flags],
        env=environment(env),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def run_at_a_terminal(*flags: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The same with a terminal, which whatever it loads may ask."""
    return subprocess.run(
        ["script", "-qec", shlex.join([sys.executable, "-m", "exporters", *flags]), "/dev/null"],
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


class Exporter(Server):
    """A running exporter, on a free port."""

    def __init__(self, home: Path, *flags: str, **env: str) -> None:
        super().__init__("exporter", home / "exporter.log")
        self.port = free_port()
        address = ("--web.listen-address", f"127.0.0.1:{self.port}")
        cleared = dict.fromkeys(UNSET, "")  # an empty variable is none
        self.launch(
            [sys.executable, "-m", "exporters", *address, *flags],
            env={**cleared, "PYTHONPATH": str(ROOT), **env},
            cwd=home,
        )
        self.wait_for(lambda: listening(self.port))

    def get(self, path: str, **headers: str) -> requests.Response:
        """Ask for a page."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.get(f"http://127.0.0.1:{self.port}{path}", headers=named, timeout=10)

    def scrape(self, **headers: str) -> Samples:
        """The samples on the page of the servers."""
        response = self.get("/metrics", **headers)
        assert response.status_code == 200
        return parse(response.text)

    def written(self) -> str:
        """Everything it has written."""
        return self.log.read_text()
