"""Measure a FastAPI application: requests, SQL statements, the connection pool, the cache.

`instrument(app, engine=engine)` is all it takes. Set PROMETHEUS_MULTIPROC_DIR, with a single worker too: the
exporter (or `ApiPage`) reads the workers' files there and serves them on a port of its own, so no request
ever waits for a scrape. Without it the numbers stay in the process, where only `render` shows them.
"""

from __future__ import annotations

from exporters.api.cache import CacheRecorder, instrument_cache
from exporters.api.errors import InstrumentationError
from exporters.api.install import instrument
from exporters.api.page import render

__all__ = ["CacheRecorder", "InstrumentationError", "instrument", "instrument_cache", "render"]
