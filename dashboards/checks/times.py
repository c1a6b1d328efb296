"""Times as Prometheus and Grafana write them."""

from __future__ import annotations

import re

_DURATION = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?\Z")
_SIZES = (365 * 86_400, 604_800, 86_400, 3600, 60, 1, 0.001)


def seconds(text: object) -> float | None:
    """The seconds of a duration such as ``1h30m``; None if the text is none."""
    found = _DURATION.match(text) if isinstance(text, str) and text else None
    if found is None:
        return None
    return sum(int(number) * size for number, size in zip(found.groups(), _SIZES, strict=True) if number)
