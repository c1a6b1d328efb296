"""What a stack gives to the renderers of its alerts: numbers, links, clock, and PromQL filled with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from alerts.model import Alert
from signals.model import Recording, Signal
from signals.numbers import SECONDS, Number, spoken
from signals.promql import Context, Query, duration


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderContext:
    """What a stack gives to the renderers.

    Attributes:
        panel_of: the board's uid and the panel's id that show a signal; raises if none does.
        targets_of: the labels of a signal's targets that the reader of that board chooses.
        runbook_panel_of: the panel's id on the board of runbooks, by the alert's name.
        identity: labels kept in every aggregation, join and route.
        numbers: objectives and limits that replace those of the same key.
        jobs: by the name of each job that is scraped, the values of the identity that it gives.
        time_scale: factor on windows, holds, intervals and timings; 1 in production.
        grafana_url: where people open Grafana, without a slash at the end.
        folder: of Grafana's rules.
        datasource_uid: of Prometheus in Grafana.
        runbook_board: the uid of the board of runbooks.
        evaluation: seconds between evaluations, before scaling.
        action_of: what its runbook says to do first.
    """

    panel_of: Callable[[Signal], tuple[str, int]]
    targets_of: Callable[[Signal], tuple[str, ...]]
    runbook_panel_of: Callable[[str], int]
    action_of: Callable[[Alert], str]
    identity: tuple[str, ...] = ()
    numbers: Mapping[str, Number] = field(default_factory=dict)
    jobs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    time_scale: float = 1.0
    grafana_url: str = "http://localhost:3000"
    folder: str = "backend"
    datasource_uid: str = "prometheus"
    runbook_board: str = "backend-runbooks"
    evaluation: float = 30.0

    @property
    def step(self) -> float:
        """Seconds from one evaluation by Prometheus to the next, on the stack's clock."""
        # Prometheus has no lower limit of its own; a second is one.
        return round(max(1.0, self.evaluation * self.time_scale), 3)

    def number(self, number: Number) -> Number:
        """The objective or limit that counts in this stack."""
        return self.numbers.get(number.key, number)

    def fill(self, query: Query, window: float) -> str:
        """The PromQL of a rule.

        Raises:
            QueryError: the query names a number that neither it nor the stack has.
        """
        own: dict[str, Number] = {number.key: number for number in query.numbers}
        return query.fill(
            Context(
                window=duration(window * self.time_scale),
                identity=self.identity,
                numbers={**own, **self.numbers},
                time_scale=self.time_scale,
                step=self.step,
                jobs=self.jobs,
            )
        )

    def record(self, recording: Recording) -> str:
        """The PromQL of a recording."""
        return self.fill(recording.query, recording.window)

    def says(self, alert: Alert, text: str) -> str:
        """A text with the alert's limit, hold and window as a person says them."""
        number = self.number(alert.threshold)
        text = text.replace("{limit}", spoken(number.value, number.unit))
        text = text.replace("{hold}", spoken(alert.hold * self.time_scale, SECONDS))
        return text.replace("{window}", spoken(alert.window * self.time_scale, SECONDS))

    def annotations(self, alert: Alert) -> dict[str, str]:
        """What a message is made of, for both engines."""
        return {
            "summary": self.says(alert, alert.summary),
            "description": self.says(alert, alert.description),
            "action": self.action_of(alert),
            "runbook_url": self.runbook_url(alert),
            "dashboard_url": self.dashboard_url(alert),
        }

    def runbook_url(self, alert: Alert) -> str:
        """The alert's runbook, inside Grafana."""
        panel = self.runbook_panel_of(alert.name)
        return f"{self.grafana_url}/d/{self.runbook_board}?viewPanel=panel-{panel}"

    def dashboard_url(self, alert: Alert) -> str:
        """The panel that shows the alert's signal, for the installation and target that it is about."""
        uid, panel = self.panel_of(alert.signal)
        chosen = (*self.kept_by(alert), *self.targets_of(alert.signal))
        kept = "".join(f"&var-{name}={{{{ $labels.{name} | urlquery }}}}" for name in chosen)
        return f"{self.grafana_url}/d/{uid}?viewPanel=panel-{panel}{kept}"

    def kept_by(self, alert: Alert) -> tuple[str, ...]:
        """The identity labels that the alert carries: none, where it reads no metric."""
        return self.identity if alert.signal.query.metrics else ()
