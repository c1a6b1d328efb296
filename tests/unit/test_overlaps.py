"""Patterns that share keys are found, whatever stands in them."""

from __future__ import annotations

import itertools
import random

import pytest

from exporters.globs import compile_globs
from exporters.overlaps import Overlap, overlaps, said


@pytest.mark.parametrize(
    ("first", "later", "covered"),
    [
        ("user:*", "user:admin:*", True),
        ("user:admin:*", "user:*", False),
        ("user:?", "user:1*", False),
        ("*:cart", "user:*", False),
        ("user:[0-9]*", "user:[5-9a]*", False),
        ("*", "user:*", True),
        ("user:*:cart", "user:*", False),
        ("session", "sess*", False),
    ],
)
def test_patterns_that_share_keys(first: str, later: str, covered: bool) -> None:
    assert overlaps([first, later]) == [Overlap(first, later, covered)]


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ("user:*", "users:*"),
        ("user:?", "user:??"),
        ("user:[0-4]*", "user:[5-9]*"),
        ("user:[^a]*", "user:a*"),
        ("*:cart", "*:page"),
        ("session", "sessions*"),
        (r"a\*b", "axb"),
    ],
)
def test_patterns_that_share_none(first: str, later: str) -> None:
    assert overlaps([first, later]) == overlaps([later, first]) == []


def test_what_is_found_is_what_trying_finds() -> None:
    chance = random.Random(3)  # noqa: S311  no secret
    texts = [bytes(text) for length in range(5) for text in itertools.product(b"abcd", repeat=length)]
    parts = ["a", "b", "c", "*", "?", "[ab]", "[^b]"]
    for _ in range(1000):
        pair = ["".join(chance.choices(parts, k=chance.randint(1, 3))) for _ in range(2)]
        if pair[0] == pair[1]:
            continue
        one, other = (compile_globs([pattern]).match for pattern in pair)
        found = overlaps(pair)
        # No two of three parts each need a text of more than four to meet.
        assert bool(found) == any(one(text) and other(text) for text in texts), pair
        if found and found[0].covered:
            assert all(one(text) for text in texts if other(text)), pair


def test_a_line_names_those_that_count_nothing_first() -> None:
    line = said(overlaps(["a:*", "*x", "b:*", "b:c:*", "*y", "*z", "*q"]))
    assert line.startswith(
        "patterns overlap, and a key counts for the first that fits: 'b:*' takes every key of 'b:c:*'; "
    )
    assert line.endswith(" more")
