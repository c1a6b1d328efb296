"""What Prometheus makes of a summary's templates, for values and labels that are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

TEMPLATE = re.compile(r"\{\{\s*\$(?:labels\.(\w+)|value(?:\s*\|\s*(\w+))?)\s*\}\}")
LARGE, SMALL = ("", "k", "M", "G", "T", "P", "E", "Z", "Y"), ("", "m", "u", "n", "p", "f", "a", "z", "y")
BINARY = ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")


def filled(text: str, labels: Mapping[str, str], value: float) -> str:
    """The text, for one alert."""

    def fill(found: re.Match[str]) -> str:
        return labels.get(found[1], "") if found[1] else FORMATS[found[2] or ""](value)

    return TEMPLATE.sub(fill, text)


def _scaled(value: float, base: float, names: tuple[str, ...]) -> str:
    power = 0
    while abs(value) >= base and power < len(names) - 1:
        value, power = value / base, power + 1
    return f"{value:.4g}{names[power]}"


def _humanize(value: float) -> str:
    if value == 0 or abs(value) >= 1:
        return _scaled(value, 1000, LARGE)
    power = 0
    while abs(value) < 1 and power < len(SMALL) - 1:
        value, power = value * 1000, power + 1
    return f"{value:.4g}{SMALL[power]}"


def _duration(value: float) -> str:
    if abs(value) < 1:
        return f"{_humanize(value)}s"
    if abs(value) < 60:
        return f"{value:.4g}s"
    minutes, seconds = divmod(int(abs(value)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    while parts[0][0] == 0:
        del parts[0]
    return ("-" if value < 0 else "") + " ".join(f"{number}{name}" for number, name in parts)


FORMATS: dict[str, Callable[[float], str]] = {
    "": lambda value: repr(value).removesuffix(".0"),
    "humanize": _humanize,
    "humanize1024": lambda value: _scaled(value, 1024, BINARY),
    "humanizeDuration": _duration,
    "humanizePercentage": lambda value: f"{value * 100:.4g}%",
}
