"""The stack with ten times its boards, for what a build takes then."""

from __future__ import annotations

from dataclasses import replace

from dashboards.model import Board
from dashboards.stack import STACK as ONE

TIMES = 10


def _copy(board: Board, number: int) -> Board:
    return replace(board, uid=f"{board.uid}-{number}", title=f"{board.title} {number}")


COPIES = tuple(_copy(board, number) for board in ONE.boards for number in range(1, TIMES))
STACK = replace(ONE, boards=(*ONE.boards, *COPIES))
