"""Is a thing told once? Messages as they were grouped, and what makes a storm of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.model import Alert
from alerts.routing import REPEAT, WARNING, one_message
from dashboards.stack import Stack
from dashboards.words import counted
from exporters.catalogue.external import ALERTNAME

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One message to one receiver.

    Attributes:
        received: Unix time.
        receiver, group: as the engine names them.
        firing, resolved: the labels of each alert in it.
    """

    received: float
    receiver: str
    group: str
    firing: frozenset[Labels]
    resolved: frozenset[Labels]

    def names(self, *, firing: bool) -> frozenset[str]:
        """The names of the alerts that it says fire, or are over."""
        every = self.firing if firing else self.resolved
        return frozenset(value for labels in every for name, value in labels if name == ALERTNAME.name)


def letters(message: dict[str, Any]) -> list[Letter]:
    """One message as Alertmanager and Grafana send it to a webhook; none if it is another kind."""
    body = message["body"]
    if not isinstance(body, dict) or "groupKey" not in body:
        return []

    def labels(status: str) -> frozenset[Labels]:
        found = (each["labels"] for each in body["alerts"] if each["status"] == status)
        return frozenset(frozenset(each.items()) for each in found)

    return [
        Letter(
            received=message["received"],
            receiver=str(body.get("receiver", "")),
            group=body["groupKey"],
            firing=labels("firing"),
            resolved=labels("resolved"),
        )
    ]


def storms(sent: Sequence[Letter], alert: Alert, stack: Stack, since: float) -> list[str]:
    """What was told since then of one alert more often than the policy says; nothing if all is well.

    A thing is one message at each receiver, and comes again when something changed, or when it is time to
    repeat it.
    """
    about = [each for each in sent if alert.name in each.names(firing=True) and each.received >= since]
    return [*_parted(about, alert, stack), *_repeated(sent, about, alert, stack)]


def _parted(about: Iterable[Letter], alert: Alert, stack: Stack) -> list[str]:
    by = one_message(stack.identity)
    groups: dict[tuple[str, ...], set[str]] = {}
    for letter in about:
        for labels in map(dict, letter.firing):
            if labels[ALERTNAME.name] == alert.name:
                thing = (letter.receiver, *(labels.get(label, "") for label in by))
                groups.setdefault(thing, set()).add(letter.group)
    return [
        f"{alert.name} was told to {thing[0]} in {len(keys)} groups; expected one for each {', '.join(by)}"
        for thing, keys in groups.items()
        if len(keys) > 1
    ]


def _repeated(sent: Sequence[Letter], about: Sequence[Letter], alert: Alert, stack: Stack) -> list[str]:
    repeat = REPEAT.get(alert.severity.value, REPEAT[WARNING]) * stack.time_scale
    last: dict[tuple[str, str], Letter] = {}
    again: dict[str, list[float]] = {}
    for letter in sent:
        before = last.get((letter.receiver, letter.group))
        last[letter.receiver, letter.group] = letter
        if before is None or letter not in about:
            continue
        passed = letter.received - before.received
        same = (before.firing, before.resolved) == (letter.firing, letter.resolved)
        if same and passed < repeat - 1:
            again.setdefault(letter.receiver, []).append(passed)
    return [
        f"{alert.name} was told to {receiver} {counted(len(times), 'time')} more although nothing had "
        f"changed, first after {times[0]:.0f} s; the policy repeats after {repeat:.0f} s"
        for receiver, times in again.items()
    ]
