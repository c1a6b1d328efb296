"""What a user did wrong, told in one line; every other exception is a fault of the exporter."""

from __future__ import annotations


class ExporterError(Exception):
    """The exporter cannot start or go on as it was told; the message says what to change.

    A message never holds a password or a connection string.
    """


class ConfigError(ExporterError):
    """A flag, variable or file holds something else than what is expected there."""
