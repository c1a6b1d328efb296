"""Faults at servers and application fire their alerts, through to the message, and panels about them move."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from redis import Redis as Client

from dashboards.drill import Course, Drill, Outcome
from dashboards.drill.model import Site
from dashboards.drill.watch import Watch
from dashboards.prove import Proof, Span, prove
from dashboards.prove.report import undeclared
from dashboards.prove.states import moving
from dashboards.stack import STACK
from examples.demo.states import FAULTED, STATES
from examples.drills import DRILLS
from examples.drills.site import site_of
from examples.faults import FAULTS, injected, make
from exporters.catalogue.labels import JOB
from signals import components, telemetry
from signals.model import Signal
from tests.stack.conftest import Running, about, eventually

CHOSEN = DRILLS.chosen((), in_ci=True)
# A panel is about a fault as it is without options. Those that no drill of CI injects are injected after all.
OTHERS = sorted(moving(STACK) - {drill.fault for drill in CHOSEN if not drill.options})
# While one of these is on, a collector cannot tell what others bring: it is on by itself.
DARKEN = ["lock-table"]
TOGETHER = [each for each in OTHERS if each not in DARKEN]
GROUPS = (TOGETHER[::2], DARKEN, TOGETHER[1::2])
# Beside those: what they bring is shown, though no panel is about them.
BRING = sorted({name for each in STATES.lacking for name in each.shown_in} & FAULTS.keys() - set(OTHERS))
# Any log that is kept is shown; an alert wants more of it.
SMALL = {"inactive-slot": {"segments": 2}}
MOVES_WITHIN = 45.0
LOOKS, PAUSE = 8, 3.0


@pytest.fixture(scope="module")
def site(running: Running) -> Site:
    return site_of(lambda: running.chain.targets)


@pytest.fixture(scope="module")
def healthy(running: Running) -> list[Proof]:
    """All that panels about faults showed, warm, before the first fault: the extremes of several looks."""
    began = time.time()

    def look() -> list[Proof]:
        time.sleep(PAUSE)
        span = Span(start=began, end=time.time())
        return prove(running.stack, running.prometheus, span, wanted=lambda panel: bool(panel.moves))

    found = look()
    for looked in (look() for _ in range(LOOKS)):
        found = [each.with_range_of(other) for each, other in zip(found, looked, strict=True)]
    return found


def test_panels_about_trouble_stand_still_while_there_is_none(running: Running, healthy: list[Proof]) -> None:
    began = time.time()
    time.sleep(LOOKS * PAUSE)
    named = [each for each in healthy if each.moves]
    moved = unmoved(running, healthy, "", began)[1]
    # What other processes of the machine do moves a few, such as latencies.
    assert len(moved) <= len(named) / 5, moved


def unmoved(running: Running, healthy: list[Proof], fault: str, began: float) -> tuple[list[str], list[str]]:
    """Of the panels about this fault, those that since then show nothing new, and those that do."""
    before = {(each.board, each.title): each for each in healthy}
    span = Span(start=began, end=time.time())
    shown = prove(
        running.stack, running.prometheus, span, wanted=lambda panel: panel.moves == (fault or panel.moves)
    )
    still: list[str] = []
    moved: list[str] = []
    for each in shown:
        if each.moves:
            then = before[each.board, each.title]
            seen = f"{each.board}: {each.title} ({extremes(then)}, then {extremes(each)})"
            (moved if each.moved_from(then) else still).append(seen)
    return still, moved


def extremes(proof: Proof) -> str:
    """The least and the most that each query of a panel gave."""
    return " ".join(f"{each.low}..{each.high}" for each in proof.answers)


@pytest.fixture(scope="module")
def outcomes(running: Running, healthy: list[Proof], site: Site) -> dict[str, Outcome]:
    """What came of each alert of the drills of CI."""

    def look(drill: Drill, began: float) -> list[str]:
        still, end = [""], time.monotonic() + MOVES_WITHIN
        while still and time.monotonic() < end and not drill.options:
            still, _ = unmoved(running, healthy, drill.fault, began)
        return [f"{each} is about {drill.fault} and did not move" for each in still if each]

    played = Course(site, report=print, look=look).run(CHOSEN)
    # On a machine that was held up some of it is true, such as an event loop that lags: what failed is
    # played once more, and has to be well then.
    again = [drill for drill in CHOSEN if any(each.drill is drill and not each.well for each in played)]
    if again:
        played += Course(site, report=print, look=look).run(again)
    return {each.alert: each for each in played}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("alert", [alert for drill in CHOSEN for alert in drill.alerts])
def test_a_fault_fires_its_alert_and_no_other_until_it_is_healed(
    outcomes: dict[str, Outcome], alert: str
) -> None:
    assert outcomes[alert].problems == []


def test_the_drills_of_ci_touch_every_layer() -> None:
    services = {alert.name: alert.service for alert in STACK.alerts}
    drilled = [alert for drill in CHOSEN for alert in drill.alerts]
    assert len(drilled) >= 12
    assert {services[alert] for alert in drilled} == set(services.values())


def test_every_alert_has_a_drill_or_a_reason_for_having_none() -> None:
    assert DRILLS.without(STACK) == ()
    drilled = sorted(alert for drill in DRILLS.drills for alert in drill.alerts)
    assert drilled == sorted(set(drilled))
    assert set(drilled) & set(DRILLS.undrilled) == set()
    assert set(drilled) | set(DRILLS.undrilled) == {alert.name for alert in STACK.alerts}


DOWN = next(drill for drill in DRILLS.drills if drill.fault == "stop-redis")


@contextlib.contextmanager
def nothing(_: Drill) -> Iterator[None]:
    yield


def test_a_fault_that_breaks_nothing_fails_its_drill(site: Site, outcomes: dict[str, Outcome]) -> None:
    (outcome,) = Course(replace(site, inject=nothing)).run([DOWN])
    assert outcome.fired is None
    assert [each.partition(" within")[0] for each in outcome.problems] == ["did not fire"]


def test_an_alert_that_nothing_declares_fails_the_drill(site: Site, outcomes: dict[str, Outcome]) -> None:
    other = next(drill for drill in DRILLS.drills if drill.fault == "stop-api")

    @contextlib.contextmanager
    def more(drill: Drill) -> Iterator[None]:
        with site.inject(other), site.inject(drill):
            yield

    down = replace(DOWN, about={"instance": "another"}, consequences=DOWN.consequences - {"ApiDown"})
    (outcome,) = Course(replace(site, inject=more)).run([down])
    assert outcome.fired is not None
    assert any("ApiDown" in each and "fired too, which nothing declares" in each for each in outcome.problems)
    assert any("the message says instance=" in each for each in outcome.problems)


def blocked(running: Running) -> int:
    with Client.from_url(running.chain.redis.url) as client:
        return int(client.info("clients")["blocked_clients"])


def test_the_command_drills_a_demo_that_runs_and_heals_at_ctrl_c(
    running: Running, outcomes: dict[str, Outcome], tmp_path: Path
) -> None:
    running.chain.targets.save(tmp_path / "chain.json")
    command = [sys.executable, "-m", "dashboards", "drill", "RedisBlockedClients"]
    process = subprocess.Popen(
        [*command, "--chain", str(tmp_path / "chain.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        eventually(lambda: blocked(running) > 0 or process.poll() is not None, "injected", within=180)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (2, ""), err
    assert err.splitlines()[-1] == "error: ended before the drills were done; every fault is healed"
    eventually(lambda: blocked(running) == 0, "healed", within=10)


def test_killed_workers_are_down_although_their_metrics_page_answers(
    running: Running, site: Site, outcomes: dict[str, Outcome]
) -> None:
    watch = Watch(site)
    watch.start()
    try:
        # One that fires again before its end was told is no news to Alertmanager.
        eventually(lambda: watch.over("ApiDown"), "ApiDown is over, and told so", within=120)
        began = time.time()
        running.chain.api.stop(timeout=0)
        try:
            eventually(lambda: watch.fired("ApiDown", began) is not None, "ApiDown fires", within=90)
            page = requests.get(f"{running.chain.exporter.url}/metrics/api", timeout=10)
            assert page.status_code == 200
            assert "http_requests_total{" in page.text
            (up,) = running.prometheus.query('up{job="api"}')
            assert up[1] == [1.0]
            eventually(
                lambda: watch.message("ApiDown", "firing", began) is not None, "it is delivered", within=30
            )
        finally:
            running.chain.api.start()
    finally:
        watch.stop()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("faults", GROUPS, ids=", ".join)
def test_panels_about_faults_move(running: Running, healthy: list[Proof], faults: list[str]) -> None:
    """Several at once, for each has panels of its own; with the last the boards show all that these bring."""
    began, deadline = time.time(), time.monotonic() + 60
    with contextlib.ExitStack() as on:
        for fault in faults:
            on.enter_context(injected(make(fault, running.chain.targets, **SMALL.get(fault, {}))))
        still = faults
        while still and time.monotonic() < deadline:
            time.sleep(0.5)
            still = [each for fault in faults for each in unmoved(running, healthy, fault, began)[0]]
        brought = about(*faults)
        looked = running.look(
            FAULTED,
            on=faults,
            since=began,
            wanted=lambda panel: faults is GROUPS[-1] or panel.moves in faults or brought(panel),
        )
    assert still == []
    assert list(undeclared(looked)) == []
    assert list(STATES.disproved(looked, STACK)) == []


def test_what_is_shown_of_all_servers_is_shown_of_a_pooler(running: Running) -> None:
    def shown(signal: Signal) -> list[float]:
        query = signal.query.fill(replace(running.stack.context, scope=lambda _: (JOB.eq("pgbouncer"),)))
        return [values[-1] for _, values in running.prometheus.query(query)]

    def well() -> bool:
        return shown(components.PGBOUNCER) == [1.0] and set(shown(telemetry.COLLECTORS)) == {1.0}

    eventually(well, "PgBouncer answers", within=30)
    with injected(make("stop-pgbouncer", running.chain.targets)):
        eventually(lambda: shown(components.PGBOUNCER) == [0.0], "its lane is down", within=30)
        assert shown(telemetry.COLLECTORS) == []
        assert shown(telemetry.SERVERS_WATCHED) == [1.0]
    eventually(well, "PgBouncer answers again", within=30)


def test_faults_bring_what_is_lacking_without_them(running: Running) -> None:
    began = time.time()
    with contextlib.ExitStack() as on:
        for fault in BRING:
            on.enter_context(injected(make(fault, running.chain.targets, **SMALL.get(fault, {}))))
        looked = running.look(FAULTED, on=BRING, since=began, wanted=about(*BRING))
    assert len(looked) >= len(BRING)
    assert list(undeclared(looked)) == []
