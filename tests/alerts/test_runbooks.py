"""Runbooks: one for each alert, whole, with checks that run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from alerts import runbooks
from alerts.model import Alert, AlertError, Severity
from alerts.proof.plan import CONTEXT
from alerts.rules import ALERTS, api, slo

FENCE = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def checks(alert: Alert) -> list[str]:
    return FENCE.findall(runbooks.runbook(alert, CONTEXT))


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_runbook_is_whole_short_and_filled_in(alert: Alert) -> None:
    text = runbooks.runbook(alert, CONTEXT)
    assert not runbooks.HOLE.search(text)
    assert CONTEXT.fill(alert.condition, alert.window) in text, "its query, to copy"
    assert 3 <= len(checks(alert)) <= 6
    assert 30 <= len(text.splitlines()) <= 56
    assert all(len(line) < 120 for line in FENCE.sub("", text).splitlines())


def test_no_runbook_is_left_of_an_alert_that_is_gone() -> None:
    assert runbooks.orphans(ALERTS) == ()
    assert runbooks.orphans(ALERTS[1:]) == (f"{ALERTS[0].name}.md",)


def test_a_missing_runbook_is_told_with_the_name_of_its_file() -> None:
    with pytest.raises(AlertError, match=r"expected ApiSlow\.md in "):
        runbooks.runbook(replace(api.API_DOWN, name="ApiSlow"), CONTEXT)


def test_a_runbook_without_a_section_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ApiDown.md").write_text("## Meaning\nIt is down.\n## Fix\nStart it.\n")
    with pytest.raises(AlertError, match=r"has the sections \['Meaning', 'Fix'\]"):
        runbooks.runbook(api.API_DOWN, CONTEXT, folders=(tmp_path,))


def test_a_section_that_says_nothing_is_refused(tmp_path: Path) -> None:
    sections = "".join(f"## {name}\n{'' if name == 'Fix' else 'Words.'}\n" for name in runbooks.SECTIONS)
    (tmp_path / "ApiDown.md").write_text(sections)
    with pytest.raises(AlertError, match=r"says nothing under 'Fix'"):
        runbooks.runbook(api.API_DOWN, CONTEXT, folders=(tmp_path,))


def test_a_number_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    sections = "".join(f"## {name}\n{{number:p96}}\n" for name in runbooks.SECTIONS)
    (tmp_path / "ApiDown.md").write_text(sections)
    with pytest.raises(AlertError, match=r"\{number:p96\}; expected the key"):
        runbooks.runbook(api.API_DOWN, CONTEXT, folders=(tmp_path,))


def test_a_placeholder_that_nothing_fills_in_is_refused_and_braces_of_a_shell_are_not(tmp_path: Path) -> None:
    def read(words: str) -> str:
        text = "".join(f"## {name}\n{words}\n" for name in runbooks.SECTIONS)
        (tmp_path / "ApiDown.md").write_text(text)
        return runbooks.runbook(api.API_DOWN, CONTEXT, folders=(tmp_path,))

    for wrong, meant in (("{limt}", "limit"), ("{numbr:p95}", "number")):
        with pytest.raises(AlertError, match=rf"has {wrong}, which nothing fills in.*mean '{meant}'"):
            read(wrong)
    assert "awk '{print}'" in read("awk '{print}'")


def test_a_runbook_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "ApiDown.md").write_bytes(b"## Meaning\n\xe9\n")
    with pytest.raises(AlertError, match=r"ApiDown\.md: byte 11 is no UTF-8"):
        runbooks.runbook(api.API_DOWN, CONTEXT, folders=(tmp_path,))


@pytest.mark.parametrize(
    ("share", "scale", "told"),
    [
        ("1", 1, "46 min"),
        ("0.8", 1, "56 min"),
        ("0.5", 1, "3.7 h"),
        ("0.3", 1, "never"),
        ("1", 0.05, "3 min"),
    ],
)
def test_a_runbook_says_how_long_a_burn_takes(share: str, scale: float, told: str, tmp_path: Path) -> None:
    hole = f"{{after:latency_target:{share}}}"
    (tmp_path / "ApiLatencyBudgetBurnFast.md").write_text(
        "".join(f"## {name}\nFor {hole}.\n" for name in runbooks.SECTIONS)
    )
    context = replace(CONTEXT, time_scale=scale)
    assert told in runbooks.runbook(slo.API_LATENCY_BUDGET_BURN_FAST, context, folders=(tmp_path,))


def test_a_team_writes_its_own_runbook_in_its_own_folder(tmp_path: Path) -> None:
    sections = "".join(
        f"## {name}\nHeld {{hold}}, average {{number:average}}.\n" for name in runbooks.SECTIONS
    )
    (tmp_path / "ApiDown.md").write_text(sections)
    told = runbooks.runbook(api.API_DOWN, CONTEXT, folders=(tmp_path,))
    assert told.startswith("## Meaning\nHeld 1 min, average 60 ms.\n")


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_runbook_says_whom_to_call_when_it_does_not_help(alert: Alert) -> None:
    told = runbooks.runbook(alert, CONTEXT).partition("## Escalation\n")[2]
    assert alert.service in told
    assert ("call the next person on call now" in told) == (alert.severity is Severity.CRITICAL)


def test_a_runbook_may_bring_an_escalation_of_its_own(tmp_path: Path) -> None:
    names = (*runbooks.SECTIONS, runbooks.ESCALATION)
    (tmp_path / "ApiDown.md").write_text("".join(f"## {name}\n{name} of ours.\n" for name in names))
    told = runbooks.runbook(api.API_DOWN, CONTEXT, folders=(tmp_path,))
    assert told.endswith("## Escalation\nEscalation of ours.\n")
