"""A small model and its engines, for tests of statements and pools."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from sqlalchemy import Engine, ForeignKey, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Team(Base):
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    team: Mapped[Team] = relationship()


@contextlib.contextmanager
def sync_engine(database: str, **options: Any) -> Iterator[Engine]:
    """An engine on psycopg, disposed of at the end."""
    engine = create_engine(f"postgresql+psycopg:{database}", **options)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.asynccontextmanager
async def async_engine(database: str, **options: Any) -> AsyncIterator[AsyncEngine]:
    """An engine on asyncpg, disposed of at the end; it belongs to one event loop."""
    engine = create_async_engine(f"postgresql+asyncpg:{database}", **options)
    try:
        yield engine
    finally:
        await engine.dispose()
