"""Faults at Redis."""

from __future__ import annotations

import itertools
from typing import cast

from redis import Redis

from examples.faults.model import FaultError, Repeated, Targets

CACHE_PATTERNS = ("dashboard_admin:*", "factories:*", "factory_config:*")
FILLED = "session:fill:"
VALUE = bytes(64 * 1024)
BATCH = 64


class FillRedis(Repeated):
    """Large sessions that nobody expires fill the memory, and then push others out."""

    def __init__(self, targets: Targets, *, per_second: int = 50) -> None:
        super().__init__(pause=1 / per_second)
        self.url = targets.redis_url
        self.names = itertools.count()

    def inject(self) -> None:
        """Fill the memory up to its limit, then go on at `per_second` keys.

        Raises:
            FaultError: Redis has no limit, so the machine's memory would be filled.
        """
        with self._client() as client:
            info = cast("dict[str, int]", client.info("memory"))
            if not info["maxmemory"]:
                raise FaultError("Redis has no maxmemory, so it would fill the machine; set one first")
            for _ in range(0, info["maxmemory"] - info["used_memory"], BATCH * len(VALUE)):
                self._write(client, BATCH)
        super().inject()

    def heal(self) -> None:
        """Stop, and remove what was written."""
        super().heal()
        with self._client() as client:
            _remove(client, f"{FILLED}*")

    def step(self) -> None:
        """Write one more."""
        with self._client() as client:
            self._write(client, 1)

    def _client(self) -> Redis:
        return Redis.from_url(self.url)

    def _write(self, client: Redis, count: int) -> None:
        with client.pipeline(transaction=False) as pipeline:
            for _ in range(count):
                pipeline.set(f"{FILLED}{next(self.names)}", VALUE)
            pipeline.execute()


class FlushCache(Repeated):
    """Something removes what is cached, over and over, so that nothing is found there."""

    def __init__(self, targets: Targets, *, pause: float = 0.1) -> None:
        super().__init__(pause)
        self.url = targets.redis_url

    def step(self) -> None:
        """Remove every cached answer; sessions stay."""
        with Redis.from_url(self.url) as client:
            for pattern in CACHE_PATTERNS:
                _remove(client, pattern)


def _remove(client: Redis, pattern: str) -> None:
    keys = client.scan_iter(pattern, count=1000)
    while batch := list(itertools.islice(keys, 1000)):
        client.unlink(*batch)
