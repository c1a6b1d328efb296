"""The value in a message, read back from how it is written, and whether it is beyond the limit."""

from __future__ import annotations

import re

from alerts.model import Operator
from alerts.proof.templates import BINARY, FORMATS, LARGE, SMALL

NUMBER = r"[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)"
SCALES = {
    **{name: 1000.0**power for power, name in enumerate(LARGE)},
    **{name: 1000.0**-power for power, name in enumerate(SMALL)},
    **{name: 1024.0**power for power, name in enumerate(BINARY) if name},
}
SPANS = {"d": 86_400.0, "h": 3600.0, "m": 60.0}
# By the function of the template that writes it.
PATTERNS = {
    "": NUMBER,
    "humanize": f"{NUMBER}[{''.join((*LARGE, *SMALL))}]?",
    "humanize1024": f"{NUMBER}(?:{'|'.join(filter(None, BINARY))})?",
    "humanizeDuration": rf"-?(?:\d+d )?(?:\d+h )?(?:\d+m )?{NUMBER}[{''.join(SMALL)}]?s",
    "humanizePercentage": f"{NUMBER}%",
}


def read(form: str, text: str) -> float:
    """The number that this function of a template wrote so; its pattern must match."""
    if form == "humanizePercentage":
        return float(text.removesuffix("%")) / 100
    if form == "humanizeDuration":
        *spans, seconds = text.removeprefix("-").split(" ")
        whole = sum(float(each[:-1]) * SPANS[each[-1]] for each in spans)
        return (-1 if text.startswith("-") else 1) * (whole + _scaled(seconds.removesuffix("s")))
    return _scaled(text)


def _scaled(text: str) -> float:
    number = re.match(NUMBER, text)
    if number is None:
        raise ValueError(f"{text!r} is no number")
    return float(number[0]) * SCALES[text[number.end() :]]


def is_beyond(form: str, text: str, operator: Operator, limit: float) -> bool:
    """Whether a value that is written so can be one that is beyond the limit.

    Most functions write four digits: a value just beyond the limit may be written as the limit is.
    """
    value, bound = read(form, text), read(form, FORMATS[form](limit))
    if value == bound:
        return form != "" and limit != 0
    return value > bound if operator == ">" else value < bound
