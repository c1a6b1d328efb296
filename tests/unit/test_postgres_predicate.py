"""Predicates of partial indexes: spelling does not matter, meaning does."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporters.collectors.postgres.predicate import normalised

Tree = str | tuple[str, "Tree", "Tree"] | tuple[str, "Tree"]
LEAVES = st.sampled_from(["a = 1", "b", "c IS NULL", "d <> 'x (or) y'", "lower(e) = 'it''s'"])
TREES: st.SearchStrategy[Tree] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["AND", "OR"]), inner, inner), st.tuples(st.just("NOT"), inner)
    ),
    max_leaves=8,
)
RANK = {"OR": 1, "AND": 2, "NOT": 3}


def rank(tree: Tree) -> int:
    return 4 if isinstance(tree, str) else RANK[tree[0]]


def sparse(tree: Tree) -> str:
    """With no more parentheses than are needed, as a person writes it."""
    if isinstance(tree, str):
        return tree

    def part(inner: Tree, least: int) -> str:
        return sparse(inner) if rank(inner) >= least else f"( {sparse(inner)} )"

    if len(tree) == 2:
        return f"not {part(tree[1], RANK['NOT'])}"
    word, left, right = tree
    return f"{part(left, RANK[word])} {word.lower()} {part(right, RANK[word])}"


def full(tree: Tree) -> str:
    """With parentheses everywhere, as the server writes it."""
    if isinstance(tree, str):
        return f"({tree})"
    if len(tree) == 2:
        return f"(NOT {full(tree[1])})"
    return f"({full(tree[1])} {tree[0]} {full(tree[2])})"


def meaning(tree: Tree) -> object:
    """The same value for the same logic, apart from laws about anything but the order of AND and OR."""
    if isinstance(tree, str):
        return tree
    if len(tree) == 2:
        return ("NOT", meaning(tree[1]))
    word, parts = tree[0], [tree[1], tree[2]]
    flat: list[Tree] = []
    while parts:
        part = parts.pop()
        if isinstance(part, tuple) and part[0] == word and len(part) == 3:
            parts += [part[1], part[2]]
        else:
            flat.append(part)
    return (word, tuple(sorted(map(repr, map(meaning, flat)))))


@given(TREES)
def test_parentheses_that_change_nothing_do_not_matter(tree: Tree) -> None:
    assert normalised(sparse(tree)) == normalised(full(tree))


@given(TREES, TREES)
def test_two_predicates_are_the_same_exactly_when_their_logic_is(one: Tree, other: Tree) -> None:
    assert (normalised(full(one)) == normalised(full(other))) == (meaning(one) == meaning(other))


TYPES = {
    "z": "timestamp with time zone", "d": "date", "i": "integer", "n": "numeric", "j": "jsonb", "u": "uuid",
    "b": "boolean", "a": "text[]", "w": "time without time zone",
}  # fmt: skip
WORDS = r"""
( ) [ ] , . :: = <> < - + * / % ^ || ->> @> ~~ and or not is null distinct from between symmetric in any all
like escape similar to collate at time zone case when then else end cast as array row extract trim leading
position operator double precision timestamp with varying z d i n j u b a w f "A" E'\\' '' '0001-01-01'
'9999-12-31 23:59-12' 'infinity' '{"a":1}' '1e999' 'NaN' 1 1.5 1e999 .5 true numeric integer text
"""


@given(st.text() | st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join))
@example("z > '0001-01-01'")
@example("z > '9999-12-31 23:59-12'")
@example("n > 1e999")
@example("(" * 5000 + "b" + ")" * 5000)
def test_any_text_is_normalised_or_refused_with_a_reason(text: str) -> None:
    reason = repr(text)
    try:
        normalised(text, TYPES, "Asia/Tokyo")
    except ValueError as error:
        reason = str(error)
    assert repr(text) in reason


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("status = 'active'", "((status)::text = 'active'::text)"),
        ("is_approved = false", "(is_approved = false)"),
        (
            "s in ('a', 'b')",
            "((s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
        ),
        ("s not in ('a', 'b')", "(s <> ALL (ARRAY['a'::text, 'b'::text]))"),
        ("s in ('a')", "(s = 'a'::text)"),
        ("n > -1", "(n > '-1'::integer)"),
        ("n = 1.5", "(n = 1.5)"),
        ("t >= '2020-01-01'", "(t >= '2020-01-01'::timestamp(3) without time zone)"),
        ("m = 'fine'", "(m = 'fine'::public.mood)"),
        ("m = 'fine'", "(m = 'fine'::\"Odd Mood\")"),
        ("a = 'x'", "(a = 'x'::character varying(20))"),
        ('"plain" = 1', "(plain = 1)"),
        ("a != 1", "(a <> 1)"),
    ],
)
def test_what_the_server_makes_of_a_predicate_is_recognised(written: str, kept: str) -> None:
    assert normalised(written) == normalised(kept)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1", "a = 2"),
        ("a = 'X'", "a = 'x'"),
        ('a and "or" and b', "a and (or) and b"),
        ('x = "not"', "x = not"),
        ("a = '1'", "a = 1"),
        ('"A" = 1', "a = 1"),
        ("a - 1 > 0", "a > 0"),
        ("not a", "a"),
        ("a is null", "a is not null"),
        ("f(a, b)", "f(b, a)"),
        ("a > b", "b > a"),
        ("a = any(array[1, 2])", "a = any(array[2, 1])"),
    ],
)
def test_what_differs_stays_different(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize("predicate", ["(a = 1", "a = 1)", "a[1 = 2", "(a]", "]"])
def test_a_parenthesis_without_its_other_half_is_refused(predicate: str) -> None:
    with pytest.raises(ValueError, match="predicate '"):
        normalised(predicate)


def test_no_predicate_is_the_empty_text() -> None:
    assert normalised("") == normalised("  ") == ""
