"""One course of drills: what waits for what, and which time is whose."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from dashboards.drill import Course, Drill
from dashboards.drill.watch import Spell, Stray, Told
from tests.unit.test_drill import BY_NAME, DOWN, DRILL, SITE, outcome

MAY = frozenset({"RedisDown"})


def test_what_is_over_is_told_before_another_fault_keeps_it_back() -> None:
    course = Course(SITE)
    course.awaited = {"ApiLatencyP95High", "RedisEvictionsHigh"}
    stops = (("ApiDown", "stop-api"), ("RedisDown", "stop-redis"), ("TargetDown", "stop-exporter"))
    found = [course.kept_back(Drill(alerts=(name,), fault=fault)) for name, fault in stops]
    assert found == [{"ApiLatencyP95High"}, {"RedisEvictionsHigh"}, set()]


def test_a_graver_alert_that_still_fires_keeps_the_fault_of_the_lesser_one_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dashboards.drill.run.QUIET", 0.0)
    course, drill = Course(SITE), Drill(alerts=("ApiNPlusOne",), fault="nplusone")
    graver = BY_NAME["ApiNPlusOne"].yields_to
    assert graver
    course.watch.spells = {graver.name: [Spell(start=1)]}
    kept = outcome()
    course._play(drill, [kept])
    assert kept.problems == [f"{graver.name} fired, or was not told to be over, before nplusone began"]


def fired_after(seconds: float, other: float | None = None) -> list[str]:
    """What is said of an alert that fires so long after its fault began, or after another drill's."""
    course, now = Course(SITE), time.time()
    course.watch.spells = {"RedisDown": [Spell(start=now + seconds)]}
    course.watch.allow(DRILL)
    if other is not None:
        course.watch.begins.append((now - other, Drill(alerts=("ApiDown",), fault="x", consequences=MAY)))
    found = outcome()
    course._await_firing(found, now, now)
    return found.problems


def test_what_fires_before_its_hold_has_passed_fails() -> None:
    assert (DOWN.hold, SITE.stack.scraped.timeout) == (60, 10)
    assert fired_after(50.1) == []
    (problem,) = fired_after(49)
    assert problem.startswith("fired 49.0 s after the injection began, before its hold of 60 s had passed")
    assert fired_after(20, other=31) == []  # what began it is the other fault
    assert len(fired_after(20, other=29)) == 1


@pytest.mark.parametrize(("healed", "late"), [(None, True), (100, False), (600, True)])
def test_an_end_counts_from_the_last_fault_that_may_have_kept_it_firing(
    healed: float | None, late: bool
) -> None:
    """One that begins meanwhile changes nothing: a drill waits for what it would keep firing."""
    course, now, found = Course(SITE), time.time(), outcome(delivered=1.0)
    other, began = (Drill(alerts=("ApiDown",), fault=name, consequences=MAY) for name in ("a", "b"))
    course.watch.heals = [(now - 600, DRILL), *([] if healed is None else [(now - healed, other)])]
    course.watch.under_way, course.watch.begins = [DRILL, began], [(now - 50, began)]
    course.watch.told = [Told(received=now, status="resolved", alert={"labels": {"alertname": "RedisDown"}})]
    course._await_end(found, now - 600)
    assert found.resolved == pytest.approx(600 if healed is None else healed)
    assert bool(found.problems) is late
    course.awaited = {"RedisDown"}
    assert course.kept_back(replace(began, lane="any")) == {"RedisDown"}


def test_what_nothing_declares_is_blamed_however_late_it_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    course, found = Course(SITE), outcome()
    stray = Stray(name="RedisMemoryFull", labels=({},), at=time.time(), drills=(DRILL,))
    monkeypatch.setattr(course.watch, "start", lambda: None)
    monkeypatch.setattr(course, "_outcomes", lambda _drill: [found])
    monkeypatch.setattr(course, "_play", lambda _drill, _outcomes: course.watch.strays.append(stray))
    assert course.run([DRILL]) == [found]
    assert found.problems == ["RedisMemoryFull () fired too, which nothing declares"]


def test_a_drill_that_was_healed_just_now_is_suspected_too() -> None:
    watch = Course(SITE).watch
    other = Drill(alerts=("ApiDown",), fault="x")
    watch.under_way, watch.heals = [DRILL, other], [(time.time(), DRILL)]
    assert watch._suspects() == (DRILL, other)
    watch.under_way = []
    assert watch._suspects() == (DRILL,)


def test_a_cause_ends_with_the_last_healing_that_an_alert_may_wait_for() -> None:
    watch, other = Course(SITE).watch, Drill(alerts=("ApiDown",), fault="x", consequences=MAY)
    watch.heals = [(10.0, DRILL), (20.0, other), (30.0, Drill(alerts=("ApiDown",), fault="y"))]
    assert watch.cause_ended("RedisDown", 5.0) == watch.cause_healed("RedisDown", 5.0, 25.0) == 20.0
    assert watch.cause_healed("RedisDown", 5.0, 15.0) == 10.0
    assert watch.cause_ended("RedisDown", 40.0) == watch.cause_healed("RedisDown", 40.0, 50.0) == 40.0

    watch.allow(replace(other, fault="z"))
    assert watch.cause_ended("RedisDown", 5.0) is None
    watch.heals.append((35.0, watch.under_way[0]))
    assert watch.cause_ended("RedisDown", 5.0) == 35.0
