"""PostgreSQL and Redis from Debian's packages, in a directory of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from examples.demo.process import Server, free_port, listening, program

POSTGRES_BINARIES = "/usr/lib/postgresql/15/bin"


class Postgres(Server):
    """A throw-away cluster. As root it runs as the user `postgres`, as PostgreSQL insists.

    Trust authentication for the superuser on the socket, SCRAM for everybody on TCP, as in production.

    Args:
        home: where its data lie.
        port: 0 for a free one.
        programs: the directory of another version's programs; Debian's if empty.
        settings: of its configuration.
    """

    def __init__(self, home: Path, *, port: int = 0, programs: str = "", **settings: str) -> None:
        super().__init__("postgres", home / "postgres.log")
        self.programs = programs
        self.home = home
        self.data = home / "data"
        self.port = port or free_port()
        self.user = "postgres" if os.geteuid() == 0 else ""
        self.settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(home),
            "fsync": "off",
            "shared_preload_libraries": "pg_stat_statements",
            "log_min_messages": "warning",
            **settings,
        }

    @property
    def superuser_dsn(self) -> str:
        """A libpq connection string for the superuser, by the socket."""
        return f"host={self.home} port={self.port} user=postgres dbname=postgres"

    def url(self, user: str, password: str, database: str = "postgres") -> str:
        """A connection URL over TCP."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> Postgres:
        """Create the cluster if it is new, start it, and wait until it answers."""
        if not self.data.exists():
            self._init()
        postgres = self._program("postgres")
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        self.launch(
            [postgres, "-D", str(self.data), "-p", str(self.port), *options],
            user=self.user,
            stop_signal="INT",
        )
        is_ready = program("pg_isready", f"{POSTGRES_BINARIES}/pg_isready", package="postgresql")
        probe = [is_ready, "-q", "-h", str(self.home), "-p", str(self.port)]
        self.wait_for(lambda: subprocess.run(probe, check=False).returncode == 0)
        return self

    def _program(self, name: str) -> str:
        if self.programs:
            return f"{self.programs}/{name}"
        return program(name, f"{POSTGRES_BINARIES}/{name}", package="postgresql")

    def _init(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        if self.user:
            shutil.chown(self.home, self.user, self.user)
        initdb = self._program("initdb")
        command = [initdb, "-D", str(self.data), "-U", "postgres", "--auth-local=trust"]
        command += ["--auth-host=scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        if self.user:
            command = ["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups", *command]
        subprocess.run(command, check=True, capture_output=True, cwd="/")


class Redis(Server):
    """A throw-away Redis, without persistence; Debian's, or that of another `program`."""

    def __init__(self, home: Path, *, port: int = 0, program: str = "", **settings: str) -> None:
        super().__init__("redis", home / "redis.log")
        self.program = program
        self.home = home
        self.port = port or free_port()
        self.settings = {"bind": "127.0.0.1", "save": "", "appendonly": "no", **settings}

    @property
    def url(self) -> str:
        """A connection URL for the default user, database 0."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Redis:
        """Start the server and wait until it listens."""
        self.home.mkdir(parents=True, exist_ok=True)
        server = self.program or program("redis-server", package="redis-server")
        options = [
            word for name, value in self.settings.items() for word in (f"--{name.replace('_', '-')}", value)
        ]
        self.launch([server, "--port", str(self.port), "--dir", str(self.home), *options])
        self.wait_for(lambda: listening(self.port))
        return self
