"""The whole set of servers in one directory, brought up in order and taken down whatever happens."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import yaml
from redis import Redis as Client

from examples.backend.engine import make_engine
from examples.backend.migrate import migrate
from examples.backend.seed import seed_sessions, seed_tables
from examples.backend.settings import Settings, State
from examples.demo.databases import Postgres, Redis
from examples.demo.pooler import Jobs, PgBouncer
from examples.demo.prepare import create_database, exporter_role, exporter_user
from examples.demo.process import ROOT, free_port
from examples.demo.servers import (
    Alertmanager,
    Api,
    Blackbox,
    Exporter,
    Grafana,
    HttpServer,
    Prometheus,
    WebhookReceiver,
)
from examples.faults import Targets
from exporters.api.lag import SCRAPE_INTERVAL

EXPORTER_CONFIG = ROOT / "examples/backend/exporter.yml"
BLACKBOX_CONFIG = ROOT / "provisioning/blackbox/blackbox.yml"
DATABASE = "backend"
# As the exporter's file calls it.
POOLER = "pooler"
PROVISIONING = "provisioning"
GRAFANA_PROVISIONING = "provisioning-grafana"
# What the audit found, and what it recommends: 4 x 30 connections of the pools fit into 200, not into 100.
MAX_CONNECTIONS = {"baseline": "100", "fixed": "200"}
MAX_MEMORY = {"baseline": "256mb", "fixed": "512mb"}
# Seconds for which the exporter remembers what is expensive; times the scale, as everything in the demo.
EXPORTER_MEMORY = {
    ("postgres", "heavy_ttl"): 60,
    ("postgres", "sizes_ttl"): 300,
    ("redis", "scan_interval"): 60,
}


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The port of each server on 127.0.0.1, chosen before the first one starts."""

    postgres: int
    pgbouncer: int
    redis: int
    api: int
    exporter: int
    blackbox: int
    prometheus: int
    alertmanager: int
    webhook: int
    grafana: int
    grafana_webhook: int

    @classmethod
    def choose(cls) -> Ports:
        """Free ones, no two the same."""
        names = [field.name for field in fields(cls)]
        chosen: set[int] = set()
        while len(chosen) < len(names):
            chosen.add(free_port())
        return cls(**dict(zip(names, chosen, strict=True)))

    def address(self, server: str) -> str:
        """Host and port of a server."""
        return f"127.0.0.1:{getattr(self, server)}"

    def url(self, server: str) -> str:
        """Where a server answers, without a slash at the end."""
        return f"http://{self.address(server)}"


Render = Callable[[Ports, Path], None]
Report = Callable[[str], None]


