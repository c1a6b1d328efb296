"""Does what runs agree with what is committed, and does a message get out? Nothing is changed by asking."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts import notify, routing
from alerts.model import Severity
from alerts.notifications import PagerDuty, receiver_of
from dashboards import alertmanager_proof, grafana_proof, prometheus_proof
from dashboards.alertmanager_api import Alertmanager, Sent
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
UNKNOWN_ALERTMANAGER = (
    "the stack's engine is prometheus, and no Alertmanager is known; give --alertmanager URL, or "
    "--prometheus URL of one that knows it"
)


def examined(
    stack: Stack,
    *,
    prometheus: Prometheus | None,
    grafana: Grafana | None,
    alertmanager: Alertmanager | None = None,
    buried: Collection[str] = (),
) -> Iterator[Seen]:
    """What is there against what the stack says, one line each.

    Args:
        stack: what should be there.
        prometheus: to be asked for its targets and rules, unless it is None.
        grafana: to be asked for its boards, rules and contact points, unless it is None.
        alertmanager: to be asked for its configuration, where it notifies; by default the one that
            Prometheus names.
        buried: uids of rules that Grafana was told to delete.

    Raises:
        StackError: a server that was given does not answer, or refuses.
    """
    if prometheus:
        yield from prometheus_proof.loaded(stack, prometheus)
    if stack.engine == "prometheus":
        yield from _alertmanager(stack, prometheus, alertmanager)
    if grafana:
        yield from grafana_proof.loaded(stack, grafana, buried=buried)
        if stack.engine == "grafana":
            yield grafana_proof.evaluated(stack, grafana)
        yield from _surroundings(stack, grafana)


def _alertmanager(
    stack: Stack, prometheus: Prometheus | None, alertmanager: Alertmanager | None
) -> Iterator[Seen]:
    """Its configuration; one that Prometheus names may have an address which is known there alone."""
    if alertmanager:
        yield from alertmanager_proof.loaded(stack, alertmanager)
    elif prometheus and (named := _of(prometheus)):
        try:
            yield from alertmanager_proof.loaded(stack, named)
        except StackError as error:
            told = f"not compared: {error}; give --alertmanager URL"
            yield Seen(what="Alertmanager's configuration", seen=told, well=False)


def _of(prometheus: Prometheus) -> Alertmanager | None:
    """The Alertmanager that it sends to."""
    url = prometheus_proof.alertmanager_of(prometheus)
    return Alertmanager(url=url) if url else None


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
    pagers = any(isinstance(channel, PagerDuty) for channel in stack.notifications.channels)
    more = "; it ends no test: close the incidents that it opened in PagerDuty" if pagers else ""
    yield Seen(what="routes", seen=f"not tried: Grafana tests contact points alone{more}", well=True)


def notified_by_alertmanager(stack: Stack, alertmanager: Alertmanager) -> Iterator[Seen]:
    """A marked alert on each route, which ends by itself after two minutes; Alertmanager counts what it sent.

    Raises:
        StackError: Alertmanager does not answer, or refuses.
    """
    before = alertmanager.sent()
    began = datetime.now(tz=UTC)
    # A group of its own each time: what was told of an earlier one is not told again for hours.
    service = f"doctor-{began:%H%M%S}"
    times = {"startsAt": began.isoformat(), "endsAt": (began + TEST_LASTS).isoformat()}
    routes = _routes(stack)
    labels = {name: {"service": service, "route": name, **routes[name]} for name in routes}
    alertmanager.post([_message(stack, labels[name]) | times for name in routes])
    waiting = {name: why for name in routes if (why := _waits(stack, routes[name]))}
    channels = _channels(stack, [name for name in routes if name not in waiting])
    wait = routing.GROUP_WAIT * stack.time_scale
    time.sleep(wait)
    deadline = time.monotonic() + ROOM
    while not _all_out(sent := alertmanager.sent().since(before), channels) and time.monotonic() < deadline:
        time.sleep(POLL)
    heard = alertmanager.receivers(service)
    for name in routes:
        receivers = heard.get(name, [])
        told = ", ".join(receivers) or "no receiver"
        when = f"; not tried now: {waiting[name]}" if name in waiting else ""
        yield Seen(what=f"route {name}", seen=f"heard by {told}{when}", well=receivers == [name])
    for kind in dict.fromkeys((*channels, *sent.failed)):
        arrived, failed = sent.answered[kind] - sent.failed[kind], sent.failed[kind]
        told = f"{arrived} sent, {channels[kind]} expected, {failed} failed attempts"
        open_ = sent.begun[kind] - sent.answered[kind]
        told += f", {open_} without an answer yet" if open_ > 0 else ""
        yield Seen(what=f"messages by {kind}", seen=told, well=_out(sent, channels, kind) and not failed)
    if silent := [name for name in ("heartbeat", "backup") if stack.notifications.routes[name]]:
        told = f"{', '.join(silent)}: a test would look like a heartbeat, or like a channel that fails"
        yield Seen(what="routes that are not tried", seen=told, well=True)


def _out(sent: Sent, channels: Counter[str], kind: str) -> bool:
    """Whether as many messages arrived as were expected on this kind of channel, and none is on its way."""
    arrived = sent.answered[kind] - sent.failed[kind]
    return arrived >= channels[kind] and sent.answered[kind] >= sent.begun[kind]


def _all_out(sent: Sent, channels: Counter[str]) -> bool:
    return all(_out(sent, channels, kind) for kind in channels)


def _channels(stack: Stack, names: Collection[str]) -> Counter[str]:
    """How many messages the receivers of these names send of one alert, by kind of channel."""
    config, _ = notify.alertmanager(stack.notifications, stack.loaded, stack.rules)
    return Counter(
        key.removesuffix("_configs")
        for receiver in config["receivers"]
        if receiver["name"] in names
        for key, entries in receiver.items()
        if key != "name"
        for _ in entries
    )


def _waits(stack: Stack, labels: Mapping[str, str]) -> str:
    """Why a message on this route may not come at once; empty if it must."""
    if labels["severity"] == Severity.WARNING and stack.notifications.hours:
        return "it speaks in working hours"
    given = {labels["severity"], labels.get("team", "")}
    mutes = [mute.name for mute in stack.notifications.mutes if given & set(mute.routes)]
    return f"it may be mute by {', '.join(mutes)}" if mutes else ""


def _routes(stack: Stack) -> dict[str, dict[str, str]]:
    """What an alert of each route has, but for the two that none is made up for."""
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


def require_notifier(
    stack: Stack, *, prometheus: object = None, grafana: object = None, alertmanager: object = None
) -> None:
    """Let servers pass, or their URLs, among which one can send test messages: known before any is asked.

    Raises:
        StackError: the one that notifies was not given.
    """
    if stack.engine == "grafana" and not grafana:
        raise StackError("the stack's engine is grafana, which notifies; give --grafana URL with --notify")
    if stack.engine == "prometheus" and not (prometheus or alertmanager):
        raise StackError(UNKNOWN_ALERTMANAGER)


def notified(
    stack: Stack,
    *,
    prometheus: Prometheus | None,
    grafana: Grafana | None,
    alertmanager: Alertmanager | None = None,
) -> Iterator[Seen]:
    """A marked message on every route of Alertmanager, or to every contact point of Grafana.

    Raises:
        StackError: that engine was not given, or does not answer.
    """
    require_notifier(stack, prometheus=prometheus, grafana=grafana, alertmanager=alertmanager)
    if stack.engine == "grafana" and grafana:
        yield from notified_by_grafana(stack, grafana)
        return
    if alertmanager is None and prometheus:
        alertmanager = _of(prometheus)
    if alertmanager is None:
        raise StackError(UNKNOWN_ALERTMANAGER)
    yield from notified_by_alertmanager(stack, alertmanager)
