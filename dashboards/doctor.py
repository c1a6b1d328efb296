"""Does what runs agree with what is committed, and does a message get out? Nothing is changed by asking."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts import notify, routing
from alerts.model import Severity
from alerts.notifications import receiver_of
from dashboards import grafana_proof, prometheus_proof
from dashboards.alertmanager_api import Alertmanager
from dashboards.errors import StackError
from dashboards.grafana_api import Grafana
from dashboards.prometheus_api import Prometheus
from dashboards.seen import Seen, compared
from dashboards.stack import Stack

Json = dict[str, Any]

TEST_ALERT = "ObservabilityTest"
TEST_SUMMARY = "A test message of `doctor --notify`: nothing is wrong."
# Long enough for Alertmanager to send it after its group_wait, short enough to be over soon.
TEST_LASTS = timedelta(minutes=2)
# Beyond group_wait, seconds for a message to get out.
ROOM = 10.0
POLL = 0.5


def examined(
    stack: Stack,
    *,
    prometheus: Prometheus | None,
    grafana: Grafana | None,
    buried: Collection[str] = (),
) -> Iterator[Seen]:
    """What is there against what the stack says, one line each.

    Args:
        stack: what should be there.
        prometheus: to be asked for its targets and rules, unless it is None.
        grafana: to be asked for its boards, rules and contact points, unless it is None.
        buried: uids of rules that Grafana was told to delete.

    Raises:
        StackError: a server does not answer, or refuses.
    """
    if prometheus:
        yield from prometheus_proof.loaded(stack, prometheus)
    if grafana:
        yield from grafana_proof.loaded(stack, grafana, buried=buried)
        if stack.engine == "grafana":
            yield grafana_proof.evaluated(stack, grafana)
        yield from _surroundings(stack, grafana)


def _surroundings(stack: Stack, grafana: Grafana) -> Iterator[Seen]:
    """What no file of rules or boards says: where links lead, and whether Grafana reaches Prometheus."""
    root = str(grafana.get("frontend/settings")["appUrl"]).rstrip("/")
    wanted = stack.grafana_url.rstrip("/")
    told = root if root == wanted else f"{root}, but the stack's links begin with {wanted}"
    yield Seen(what="root URL", seen=told, well=root == wanted)
    health = grafana.health()
    yield Seen(what="data source", seen=str(health.get("message", health)), well=health["status"] == "OK")


def notified_by_grafana(stack: Stack, grafana: Grafana) -> Iterator[Seen]:
    """A marked message through each contact point of the stack; Grafana says whether it got out.

    Raises:
        StackError: Grafana does not answer, or refuses.
    """
    stored = grafana.get("alertmanager/grafana/config/api/v1/alerts")["alertmanager_config"]["receivers"]
    there = {each["name"]: each for each in stored}
    rendered = notify.grafana(stack.notifications, stack.loaded, stack.rules)
    for name in [each["name"] for each in rendered["contactPoints"]]:
        if name not in there:
            yield Seen(what=f"message to {name}", seen="Grafana has no such contact point", well=False)
            continue
        answer = grafana.test_receivers([there[name]], _message(stack, {"route": name}))
        faults = {
            each["uid"]: "" if each["status"] == "ok" else each.get("error", each["status"])
            for receiver in answer["receivers"]
            for each in receiver["grafana_managed_receiver_configs"]
        }
        yield compared(f"message to {name}", faults, of="sent")


def notified_by_alertmanager(stack: Stack, alertmanager: Alertmanager) -> Iterator[Seen]:
    """A marked alert on each route, which ends by itself after two minutes; Alertmanager counts what it sent.

    Raises:
        StackError: Alertmanager does not answer, or refuses.
    """
    tried, failed = alertmanager.sent()
    began = datetime.now(tz=UTC)
    times = {"startsAt": began.isoformat(), "endsAt": (began + TEST_LASTS).isoformat()}
    routes = _routes(stack)
    alertmanager.post([_message(stack, {"route": name, **routes[name]}) | times for name in routes])
    hours = stack.notifications.hours
    at_once = sum(labels["severity"] == Severity.CRITICAL or not hours for labels in routes.values())
    deadline = time.monotonic() + ROOM + routing.GROUP_WAIT * stack.time_scale
    while alertmanager.sent()[0] < tried + at_once and time.monotonic() < deadline:
        time.sleep(POLL)
    heard = alertmanager.receivers(TEST_ALERT)
    for name in routes:
        receivers = heard.get(name, [])
        told = ", ".join(receivers) or "no receiver"
        yield Seen(what=f"route {name}", seen=f"heard by {told}", well=receivers == [name])
    now_tried, now_failed = alertmanager.sent()
    sent, lost = now_tried - tried - (now_failed - failed), now_failed - failed
    told = f"{sent:g} sent, {lost:g} failed{'; warnings wait for working hours' if hours else ''}"
    yield Seen(what="messages", seen=told, well=sent >= at_once and not lost)


def _routes(stack: Stack) -> dict[str, dict[str, str]]:
    """What an alert of each route has; the heartbeat's is never silent, and none is made up for `backup`."""
    teams = ("", *stack.notifications.teams)
    return {
        receiver_of(severity, team): {"severity": severity.value, **({"team": team} if team else {})}
        for team in teams
        for severity in (Severity.CRITICAL, Severity.WARNING)
    }


def _message(stack: Stack, labels: Mapping[str, str]) -> Json:
    return {
        "labels": {"alertname": TEST_ALERT, "service": "doctor", **stack.targets.labels, **labels},
        "annotations": {"summary": TEST_SUMMARY, "description": "Sent by hand; nothing has to be done."},
    }


def notified(
    stack: Stack,
    *,
    prometheus: Prometheus | None,
    grafana: Grafana | None,
    alertmanager_url: str | None = None,
) -> Iterator[Seen]:
    """A marked message through every route of the engine that notifies.

    Raises:
        StackError: that engine was not given, or does not answer.
    """
    if stack.engine == "grafana":
        if grafana is None:
            raise StackError(
                "the stack's engine is grafana, which notifies; give --grafana URL with --notify"
            )
        yield from notified_by_grafana(stack, grafana)
        return
    if alertmanager_url is None and prometheus:
        active = prometheus.get("alertmanagers")["activeAlertmanagers"]
        alertmanager_url = active[0]["url"].partition("/api/")[0] if active else None
    if alertmanager_url is None:
        raise StackError(
            "the stack's engine is prometheus, and no Alertmanager is known; give --alertmanager URL, or "
            "--prometheus URL of one that knows it"
        )
    yield from notified_by_alertmanager(stack, Alertmanager(url=alertmanager_url.rstrip("/")))
