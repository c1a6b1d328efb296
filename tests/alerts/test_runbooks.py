"""Runbooks: one for each alert, whole, with checks that run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from alerts import runbooks
from alerts.model import Alert, AlertError, Severity
from alerts.proof.plan import CONTEXT
from alerts.rules import ALERTS, api
from examples.demo.databases import Postgres

FENCE = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What a reader fills in.
FILLED = {"QUERYID": "1", "'TABLE'": "'pg_class'", "PID": "1"}


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


def test_a_number_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    sections = "".join(f"## {name}\n{{number:p96}}\n" for name in runbooks.SECTIONS)
    (tmp_path / "ApiDown.md").write_text(sections)
    with pytest.raises(AlertError, match=r"\{number:p96\}; expected the key"):
        runbooks.runbook(api.API_DOWN, CONTEXT, folders=(tmp_path,))


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


def statements() -> Iterator[tuple[str, str]]:
    """Every SQL query of every runbook."""
    for alert in ALERTS:
        for check in checks(alert):
            for found in re.findall(r"^(?:select .*?;|psql .*?-c ['\"]select .*?['\"]$)", check, re.M | re.S):
                yield alert.name, re.sub(r"^psql .*?-c ['\"](.*)['\"]$", r"\1", found, flags=re.S)


def test_every_query_of_the_runbooks_runs(postgres: Postgres) -> None:
    ran = 0
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE runbooks")
    with psycopg.connect(postgres.superuser_dsn, dbname="runbooks", autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
        for name, statement in statements():
            for placeholder, value in FILLED.items():
                statement = statement.replace(placeholder, value)  # noqa: PLW2901 - filled in step by step
            try:
                connection.execute(statement.encode())
            except psycopg.Error as error:
                pytest.fail(f"{name}: {statement}\n{error}")
            ran += 1
    assert ran >= 15


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_the_first_fix_is_a_sentence_that_fits_into_a_message(alert: Alert) -> None:
    action = runbooks.first_action(alert, CONTEXT)
    assert 10 <= len(action) <= 300
    assert "\n" not in action


@pytest.mark.parametrize(
    ("fix", "action"),
    [
        ("1. Go back,\n   if it is new.\n2. Else wait.", "Go back, if it is new."),
        ("Look at its log first:\n1. Start it:\n```\nstart\n```\n2. Wait.", "Start it:"),
        ("Start it again.\n\nThen wait for {hold}.", "Start it again."),
        ("1. Wait for {hold}.", "Wait for 1 min."),
    ],
)
def test_the_first_action_is_the_first_step_of_the_fix(fix: str, action: str, tmp_path: Path) -> None:
    assert runbooks.first_action(api.API_DOWN, CONTEXT, folders=(with_fix(fix, tmp_path),)) == action


@pytest.mark.parametrize(
    ("fix", "told"),
    [
        ("", "says nothing under `## Fix`"),
        ("1. docker inspect --format '{{ .State }}' api", "has '{{', which Grafana and Prometheus expand"),
        ("1. echo ${HOME}", r"has '\$\{', which"),
    ],
)
def test_a_fix_that_cannot_stand_in_a_message_is_refused(fix: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(AlertError, match=told):
        runbooks.first_action(api.API_DOWN, CONTEXT, folders=(with_fix(fix, tmp_path),))


def with_fix(fix: str, folder: Path) -> Path:
    sections = (f"## {name}\n{fix if name == 'Fix' else 'Words.'}\n" for name in runbooks.SECTIONS)
    (folder / "ApiDown.md").write_text("\n".join(sections))
    return folder
