"""Names and columns as SQL reads them, and which mistakes are refused before anybody is asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.collectors.postgres import ExpectedIndex, PostgresSettings
from exporters.collectors.postgres.names import read_name, read_path
from exporters.collectors.postgres.options import KeyColumn


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("orders", (None, "orders")),
        ("Orders", (None, "orders")),
        (" public . Orders ", ("public", "orders")),
        ('"Orders"', (None, "Orders")),
        ('"a.b"."c""d"', ("a.b", 'c"d')),
        ("\u8868", (None, "\u8868")),
        ("_x$1", (None, "_x$1")),
    ],
)
def test_names_are_folded_as_in_sql(text: str, path: tuple[str | None, str]) -> None:
    assert read_path(text) == path


@pytest.mark.parametrize("text", ["", "a b", "a.b.c", "1a", '"a', "a;", '""', "a.", ".a", "a\x00"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        read_path(text)


@given(st.text(min_size=1).filter(lambda text: "\x00" not in text))
def test_any_name_can_be_written_in_quotes(name: str) -> None:
    escaped = name.replace('"', '""')
    assert read_name(f'"{escaped}"') == name


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("a", KeyColumn("a")),
        ("A asc", KeyColumn("a")),
        ("a DESC", KeyColumn("a", descending=True, nulls_first=True)),
        ("a DESC NULLS LAST", KeyColumn("a", descending=True)),
        ("a NULLS FIRST", KeyColumn("a", nulls_first=True)),
        ('"a desc"', KeyColumn("a desc")),
        ('"a desc" desc', KeyColumn("a desc", descending=True, nulls_first=True)),
        ("descr", KeyColumn("descr")),
    ],
)
def test_columns_are_read_with_their_direction(text: str, column: KeyColumn) -> None:
    assert KeyColumn.read(text) == column
    assert column.name == "a desc" or KeyColumn.read(str(column)) == column


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "a.b"}, "has a schema"),
        ({"table": "a b"}, "is no name"),
        ({"columns": ()}, "no columns"),
        ({"columns": ("lower(a)",)}, "is no name"),
        ({"columns": ("",)}, "a column is empty"),
        ({"predicate": "(a"}, "parenthesis is not closed"),
        ({"predicate": "a  -- open\nAND b"}, "'--' is no part of an expression"),
        ({"predicate": "a /* b */"}, "is no part of an expression"),
        ({"predicate": "a; DROP TABLE t"}, "';' is no part of an expression"),
        ({"predicate": "a = 'b"}, "is no part of an expression"),
        ({"predicate": '"a = 1'}, "is no part of an expression"),
    ],
)
def test_an_expected_index_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"name": "a", "table": "t", "columns": ("c",)}
    ExpectedIndex(**given, predicate="a = '--;' AND b = E'\\'/*' AND \"c;\"\"\" - -1 > 2")
    with pytest.raises(ValueError, match=message):
        ExpectedIndex(**(given | change))


def test_an_index_expected_twice_and_a_table_without_a_name_are_refused() -> None:
    index = ExpectedIndex(name="a", table="t", columns=("c",))
    with pytest.raises(ValueError, match="expected twice"):
        PostgresSettings(conninfo=str, expected_indexes=(index, index))
    with pytest.raises(ValueError, match="is no name"):
        PostgresSettings(conninfo=str, tables=("a b",))
