"""Do Grafana and Prometheus say the same of each alert, at the same time and of the same things?"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from alerts.grafana import TICK
from alerts.model import Engine
from alerts.routing import BOTH
from dashboards.drill.watch import ALWAYS, FIRING, PENDING, Spell
from dashboards.errors import StackError
from dashboards.grafana_api import Grafana
from dashboards.prometheus_api import Prometheus
from exporters.catalogue.external import ALERTNAME, ALERTSTATE

Labels = frozenset[tuple[str, str]]

# Grafana looks every ten seconds, rounds up to these how long an alert must hold or is kept, and leaves a
# look out where the one before took too long; then a little for the evaluations and for these looks.
TOLERANCE = 3 * TICK + 5.0
PAUSE = 1.0
# `Recovering` is what Prometheus too calls firing: it is kept for some time.
FIRES = ("Alerting", "Recovering")
WAITS = ("Pending",)
# What only one of them gives an alert.
OWN_LABELS = frozenset({"grafana_folder", ALERTSTATE.name, "__name__"})


@dataclass
class Book:
    """When each alert fired by each engine, and when it was on, in Unix time, for each set of its labels.

    On is what fires or waits to: a value that swings about its limit starts the hold anew for the engine that
    looks often, and never for the one that sees every tenth second of it.

    Attributes:
        names: the alerts that both engines evaluate.
    """

    names: frozenset[str]
    spells: dict[Engine, dict[Labels, list[Spell]]] = field(
        default_factory=lambda: {engine: {} for engine in BOTH}
    )
    on: dict[Engine, dict[Labels, list[Spell]]] = field(
        default_factory=lambda: {engine: {} for engine in BOTH}
    )

    def note(
        self, engine: Engine, now: float, firing: Iterable[dict[str, str]], waiting: Iterable[dict[str, str]]
    ) -> None:
        """Write down what fires by one of them, and what waits to."""
        fires = self._kept(firing)
        self._write(self.spells[engine], fires, now)
        self._write(self.on[engine], fires | self._kept(waiting), now)

    def _kept(self, alerts: Iterable[dict[str, str]]) -> set[Labels]:
        return {
            frozenset((name, value) for name, value in labels.items() if name not in OWN_LABELS)
            for labels in alerts
            if labels[ALERTNAME.name] in self.names
        }

    @staticmethod
    def _write(known: dict[Labels, list[Spell]], kept: set[Labels], now: float) -> None:
        for labels in kept:
            spells = known.setdefault(labels, [])
            if not spells or spells[-1].end is not None:
                spells.append(Spell(start=now))
        for labels, spells in known.items():
            if labels not in kept and spells[-1].end is None:
                spells[-1].end = now

    def fired(self, engine: Engine, name: str, since: float) -> float | None:
        """When an alert of this name fired first after that time."""
        starts = (
            spell.start
            for labels, spells in self.spells[engine].items()
            for spell in spells
            if (ALERTNAME.name, name) in labels and spell.start >= since
        )
        return min(starts, default=None)

    def apart(self, now: float) -> dict[Labels, dict[Engine, float]]:
        """For each alert that fired, the longest time for which it did so by that engine alone."""
        fired = self.spells["prometheus"].keys() | self.spells["grafana"].keys()
        return {
            labels: {
                engine: _alone(self.spells[engine].get(labels, ()), self.on[other].get(labels, ()), now)
                for engine, other in (BOTH, BOTH[::-1])
            }
            for labels in sorted(fired, key=sorted)
        }

    def differences(self, now: float, *, name: str = "") -> list[str]:
        """Where one fired for longer than the tolerance while it was off by the other."""
        return [
            f"{told(labels)} fired for {seconds:.0f} s by {engine} alone; tolerated: {TOLERANCE:g}"
            for labels, longest in self.apart(now).items()
            if not name or (ALERTNAME.name, name) in labels
            for engine, seconds in longest.items()
            if seconds > TOLERANCE
        ]

    def label_sets(self, name: str) -> int:
        """How many of this name fired by one of them or both."""
        every = {labels for known in self.spells.values() for labels in known}
        return sum((ALERTNAME.name, name) in labels for labels in every)


def told(labels: Labels) -> str:
    """An alert as PromQL would select it."""
    values = dict(labels)
    name = values.pop(ALERTNAME.name)
    return name + "{" + ", ".join(f'{key}="{value}"' for key, value in sorted(values.items())) + "}"


def _alone(spells: Iterable[Spell], others: Iterable[Spell], now: float) -> float:
    """The longest stretch of some spells that no other one covers, in seconds."""
    covered = sorted((each.start, now if each.end is None else each.end) for each in others)
    longest = 0.0
    for spell in spells:
        at, end = spell.start, now if spell.end is None else spell.end
        for start, until in covered:
            longest = max(longest, min(start, end) - at)
            at = max(at, until)
        longest = max(longest, end - at)
    return longest


def alerts_of(grafana: Grafana) -> list[dict[str, Any]]:
    """The alerts that Grafana knows now, with `state` and `labels`.

    Raises:
        StackError: Grafana does not answer, or refuses.
    """
    groups = grafana.get("prometheus/grafana/api/v1/rules")["data"]["groups"]
    return [alert for group in groups for rule in group["rules"] for alert in rule.get("alerts") or ()]


def in_state(alerts: Iterable[dict[str, Any]], states: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """The labels of those in one of these states."""
    return (alert["labels"] for alert in alerts if alert["state"].startswith(states))


class Witness:
    """Asks both again and again, in a thread of its own, until `stop`."""

    def __init__(self, prometheus: Prometheus, grafana: Grafana, names: Iterable[str]) -> None:
        self.prometheus = prometheus
        self.grafana = grafana
        self.book = Book(frozenset(names) - ALWAYS)
        self.unanswered = 0
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, name="verdicts", daemon=True)

    def __enter__(self) -> Witness:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def fired(self, engine: Engine, name: str, since: float) -> float | None:
        """When an alert of this name fired first after that time, by this engine."""
        with self.lock:
            return self.book.fired(engine, name, since)

    def _run(self) -> None:
        while not self.ended.wait(PAUSE):
            self._look()

    def _look(self) -> None:
        """What one of them leaves unanswered is asked again: a drill may be hard on the machine."""
        try:
            fires, waits = ([labels for labels, _ in self.prometheus.query(q)] for q in (FIRING, PENDING))
            asked = time.time()
            theirs = alerts_of(self.grafana)
        except StackError:
            self.unanswered += 1
            return
        with self.lock:
            self.book.note("prometheus", asked, fires, waits)
            self.book.note("grafana", time.time(), in_state(theirs, FIRES), in_state(theirs, WAITS))
