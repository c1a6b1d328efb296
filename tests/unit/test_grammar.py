"""A board that breaks the grammar is told in a line, with the board, what is wrong and what to do."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from dashboards.boards import BOARDS
from dashboards.checks import definitions
from dashboards.colours import OF_LABEL
from dashboards.errors import DefinitionError
from dashboards.grammar import LETTERS_PER_COLUMN, MOST_OPEN, MOST_STATS, letters, problems
from dashboards.model import (
    Board,
    Choice,
    Kind,
    Panel,
    Row,
    bars,
    graph,
    row,
    scorecard,
    stat,
    table,
    text,
    timeline,
)
from dashboards.stack import STACK, Stack
from exporters.catalogue import api as metrics
from signals import api, api_endpoints, audit, pool, postgres, redis, telemetry


def verdict(count: int = 1) -> Row:
    return row("Is it well?", *(stat(api.REQUEST_RATE, title=f"Rate {number}") for number in range(count)))


def detail(title: str, count: int = 1, *, collapsed: bool = True) -> Row:
    return row(
        title,
        *(graph(api.ERROR_RATIO, title=f"{title} {number}") for number in range(count)),
        collapsed=collapsed,
    )


def board(*rows: Row, choices: tuple[Choice, ...] = (), uid: str = "shop") -> Board:
    return Board(
        uid=uid,
        title=uid,
        description="For tests.",
        source="api",
        anchor=metrics.WORKERS,
        rows=rows,
        choices=choices,
    )


def door(panel: Panel) -> Board:
    return board(verdict(), row("Where?", panel))


ENDPOINT = Choice(label=metrics.HANDLER, metric=metrics.REQUESTS)
LONG = "x" * 20
CALLS = replace(api.REQUEST_RATE, legend="calls")

# What is wrong, and what is said of it.
REFUSED = [
    (
        board(row("Is it well?", stat(api.REQUEST_RATE), graph(api.ERROR_RATIO))),
        "its first row 'Is it well?' has 'Error ratio'; expected the verdict: an open row of nothing but",
    ),
    (
        board(replace(verdict(), collapsed=True)),
        "its first row 'Is it well?' is closed; expected the verdict",
    ),
    (board(row("Why?"), detail("More")), "the row 'Why?' has no panel; expected its answers"),
    (
        board(verdict(), row("How much?", graph(CALLS, replace(CALLS, legend="requests"), title="Both"))),
        "panel 'Both' draws 'calls' and 'requests' in one colour, blue; expected one each, or nobody",
    ),
    (board(verdict(9)), "the row 'Is it well?' has 9 stats; expected at most 8, which a glance takes in"),
    (
        board(verdict(), detail("Detail"), detail("Why?", collapsed=False)),
        "the row 'Why?' is open below the closed row 'Detail'; expected closed rows of detail at the end",
    ),
    (
        board(verdict(8), detail("Why?", 17, collapsed=False)),
        "it opens with 25 panels; expected at most 24; close the rows of detail: row(..., collapsed=True)",
    ),
    (
        board(row("Is it well?", *(stat(api.ERROR_RATIO, title=f"{LONG}{number}") for number in range(8)))),
        f"the title '{LONG}0' has 21 letters; expected at most 13 in a panel 3 columns wide; shorten it",
    ),
    (
        board(
            row("Is it well?", *(stat(api.ERROR_RATIO, title=f"{n}", no_value="-" * 26) for n in range(8)))
        ),
        f"panel '0': no_value '{'-' * 26}' has 26 letters; expected at most 25 in a stat 3 columns wide",
    ),
    (
        door(graph(api.LATENCY_P95, api.HANDLER_P95, api.LATENCY_P95, title="Twice")),
        "panel 'Twice' draws 2 signals of the legend 'p95'; expected one each, or nobody can tell them apart",
    ),
    (
        board(verdict(), detail("Detail", collapsed=False)),
        "the row 'Detail' asks nothing; expected the question",
    ),
    (
        door(stat(api.LATENCY_P95, replace(api.LATENCY_P99, legend="p95"), title="Two")),
        "panel 'Two' draws 2 signals of the legend 'p95'; expected one each, or nobody can tell them apart",
    ),
    (
        door(table("Endpoints", api.HANDLER_P95, api.HANDLER_P95, key="handler")),
        f"panel 'Endpoints' has 2 columns called {api.HANDLER_P95.title!r}; expected one each",
    ),
    (
        door(
            bars(
                "Full", pool.WORKER_UTILIZATION, replace(api.ERROR_RATIO, title=pool.WORKER_UTILIZATION.title)
            )
        ),
        f"panel 'Full' has 2 bars called {pool.WORKER_UTILIZATION.title!r}; expected one each",
    ),
    (
        door(scorecard("Times", audit.AVERAGE, audit.AVERAGE, height=6)),
        f"panel 'Times' has 2 rows called {audit.AVERAGE.title!r}; expected one each",
    ),
    (
        door(timeline(redis.UP, redis.UP, title="Up?")),
        f"panel 'Up?' draws 2 signals of the legend {redis.UP.legend!r}; expected one each",
    ),
    (
        replace(door(graph(postgres.DEADLOCKS, title="Of each")), source="postgres", several=True),
        f"panel 'Of each' draws {postgres.DEADLOCKS.legend!r} once for each instance; expected one line of a "
        "name, or nobody can tell them apart; name {{instance}} in the legend",
    ),
    (
        door(graph(postgres.DEADLOCKS, title="Another's")),
        f'panel "Another\'s" draws {postgres.DEADLOCKS.legend!r} once for each job and instance; expected',
    ),
    (
        door(graph(replace(pool.PENDING, legend="waiting"), title="By pool")),
        "panel 'By pool' draws 'waiting' once for each pool; expected one line of a name, or nobody can tell",
    ),
    (
        replace(door(graph(postgres.DEADLOCKS, title="Everywhere")), source="", anchor=None),
        f"panel 'Everywhere' draws {postgres.DEADLOCKS.legend!r} once for each instance; expected one line",
    ),
    (
        door(graph(api.ERROR_RATIO, limits=tuple(replace(api.ERROR_RATIO, legend=each) for each in "abcd"))),
        f"panel {api.ERROR_RATIO.title!r} draws 4 limits; expected at most 3, each dashed in its own way",
    ),
    (
        door(table("Endpoints", api.HANDLER_P95, key="handler", opens="backend-apy")),
        "backend-telemetry, shop; correct it. Did you mean 'backend-api'?",
    ),
    (
        door(table("Endpoints", api.HANDLER_P95, key="handler", opens="backend-postgres")),
        "panel 'Endpoints' opens backend-postgres at one 'handler', which nobody chooses there; expected a "
        "board with a Choice of it, such as backend-api; open one, or give backend-postgres a Choice of it",
    ),
    (
        door(table("By pool", pool.PENDING, key="pool", opens="backend-api")),
        "expected a board with a Choice of it; open one, or give backend-api a Choice of it",
    ),
]


@pytest.mark.parametrize(("wrong", "told"), REFUSED, ids=[told[:40] for _, told in REFUSED])
def test_a_board_that_breaks_the_grammar_is_told_in_a_line(wrong: Board, told: str) -> None:
    found = list(problems((*BOARDS, wrong)))

    assert [each for each in found if told in each], found
    assert all(each.startswith("board shop: ") and "\n" not in each for each in found)


def test_at_most_one_panel_in_twenty_has_a_signal_that_may_be_empty() -> None:
    rare = replace(api.ERROR_RATIO, empty="nothing fails")
    wrong = board(verdict(), row("Why?", *(graph(rare, title=f"Rare {number}") for number in range(20))))
    (told,) = problems((*BOARDS, wrong))
    assert re.fullmatch(
        r"\d+ of \d+ panels have a signal that may be empty; expected at most \d+, one in 20; let it be 0, "
        r"or leave the panel out: .*, Rare 0, .*, Rare 19",
        told,
    )
    excused = [panel for each in BOARDS for panel in each.panels if any(one.empty for one in panel.shown)]
    assert excused


def test_a_build_stops_at_the_first() -> None:
    with pytest.raises(DefinitionError, match="board shop: the row 'Is it well\\?' has 9 stats"):
        definitions.require(Stack(boards=(*BOARDS, board(verdict(9)))))


# What looks like the above and is right.
RIGHT = [
    board(verdict(8), detail("Why?", 16, collapsed=False), detail("Detail", 30), detail("More", 30)),
    board(row("Reached?", scorecard("Times", audit.AVERAGE, height=6)), detail("Why?", collapsed=False)),
    board(row("Is it well?", stat(api.ERROR_RATIO, title=LONG[:13]), *verdict(7).panels)),
    board(row("Is it well?", stat(api.ERROR_RATIO, title=LONG * 4), stat(api.REQUEST_RATE))),
    door(stat(api.ERROR_RATIO, opens="backend-runbooks")),
    door(graph(api.LATENCY_P50, api.LATENCY_P95, title="Each its own")),
    door(table("Endpoints", api.HANDLER_P95, api_endpoints.SENT, key="handler")),
    door(bars("Full", pool.WORKER_UTILIZATION, api.ERROR_RATIO)),
    replace(
        board(
            row("Is it well?", stat(postgres.CONNECTIONS_SHARE)),
            row("Where?", graph(postgres.CONNECTIONS_BY_STATE, limits=(postgres.USABLE, pool.CEILING))),
        ),
        source="postgres",
    ),
    replace(door(graph(api.LATENCY_P95, telemetry.SCRAPE_TIME, title="Times")), source="", anchor=None),
    replace(door(graph(api.URL_ANSWERS)), several=True),
    replace(door(table("Endpoints", api.HANDLER_P95, key="handler", opens="shop")), choices=(ENDPOINT,)),
    replace(door(stat(api.ERROR_RATIO, opens="backend-postgres")), uid="shop"),
    board(row("A book", text("Chapter", "It begins."), text("And", "It ends."))),
]


@pytest.mark.parametrize("right", RIGHT, ids=range(len(RIGHT)))
def test_a_board_that_keeps_to_the_grammar_is_left_alone(right: Board) -> None:
    assert list(problems((*BOARDS, right), "backend-runbooks")) == []


def test_the_boards_of_the_project_keep_to_it() -> None:
    assert list(problems(BOARDS, STACK.all_boards[-1].uid)) == []


def test_the_page_says_the_numbers_and_kinds_that_count_here() -> None:
    page = (Path(__file__).parents[2] / "docs/dashboards.md").read_text()

    assert f"At most {MOST_STATS} stats in a row" in page
    assert f"opens with at most {MOST_OPEN} panels" in page
    assert f"{letters(3)} letters in a stat of eight, {letters(8)} in a third of the row" in page
    assert f"line: {int(LETTERS_PER_COLUMN * 3)} letters" in page
    assert [kind for kind in get_args(Kind) if f"`{kind}(" not in page] == []
    assert [label for label in OF_LABEL if f"`{label}`" not in page] == []
