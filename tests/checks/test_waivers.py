"""A waiver hides what it names and nothing else, is counted, and is refused when nothing needs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboards import write
from dashboards.checks import RULES, Finding, judged
from dashboards.checks.waivers import waivers_of
from dashboards.cli import main
from dashboards.errors import DefinitionError
from dashboards.stack import Stack
from dashboards.waiver import Waiver
from tests.checks.others import board

WHY = "it is right on this board"
KNOWN = [rule.id for rule in RULES]
FILE = "grafana/dashboards/small.json"
PANEL = f"{FILE}: panel 'Errors'"


def finding(rule: str = "panel-unit", where: str = "panel 'Errors', query A") -> Finding:
    return Finding(file=FILE, where=where, rule=rule, message="it is wrong", fix="Mend it.")


def waiver(place: str = PANEL, rule: str = "panel-unit") -> Waiver:
    return Waiver(rule=rule, place=place, reason=WHY)


@pytest.mark.parametrize("place", [FILE, PANEL, f"{PANEL}, query A"])
def test_a_waiver_covers_its_place_and_what_is_inside(place: str) -> None:
    verdict = judged([finding()], [waiver(place)], KNOWN)

    assert verdict.findings == ()
    assert verdict.waived == ((finding(), waiver(place)),)


@pytest.mark.parametrize(
    ("found", "given"),
    [
        (finding(), waiver(rule="panel-text")),
        (finding(where="panel 'Errors by code', query A"), waiver(f"{FILE}: panel 'Errors")),
        (finding(), waiver(f"{PANEL}, query B")),
        (finding(), waiver("grafana/dashboards/small")),
    ],
)
def test_a_waiver_covers_nothing_else_and_is_then_refused_itself(found: Finding, given: Waiver) -> None:
    verdict = judged([found], [given], KNOWN)

    assert verdict.waived == ()
    (mine,) = [each for each in verdict.findings if each != found]
    assert (mine.rule, mine.level, mine.file) == ("waiver-needed", "error", given.place)
    assert WHY in mine.message
    assert "Take the waiver out" in mine.fix


def test_a_waiver_of_another_engines_file_is_not_asked_for() -> None:
    place = "alertmanager/alertmanager.yml: route 1"

    assert judged([], [waiver(place, "route-value")], KNOWN, ("alertmanager/",)).findings == ()
    assert judged([], [waiver(place, "route-value")], KNOWN).findings != ()


def test_a_waiver_of_a_check_that_did_not_run_is_not_asked_for() -> None:
    mine = waiver(rule="metric-exists")

    assert judged([], [mine], KNOWN, idle=("metric-exists",)).findings == ()
    assert judged([], [mine], KNOWN, idle=("label-exists",)).findings != ()


@pytest.mark.parametrize("reason", [WHY, "it is right for another reason"])
def test_of_two_waivers_of_one_check_and_place_the_second_is_told(reason: str) -> None:
    second = Waiver(rule="panel-unit", place=PANEL, reason=reason)
    verdict = judged([finding()], [waiver(), second], KNOWN)

    (mine,) = verdict.findings
    assert (mine.rule, mine.file) == ("waiver-needed", PANEL)
    assert "panel-unit is waived here 2 times" in mine.message
    assert "Take one of them out" in mine.fix
    assert judged([finding()], [waiver()], KNOWN).findings == ()


def test_a_waiver_of_no_check_is_told_at_once() -> None:
    with pytest.raises(DefinitionError, match="'panel-units', which is not there; Did you mean 'panel-unit'"):
        judged([], [waiver(rule="panel-units")], KNOWN)


@pytest.mark.parametrize(
    ("rule", "place", "reason", "message"),
    [
        ("panel-unit", PANEL, "ok", "gives the reason 'ok'; expected a sentence"),
        ("panel-unit", PANEL, "  ", "gives the reason '  '"),
        ("panel-unit", " ", WHY, "has no place"),
        ("", PANEL, WHY, "has no rule"),
    ],
)
def test_a_waiver_says_what_where_and_why(rule: str, place: str, reason: str, message: str) -> None:
    with pytest.raises(DefinitionError) as told:
        Waiver(rule=rule, place=place, reason=reason)
    assert message in str(told.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "it holds dict; expected a list"),
        (["panel-unit"], "entry 1 has str"),
        ([{"rule": "panel-unit", "place": PANEL}], "entry 1 has place, rule"),
        (
            [{"rule": "panel-unit", "place": PANEL, "reason": WHY, "until": "2027"}],
            "has place, reason, rule, until",
        ),
        ([{"rule": "panel-unit", "place": PANEL, "reason": [WHY]}], "entry 1: reason is no text"),
    ],
)
def test_a_file_of_waivers_that_says_too_little_or_too_much_is_refused(
    document: object, message: str
) -> None:
    with pytest.raises(DefinitionError) as told:
        waivers_of("waivers.yml", document)
    assert str(told.value).startswith("waivers.yml: ")
    assert message in str(told.value)


def test_a_file_of_waivers_is_read() -> None:
    document = [{"rule": "panel-unit", "place": PANEL, "reason": WHY}]
    assert waivers_of("waivers.yml", document) == (waiver(),)


def test_a_stack_with_a_waiver_that_nothing_needs_is_refused() -> None:
    _, findings = write.checked(Stack(waivers=(waiver(FILE),)))
    assert [each.rule for each in findings] == ["waiver-needed"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1", "it holds dict; expected a list of objects"),
        ("- {rule: panel-units, place: a, reason: right as it is}", "Did you mean 'panel-unit'?"),
        ("- {rule: panel-unit, place: a, reason: right}", "gives the reason 'right'"),
    ],
)
def test_a_wrong_file_of_waivers_is_a_wrong_argument(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "waivers.yml").write_text(text)
    (tmp_path / "board.json").write_text(json.dumps(board()))
    arguments = ["lint", str(tmp_path / "board.json"), "--waivers", str(tmp_path / "waivers.yml")]
    done = CliRunner().invoke(main, arguments)

    assert (done.exit_code, told in done.stderr) == (2, True), done.output
