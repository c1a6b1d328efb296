"""Watch one PgBouncer by its console."""

from __future__ import annotations

from exporters.collectors.pgbouncer.backend import PgBouncerBackend, PgBouncerSettings

__all__ = ["PgBouncerBackend", "PgBouncerSettings"]
