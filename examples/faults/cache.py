"""Faults of what Redis holds: memory that is full, keys that nobody expected, a cache that finds nothing."""

from __future__ import annotations

import itertools
import random
from typing import cast

from redis import Redis

from examples.faults.model import FaultError, Repeated, Targets

CACHE_PATTERNS = ("dashboard_admin:*", "factories:*", "factory_config:*")
FILLED = "session:fill:"
VALUE = bytes(64 * 1024)
BATCH = 64
LIFE = 3600


class FillRedis(Repeated):
    """Large sessions fill the memory, and then push others out.

    They never expire; under a `policy` given they do, late, since a volatile one throws nothing else away.
    """

    def __init__(self, targets: Targets, *, per_second: int = 50, policy: str = "") -> None:
        super().__init__(pause=1 / per_second)
        self.url = targets.redis_url
        self.names = itertools.count()
        self.policy = policy
        self.before: dict[str, str] = {}

    def inject(self) -> None:
        """Fill the memory up to its limit, then go on at `per_second` keys.

        Raises:
            FaultError: Redis has no limit, so the machine's memory would be filled.
        """
        with Redis.from_url(self.url) as client:
            used, limit = memory(client)
            if not limit:
                raise FaultError("Redis has no maxmemory, so it would fill the machine; set one first")
            if self.policy:
                self.before = config(client, "maxmemory-policy")
                client.config_set("maxmemory-policy", self.policy)
            for _ in range(0, limit - used, BATCH * len(VALUE)):
                self._write(client, BATCH)
        super().inject()

    def heal(self) -> None:
        """Stop, remove what was written, and set back what was set."""
        super().heal()
        with Redis.from_url(self.url) as client:
            remove(client, f"{FILLED}*")
            set_back(client, self.before)

    def step(self) -> None:
        """Write one more."""
        with Redis.from_url(self.url) as client:
            self._write(client, 1)

    def _write(self, client: Redis, count: int) -> None:
        with client.pipeline(transaction=False) as pipeline:
            for _ in range(count):
                pipeline.set(f"{FILLED}{next(self.names)}", VALUE, ex=LIFE if self.policy else None)
            pipeline.execute(raise_on_error=False)


class RefuseWrites(FillRedis):
    """Memory is full, and the policy lets nothing go: Redis refuses every write."""

    ROOM = 8 * 1024 * 1024

    def inject(self) -> None:
        """Leave a little room, let nothing go, and fill the room."""
        with Redis.from_url(self.url) as client:
            self.before = config(client, "maxmemory", "maxmemory-policy")
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", str(memory(client)[0] + self.ROOM))
        super().inject()


class OutgrowMemory(Repeated):
    """What is asked for again and again does not fit: it is thrown out before anybody asks for it again.

    Args:
        targets: where Redis is.
        keys: that a client asks for at random, and writes where it does not find them.
        per_second: that it asks for.
    """

    ROOM = 8 * 1024 * 1024
    PREFIX = "factory_config:large="

    def __init__(self, targets: Targets, *, keys: int = 1000, per_second: int = 60) -> None:
        super().__init__(pause=1 / per_second)
        self.url = targets.redis_url
        self.keys = keys
        self.before: dict[str, str] = {}
        # One connection: at each, redis-py says its name, which Redis 7.0 answers with an error.
        self.asking = Redis.from_url(self.url)

    def inject(self) -> None:
        """Leave room for a part of these keys, then begin to ask."""
        with Redis.from_url(self.url) as client:
            self.before = config(client, "maxmemory")
            client.config_set("maxmemory", memory(client)[0] + self.ROOM)
        super().inject()

    def heal(self) -> None:
        """Ask no more, remove what was written, and set back what was set."""
        super().heal()
        with self.asking as client:
            set_back(client, self.before)
            remove(client, f"{self.PREFIX}*")

    def step(self) -> None:
        """Ask for one, as an application with a cache does."""
        name = f"{self.PREFIX}{random.randrange(self.keys)}"
        if self.asking.get(name) is None:
            self.asking.set(name, VALUE, ex=LIFE)


