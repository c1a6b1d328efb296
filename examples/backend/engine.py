"""The connection pool and the sessions of the backend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.orm import Session

from examples.backend.settings import Settings


def make_engine(settings: Settings) -> Engine:
    """A synchronous engine on psycopg, with the pool that the settings ask for."""
    url = make_url(settings.database_url).set(drivername="postgresql+psycopg")
    return create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout,
        pool_pre_ping=True,
        connect_args={"application_name": "backend", "connect_timeout": 3},
    )


def get_session(request: Request) -> Iterator[Session]:
    """A session for one request; it takes a connection at its first statement."""
    with Session(request.app.state.engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]
