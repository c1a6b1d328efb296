"""What is kept of drills: with the rule that it is about, and only what is as it should be."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from alerts.model import Alert
from alerts.rules import ALERTS, slo
from dashboards.cli import main
from dashboards.drill import Course, Drill, Drills, Outcome, Site, Times, report
from dashboards.drill.record import fingerprints, load, merged, save
from dashboards.errors import StackError
from dashboards.stack import STACK, Stack
from examples.demo.chain import Ports
from examples.demo.render import demo_stack
from examples.drills.site import site_of
from examples.faults import Targets

DOWN = next(alert for alert in ALERTS if alert.name == "RedisDown")
MARKS = fingerprints(STACK)
FIRST, SECOND = (Drill(alerts=(name,), fault="a fault") for name in ("RedisDown", "ApiDown"))


@contextlib.contextmanager
def nothing(_: Drill) -> Iterator[None]:
    yield


SITE = Site(stack=STACK, prometheus="http://127.0.0.1:1", receiver="http://127.0.0.1:1", inject=nothing)
DRILLS = Drills(
    drills=(FIRST, SECOND), undrilled={}, site=lambda _file, _report: contextlib.nullcontext(SITE)
)


def with_alert(changed: Alert) -> Stack:
    """The stack with this one in place of that of its name."""
    kept = (changed if each.name == changed.name else each for each in STACK.alerts)
    return replace(STACK, alerts=tuple(kept))


def test_another_rule_has_another_mark() -> None:
    limits = tuple(replace(each, value=7) for each in STACK.limits if each.key == "evictions")
    evictions = {"RedisEvictionsHigh", "RedisEvictionsHurt", "RedisHitRatioLow"}  # one yields to the other
    for names, changed in (
        ({"RedisDown"}, with_alert(replace(DOWN, hold=DOWN.hold + 30))),
        ({"RedisDown"}, with_alert(replace(DOWN, keep=DOWN.keep + 30))),
        ({"RedisDown"}, with_alert(replace(DOWN, operator=">"))),
        (evictions, replace(STACK, limits=limits)),
    ):
        marks = fingerprints(changed)
        assert {each for each in MARKS if marks[each] != MARKS[each]} == names


def test_a_recording_that_a_rule_reads_is_part_of_it() -> None:
    """The rule is the same text then, and no longer fires on the same requests."""
    alert = slo.API_ERROR_BUDGET_BURN_FAST
    read = {metric.name for metric in alert.condition.metrics}
    level = next(each for each in STACK.levels if read & {one.metric.name for one in each.recordings})
    base = next(one for one in level.recordings if one.metric.name in read)

    class Changed(Stack):
        @property
        def recorded(self) -> Any:  # something else under the same name
            again = replace(base, query=replace(base.query, text=f"2 * ({base.query.text})"))
            return tuple(again if each.metric.name == base.metric.name else each for each in STACK.recorded)

    changed = fingerprints(Changed())
    assert changed[alert.name] != MARKS[alert.name]
    assert changed["RedisDown"] == MARKS["RedisDown"]


def test_words_and_clock_leave_the_mark_as_it_is() -> None:
    assert (
        fingerprints(with_alert(replace(DOWN, summary="Redis is gone.")))["RedisDown"] == MARKS["RedisDown"]
    )
    assert fingerprints(replace(STACK, time_scale=1 / 20)) == MARKS
    assert len(set(MARKS.values())) == len(MARKS)


def row(alert: str, *, ok: bool = True, fired: float = 1.0) -> dict[str, Any]:
    times = {"delivered": 2.0, "resolved": 3.0}
    computed = dict.fromkeys(("fired", *times), 4.0)
    return {"alert": alert, "ok": ok, "fired": fired, **times, "computed": computed, "tolerance": 10.0}


def test_only_what_is_as_it_should_be_takes_the_place_of_what_was_kept() -> None:
    kept = {"ApiDown": row("ApiDown"), "Gone": row("Gone")}
    new = [row("ApiDown", ok=False, fired=9), row("RedisDown", fired=2)]
    assert merged(kept, new, DRILLS) == [row("RedisDown", fired=2), row("ApiDown")]
    assert merged(kept, [row("ApiDown", fired=3)], DRILLS) == [row("ApiDown", fired=3)]


def test_what_is_kept_is_read_and_anything_else_refused(tmp_path: Path) -> None:
    file = tmp_path / "drills.json"
    assert load(file) == {}
    save(file, [row("RedisDown")])
    assert load(file) == {"RedisDown": row("RedisDown")}
    for content in ("", "{}x", "[1]", '[{"name": 1}]'):
        file.write_text(content)
        with pytest.raises(StackError, match="is not what `python -m dashboards drill --record` writes"):
            load(file)
    save(file, [row("RedisDown"), row("ApiDown", fired=14.1)])
    with pytest.raises(StackError, match=r"ApiDown, fired after 14.1 s, at most 4.0 and 10.0 more; expected"):
        load(file)
    with pytest.raises(
        StackError, match=r"cannot write .*/none/drills.json: No such file or directory; give"
    ):
        save(tmp_path / "none/drills.json", [])


def test_a_record_that_cannot_be_read_is_said_before_anything_is_broken(tmp_path: Path) -> None:
    (tmp_path / "drills.json").write_text("[1]")
    command = ["drill", "RedisDown", "--record", str(tmp_path / "drills.json")]
    done = CliRunner().invoke(main, [*command, "--drills", f"{__name__}:DRILLS"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is not what `python -m dashboards drill --record` writes" in done.stderr


def test_the_command_keeps_what_a_drill_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run itself is that of tests/stack; here it is known what came of it."""
    computed = Times.computed(DOWN, FIRST, STACK)
    well = Outcome(
        alert="RedisDown", rule="m", drill=FIRST, computed=computed, fired=1, delivered=2, resolved=3
    )
    bad = replace(well, alert="ApiDown", problems=["did not fire within 9 s"])
    monkeypatch.setattr(Course, "run", lambda _course, _drills: [well, bad])
    file = tmp_path / "drills.json"
    command = ["drill", "RedisDown", "ApiDown", "--record", str(file), "--json"]
    done = CliRunner().invoke(main, [*command, "--drills", f"{__name__}:DRILLS"])
    assert done.exit_code == 1
    assert len(json.loads(done.stdout)) == 2
    assert load(file) == {"RedisDown": report.row(well)}


def test_on_the_demo_the_mark_is_that_of_production(tmp_path: Path) -> None:
    """Its limits of how long something may last are as short as its windows."""
    ports = dict.fromkeys(Ports.__dataclass_fields__, 1)
    targets = Targets(
        fault_file="", database_url="", redis_url="", home=str(tmp_path), time_scale=1 / 20, ports=ports
    )
    site = site_of(lambda: targets)
    assert Course(site).rules == MARKS
    assert fingerprints(demo_stack(STACK, Ports(**ports), time_scale=1 / 20)) != MARKS
