"""The factories: a large payload, and one configuration, the only thing the audited backend cached."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException
from sqlalchemy import select

from examples.backend.engine import SessionDep
from examples.backend.models import Factory
from examples.backend.observability import cache_response


def all_factories(session: SessionDep) -> list[dict[str, Any]]:
    """Every factory with its whole configuration, some 100 kB."""
    query = select(Factory).order_by(Factory.factory_id)
    return [
        {
            "factory_id": factory.factory_id,
            "name": factory.name,
            "is_active": factory.is_active,
            "config": factory.config,
        }
        for factory in session.scalars(query)
    ]


cached_factories = cache_response(ttl=300, key_prefix="factories")(all_factories)


@cache_response(ttl=300, key_prefix="factory_config")
def factory_config(session: SessionDep, factory_id: str) -> dict[str, Any]:
    """The configuration of one factory."""
    factory = session.get(Factory, factory_id)
    if factory is None:
        raise HTTPException(404, "no such factory")
    return factory.config


def router(*, is_fixed: bool) -> APIRouter:
    """The routes of factories."""
    routes = APIRouter()
    routes.add_api_route("/api/factories", cached_factories if is_fixed else all_factories)
    routes.add_api_route("/api/factories/{factory_id}/config", factory_config)
    return routes
