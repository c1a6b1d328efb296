"""A label with many values keeps the important ones, and no counter ever falls because of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporters.collectors.redis.top import OTHER, Top

NAMES = ["a", "b", "c", "d", "e"]


def rows(**counts: float) -> dict[str, tuple[float, ...]]:
    return {name: (count, count * 10) for name, count in counts.items()}


def test_as_long_as_there_is_room_every_name_is_kept() -> None:
    assert Top(3).fold(rows(a=1, b=2, c=3)) == rows(a=1, b=2, c=3)


def test_the_rest_is_added_up() -> None:
    assert Top(2).fold(rows(a=1, b=20, c=30, d=4)) == rows(b=20, c=30, other=5)


def test_a_name_stays_in_although_another_has_passed_it() -> None:
    top = Top(1)
    top.fold(rows(a=10, b=9))

    assert top.fold(rows(a=11, b=20)) == rows(a=11, other=20)


def test_a_name_that_counts_twice_as_much_takes_a_place_and_other_does_not_fall() -> None:
    top = Top(1)
    top.fold(rows(a=10, b=9))

    assert top.fold(rows(a=12, b=30)) == rows(b=30, other=9 + 12 - 10)
    assert top.fold(rows(a=13, b=40)) == rows(b=40, other=12)


def test_counters_that_start_again_start_other_again() -> None:
    top = Top(1)
    top.fold(rows(a=10, b=9, c=9))

    assert top.fold(rows(c=3, b=1)) == rows(c=3, other=1)


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 50)), min_size=1, max_size=20))
def test_nothing_that_is_counted_is_lost_and_other_only_grows(growth: list[dict[str, int]]) -> None:
    top, before = Top(2), 0.0
    counts: dict[str, int] = {}
    seen: dict[str, float] = {}
    for step in growth:
        for name, more in step.items():
            counts[name] = counts.get(name, 0) + more
        folded = top.fold(rows(**counts))
        other = folded.pop(OTHER, (0.0,))[0]
        assert other >= before
        assert len(folded) <= 2
        assert all(folded[name][0] == counts[name] for name in folded)
        before = other
        seen |= {name: count for name, (count, *_) in folded.items()}
    assert other + sum(seen.values()) >= sum(counts.values())
