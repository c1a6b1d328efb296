"""Do Grafana and Prometheus say the same of each alert, at the same time and of the same things?"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from alerts.grafana import TICK
from alerts.model import Engine
from alerts.routing import BOTH
from dashboards.drill.watch import ALWAYS, FIRING, Spell
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
# What only one of them gives an alert.
OWN_LABELS = frozenset({"grafana_folder", ALERTSTATE.name, "__name__"})


@dataclass
class Book:
    """When each alert fired by each engine, in Unix time, for each set of its labels.

    Attributes:
        names: the alerts that both engines evaluate.
    """

    names: frozenset[str]
    spells: dict[Engine, dict[Labels, list[Spell]]] = field(
        default_factory=lambda: {engine: {} for engine in BOTH}
    )

    def note(self, engine: Engine, firing: Iterable[dict[str, str]], now: float) -> None:
        """Write down what fires by one of them."""
        kept = {
            frozenset((name, value) for name, value in labels.items() if name not in OWN_LABELS)
            for labels in firing
            if labels[ALERTNAME.name] in self.names
        }
        known = self.spells[engine]
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
        """For each alert that fired, the longest time for which that engine alone said so."""
        prometheus, grafana = self.spells["prometheus"], self.spells["grafana"]
        return {
            labels: {
                "prometheus": _alone(prometheus.get(labels, ()), grafana.get(labels, ()), now),
                "grafana": _alone(grafana.get(labels, ()), prometheus.get(labels, ()), now),
            }
            for labels in sorted(prometheus.keys() | grafana.keys(), key=sorted)
        }

    def differences(self, now: float, *, name: str = "") -> list[str]:
        """Where one fired for longer than the tolerance while the other did not."""
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


def firing(grafana: Grafana) -> Iterator[dict[str, str]]:
    """The labels of each alert that fires in Grafana now.

    Raises:
        StackError: Grafana does not answer, or refuses.
    """
    for group in grafana.get("prometheus/grafana/api/v1/rules")["data"]["groups"]:
        for rule in group["rules"]:
            for alert in rule.get("alerts") or ():
                if alert["state"].startswith(FIRES):
                    yield alert["labels"]


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
            ours = [labels for labels, _ in self.prometheus.query(FIRING)]
            asked = time.time()
            theirs = list(firing(self.grafana))
        except StackError:
            self.unanswered += 1
            return
        with self.lock:
            self.book.note("prometheus", ours, asked)
            self.book.note("grafana", theirs, time.time())
