"""How something is said."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number with what it counts: `1 board`, `2 queries`."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else many}"
