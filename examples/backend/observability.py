"""All that connects the backend to its observability: the cache counted, the application measured."""

from __future__ import annotations

from fastapi import FastAPI
from sqlalchemy import Engine

from examples.backend import cache
from examples.backend.settings import Settings
from exporters.api import instrument, instrument_cache

VERSION = "6.0.0"

cache_response = instrument_cache(cache.cache_response)


def observe(app: FastAPI, engine: Engine, settings: Settings) -> None:
    """Measure requests, statements, the pool and the cache."""
    instrument(
        app,
        engine=engine,
        cache=cache.client(),
        version=VERSION,
        scrape_interval=settings.scrape_interval,
    )
