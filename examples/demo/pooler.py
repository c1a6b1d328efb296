"""Debian's PgBouncer in front of a PostgreSQL, and work that goes through it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from examples.demo.databases import Postgres
from examples.demo.process import ROOT, Server, free_port, listening, program


class PgBouncer(Server):
    """A pool for each database and user; a transaction has a server connection, a client has none.

    Attributes:
        users: the password of each user that it knows, as of the next start.

    Args:
        home: of its files.
        behind: where it connects to.
        users: the first of these.
        port: 0 for a free one.
        settings: of its configuration.
    """

    def __init__(
        self, home: Path, behind: Postgres, users: dict[str, str], *, port: int = 0, **settings: str
    ) -> None:
        super().__init__("pgbouncer", home / "pgbouncer.log")
        self.home = home
        self.behind = behind
        self.users = users
        self.port = port or free_port()
        self.user = behind.user
        self.settings = {"pool_mode": "transaction", "default_pool_size": "1", **settings}

    def url(self, user: str, database: str = "pgbouncer") -> str:
        """Where a user finds a database; by default the console."""
        return f"postgresql://{user}:{self.users[user]}@127.0.0.1:{self.port}/{database}"

    def start(self) -> PgBouncer:
        """Write its files, start it, and wait until it listens."""
        binary = program("pgbouncer", "/usr/sbin/pgbouncer", package="pgbouncer")
        self.home.mkdir(exist_ok=True)
        users, file = self.home / "users", self.home / "pgbouncer.ini"
        users.touch(mode=0o600)
        if self.user:
            shutil.chown(users, self.user)
        users.write_text("".join(f'"{name}" "{password}"\n' for name, password in self.users.items()))
        more = "".join(f"{name} = {value}\n" for name, value in self.settings.items())
        file.write_text(
            f"[databases]\n* = host=127.0.0.1 port={self.behind.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = plain\nauth_file = {users}\n{more}"
        )
        file.chmod(0o644)
        self.launch([binary, str(file)], user=self.user)
        self.wait_for(lambda: listening(self.port))
        return self


class Jobs(Server):
    """The backend's work beside requests, at a database that is found at `url`."""

    def __init__(self, home: Path) -> None:
        super().__init__("jobs", home / "jobs.log")
        self.home = home
        self.url = ""

    def start(self) -> Jobs:
        """Start it; whether it finds its database is its own matter."""
        self.home.mkdir(exist_ok=True)
        self.launch([sys.executable, "-m", "examples.backend.jobs"], env={"DATABASE_URL": self.url}, cwd=ROOT)
        return self
