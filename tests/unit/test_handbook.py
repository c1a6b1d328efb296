"""The page of alerts says what the definitions say, and what the drills found."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from alerts import routing
from alerts.model import Severity
from alerts.notifications import Hours
from dashboards import handbook
from dashboards.cli import main
from dashboards.drill import Drill, Drills
from dashboards.drill.record import Kept, fingerprints
from dashboards.stack import STACK
from examples.own_stack.observability import STACK as OWN

MARK = fingerprints(STACK)["RedisDown"]
ROW = {
    "alert": "RedisDown",
    "rule": MARK,
    "ok": True,
    "fired": 7.6,
    "delivered": 9.5,
    "resolved": 30.2,
    "computed": {"fired": 8.0, "delivered": 10.0, "resolved": 44.0},
}


def drills(*drilled: str, undrilled: Mapping[str, str] | None = None, **backfilled: float) -> Drills:
    """Drills of these alerts; nothing of it is ever run."""
    return Drills(
        drills=(Drill(alerts=drilled, fault="a fault"),),
        undrilled=undrilled or {},
        backfilled=backfilled,
        site=lambda _file, _report: contextlib.nullcontext(),
    )


def line(text: str, alert: str) -> str:
    (found,) = [each for each in text.splitlines() if each.startswith(f"| [{alert}](")]
    return found


def test_each_alert_has_a_line_with_a_runbook_that_is_there() -> None:
    text = handbook.page(STACK, {}, drills())
    for alert in STACK.alerts:
        assert f"**{alert.severity}**" in line(text, alert.name)
        assert (Path("alerts/runbooks") / f"{alert.name}.md").exists()


def linked(text: str) -> set[str]:
    return set(re.findall(r"\]\(([^)]*)\)", text))


def test_the_page_of_a_team_links_to_what_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = handbook.page(OWN, {}, drills(), folder=Path("docs"))
    assert {"../examples/own_stack/runbooks/JobsFailing.md", "notifications.md"} < linked(here)
    assert [link for link in linked(here) if not (Path("docs") / link).is_file()] == []

    shutil.copytree("examples/own_stack/runbooks", tmp_path / "ours")
    monkeypatch.chdir(tmp_path)
    theirs = replace(OWN, runbooks=(tmp_path / "ours",))
    text = handbook.page(theirs, {}, drills(), folder=Path("docs/observability"))
    assert linked(text) == {"../../ours/JobsFailing.md"}
    assert "\n| RedisDown **critical**: " in text
    assert "the stack's `notifications` say who hears what" in text
    assert linked(handbook.page(theirs, {}, drills(), folder=tmp_path.parent)) == set()


def test_what_is_installed_is_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda _name: str(Path("examples").resolve()))
    assert "\n| JobsFailing **warning**: " in handbook.page(OWN, {}, drills())


def test_drills_that_say_nothing_of_an_alert_are_named() -> None:
    text = handbook.page(OWN, {}, drills("RedisDown"), reference="ours.drills:DRILLS")
    assert line(text, "JobsFailing").endswith("; not drilled: `ours.drills:DRILLS` says nothing of it |")
    assert "not drilled" not in line(text, "RedisDown")


def test_a_limit_that_a_stack_replaces_is_the_one_that_is_told() -> None:
    limits = tuple(replace(each, value=7) for each in STACK.limits if each.key == "evictions")
    assert "above 7 per second" in line(
        handbook.page(replace(STACK, limits=limits), {}, drills()), "RedisEvictionsHigh"
    )


def test_how_long_the_second_of_a_group_waits_is_what_the_policy_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told() -> str:
        return " ".join(handbook.page(STACK, {}, drills()).split())

    route = routing.tree(STACK.notifications, STACK.loaded, STACK.identity, "grafana")
    assert (route.wait, route.interval) == (30, 300)
    assert "of the first of its group: a scrape, an evaluation, the hold, and the 30 s in which" in told()
    assert "is told with the group's next message: at most 5 min after it fires, not 30 s." in told()
    monkeypatch.setattr(routing, "GROUP_INTERVAL", 600)
    assert "at most 10 min after it fires" in told()


def test_the_proof_is_what_was_found() -> None:
    known = drills("RedisDown", undrilled={"ApiDown": "nobody dares"})
    text = handbook.page(STACK, {"RedisDown": ROW}, known)
    assert "drilled: fired 8 s [8], delivered 10 s [10], resolved 30 s [44]" in line(text, "RedisDown")
    assert "not drilled: nobody dares" in line(text, "ApiDown")
    assert "alerts, 1 of them drilled, 0 backfilled.\n" in text
    failed = handbook.page(STACK, {"RedisDown": {**ROW, "ok": False, "delivered": None}}, known)
    assert "DRILL FAILED: fired 8 s [8], resolved 30 s [44]" in line(failed, "RedisDown")
    late = handbook.page(STACK, {"RedisDown": {**ROW, "fired": 9.2}}, known)
    assert "drilled: fired 9 s [8] late by 1.2 s, delivered 10 s [10]," in line(late, "RedisDown")


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ({"RedisDown": {**ROW, "rule": "another"}}, "tested; has a drill, run before its rule changed |"),
        (
            {"RedisDown": {key: value for key, value in ROW.items() if key != "rule"}},
            "tested; has a drill, run before its rule changed |",
        ),
        ({}, "tested; has a drill, not passed yet |"),
    ],
)
def test_what_was_drilled_of_another_rule_is_no_proof(kept: Kept, said: str) -> None:
    text = handbook.page(STACK, kept, drills("RedisDown"))
    assert line(text, "RedisDown").endswith(said)
    assert "alerts, 0 of them drilled, 0 backfilled; 1 more have a drill that has not passed" in text


def test_a_rule_that_changes_takes_its_drill_with_it() -> None:
    limits = tuple(replace(each, value=7) for each in STACK.limits if each.key == "evictions")
    row = {**ROW, "alert": "RedisEvictionsHigh", "rule": fingerprints(STACK)["RedisEvictionsHigh"]}
    for stack, said in (
        (STACK, "drilled: fired"),
        (replace(STACK, limits=limits), "run before its rule changed"),
    ):
        text = handbook.page(stack, {"RedisEvictionsHigh": row}, drills("RedisEvictionsHigh"))
        assert said in line(text, "RedisEvictionsHigh")


def test_no_alert_is_without_a_time_or_a_reason() -> None:
    """On the page as it is committed."""
    rows = [each for each in Path("docs/alerts.md").read_text().splitlines() if each.startswith("| [")]
    assert len(rows) == len(STACK.alerts)
    for each in rows:
        proof = each.rpartition(" | ")[2]
        assert re.search("; (drilled: fired|backfilled: |has a drill, not |not drilled: .)", proof), each


def test_what_waits_for_working_hours_is_not_promised_within_minutes() -> None:
    always = handbook.page(STACK, {}, drills())
    assert "in working hours alone" not in always
    hours = Hours(location="Europe/Berlin")
    text = handbook.page(
        replace(STACK, notifications=replace(STACK.notifications, hours=hours)), {}, drills()
    )
    assert "working hours alone, monday:friday, 09:00-18:00, Europe/Berlin:" in text
    for alert in STACK.alerts:
        waits = "in working hours |" in line(text, alert.name)
        assert waits is (alert.severity is Severity.WARNING), alert.name


def test_what_is_backfilled_is_a_proof_of_its_own() -> None:
    why = "it looks back over 7 d: proven on backfilled blocks"
    known = drills(undrilled={"SeriesGrowth": why}, SeriesGrowth=7 * 86_400, NoAlert=60)
    text = handbook.page(STACK, {}, known)
    assert line(text, "SeriesGrowth").endswith("| tested; backfilled: 7 d |")
    assert "alerts, 0 of them drilled, 1 backfilled.\n" in text


def test_check_tells_a_page_that_is_stale(tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["docs", "--output", str(tmp_path), *arguments])
        return result.exit_code, result.output

    page = tmp_path / "alerts.md"
    mend = f"python -m dashboards docs --output {tmp_path}"
    assert run("--check") == (1, f"stale: {page}; run: {mend}\n")
    own = ("--engine", "prometheus", "--stack", "examples.own_stack.observability:STACK")
    code, told = run("--check", *own)
    assert (code, set(told.split())) == (1, {*f"stale: {page}; run: {mend}".split(), *own})
    assert run()[0] == 0
    assert linked(page.read_text()) == set()
    assert run("--check") == (0, "")
    page.write_text(page.read_text().replace("critical", "serious"))
    assert run("--check")[0] == 1


@pytest.mark.parametrize(("there", "why"), [(False, "there is no such folder"), (True, "it is a file")])
def test_a_page_that_has_no_folder_is_told_so(tmp_path: Path, *, there: bool, why: str) -> None:
    place = tmp_path / "some where"
    if there:
        place.touch()
    result = CliRunner().invoke(main, ["docs", "--output", str(place)])
    told = f"error: --output {place}: {why}; expected one for alerts.md; make it, or give another\n"
    assert (result.exit_code, result.output) == (2, told)
