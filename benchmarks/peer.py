"""The library that others use for the same: installed for a measurement, and set up to do the same work."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from fastapi import FastAPI

from exporters.catalogue.api import LATENCY_BUCKETS

ROOT = Path(__file__).parents[1]


def requirement() -> str:
    """What pyproject.toml pins, such as ``name==1.0``."""
    (pinned,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["bench"]
    return str(pinned)


def install(folder: Path) -> None:
    """Put it into a folder of its own; everything it needs is what the application runs on anyway."""
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--target"]
    command = [sys.executable, "-m", "pip", "install", *options, str(folder), requirement()]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"bench: {requirement()} could not be installed, see above; nothing was written")


def instrument(app: FastAPI, *, equal_work: bool) -> None:
    """Add its middleware.

    Args:
        app: the application.
        equal_work: exact status codes, our buckets, response sizes and requests in progress, rather than
            what it measures when nothing is asked for.
    """
    from prometheus_fastapi_instrumentator import Instrumentator, metrics  # noqa: PLC0415  # see `install`

    if not equal_work:
        Instrumentator().instrument(app)
        return
    instrumentator = Instrumentator(
        should_group_status_codes=False, should_instrument_requests_inprogress=True
    )
    instrumentator.add(
        metrics.requests(),
        metrics.latency(buckets=LATENCY_BUCKETS, should_include_status=False),
        metrics.response_size(should_include_method=False, should_include_status=False),
    )
    instrumentator.instrument(app)
