"""No text of a statement takes long to read, and what reads them is loaded only where that is wanted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.collectors.postgres.candidates import READ_SECONDS, Texts
from exporters.collectors.postgres.searched import Scope
from exporters.collectors.postgres.searches import searches

WITHOUT = """
import sys
sys.modules["sqlglot"] = None
from exporters.cli import main
main()
"""
OFF = """
import sys
from exporters.collectors.postgres import PostgresSettings
from exporters.collectors.postgres.collectors import collectors
for top in (0, 1):
    collectors(PostgresSettings(conninfo=str, top_index_candidates=top))
    print(top, "sqlglot" in sys.modules)
"""
WORDS = """
    select from where and or not in any ( ) [ ] , . = < > :: t a b "A" $1 'x' 1 join on using as case when
    then end array exists with between is null order by limit union all update set delete /* */ --
    """.split()  # noqa: SIM905  a page of quotes says no more


@pytest.mark.timeout(30)  # in which the grammar alone would read the first of them to a depth of 18
@pytest.mark.parametrize(
    "text",
    [
        f"SELECT {'ARRAY[' * 60}1{']' * 60} FROM t WHERE a = 1 AND b = 2",  # noqa: S608
        f"SELECT FROM t WHERE {'(' * 2000}a = 1{')' * 2000} AND b = 2",
        f"SELECT FROM t WHERE a = 1 AND b = 2 {'OR c = 3 ' * 2000}",
        "SELECT FROM t WHERE a = 1 AND b =",
        "GRANT SELECT ON t TO a",
        "<insufficient privilege>",
        "",
    ],
)
def test_a_text_that_is_not_understood_is_as_good_as_none(text: str) -> None:
    assert searches(text) == ()
    assert searches("SELECT FROM t WHERE a = 1 AND b = 2") != ()


@given(words=st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_words_are_read_or_not(words: list[str]) -> None:
    for scope in searches("SELECT " + " ".join(words)):
        assert all(term.column in ("A", *WORDS) for term in scope.terms)


def test_without_the_option_nothing_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", OFF], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False", "1", "True"]


@pytest.mark.parametrize(
    "options",
    [
        "postgres: {top_index_candidates: 5}",
        "targets: {orders: {kind: postgres, connection_env: ORDERS}}\npostgres: {top_index_candidates: 5}",
        "targets: {orders: {kind: postgres, connection_env: ORDERS}}\n"
        "modules: {deep: {postgres: {top_index_candidates: 5}}}",
    ],
    ids=["of the page of all", "of a target", "of a module"],
)
def test_where_it_is_wanted_and_missing_the_line_that_installs_it_is_said(
    options: str, tmp_path: Path
) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text(options)
    name = "ORDERS" if "targets" in options else "DATABASE_URL"
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "--config.file", str(file), "--web.listen-address", "127.0.0.1:0"],
        env={name: "postgresql://localhost/app"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "sqlglot is not installed; run: pip install '.[candidates]' in the checkout" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_costliest_texts_are_read_first_and_the_others_in_the_next_passes_each_once() -> None:
    now, read = 0.0, []

    def slowly(said: str) -> tuple[Scope, ...]:
        nonlocal now
        now += READ_SECONDS * 0.6
        read.append(said)
        return (Scope(),)

    texts = Texts(slowly, clock=lambda: now)
    rows = [("app", queryid, f"text of {queryid}", "9", "9", "9", None) for queryid in "abcde"]
    passes = ["".join(str(row[1]) for row, _ in texts.of(rows)) for _ in range(4)]
    assert passes == ["ab", "abcd", "abcde", "abcde"]
    assert read == [f"text of {queryid}" for queryid in "abcde"]
    assert ["".join(str(row[1]) for row, _ in texts.of(some)) for some in (rows[1:], rows)] == [
        "bcde",
        "abcde",
    ]
    assert read[5:] == ["text of a"]  # what has left is forgotten
