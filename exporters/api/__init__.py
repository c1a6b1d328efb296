"""Measure a FastAPI application: requests, SQL statements, the connection pool, the cache.

`instrument(app, engine=engine)` is all it takes. With several workers set PROMETHEUS_MULTIPROC_DIR; the
exporter (or `ApiPage`) reads the workers' files from there, so no request ever waits for a scrape.
"""

from __future__ import annotations

from exporters.api.cache import CacheRecorder, instrument_cache
from exporters.api.errors import InstrumentationError
from exporters.api.install import instrument
from exporters.api.page import render

__all__ = ["CacheRecorder", "InstrumentationError", "instrument", "instrument_cache", "render"]
