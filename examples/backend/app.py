"""The application: `uvicorn examples.backend.app:app --workers 4`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.middleware.gzip import GZipMiddleware

from examples.backend import dashboard, factories, payroll, people
from examples.backend.engine import make_engine
from examples.backend.faults import Faults, Uncompressed
from examples.backend.observability import observe
from examples.backend.settings import Settings


async def health() -> dict[str, str]:
    """Whether this process answers. A dead database or cache is not its fault and has an alert of its own."""
    return {"status": "ok"}


def create_app(settings: Settings) -> FastAPI:
    """The backend in the state that the settings ask for."""
    engine = make_engine(settings)
    faults = Faults(settings.fault_file, engine) if settings.fault_file else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if faults:
            faults.start()
        yield
        if faults:
            faults.stop()
        engine.dispose()

    app = FastAPI(title="Example backend", lifespan=lifespan)
    app.state.engine = engine
    app.add_api_route("/health", health)
    struck = [Depends(faults.strike)] if faults else []
    for part in (dashboard, people, payroll, factories):
        app.include_router(part.router(is_fixed=settings.fixed), dependencies=struck)
    if settings.fixed:
        app.add_middleware(GZipMiddleware, minimum_size=1000)
    if faults:
        app.add_middleware(Uncompressed, faults=faults)
    observe(app, engine, settings)
    return app


app = create_app(Settings.from_env())
