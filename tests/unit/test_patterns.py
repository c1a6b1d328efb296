"""Several globs at once say of each key what they say one after the other."""

from __future__ import annotations

import random

import pytest

from exporters.globs import GlobError, compile_globs
from exporters.patterns import Head, Patterns

ALPHABET = "ab]-^\\*?[:é\n"
ODD = [b"", b"\xff", b"\xff\xff", b"a\xff", b"b\0", "é".encode()[:1]]


def test_the_first_that_fits_is_found_as_a_regular_expression_finds_it() -> None:
    chance = random.Random(1)  # noqa: S311  no secret
    understood = 0
    for _ in range(3000):
        patterns = [
            "".join(chance.choices(ALPHABET + "**??[[]]", k=chance.randint(1, 6)))
            for _ in range(chance.randint(1, 8))
        ]
        try:
            match = compile_globs(patterns).match
        except GlobError:
            continue
        understood += 1
        keys = ["".join(chance.choices(ALPHABET, k=chance.randint(0, 6))).encode() for _ in range(100)] + ODD
        matches = [match(key) for key in keys]
        expected = [(found.lastindex or 0) if found else 0 for found in matches]
        assert Patterns(patterns).find(keys) == expected, patterns

    assert understood > 500


@pytest.mark.parametrize(
    ("pattern", "head"),
    [
        ("user:*", Head(b"user:", whole=True, alone=False)),
        ("user:**", Head(b"user:", whole=True, alone=False)),
        ("user:?", Head(b"user:", whole=False, alone=False)),
        ("user:*:cart", Head(b"user:", whole=False, alone=False)),
        ("lock", Head(b"lock", whole=False, alone=True)),
        (r"a\*b*", Head(b"a*b", whole=True, alone=False)),
        ("*", Head(b"", whole=True, alone=False)),
    ],
)
def test_the_literal_beginning_of_a_pattern(pattern: str, head: Head) -> None:
    assert Head.of(pattern) == head


def test_patterns_of_literal_beginnings_are_looked_up_and_never_compared() -> None:
    assert not Patterns(["a:*", "b", "a:b:*", "*"])._open
    # Behind one that is compared, only where both may fit.
    assert len(Patterns(["a:*:x", "a:*", "b:*"])._open) == 1


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(GlobError, match="not closed"):
        Patterns(["a:*", "b[", "c"])
