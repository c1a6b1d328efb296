"""What the metrics mean: PromQL written once, with its unit and its objective.

What a team's own signals are made of is here; what this project's are, in the modules.
"""

from __future__ import annotations

from signals.idioms import increase, mean, promql, quantile, rate, ratio, value
from signals.model import Signal
from signals.numbers import (
    BYTES,
    BYTES_PER_SECOND,
    COUNT,
    PER_SECOND,
    RATIO,
    REQUESTS_PER_SECOND,
    SECONDS,
    STATE,
    Limit,
    Objective,
)

__all__ = [
    "BYTES",
    "BYTES_PER_SECOND",
    "COUNT",
    "PER_SECOND",
    "RATIO",
    "REQUESTS_PER_SECOND",
    "SECONDS",
    "STATE",
    "Limit",
    "Objective",
    "Signal",
    "increase",
    "mean",
    "promql",
    "quantile",
    "rate",
    "ratio",
    "value",
]