class Chain:
    """The databases, a pooler, the API, exporter, blackbox_exporter, Prometheus, Alertmanager and a receiver.

    Attributes:
        home: the directory of everything; as root it is opened to the user `postgres`.
        state: of the backend now.
        ports: where each server listens, or will.
    """

    def __init__(
        self,
        home: Path,
        render: Render,
        *,
        state: State = "fixed",
        time_scale: float = 1.0,
        pool_timeout: float = 2.0,
        grafana: bool = False,
        report: Report = lambda _: None,
    ) -> None:
        """Choose the ports; nothing is started yet.

        Args:
            home: an existing empty directory.
            render: writes below `home` what Prometheus, Alertmanager and Grafana read, for these ports:
                ``provisioning/{prometheus,alertmanager}``, ``provisioning-grafana/grafana``.
            state: of the backend at the start.
            time_scale: factor on the times for which the exporter remembers.
            pool_timeout: seconds a request waits for a connection.
            grafana: whether to run one, which delivers to a receiver of its own.
            report: is told of each server that is up.
        """
        self.home = home
        self.render = render
        self.state: State = state
        self.time_scale = time_scale
        self.report = report
        self.ports = ports = Ports.choose()
        self.metrics = home / "api-metrics"
        self.fault_file = home / "faults.json"
        self.database_url = ""
        self.postgres = Postgres(
            home / "postgres",
            port=ports.postgres,
            max_connections=MAX_CONNECTIONS[state],
            track_io_timing="on",
        )
        self.pgbouncer = PgBouncer(
            home / "pgbouncer",
            self.postgres,
            {},
            port=ports.pgbouncer,
            default_pool_size="2",
            server_login_retry="1",
            stats_users="obs_exporter",
        )
        self.jobs = Jobs(home / "jobs")
        self.redis = Redis(
            home / "redis", port=ports.redis, maxmemory=MAX_MEMORY[state], maxmemory_policy="allkeys-lru"
        )
        self.api = Api(home / "api", self._api_env(pool_timeout), port=ports.api)
        arguments = ["--config.file", str(home / "exporter.yml"), "--api.multiprocess-dir", str(self.metrics)]
        self.exporter = Exporter(home / "exporter", arguments, port=ports.exporter)
        self.blackbox = Blackbox(
            home / "blackbox", BLACKBOX_CONFIG, port=ports.blackbox, time_scale=time_scale
        )
        self.webhook = WebhookReceiver(home / "webhook", port=ports.webhook)
        written = home / PROVISIONING
        self.alertmanager = Alertmanager(
            home / "alertmanager", written / "alertmanager/alertmanager.yml", port=ports.alertmanager
        )
        self.prometheus = Prometheus(
            home / "prometheus", written / "prometheus/prometheus.yml", port=ports.prometheus
        )
        self.grafana: Grafana | None = None
        self.grafana_webhook: WebhookReceiver | None = None
        if grafana:
            self.grafana_webhook = WebhookReceiver(
                home / "grafana-webhook", name="grafana-webhook", port=ports.grafana_webhook
            )
            self.grafana = Grafana(
                home / "grafana", home / GRAFANA_PROVISIONING / "grafana", port=ports.grafana
            )

    def _api_env(self, pool_timeout: float) -> dict[str, str]:
        return {
            "REDIS_URL": self.redis.url,
            "BACKEND_STATE": self.state,
            "BACKEND_POOL_TIMEOUT": str(pool_timeout),
            "BACKEND_SCRAPE_INTERVAL": str(max(1.0, SCRAPE_INTERVAL * self.time_scale)),
            "BACKEND_FAULTS": "1",
            "BACKEND_FAULT_FILE": str(self.fault_file),
            "PROMETHEUS_MULTIPROC_DIR": str(self.metrics),
        }

    @property
    def observers(self) -> Sequence[HttpServer]:
        """All servers but the databases, in the order in which they start."""
        observers: list[HttpServer] = [self.api, self.exporter, self.blackbox, self.webhook]
        observers += [self.alertmanager, self.prometheus]
        return [*observers, *(each for each in (self.grafana_webhook, self.grafana) if each)]

    def start(self) -> Chain:
        """Bring everything up; what was started is stopped again if something fails.

        Raises:
            ServerError: a program is not installed, or a server did not start.
        """
        for server in self.observers:
            server.command()  # a program that is missing is told before anything runs
        try:
            self._start_databases()
            self.metrics.mkdir()
            self._configure_exporter()
            self.render(self.ports, self.home)
            for server in self.observers:
                server.start()
                self.report(f"{server.name} on {server.url}")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Take everything down, the last one first."""
        for server in (*reversed(self.observers), self.jobs, self.redis, self.pgbouncer, self.postgres):
            server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fix(self) -> None:
        """Bring the backend from the baseline to the fixed state, as a deploy with a short downtime does."""
        self.state = "fixed"
        migrate(self.database_url)
        self.api.stop()
        self.postgres.stop()
        self.postgres.settings["max_connections"] = MAX_CONNECTIONS["fixed"]
        self.postgres.start()
        with Client.from_url(self.redis.url) as client:
            client.config_set("maxmemory", MAX_MEMORY["fixed"])
        self.api.env["BACKEND_STATE"] = "fixed"
        self.api.start()

    @property
    def targets(self) -> Targets:
        """What faults need to know; the process ids are those of now."""
        return Targets(
            fault_file=str(self.fault_file),
            database_url=self.database_url,
            redis_url=self.redis.url,
            superuser_dsn=self.postgres.superuser_dsn,
            pooler_url=self.jobs.url,
            home=str(self.home),
            time_scale=self.time_scale,
            processes={
                server.name: server.process.pid
                for server in (self.postgres, self.pgbouncer, self.redis, *self.observers)
                if server.process
            },
            ports=asdict(self.ports),
        )

    def _start_databases(self) -> None:
        if os.geteuid() == 0:
            self.home.chmod(0o755)
        self.postgres.start()
        self.report(f"postgres on {self.ports.address('postgres')}")
        self.redis.start()
        self.report(f"redis on {self.ports.address('redis')}")
        password = secrets.token_urlsafe()
        self.database_url = create_database(self.postgres, DATABASE, owner="backend", password=password)
        self.api.env["DATABASE_URL"] = self.database_url
        engine = make_engine(Settings(database_url=self.database_url, redis_url=self.redis.url))
        seed_tables(engine)
        engine.dispose()
        with Client.from_url(self.redis.url) as client:
            seed_sessions(client)
        if self.state == "fixed":
            migrate(self.database_url)
        self.report("tables filled")
        self.exporter.env["DATABASE_URL"] = found = exporter_role(self.postgres, DATABASE)
        self.pgbouncer.users |= {"backend": password, "obs_exporter": urlsplit(found).password or ""}
        self.pgbouncer.start()
        self.report(f"pgbouncer on {self.ports.address('pgbouncer')}")
        self.jobs.url = self.pgbouncer.url("backend", DATABASE)
        self.jobs.start()

    def _configure_exporter(self) -> None:
        config = yaml.safe_load(EXPORTER_CONFIG.read_text())
        for (section, option), seconds in EXPORTER_MEMORY.items():
            config[section][option] = max(1.0, seconds * self.time_scale)
        config["postgres"]["statement_texts"] = True
        config["targets"] = {POOLER: {"kind": "pgbouncer", "connection_env": "POOLER_URL"}}
        (self.home / "exporter.yml").write_text(yaml.safe_dump(config))
        self.exporter.env["POOLER_URL"] = self.pgbouncer.url("obs_exporter")
        self.exporter.env["REDIS_URL"] = exporter_user(self.redis)
