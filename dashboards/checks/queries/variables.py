"""The variables that texts name, and those that a board declares."""

from __future__ import annotations

from dashboards.checks.expressions import Json
from dashboards.checks.promql import VARIABLE


def names(text: str) -> set[str]:
    """The variables that a text names, without those that Grafana has by itself."""
    return {
        found
        for each in VARIABLE.finditer(text.replace("\\$", ""))
        if not (found := each[1] or each[2]).startswith("__")
    }


def declared_by(board: Json) -> dict[str, Json]:
    """The variables of a board by their names."""
    return {str(each.get("name")): each for each in board.get("templating", {}).get("list", ())}
