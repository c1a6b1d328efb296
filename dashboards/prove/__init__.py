"""Has each panel been seen with data? What every board asks, asked of a running server, and judged."""

from __future__ import annotations

from dashboards.prove.ask import prove
from dashboards.prove.looks import coming, past, seen
from dashboards.prove.model import Answer, Proof, Source
from dashboards.prove.report import summary
from dashboards.prove.times import Span, last
from dashboards.prove.variables import filled, variable_values

__all__ = [
    "Answer",
    "Proof",
    "Source",
    "Span",
    "coming",
    "filled",
    "last",
    "past",
    "prove",
    "seen",
    "summary",
    "variable_values",
]
