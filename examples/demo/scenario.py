"""The demo's three phases as data: the backend as audited, then fixed, then with one fault."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from dashboards.prometheus_api import Prometheus
from dashboards.prove import Proof, Span, last, past, prove, seen
from dashboards.prove.looks import Wanted
from dashboards.scorecard import Score, scores
from dashboards.stack import Stack
from examples.demo.chain import Chain
from examples.demo.servers import WebhookReceiver
from examples.demo.states import STATES
from examples.faults import injected, make
from examples.load import Load, Result

# Fires however the stack is, so that its silence shows a broken path.
ALWAYS_FIRING = "Watchdog"
POLL_SECONDS = 0.2
# Until nothing of the state before is in the windows shown, and what the exporter remembers is of this one.
SETTLED = 390.0
# From one look at the past to the one before it.
LOOK_EVERY = 45.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how hard. Times are those of production; the time scale makes them short.

    Attributes:
        rate: requests per second throughout.
        baseline, fixed: seconds of each phase: long enough for the slowest rule to fire and to end again.
        fault: what is injected at last, and `alert`, which must then be delivered.
        delivery: seconds within which a message must arrive after its cause began or ended.
    """

    rate: float = 25
    baseline: float = 1050
    fixed: float = 1680
    fault: str = "stop-redis"
    alert: str = "RedisDown"
    delivery: float = 1200


@dataclass(frozen=True, kw_only=True)
class Phase:
    """How the backend did in one state: what was sent, which alerts fired at its end, what panels showed.

    Attributes:
        name: of the state.
        load: what was sent, and how it was answered.
        firing: alerts at the end of the phase.
        proofs: what each panel showed.
        scores: the audit's targets.
    """

    name: str
    load: Result
    firing: tuple[str, ...]
    proofs: tuple[Proof, ...]
    scores: tuple[Score, ...]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One alert of a message that a receiver got.

    Attributes:
        receiver: which one.
        status: ``firing`` or ``resolved``.
        seconds: from the cause, the injection or the healing, to the arrival.
        alert: as it stood in the message: labels, annotations, times.
    """

    receiver: str
    status: str
    seconds: float
    alert: dict[str, Any]


class Scenario:
    """Plays the phases on a chain that runs in its baseline state."""

    def __init__(self, chain: Chain, stack: Stack, plan: Plan) -> None:
        """Prepare.

        Args:
            chain: started.
            stack: as the chain's Prometheus has it, with its time scale.
            plan: how long and how hard.
        """
        self.chain = chain
        self.stack = stack
        self.plan = plan

    def baseline(self) -> Phase:
        """Load on the backend as the audit found it."""
        return self._phase("baseline", self.plan.baseline)

    def fixed(self) -> Phase:
        """The audit's remedies, then the same load."""
        self.chain.fix()
        return self._phase("fixed", self.plan.fixed, after=True)

    def drill(self) -> Iterator[Delivery]:
        """One fault: the message that it causes, then the one that it is over, from each receiver."""
        load = self.load(3 * self.plan.delivery).start()
        try:
            with injected(make(self.plan.fault, self.chain.targets)):
                yield from self._deliveries("firing")
            yield from self._deliveries("resolved")
        finally:
            load.stop()

    def firing(self) -> tuple[str, ...]:
        """The alerts that fire now, without the one that always does."""
        answer = requests.get(f"{self.chain.prometheus.url}/api/v1/alerts", timeout=10)
        answer.raise_for_status()
        alerts = answer.json()["data"]["alerts"]
        names = {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}
        return tuple(sorted(names - {ALWAYS_FIRING}))

    def _phase(self, name: str, seconds: float, *, after: bool = False) -> Phase:
        """One of them; after another one it is shown from when nothing of that is left."""
        began = time.time()
        result = self.load(seconds).run()
        span = last(time.time() - began)
        prometheus = Prometheus(url=self.chain.prometheus.url)

        def look(span: Span, wanted: Wanted) -> list[Proof]:
            return prove(self.stack, prometheus, span, wanted=wanted, whole=True, brings=STATES.brings(name))

        settled, every = began + self._scaled(SETTLED), self._scaled(LOOK_EVERY)
        spans = past(
            self._scaled(seconds), start=settled if after else began, end=settled + every, every=every
        )
        return Phase(
            name=name,
            load=result,
            firing=self.firing(),
            # Some of what a state brings is rare, so that a moment may have none of it.
            proofs=tuple(seen(look, spans)),
            scores=tuple(scores(self.stack, prometheus, span)),
        )

    def load(self, seconds: float) -> Load:
        """The steady load for that long, on production's clock."""
        return Load(self.chain.api.url, rate=self.plan.rate, seconds=self._scaled(seconds))

    def _scaled(self, seconds: float) -> float:
        return seconds * self.stack.time_scale

    def _deliveries(self, status: str) -> Iterator[Delivery]:
        """Each receiver's first message with this status since now, as it arrives, until the time is over."""
        began = time.time()
        waiting = [each for each in (self.chain.webhook, self.chain.grafana_webhook) if each]
        while waiting and time.time() < began + self._scaled(self.plan.delivery):
            for receiver in waiting.copy():
                found = first(receiver, self.plan.alert, status, began)
                if found:
                    waiting.remove(receiver)
                    yield found
            time.sleep(POLL_SECONDS)


def first(receiver: WebhookReceiver, name: str, status: str, since: float) -> Delivery | None:
    """A receiver's first message of this alert with this status since then; None if there is none yet."""
    for message in receiver.messages():
        # A chat is sent other things, of the same alerts.
        for alert in message["body"].get("alerts", ()) if message["received"] >= since else ():
            if (alert["labels"]["alertname"], alert["status"]) == (name, status):
                return Delivery(
                    receiver=receiver.name,
                    status=status,
                    seconds=message["received"] - since,
                    alert=alert,
                )
    return None
