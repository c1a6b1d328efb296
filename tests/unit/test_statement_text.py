"""What of a statement may be shown: never a value that stood in it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.collectors.postgres.statement_text import LENGTH, shown

COLUMNS = [f"t.c{n} AS t_c{n}" for n in range(90)]
SHOWN = {
    "SELECT * FROM orders WHERE id = $1": "SELECT * FROM orders WHERE id = $1",
    "SELECT  a,\n\tb FROM t": "SELECT a, b FROM t",
    "select 1 from t where x in ($1, $2,$3) and y = $4": "select ? from t where x in ($1, ...) and y = $4",
    """SELECT 'it''s', E'a\\'b', $$c'd$$, $q$e$$f$q$, 1.5e-3, .5, 0x1F, "Name 1" FROM t1""": (
        'SELECT ?, ..., "Name 1" FROM t1'
    ),
    "SELECT 'not ended": "SELECT ?",
    "SELECT a -- for 'Jane'\n FROM t /* id 17 /* nested 'x' */ and 18 */ WHERE b": "SELECT a FROM t WHERE b",
    "/* trace 4711 */ UPDATE t SET a = $1": "UPDATE t SET a = $1",
    "(SELECT a FROM t) UNION SELECT b FROM u": "(SELECT a FROM t) UNION SELECT b FROM u",
    "ALTER ROLE jane PASSWORD 'hunter2'": "ALTER ROLE ...",
    "CREATE USER MAPPING FOR jane SERVER s OPTIONS (password 'hunter2')": "CREATE USER ...",
    "VACUUM": "VACUUM ...",
    "": "...",
    "'hunter2'": "...",
    f"SELECT {', '.join(COLUMNS)} FROM t WHERE t.id = $1": "SELECT ... FROM t WHERE t.id = $1",  # noqa: S608  text
}


@pytest.mark.parametrize("said", SHOWN)
def test_the_shape_of_a_statement_is_shown_without_its_values(said: str) -> None:
    assert shown(said) == SHOWN[said]


HEADS = st.sampled_from(("SELECT ", "UPDATE t SET a = ", "ALTER ROLE r SET "))
LITERALS = st.lists(st.sampled_from(("'{}'", "E'{}'", "$x${}$x$", "-- {}\n", "/* {} */")), min_size=1)
# What the server cut, since it was long.
LAST = st.sampled_from(("", "'{}", "E'{}", "$x${}", "-- {}", "/* {}"))


@settings(max_examples=50)
@given(HEADS, LITERALS, LAST)
def test_no_value_is_ever_shown(head: str, literals: list[str], last: str) -> None:
    assert "hunter" not in shown(head + ", ".join([*literals, last]).replace("{}", "the hunter2"))


@settings(max_examples=50)
@given(st.text(max_size=3 * LENGTH))
def test_whatever_stands_there_fits_one_short_line(said: str) -> None:
    line = shown(said)
    assert len(line) <= LENGTH
    assert "\n" not in line
