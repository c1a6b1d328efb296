"""A team's board with a mistake in it, told by the command line: one line with its place, no file touched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dashboards.stack import STACK
from tests.unit.conftest import Build, line, refused

GOOD = """\
from dashboards.model import Board, Choice, Word, graph, row, stat, text
from dashboards.stack import STACK as THEIRS, Stack
from exporters.catalogue import redis as metrics
from signals import redis

SHOP = Board(
    uid="shop",
    title="Shop",
    description="For the shop.",
    source="redis",
    anchor=metrics.UP,
    rows=(
        row("Is it well?", stat(redis.UP)),
        row("How much?", graph(redis.MEMORY_USED)),
    ),
)
STACK = Stack(boards=(*THEIRS.boards, SHOP))
"""
NUL, HALF = "\\x00", "\\udce9"
# What is written in place of what, the line that is blamed or 0, and what is said.
MISTAKES = [
    ("MEMORY_USED", "MEMORI_USED", 14, "no attribute 'MEMORI_USED'. Did you mean 'MEMORY_USED'?"),
    ("graph(redis", "grahp(redis", 14, "NameError: name 'grahp' is not defined. Did you mean 'graph'?"),
    ("import redis\n", "import reddis\n", 4, "cannot import name 'reddis' from 'signals'"),
    ("import redis\n", "import reddis\n", 4, ". Did you mean 'redis'?"),
    ("stack import", "stock import", 2, "No module named 'dashboards.stock'"),
    (
        "stat(redis.UP)",
        'stat(redis.UP, title="A"), stat(redis.CLIENTS, title="A")',
        6,
        "board shop: two panels are called 'A'; expected one, since links find a panel by its title; rename",
    ),
    ("MEMORY_USED)", "MEMORY_USED, width=30)", 14, "panel 'Memory used' has width 30; expected 1 to 24"),
    (
        "graph(redis.MEMORY_USED)",
        "__import__('dataclasses').replace(graph(redis.MEMORY_USED), height=0)",
        14,
        "panel 'Memory used' has height 0; expected 1 to 60 grid units",
    ),
    (
        "redis.MEMORY_USED)",
        "__import__('dataclasses').replace(redis.MEMORY_USED, why=' '))",
        14,
        "signal 'Memory used': why is empty; a panel says what it is",
    ),
    (
        "redis.MEMORY_USED)",
        "__import__('dataclasses').replace(redis.MEMORY_USED, title=' '))",
        14,
        "a signal has no title; panels, columns and lines take theirs from it; write it",
    ),
    *(
        (
            "redis.MEMORY_USED)",
            f"__import__('dataclasses').replace(redis.MEMORY_USED, legend='{legend}'))",
            14,
            f"signal 'Memory used': legend is '{legend}'; expected text and {{{{label}}}}, two braces on",
        )
        for legend in ("{{instance}", "{instance}", "in {{instance}}}", "{{in stance}}")
    ),
    (
        "stat(redis.UP)",
        "stat(redis.UP, words=(Word(0, 'off', 'bad'), Word(0, 'gone', 'bad')))",
        13,
        "panel 'Redis answers' calls 0 both 'off' and 'gone'; expected one word for a value; leave one out",
    ),
    (
        "    rows=(",
        "    choices=(Choice(label=metrics.DB, metric=metrics.DB_KEYS),) * 2,\n    rows=(",
        6,
        "board shop: two choices are of the label 'db'; expected one, since it gives the variable its name",
    ),
    ("MEMORY_USED)", "MEMORY_USED, width=True)", 14, "width is True (bool); expected int; give that"),
    (
        ", graph(redis.MEMORY_USED)",
        "",
        0,
        "board shop: the row 'How much?' has no panel; expected its answers",
    ),
    ("    ),\n)", "    )[:0],\n)", 0, "board shop: it has no row; expected a verdict at least"),
    ("MEMORY_USED)", "MEMORY_USED, widht=3)", 14, "argument 'widht'. Did you mean 'width'?"),
    ("description=", "descripton=", 6, "argument 'descripton'. Did you mean 'description'?"),
    ("redis.MEMORY_USED", '"redis_memory_used_bytes"', 14, "(str); expected Signal; give that"),
    (
        "redis.UP)",
        'redis.UP, opens="backend-quries")',
        0,
        "board shop: panel 'Redis answers' opens the board 'backend-quries', which is not there; "
        "expected one of backend-api, backend-audit, ",
    ),
    (
        "MEMORY_USED)",
        'MEMORY_USED, moves="fil-redis")',
        0,
        "board shop: panel 'Memory used' moves with the fault 'fil-redis', which is unknown; expected one of "
        "the stack's; correct it, or name your own in Stack(faults=…). Did you mean 'fill-redis'?",
    ),
    ("MEMORY_USED)", 'MEMORY_USED, moves="break")', 0, "Known are: block-clients, block-loop, "),
    ('uid="shop"', f'uid="{"x" * 41}"', 6, f"uid '{'x' * 41}'; expected 1 to 40 of a-z"),
    ("For the shop.", f"F{HALF}r", 6, f"description is 'F{HALF}r' (str); expected characters that UTF-8"),
    ("For the shop.", f"F{NUL}r", 6, f"description is 'F{NUL}r' (str); expected characters that UTF-8 has"),
    ("How much?", f"How{HALF}?", 14, f"row 'How{HALF}?': title is 'How{HALF}?' (str); expected characters"),
    ("How much?", " ", 14, "a row has no title; expected the question that its panels answer; write it"),
    ("For the shop.", " ", 6, "board shop: description is ' '; expected what it is called, and for whom"),
    ('source="redis"', 'source=""', 6, "board shop: source is ''; expected whose jobs and instances its"),
    ('title="Shop"', 'title=""', 6, "board shop: title is ''; expected what it is called, and for whom"),
    ("STACK = ", "raise OSError('no shop')\nSTACK = ", 17, "OSError: no shop"),
    ("STACK = ", "raise SystemExit('no shop')\nSTACK = ", 17, "SystemExit: no shop"),
    (
        "STACK = ",
        "class Mute(Exception):\n    def __str__(self):\n        raise OSError\nraise Mute\nSTACK = ",
        20,
        "Mute: (its text cannot be read: OSError)",
    ),
]


@pytest.mark.parametrize(("right", "slip", "number", "told"), MISTAKES)
def test_a_mistake_in_a_board_is_told_in_a_line_with_its_place(
    build: Build, tmp_path: Path, right: str, slip: str, number: int, told: str
) -> None:
    assert right in GOOD
    said = line(build(GOOD.replace(right, slip)))

    assert told in said
    assert (f"{tmp_path / 'ourstack.py'}:{number}: " in said) == bool(number)


@pytest.mark.parametrize(
    ("raises", "told"),
    [
        ("raise KeyError('shop')", "KeyError: 'shop'"),
        ("from signals.model import SignalError; raise SignalError('no shop')", "no shop"),
        ("return THEIRS.context.shop", "AttributeError: 'Context' object has no attribute 'shop'"),
    ],
)
def test_a_stack_of_a_team_s_own_kind_that_raises_is_told_in_a_line_with_its_place(
    build: Build, tmp_path: Path, raises: str, told: str
) -> None:
    own = (
        GOOD + f"class Own(Stack):\n    @property\n    def context(self):\n        {raises}\nSTACK = Own()\n"
    )
    assert f"{tmp_path / 'ourstack.py'}:21: {told}" in line(build(own))


def test_the_same_board_without_a_mistake_is_built(build: Build) -> None:
    code, output, folder = build(GOOD)
    assert code == 0, output
    assert (folder / "grafana/dashboards/shop.json").exists()


def test_a_fault_of_a_team_s_own_is_known(build: Build) -> None:
    own = GOOD.replace("MEMORY_USED)", 'MEMORY_USED, moves="lose-shop")')
    code, output, _ = build(own.replace("SHOP))", 'SHOP), faults=(*THEIRS.faults, "lose-shop"))'))
    assert code == 0, output


def test_of_the_project_s_own_boards_no_fault_is_unknown(build: Build) -> None:
    ours = next(panel.moves for board in STACK.boards for panel in board.panels if panel.moves)
    slip = GOOD.replace("SHOP))", f"SHOP), faults=tuple(set(THEIRS.faults) - {{{ours!r}}}))")
    assert f"moves with the fault {ours!r}, which is unknown" in line(build(slip))


def test_a_link_in_a_text_to_no_board_is_told_with_its_panel(build: Build) -> None:
    slip = 'row("More?", text("Read", "[it](/d/backend-quries)")),\n    ),\n)\n'
    output = refused(build(GOOD.replace("    ),\n)\n", f"        {slip}")), code=1)

    assert output.splitlines()[0] == (
        "grafana/dashboards/shop.json: panel 'Read': it links to the board 'backend-quries', which is not "
        "there. Did you mean 'backend-queries'? [link-target]"
    )


def test_a_file_in_another_encoding_is_told_with_its_line(build: Build, tmp_path: Path) -> None:
    (tmp_path / "ourwords.py").write_bytes("WORDS = 1\nFOR = 'Für den Laden'\n".encode("latin-1"))
    said = line(build("from ourwords import FOR\n" + GOOD))

    assert f"{tmp_path / 'ourwords.py'}:2: SyntaxError: (unicode error) 'utf-8' codec can't decode" in said


@pytest.mark.parametrize(("right", "slip"), [(right, slip) for right, slip, *_ in MISTAKES[::5]])
def test_what_was_built_before_stays_as_it_was(build: Build, right: str, slip: str) -> None:
    _, _, folder = build(GOOD)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    del sys.modules["ourstack"]
    code, output, _ = build(GOOD.replace(right, slip))

    assert (code, output.count("\n")) == (1, 1)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
