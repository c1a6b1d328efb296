"""The boards, in the order in which one opens them."""

from __future__ import annotations

from dashboards.boards import api, audit, overview, postgres, queries, redis, telemetry
from dashboards.model import Board

BOARDS: tuple[Board, ...] = (
    overview.BOARD,
    api.BOARD,
    postgres.BOARD,
    queries.BOARD,
    redis.BOARD,
    audit.BOARD,
    telemetry.BOARD,
)
