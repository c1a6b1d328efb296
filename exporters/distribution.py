"""Which distribution this package was installed with: its own, or that of the whole checkout."""

from __future__ import annotations

import contextlib
from functools import cache
from importlib import metadata

from exporters.errors import ExporterError

# By name where in the checkout it is installed from.
SOURCES = {"backend-observability": ".", "backend-observability-exporters": "./exporters"}
EXTRAS = {"sqlglot": "candidates"}  # what brings a module, where that is not `exporter`


@cache
def installed() -> dict[str, str]:
    """By name the version of each distribution that brings this package; none in a bare checkout.

    As the process found it: its page says so each time, and to look costs more than much of the rest.
    """
    found = {}
    for name in SOURCES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def version() -> str:
    """The version of the installed distribution."""
    return next(iter(installed().values()), "unknown")


def missing(error: ModuleNotFoundError) -> ExporterError:
    """What to raise where a module is missing that an extra brings."""
    source = SOURCES[next(iter(installed()), "backend-observability-exporters")]
    extra = EXTRAS.get(str(error.name), "exporter")
    return ExporterError(
        f"{error.name} is not installed; run: pip install '{source}[{extra}]' in the checkout"
    )
