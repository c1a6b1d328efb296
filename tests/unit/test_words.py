"""How numbers are said with what they count."""

from __future__ import annotations

import pytest

from dashboards.words import counted


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [(0, "board", "0 boards"), (1, "alerting file", "1 alerting file"), (2, "query", "2 queries")],
)
def test_what_is_counted_is_one_or_many(number: int, noun: str, said: str) -> None:
    assert counted(number, noun) == said
