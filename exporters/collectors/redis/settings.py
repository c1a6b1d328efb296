"""Which Redis to watch, and what to count in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from exporters.config import WAYS

PACED, ACTIVE, ESTIMATED = WAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """Which Redis, and what to count in it.

    Attributes:
        url: asked at every connect, so that a rotated password is picked up.
        key_patterns: globs as in Redis; a key counts for the first that fits. Without any nothing is scanned.
        keys: how they are counted. `paced` looks at each key and sleeps most of the time; `active` does not
            sleep; `estimated` looks at some and says between what limits the truth is.
        scan_interval: seconds between the end of a pass over the keys and the next.
        top_prefixes: of how many beginnings of keys without a pattern the number is told, over all databases.
        sample_keys: of how many keys of each pattern a pass asks the memory; 0 is none. The user then needs
            ``~* +memory|usage``.
        compat: whether the rest of redis_exporter's default series is shown too, with its labels.
        sample_ages: of how many keys of each pattern a pass asks the time to live, and for how long nobody
            used them; 0 is none. Redis counts two hits for each. The user then needs
            ``~* +ttl +object|idletime``.
    """

    url: Callable[[], str]
    key_patterns: tuple[str, ...] = ()
    keys: str = PACED
    scan_interval: float = 60.0
    top_prefixes: int = 10
    sample_keys: int = 0
    sample_ages: int = 0
    compat: bool = False

    def lacking(self, options: Iterable[str]) -> tuple[str, ...]:
        """Those of a collector's options that are not set, without which it is off."""
        return tuple(option for option in options if not getattr(self, option))
