"""What a user did wrong, told in one line; every other exception is a fault of the exporter."""

from __future__ import annotations

import re

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class ExporterError(Exception):
    """The exporter cannot start or go on as it was told; the message says what to change.

    A message never holds a password or a connection string, and is one line whatever stands in it.
    """

    def __init__(self, message: str) -> None:
        super().__init__(CONTROL.sub(lambda found: repr(found[0])[1:-1], message))


class ConfigError(ExporterError):
    """A flag, variable or file holds something else than what is expected there."""


class PageMissingError(Exception):
    """There is no page now, and the log says why already."""
