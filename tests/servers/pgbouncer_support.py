"""Debian's PgBouncer in front of a PostgreSQL."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

from examples.demo.databases import Postgres
from examples.demo.process import Server, free_port, program


class PgBouncer(Server):
    """One session at the server for all clients of a database, each transaction in turn."""

    def __init__(self, home: Path, behind: Postgres, users: Mapping[str, str], **settings: str) -> None:
        home.mkdir()
        super().__init__("pgbouncer", home / "pgbouncer.log")
        self.port = free_port()
        self.user = behind.user
        self._file = home / "pgbouncer.ini"
        file = home / "users"
        file.write_text("".join(f'"{name}" "{password}"\n' for name, password in users.items()))
        more = "".join(f"{name} = {value}\n" for name, value in settings.items())
        self._file.write_text(
            f"[databases]\n* = host=127.0.0.1 port={behind.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = plain\nauth_file = {file}\npool_mode = transaction\ndefault_pool_size = 1\n{more}"
        )
        for each in (file, self._file):
            each.chmod(0o644)

    def start(self) -> PgBouncer:
        """Start, and wait until it listens."""
        binary = program("pgbouncer", "/usr/sbin/pgbouncer", package="pgbouncer")
        self.launch([binary, str(self._file)], user=self.user, stop_signal="INT")
        self.wait_for(self._listens)
        return self

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
