"""An exporter of many targets: two databases of one PostgreSQL, a Redis, and a place where nobody answers."""

from __future__ import annotations

import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import yaml

from examples.demo.databases import Postgres, Redis
from tests.servers.exporter_process import Exporter
from tests.servers.exporter_support import Samples, parse, url_of
from tests.servers.postgres_support import conninfo

ORDERS, STOCK = "target_orders", "target_stock"
INDEX = {"name": "ix_orders", "table": "orders", "columns": ["id"]}


def secret(file: Path, text: str) -> str:
    """A file that only its owner may read."""
    file.write_text(text)
    file.chmod(0o600)
    return str(file)


def targets(home: Path, postgres: Postgres, redis: Redis, silent: int) -> dict[str, dict[str, Any]]:
    """By name what the configuration says of each."""
    return {
        "orders": {
            "kind": "postgres",
            "connection_file": secret(home / "orders", conninfo(postgres, ORDERS)),
            "labels": {"team": "orders", "tier": 'a "b"\\'},
        },
        "stock": {
            "kind": "postgres",
            "connection_env": "STOCK_URL",
            "labels": {"team": "stock"},
            "module": "few",
        },
        "cache": {"kind": "redis", "connection_file": secret(home / "cache", url_of(redis))},
        "silent": {
            "kind": "redis",
            "connection_file": secret(home / "silent", f"redis://127.0.0.1:{silent}"),
            "labels": {"team": "nobody"},
        },
    }


MODULES = {
    "few": {"postgres": {"top_tables": 1}, "redis": {"key_patterns": ["job:*"]}},
    "expected": {"postgres": {"expected_indexes": [INDEX]}},
}


class ManyTargets:
    """The exporter and its file."""

    def __init__(self, home: Path, postgres: Postgres, redis: Redis, *flags: str) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.silent: int = self.listener.getsockname()[1]
        self.file = home / "exporter.yml"
        self.targets = targets(home, postgres, redis, self.silent)
        self.write()
        given = ("--config.file", str(self.file), "--log.level", "debug", *flags)
        self.exporter = Exporter(home, *given, STOCK_URL=conninfo(postgres, STOCK))

    def write(self, **other: Mapping[str, Any] | None) -> None:
        """Write the file: these targets, and what is other in it; None takes a target away."""
        said = {name: target for name, target in (self.targets | other).items() if target is not None}
        self.file.write_text(yaml.safe_dump({"targets": said, "modules": MODULES}, sort_keys=False))

    def get(self, query: str, **headers: str) -> requests.Response:
        """Ask for a page as it stands."""
        return self.exporter.get(f"/probe?{query}", **headers)

    def probe(self, name: str, module: str = "", **headers: str) -> Samples:
        """The samples of a target."""
        response = self.get(f"target={name}" + (f"&module={module}" if module else ""), **headers)
        assert response.status_code == 200, response.text
        return parse(response.text)

    def hang_up(self) -> None:
        """Send the signal that has it read its file."""
        assert self.exporter.process is not None
        self.exporter.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End it."""
        self.exporter.stop()
        self.listener.close()
