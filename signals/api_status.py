"""Signals of the mix of answers: all of them, by class of status."""

from __future__ import annotations

from exporters.catalogue import api
from signals.idioms import promql, rate
from signals.model import Signal
from signals.numbers import REQUESTS_PER_SECOND


def _answers(digit: int, what: str, good: str, act: str) -> Signal:
    return Signal(
        title=f"Answers {digit}xx",
        why=f"Requests answered per second with a {digit}xx status: {what}.",
        good=good,
        act=act,
        query=promql(
            "{these} or 0 * {every}",
            these=rate(api.REQUESTS, api.STATUS.re(f"{digit}..")),
            every=rate(api.REQUESTS),
        ),
        unit=REQUESTS_PER_SECOND,
        legend=f"{digit}xx",
    )


CLASSES = (
    _answers(2, "it went well", "Nearly all.", "See which other class grew, and from when."),
    _answers(
        3,
        "go elsewhere, or nothing new since",
        "Few, of an API.",
        "Many: clients use an old address, or one with a slash too many.",
    ),
    _answers(
        4, "we say that the client is wrong", "A steady trickle.", "See the exact codes beside, then when."
    ),
    _answers(
        5,
        "we failed",
        "None.",
        "See the exact codes beside, then the exceptions.",
    ),
)
