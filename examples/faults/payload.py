"""A fault of the data: one row grew, and with it every answer that it is part of."""

from __future__ import annotations

import time

import psycopg
from redis import Redis

from examples.faults.cache import remove
from examples.faults.model import Targets

# What hardly compresses, as pictures do not.
GROW = """
UPDATE factories SET config = config || jsonb_build_object('photo', (
    SELECT string_agg(encode(sha512(n::text::bytea), 'base64'), '') FROM generate_series(1, %s) AS n))
WHERE factory_id = (SELECT max(factory_id) FROM factories)
"""
# Seconds that an answer of this size may take, where all is slow.
MAKING = 2.0
SHRINK = "UPDATE factories SET config = config - 'photo' WHERE config ? 'photo'"


class GrowPayload:
    """Somebody stored a photograph in a factory's configuration, and the list of all factories carries it."""

    def __init__(self, targets: Targets, *, size: int = 2_000_000) -> None:
        self.dsn = targets.database_url
        self.redis_url = targets.redis_url
        self.pieces = size // 88  # each is 64 bytes, in base64

    def inject(self) -> None:
        """Store it, and let the cached answers go."""
        self._change(GROW, (self.pieces,))

    def heal(self) -> None:
        """Remove it, and let the cached answers go; again, as one in the making is cached only then."""
        self._change(SHRINK, ())
        time.sleep(MAKING)
        self._change(SHRINK, ())

    def _change(self, statement: str, values: tuple[int, ...]) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(statement.encode(), values or None)
        with Redis.from_url(self.redis_url) as client:
            remove(client, "factories:*")
