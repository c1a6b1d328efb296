"""Drills whose alerts both engines must tell: Prometheus with Alertmanager, and Grafana."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from alerts.model import Engine
from alerts.routing import BOTH, GROUP_INTERVAL, GROUP_WAIT
from dashboards.drill import Course, Drill, Outcome
from dashboards.drill.watch import read
from dashboards.grafana_api import Grafana
from dashboards.prometheus_api import Prometheus
from dashboards.seen import Seen
from examples.demo.chain import Chain
from examples.demo.scenario import Delivery, first
from examples.demo.servers import WebhookReceiver
from examples.demo.verdicts import TOLERANCE, Witness
from examples.drills.site import LONGEST, RATE, site_of
from examples.load import Load

POLL = 0.5
LINKS = ("panelURL", "silenceURL")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What both engines made of one drilled alert; seconds since the injection began, None for never.

    Attributes:
        alert: its name.
        drill: the fault, as it was injected.
        fired, delivered: by each engine.
        things: how many sets of labels fired.
        apart: the longest time for which one engine fired and the other did not, for any of them.
        problems: what was not as it should be.
    """

    alert: str
    drill: str
    fired: Mapping[Engine, float | None]
    delivered: Mapping[Engine, float | None]
    things: int
    apart: float
    problems: Sequence[str]


class Duel:
    """Runs drills on a chain whose Grafana and Alertmanager each have a receiver of their own."""

    def __init__(self, chain: Chain, grafana: Grafana, report: Callable[[str], None]) -> None:
        if chain.grafana_webhook is None:
            raise ValueError("the chain has no Grafana; expected one with grafana=True")
        self.chain = chain
        self.grafana = grafana
        self.report = report
        self.site = site_of(lambda: chain.targets)
        self.receivers: dict[Engine, WebhookReceiver] = {
            "prometheus": chain.webhook,
            "grafana": chain.grafana_webhook,
        }
        # Beyond what the engines may differ by: a group that was told waits for its next turn.
        self.room = TOLERANCE + (GROUP_WAIT + GROUP_INTERVAL) * chain.time_scale
        self.began: dict[int, float] = {}
        self.until = 0.0
        # A rule on an engine that does not notify is loaded where the other one notifies, and nowhere else.
        self.both = {
            alert.name
            for alert in self.site.stack.alerts
            if set(alert.engines) == set(BOTH) and alert.notifier is None
        }
        self.witness = Witness(Prometheus(url=chain.prometheus.url), grafana, self.both)

    def run(self, drills: Sequence[Drill]) -> list[Verdict]:
        """Each drilled alert's verdict, of the drills whose alerts both engines have.

        Raises:
            StackError: something fires before anything was broken, or there is no answer.
        """
        shared = [drill for drill in drills if self.both.issuperset(drill.alerts)]
        if left := [name for drill in drills if drill not in shared for name in drill.alerts]:
            self.report(f"{', '.join(left)}: of one engine alone, so there is nothing to compare")
        load = Load(self.chain.api.url, rate=RATE, seconds=LONGEST).start()
        try:
            with self.witness:
                outcomes = Course(self.site, report=self.report, look=self._look).run(shared)
                self._wait(lambda: not self._open(), self.room)
        finally:
            load.stop()
        self.until = time.time()
        open_ = self._open()
        return [self._verdict(outcome, open_) for outcome in outcomes]

    def _look(self, drill: Drill, since: float) -> list[str]:
        """Let the fault last until Grafana has told too."""
        self.began[id(drill)] = since
        waiting = set(drill.alerts)

        def told() -> bool:
            waiting.difference_update([name for name in waiting if self._message("grafana", name, since)])
            return not waiting

        self._wait(told, self.room)
        return [
            f"Grafana told nothing of {name} {self.room:.0f} s after Alertmanager did" for name in waiting
        ]

    def _verdict(self, outcome: Outcome, open_: Collection[str]) -> Verdict:
        name, since = outcome.alert, self.began.get(id(outcome.drill), math.inf)
        book = self.witness.book
        fired: dict[Engine, float | None] = {"prometheus": None, "grafana": None}
        delivered = dict(fired)
        # What else a drill asks, `make drills` judges; here both must say the same, and tell it.
        problems = book.differences(self.until, name=name)
        for engine in BOTH:
            start, message = book.fired(engine, name, since), self._message(engine, name, since)
            fired[engine] = None if start is None else start - since
            delivered[engine] = None if message is None else message.seconds
            problems += [
                f"not {word} by {engine}" for word, at in (("fired", start), ("told", message)) if at is None
            ]
            if message and engine == "grafana":
                lost = [link for link in LINKS if not message.alert.get(link)]
                problems += [f"Grafana's message has no {link}" for link in lost]
        if name in open_:
            problems.append("Grafana did not tell that it is over")
        longest = (
            seconds
            for labels, each in book.apart(self.until).items()
            if ("alertname", name) in labels
            for seconds in each.values()
        )
        return Verdict(
            alert=name,
            drill=str(outcome.drill),
            fired=fired,
            delivered=delivered,
            things=book.label_sets(name),
            apart=max(longest, default=0.0),
            problems=problems,
        )

    def alike(self) -> Seen:
        """Of all alerts that fired while drills ran, drilled or not: whether both engines said so."""
        book = self.witness.book
        apart = book.apart(self.until)
        longest = max((seconds for each in apart.values() for seconds in each.values()), default=0.0)
        wrong = book.differences(self.until)
        seen = (
            f"{len(apart)} alerts with their labels, drilled ones and consequences; at most {longest:.0f} s "
            f"apart, tolerated: {TOLERANCE:g}"
        )
        return Seen(
            what="verdicts of Grafana and Prometheus",
            seen="; ".join([seen, *wrong]),
            well=bool(apart) and not wrong,
        )

    def _message(self, engine: Engine, name: str, since: float) -> Delivery | None:
        return first(self.receivers[engine], name, "firing", since)

    def _open(self) -> set[str]:
        """The alerts that are over by Alertmanager's last messages, and not by Grafana's."""
        return self._firing("grafana") - self._firing("prometheus")

    def _firing(self, engine: Engine) -> set[str]:
        """The alerts of which it told that they fire, and not yet that they are over."""
        last = {
            tuple(sorted(told.alert["labels"].items())): (told.name, told.status)
            for message in self.receivers[engine].messages()
            for told in read(message)
            if told.name in self.witness.book.names
        }
        return {name for name, status in last.values() if status == "firing"}

    def _wait(self, ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready() and time.monotonic() < deadline:
            time.sleep(POLL)
