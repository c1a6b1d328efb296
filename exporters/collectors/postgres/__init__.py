"""PostgreSQL: all questions in one round trip over one session, each a read-only transaction of its own."""

from __future__ import annotations

from exporters.collectors.postgres.backend import PostgresBackend
from exporters.collectors.postgres.options import ExpectedIndex, PostgresSettings

__all__ = ["ExpectedIndex", "PostgresBackend", "PostgresSettings"]
