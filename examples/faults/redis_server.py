"""Faults of the Redis server: what it was told, who is connected to it, and what it writes to disk."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any, cast

from redis import Redis, RedisError

from examples.faults.cache import config, set_back
from examples.faults.model import Repeated, Targets


class ConfigureRedis:
    """Somebody changes a setting of the running server, and no file knows of it."""

    def __init__(
        self, targets: Targets, *, setting: str = "maxmemory-policy", value: str = "noeviction"
    ) -> None:
        self.url = targets.redis_url
        self.setting = setting
        self.value = value
        self.before: dict[str, str] = {}

    def inject(self) -> None:
        """Set it."""
        with Redis.from_url(self.url) as client:
            self.before = config(client, self.setting)
            client.config_set(self.setting, self.value)

    def heal(self) -> None:
        """Set it back."""
        with Redis.from_url(self.url) as client:
            set_back(client, self.before)


class HoldRedisClients(Repeated):
    """A client opens connection after connection; the server takes few, and refuses more where told so.

    Args:
        targets: where Redis is.
        connections: to open, so many that a tenth of them is room for what others open meanwhile.
        share: of maxclients that are then connected; more than 1 means that it goes on and is refused.
    """

    def __init__(self, targets: Targets, *, connections: int = 400, share: float = 0.9) -> None:
        super().__init__(pause=0.2)
        self.url = targets.redis_url
        self.count = connections
        self.share = share
        self.before: dict[str, str] = {}
        self.held: list[Redis] = []
        self.client: Redis | None = None

    def inject(self) -> None:
        """Connect, then lower the limit to what that share asks for."""
        self.client = Redis.from_url(self.url)  # one that stays, since a full server would not let us heal it
        self.before = config(self.client, "maxclients")
        for _ in range(self.count):
            self.held.append(Redis.from_url(self.url, single_connection_client=True))
            self.held[-1].ping()
        connected = cast("dict[str, int]", self.client.info("clients"))["connected_clients"]
        self.client.config_set("maxclients", max(1, int(connected / self.share)))
        if self.share > 1:
            super().inject()

    def heal(self) -> None:
        """Set the limit back, and disconnect."""
        super().heal()
        if self.client:
            set_back(self.client, self.before)
        while self.held:
            self.held.pop().close()
        if self.client:
            self.client.close()
            self.client = None

    def step(self) -> None:
        """Knock once more."""
        with contextlib.suppress(RedisError), Redis.from_url(self.url) as client:
            client.ping()


class BlockClients:
    """Workers wait for a list that nobody fills."""

    def __init__(self, targets: Targets, *, clients: int = 20) -> None:
        self.url = targets.redis_url
        self.count = clients
        self.held: list[Redis] = []

    def inject(self) -> None:
        """Connect, and wait without an end."""
        for _ in range(self.count):
            self.held.append(Redis.from_url(self.url, single_connection_client=True))
            connection: Any = self.held[-1].connection
            connection.send_command("BLPOP", "fault:nobody-fills", 0)

    def heal(self) -> None:
        """Disconnect."""
        while self.held:
            self.held.pop().close()


class FailSaves(Repeated):
    """Snapshots fail: where the file should be, something else is in the way."""

    def __init__(self, targets: Targets) -> None:
        super().__init__(pause=1.0)
        self.url = targets.redis_url
        self.before: dict[str, str] = {}
        self.aside: Path | None = None

    def inject(self) -> None:
        """Ask for snapshots, put a directory in the file's place, and let one fail."""
        with Redis.from_url(self.url) as client:
            file = self._file(client)
            self.before = config(client, "save", "stop-writes-on-bgsave-error")
            client.config_set("stop-writes-on-bgsave-error", "no")
            client.config_set("save", "3600 1")
        if file.is_file():
            self.aside = file.rename(file.with_name("before-fault.rdb"))
        file.mkdir()
        super().inject()

    def heal(self) -> None:
        """Put everything back, and let one snapshot succeed."""
        super().heal()
        if not self.before:
            return
        with Redis.from_url(self.url) as client:
            file = self._file(client)
            file.rmdir()
            _save(client)
            if self.aside:
                self.aside = self.aside.replace(file) and None
            set_back(client, self.before)

    def step(self) -> None:
        """Try once."""
        with Redis.from_url(self.url) as client:
            _save(client)

    @staticmethod
    def _file(client: Redis) -> Path:
        named = config(client, "dir", "dbfilename")
        return Path(named["dir"]) / named["dbfilename"]


def _save(client: Redis) -> None:
    """Start a snapshot, and wait until it ended."""
    with contextlib.suppress(RedisError):  # one is under way
        client.bgsave()
    while cast("dict[str, int]", client.info("persistence"))["rdb_bgsave_in_progress"]:
        time.sleep(0.05)
