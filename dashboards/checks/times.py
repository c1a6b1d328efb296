"""Times as Prometheus and Grafana write them."""

from __future__ import annotations

import re

_UNITS = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_DURATION = re.compile("".join(f"(?:([0-9]+){unit})?" for unit in _UNITS) + r"\Z")
# Milliseconds of the longest duration that Go can hold, some 292 years.
_LONGEST = (2**63 - 1) // 10**6


def written(text: str) -> bool:
    """Whether a text has the form of a duration, however long."""
    return bool(text) and _DURATION.match(text) is not None


def seconds(text: object) -> float | None:
    """The seconds of a duration such as ``1h30m``; None if the text is none, or one longer than 292 years."""
    found = _DURATION.match(text) if isinstance(text, str) and text else None
    if found is None:
        return None
    total = 0
    for number, size in zip(found.groups(), _UNITS.values(), strict=True):
        digits = (number or "").lstrip("0")
        total += int(digits[:20] or 0) * size  # twenty digits are too many already
    return total / 1000 if total <= _LONGEST else None
