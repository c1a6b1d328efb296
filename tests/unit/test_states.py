"""What a backend shows in each of its states, and each thing that cannot be said of it."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

from dashboards.cli import main
from dashboards.errors import StackError
from dashboards.model import Board, Panel, graph, row, stat, table
from dashboards.prove import Answer, Proof
from dashboards.prove.states import Expected, Lacking, States, faults
from dashboards.stack import STACK
from examples.demo.states import STATES
from exporters.catalogue import api
from signals.model import Signal
from signals.numbers import COUNT
from signals.promql import Query


def signal(title: str) -> Signal:
    more = {"why": "It is.", "act": "Wait.", "good": "Good is more.", "unit": COUNT}
    return Signal(title=title, query=Query(f"sum({title})", (api.REQUESTS,)), **more)


STEADY, SLOT, REPLICA, ERRORS = map(signal, ("steady", "slot", "replica", "errors"))
PANELS = (
    stat(STEADY),
    graph(STEADY, SLOT, title="beside", no_value="no slot"),
    graph(ERRORS, no_value="none failed", moves="break"),
    table("two", REPLICA, SLOT, key="job", no_value="no replica"),
    *(stat(STEADY, title=f"steady {number}") for number in range(20)),
)
BOARD = Board(
    uid="small",
    title="Small",
    description="For a test.",
    source="api",
    anchor=api.WORKERS,
    rows=(row("What?", *PANELS[:4]), row("More?", *PANELS[4:])),
)
SMALL = replace(STACK, boards=(BOARD,), alerts=(), levels=(), recordings=())
KNOWN = States(
    names=("calm", "long"),
    faults=("break", "make-slot"),
    lacking=(
        Lacking(signals=(SLOT,), why="nobody made one", shown_in=("make-slot", "long")),
        Lacking(signals=(REPLICA,), why="there is no replica"),
    ),
)


@pytest.mark.parametrize(
    ("state", "on", "panel", "signal", "by"),
    [
        ("calm", (), 0, STEADY, "the state calm"),
        ("calm", (), 1, STEADY, "the state calm"),
        ("calm", (), 1, SLOT, ""),
        ("long", (), 1, SLOT, "the state long"),
        ("calm", ("make-slot",), 1, SLOT, "the fault make-slot"),
        ("calm", (), 2, ERRORS, "the state calm"),
        ("calm", ("make-slot", "break"), 1, SLOT, "the fault make-slot"),
        ("long", ("break", "make-slot"), 3, REPLICA, ""),
        ("calm", (), 0, None, "the state calm"),
    ],
)
def test_a_state_or_a_fault_brings_all_but_what_is_lacking(
    state: str, on: tuple[str, ...], panel: int, signal: Signal | None, by: str
) -> None:
    assert KNOWN.brings(state, on)(PANELS[panel], signal).due == by


def test_a_state_says_why_it_lacks_something_and_where_it_is_seen() -> None:
    bring = KNOWN.brings("calm")
    assert bring(PANELS[1], STEADY).excuse == ""
    assert bring(PANELS[1], SLOT).excuse == "nobody made one; seen in long, make-slot"
    assert bring(PANELS[3], REPLICA).excuse == "there is no replica; seen in no state"


def test_of_a_fault_alone_only_its_panels_are_known() -> None:
    bring = faults(("break",))
    assert [bring(panel, None).due for panel in PANELS[:3]] == ["", "", "the fault break"]
    failed = replace(ERRORS, empty="none failed")
    assert faults(())(PANELS[2], failed) == Expected(excuse="none failed")


def test_the_states_of_the_demo_are_in_order() -> None:
    assert list(STATES.problems(STACK)) == []
    assert list(KNOWN.problems(SMALL)) == []


def with_lacking(*lacking: Lacking) -> States:
    return replace(KNOWN, lacking=lacking)


@pytest.mark.parametrize(
    ("states", "told"),
    [
        (with_lacking(*KNOWN.lacking, KNOWN.lacking[1]), "'replica' is lacking twice; expected one entry"),
        (with_lacking(Lacking(signals=(signal("other"),), why="none")), "'other' is lacking, but no panel"),
        (
            with_lacking(replace(KNOWN.lacking[0], shown_in=("make-slots",))),
            "'slot' is shown in 'make-slots', which is no state or fault; expected one of break, calm, long, "
            "make-slot. Did you mean 'make-slot'?",
        ),
        (with_lacking(Lacking(signals=(REPLICA,), why=" ")), "'replica' is lacking without a reason"),
        (
            with_lacking(Lacking(signals=(SLOT,), why="nobody made one")),
            "2 of 24 panels ask what no state shows; expected at most one in 20; bring their data, or leave "
            "them out: beside, two",
        ),
    ],
)
def test_what_cannot_be_right_is_told(states: States, told: str) -> None:
    found = list(states.problems(SMALL))
    assert len(found) == 1, found
    assert told in found[0]


def test_a_reason_for_what_every_state_shows_is_refused() -> None:
    excused = replace(BOARD, rows=(row("What?", stat(replace(STEADY, empty="it may"))), BOARD.rows[1]))
    (told,) = States(names=("calm",)).problems(replace(SMALL, boards=(excused,)))
    assert told.startswith("'steady' may be empty, as 'it may', though every state shows it; expected no ")


def look(**empty: str) -> list[Proof]:
    """All panels, with the letters of those queries that are empty."""

    def answered(panel: Panel) -> tuple[Answer, ...]:
        letters = zip("ABC", panel.shown, strict=False)
        return tuple(
            Answer(ref=letter, expr=each.query.text)
            if letter in empty.get(panel.title, "")
            else Answer(ref=letter, expr=each.query.text, low=1.0, high=1.0)
            for letter, each in letters
        )

    return [Proof(board="small", title=panel.title, answers=answered(panel)) for panel in PANELS]


@pytest.mark.parametrize("empty", [{"two": "A"}, {"two": "A", "beside": "B", "errors": "A"}])
def test_looks_that_show_what_is_known_disprove_nothing(empty: dict[str, str]) -> None:
    assert list(KNOWN.disproved(look(**empty), SMALL)) == []


def test_what_looks_disprove_is_told() -> None:
    assert list(KNOWN.disproved(look(), SMALL)) == [
        "small: two: 'replica' has data, so this is no reason: there is no replica; "
        "say in which states it is shown"
    ]


def test_a_state_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(StackError, match=r"no such state; expected one of calm, long\. Did you mean 'calm'"):
        KNOWN.brings("clam")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ["--state", "fixd"],
            "--state 'fixd': there is no such state; expected one of backfilled, baseline, ",
        ),
        (
            ["--state", "fixed", "--states", "examples.demo.states"],
            "expected module:NAME, such as mycompany.states",
        ),
        (
            ["--state", "fixed", "--states", "examples.demo.states:FIXED"],
            "FIXED is str; expected a dashboards.prove",
        ),
        (["--fault", "erors"], "--fault 'erors': neither a panel nor --states knows it; expected a fault "),
        (["--state", "fixed", "--fault", "errors", "--fault", "erors"], "Did you mean 'errors'?"),
        (["--fault", "nosuch"], "They are block-clients, "),
        (["--fault", "invalid-index"], "no answer from Prometheus"),
        (["--fault", "stop-api"], "no answer from Prometheus"),
        (["--var", "enviroment=x"], "--var 'enviroment': no board has such a variable; "),
        (["--var", "enviroment=x"], "Did you mean 'environment'?"),
        (["--var", "nosuch=x"], "They are cluster, environment, handler, instance, job, queryid."),
        (["--var", "datasource=x"], "no board has such a variable"),
        (["--var", "queryid=1"], "no answer from Prometheus"),
    ],
)
def test_the_command_tells_of_what_it_does_not_know_before_it_asks(options: list[str], told: str) -> None:
    result = CliRunner().invoke(main, ["prove", "--prometheus", "http://127.0.0.1:9", *options])
    assert result.exit_code == 2
    assert told in result.output


def test_without_the_example_the_faults_of_the_boards_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    # As where the package is installed, which comes without it.
    monkeypatch.setitem(sys.modules, "examples.demo.states", None)
    told = {}
    for fault in ("stop-api", "refuse-writes"):
        result = CliRunner().invoke(main, ["prove", "--prometheus", "http://127.0.0.1:9", "--fault", fault])
        assert result.exit_code == 2
        told[fault] = result.output
    assert "no answer from Prometheus" in told["stop-api"]
    assert told["refuse-writes"].startswith("error: --fault 'refuse-writes': neither a panel nor --states")
