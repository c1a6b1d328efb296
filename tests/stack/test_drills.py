"""A fault at a server or in the application fires its alert, through to the message, and back again.

The faults begin one after the other, each while the alert before it resolves, so that the whole set fits
into minutes. At any time only the alerts of the drill under way, its declared consequences, and those
still resolving may fire.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from dashboards.prove import Proof, Span, prove
from dashboards.stack import STACK
from examples.faults import injected, make
from tests.stack.conftest import Running, eventually


@dataclass(frozen=True, kw_only=True)
class Drill:
    """A fault, the alert that it must fire, and what may fire with it.

    Attributes:
        fault: its name, as for `python -m examples.faults`.
        alert: the name of the alert.
        options: of the fault.
        consequences: alerts that rightly fire too.
        within: seconds until it fires: window and hold on the demo's clock, and some room.
    """

    fault: str
    alert: str
    options: dict[str, Any] = field(default_factory=dict)
    consequences: frozenset[str] = frozenset()
    within: float = 90


SLOW = frozenset({"ApiLatencyP95High"})
DRILLS = (
    Drill(fault="errors", alert="ApiErrorRatioHigh"),
    Drill(fault="drop-index", alert="ExpectedIndexMissing"),
    Drill(fault="slow-endpoint", alert="ApiLatencyP95High"),
    Drill(fault="nplusone", alert="ApiQueriesPerRequestHigh", consequences=SLOW, within=150),
    Drill(fault="fill-redis", alert="RedisEvictionsHigh", consequences=frozenset({"RedisHitRatioLow"})),
    Drill(fault="stop-redis", alert="RedisDown", consequences=SLOW | {"ApiErrorRatioHigh"}),
    Drill(
        fault="hold-connections",
        alert="DbPoolTimeouts",
        consequences=SLOW | {"ApiErrorRatioHigh", "PostgresConnectionsHigh"},
    ),
    Drill(
        fault="stop-postgres",
        alert="PostgresDown",
        consequences=SLOW | {"ApiErrorRatioHigh", "ApiDown", "DbPoolTimeouts"},
    ),
    Drill(fault="stop-exporter", alert="TargetDown"),
    Drill(fault="stop-api", alert="ApiDown", consequences=SLOW | {"ApiErrorRatioHigh"}),
)
ALWAYS = {"Watchdog"}
# Faults that no alert of today is about, and yet panels are.
OTHERS = ("lock-table", "flush-cache", "deadlock", "lose-worker")


def delivered(running: Running, alert: str, status: str, since: float) -> dict[str, Any] | None:
    """The first alert of this name and status in a message received since then."""
    for message in running.chain.webhook.messages():
        if message["received"] >= since and message["body"]["status"] in (status, "firing"):
            for each in message["body"]["alerts"]:
                if each["labels"]["alertname"] == alert and each["status"] == status:
                    found: dict[str, Any] = each
                    return found
    return None


def told_last(running: Running, alert: str) -> str:
    """The status in the last message about this alert; empty if there is none."""
    told = ""
    for message in running.chain.webhook.messages():
        for each in message["body"]["alerts"]:
            if each["labels"]["alertname"] == alert:
                told = each["status"]
    return told


LOOKS, PAUSE = 8, 3.0


@pytest.fixture(scope="module")
def healthy(running: Running) -> list[Proof]:
    """All that every panel showed before the first fault: the extremes of several looks."""
    found = prove(running.stack, running.prometheus, running.shown())
    for _ in range(LOOKS):
        time.sleep(PAUSE)
        looked = prove(running.stack, running.prometheus, running.shown())
        found = [each.with_range_of(other) for each, other in zip(found, looked, strict=True)]
    return found


def test_panels_about_trouble_stand_still_while_there_is_none(running: Running, healthy: list[Proof]) -> None:
    began = time.time()
    time.sleep(LOOKS * PAUSE)
    named = [each for each in healthy if each.panel.moves]
    moved = unmoved(running, healthy, "", began)[1]
    assert len(moved) <= len(named) / 10, moved


@pytest.fixture(scope="module")
def resolving() -> dict[str, float]:
    """Alerts of earlier drills, with the time at which their fault began."""
    return {}


def unmoved(running: Running, healthy: list[Proof], fault: str, began: float) -> tuple[list[str], list[str]]:
    """Of the panels about this fault, those that since then show nothing new, and those that do."""
    before = {(each.board, each.panel.title): each for each in healthy}
    span = Span(start=began, end=time.time())
    shown = prove(running.stack, running.prometheus, span, fault=fault)
    still: list[str] = []
    moved: list[str] = []
    for each in shown:
        if each.panel.moves:
            new = each.moved_from(before[each.board, each.panel.title])
            (moved if new else still).append(f"{each.board}: {each.panel.title}")
    return still, moved


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: f"{drill.fault}-{drill.alert}")
def test_a_fault_fires_its_alert_and_no_other(
    running: Running, healthy: list[Proof], resolving: dict[str, float], drill: Drill
) -> None:
    eventually(lambda: drill.alert not in running.firing(), f"{drill.alert} quiet at first", within=120)
    began = time.time()
    allowed = ALWAYS | {drill.alert} | drill.consequences | set(resolving)
    others: set[str] = set()
    with injected(make(drill.fault, running.chain.targets, **drill.options)):

        def fired() -> bool:
            now = running.firing()
            others.update(now - allowed)
            return drill.alert in now

        eventually(fired, f"{drill.alert} fires", within=drill.within)
        eventually(
            lambda: delivered(running, drill.alert, "firing", began) is not None,
            f"{drill.alert} is delivered",
            within=30,
        )
        still, _ = unmoved(running, healthy, drill.fault, began)
    resolving[drill.alert] = began
    resolving |= dict.fromkeys(drill.consequences, began)
    assert others == set(), "alerts that this fault must not fire"
    assert still == [], "panels about this fault that did not move"
    message = delivered(running, drill.alert, "firing", began)
    assert message is not None
    annotations = message["annotations"]
    assert annotations["summary"].endswith(".")
    assert "{{" not in str(annotations)
    assert (
        f"viewPanel=panel-{running.stack.all_boards[-1].panel_id(drill.alert)}" in annotations["runbook_url"]
    )
    assert "/d/backend-" in annotations["dashboard_url"]
    assert message["labels"]["environment"] == "demo"


def test_killed_workers_are_down_although_their_metrics_page_answers(running: Running) -> None:
    # One that fires again before its end was told is no news to Alertmanager.
    eventually(lambda: told_last(running, "ApiDown") != "firing", "ApiDown is over, and told so", within=120)
    began = time.time()
    running.chain.api.stop(timeout=0)
    try:
        eventually(lambda: "ApiDown" in running.firing(), "ApiDown fires", within=90)
        page = requests.get(f"{running.chain.exporter.url}/metrics/api", timeout=10)
        assert page.status_code == 200
        assert "http_requests_total{" in page.text
        (up,) = running.prometheus.query('up{job="api"}')
        assert up[1] == [1.0]
        eventually(
            lambda: delivered(running, "ApiDown", "firing", began) is not None, "it is delivered", within=30
        )
    finally:
        running.chain.api.start()


@pytest.mark.parametrize("fault", OTHERS)
def test_panels_about_a_fault_move(running: Running, healthy: list[Proof], fault: str) -> None:
    began = time.time()
    with injected(make(fault, running.chain.targets)):
        eventually(
            lambda: not unmoved(running, healthy, fault, began)[0], f"panels about {fault} move", within=60
        )


def test_each_fault_that_a_panel_names_is_injected() -> None:
    named = {panel.moves for board in STACK.boards for panel in board.panels} - {""}
    assert named == {drill.fault for drill in DRILLS} | set(OTHERS)


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.alert)
def test_every_alert_resolves_and_says_so(running: Running, drill: Drill) -> None:
    eventually(
        lambda: delivered(running, drill.alert, "resolved", 0) is not None,
        f"{drill.alert} is resolved by a message",
        within=150,
    )


def test_the_backend_is_healthy_again(running: Running) -> None:
    eventually(lambda: running.firing() == ALWAYS, "only the watchdog fires", within=150)
