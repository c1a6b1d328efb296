"""How many series there are, and how seldom they change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporters.collectors.names import OTHER, Names
from exporters.collectors.postgres.bounds import TopN
from exporters.collectors.postgres.model import Row


def ranking(*names: str, wanted: str = "") -> list[Row]:
    """Rows as the server sends them, the first at place 1."""
    return [(name, str(place), "1" if name in wanted else "0") for place, name in enumerate(names, start=1)]


def shown(rows: list[Row]) -> str:
    return "".join(str(row[0]) for row in rows)


def test_the_first_are_shown_and_those_wanted() -> None:
    assert shown(TopN(3, 1).choose(ranking(*"abcdef", wanted="e"))) == "abce"


def test_two_that_change_places_at_the_edge_do_not_come_and_go() -> None:
    top = TopN(10, 1)
    assert shown(top.choose(ranking(*"abcdefghijk"))) == "abcdefghij"
    assert shown(top.choose(ranking(*"abcdefghikj"))) == "abcdefghi"
    assert shown(top.choose(ranking(*"abcdefghijk"))) == "abcdefghi"
    assert shown(top.choose(ranking(*"jabcdefghik"))) == "jabcdefghi"


def test_while_there_is_room_a_newcomer_is_shown_at_once() -> None:
    top = TopN(10, 1)
    top.choose(ranking(*"abcdefgh"))
    assert shown(top.choose(ranking(*"abcdefghi"))) == "abcdefghi"


def test_one_that_is_wanted_is_shown_whether_it_is_in_the_ranking_or_not() -> None:
    top = TopN(2, 1)
    assert shown(top.choose(ranking(*"abc", wanted="a"))) == "ab"
    assert shown(top.choose(ranking(*"bca", wanted="a"))) == "ba"
    assert shown(TopN(0, 1).choose(ranking(*"abc", wanted="c"))) == "c"


@given(st.integers(0, 6), st.lists(st.permutations("abcdefghij"), max_size=6))
def test_never_more_are_shown_than_there_are_places(size: int, rankings: list[list[str]]) -> None:
    top = TopN(size, 1)
    for names in rankings:
        chosen = top.choose(ranking(*names))
        assert len(chosen) <= size
        assert shown(chosen)[:1] == ("" if size == 0 else names[0])  # the first is always there


def test_the_largest_get_the_places_and_keep_them() -> None:
    names = Names(2)
    assert names.fold({"a": 1, "b": 5, "c": 3}) == {"a": OTHER, "b": "b", "c": "c"}
    assert names.fold({"a": 99, "b": 1}) == {"a": OTHER, "b": "b"}


def test_a_place_is_free_again_after_an_hour() -> None:
    now = 0.0
    names = Names(1, clock=lambda: now)
    names.fold({"a": 1})
    now = 3599.0
    assert names.fold({"b": 1}) == {"b": OTHER}
    now = 3600.0
    assert names.fold({"b": 1}) == {"b": "b"}