class FlushCache(Repeated):
    """Something removes what is cached, over and over, so that nothing is found there."""

    def __init__(self, targets: Targets, *, pause: float = 0.1) -> None:
        super().__init__(pause)
        self.url = targets.redis_url

    def step(self) -> None:
        """Remove every cached answer; sessions stay."""
        with Redis.from_url(self.url) as client:
            for pattern in CACHE_PATTERNS:
                remove(client, pattern)


class MissKeys(Repeated):
    """A client asks for keys that nobody ever wrote: a part of them is new in each request."""

    def __init__(self, targets: Targets, *, per_second: int = 100) -> None:
        super().__init__(pause=0.1)
        self.url = targets.redis_url
        self.count = max(1, round(per_second * self.pause))
        self.names = itertools.count()

    def step(self) -> None:
        """Ask for some."""
        with Redis.from_url(self.url) as client, client.pipeline(transaction=False) as pipeline:
            for _ in range(self.count):
                pipeline.get(f"factory_config:at={next(self.names)}")
            pipeline.execute()


class GrowKeys(Repeated):
    """Keys of one prefix become more and more, none with a time to live, until somebody finds the loop."""

    def __init__(
        self, targets: Targets, *, prefix: str = "session:leak", per_second: int = 200, size: int = 100
    ) -> None:
        super().__init__(pause=0.1)
        self.url = targets.redis_url
        self.prefix = prefix
        self.count = max(1, round(per_second * self.pause))
        self.value = bytes(size)
        self.names = itertools.count()

    def heal(self) -> None:
        """Stop, and remove what was written."""
        super().heal()
        with Redis.from_url(self.url) as client:
            remove(client, f"{self.prefix}:*")

    def step(self) -> None:
        """Write some more."""
        with Redis.from_url(self.url) as client, client.pipeline(transaction=False) as pipeline:
            for _ in range(self.count):
                pipeline.set(f"{self.prefix}:{next(self.names)}", self.value)
            pipeline.execute()


class FragmentRedis:
    """Most of many small keys are removed, and the pages of those that stay are not given back."""

    KEYS, KEPT, SIZES = 600_000, 16, (300, 500)

    def __init__(self, targets: Targets) -> None:
        self.url = targets.redis_url

    def inject(self) -> None:
        """Write them, then remove all but each sixteenth."""
        chance = random.Random(1)
        with Redis.from_url(self.url) as client:
            for begin in range(0, self.KEYS, 5000):
                with client.pipeline(transaction=False) as pipeline:
                    for number in range(begin, begin + 5000):
                        pipeline.set(f"session:small:{number}", bytes(chance.randint(*self.SIZES)), ex=86_400)
                    pipeline.execute()
            for begin in range(0, self.KEYS, 5000):
                numbers = range(begin, begin + 5000)
                client.unlink(*(f"session:small:{n}" for n in numbers if n % self.KEPT))

    def heal(self) -> None:
        """Remove the rest, and let the allocator give back what it holds."""
        with Redis.from_url(self.url) as client:
            remove(client, "session:small:*")
            client.memory_purge()


def memory(client: Redis) -> tuple[int, int]:
    """Bytes in use, and the limit; 0 means that there is none."""
    info = cast("dict[str, int]", client.info("memory"))
    return info["used_memory"], info["maxmemory"]


def set_back(client: Redis, before: dict[str, str]) -> None:
    """Give each setting the value that it had, and forget it, so that it is done once."""
    while before:
        client.config_set(*before.popitem())


def config(client: Redis, *names: str) -> dict[str, str]:
    """What is set now.

    Raises:
        FaultError: this server has no such setting.
    """
    found = {name: cast("dict[str, str]", client.config_get(name)).get(name) for name in names}
    missing = [name for name, value in found.items() if value is None]
    if missing:
        raise FaultError(f"Redis has no setting {', '.join(missing)}; expected version 7")
    return cast("dict[str, str]", found)


def remove(client: Redis, pattern: str) -> None:
    """Remove every key of this pattern."""
    keys = client.scan_iter(pattern, count=1000)
    while batch := list(itertools.islice(keys, 1000)):
        client.unlink(*batch)
