"""What keys begin with is told as a pattern that fits them, and only where several begin so."""

from __future__ import annotations

import random

import pytest

from exporters.collectors.redis.prefixes import LEAST, MOST_TRACKED, Prefixes, as_pattern, prefix
from exporters.globs import compile_globs

KEYS = {
    b"session:abc": "session:*",
    b"factory_config:12": "factory_config:*",
    b"user123:x": "user*",
    b"a/b/c": "a/*",
    b"page.home.1": "page.*",
    b"user-ab3f": "user-*",
    b"3f9a": "*",
    b"": "*",
    b"config": "config*",
    b"\xff\xfe:1": "*:*",
    b"x\xff": "x**",
    "café:1".encode(): "café:*",
    b"we[ird*:1": r"we\[ird\*:*",
    b"star*": r"star\**",
    b"x" * 60: "x" * 40 + "*",
}


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_the_beginning_is_a_pattern_that_fits(key: bytes) -> None:
    pattern = as_pattern(prefix(key))
    assert pattern == KEYS[key]
    assert compile_globs([pattern]).match(key)


def test_of_random_names_few_are_remembered_and_frequent_ones_are_counted_whole() -> None:
    chance = random.Random(5)  # noqa: S311  no secret
    found = Prefixes()
    for _ in range(200):
        odd = ["".join(chance.choices("abcdefgh", k=8)).encode() + b":x" for _ in range(50)]
        found.offer([*odd, b"often:1", b"often:2"])
    assert len(found._counts) <= MOST_TRACKED
    assert found.counts() == {"often:*": 400}
    assert found.counts(2.5) == {"often:*": 1000}


def test_a_name_that_few_keys_have_is_not_told() -> None:
    found = Prefixes()
    found.offer([b"ann@example.com"] * (LEAST - 1))
    assert found.counts() == {}
    found.offer([b"ann@example.com"])
    assert found.counts() == {"ann@example.*": LEAST}
