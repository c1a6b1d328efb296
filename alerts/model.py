"""An alert as data: a signal that crosses a limit, and everything that keeps it honest. No JSON, no YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from exporters.catalogue import Label
from exporters.catalogue.external import ALERTNAME, ALERTS, ALERTSTATE
from signals.idioms import enclosed
from signals.model import Signal
from signals.numbers import Number, Seconds, require_fields, require_same_unit
from signals.promql import Query

Engine = Literal["grafana", "prometheus"]
Operator = Literal[">", "<"]

NAME = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
SERVICE = re.compile(r"[a-z][a-z0-9_-]*\Z")
UID_LENGTH = 40
# The one alert that fires for ever: routed by its name, whatever its severity.
HEARTBEAT = "Watchdog"
# What both engines understand, and nothing else: a label of the alert, or its value made readable.
TEMPLATE = re.compile(r"\{\{(.*?)\}\}")
TEMPLATE_LABEL = re.compile(r"\s*\$labels\.([a-z][a-z0-9_]*)\s*\Z")
TEMPLATE_VALUE = re.compile(r"\s*\$value(\s*\|\s*humanize(1024|Duration|Percentage)?)?\s*\Z")
PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z]+)\}(?!\})")


class AlertError(ValueError):
    """An alert that cannot be: the message names the alert, the value, what was expected and what to do."""


class Severity(StrEnum):
    """Whom an alert may reach."""

    CRITICAL = "critical"
    """Wakes someone."""
    WARNING = "warning"
    """Is read in working hours."""
    INFO = "info"
    """Notifies nobody; `Watchdog` is routed by its name."""


class State(StrEnum):
    """What must be proven of each rule."""

    QUIET = "quiet"
    """Silent in health."""
    UNDER = "under limit"
    """Silent just on the right side of its limit."""
    AT_LIMIT = "at limit"
    """Silent exactly at it."""
    FIRING = "firing"
    """Speaks just beyond it, after exactly its hold, in the words of its message."""
    RESOLVED = "resolved"
    """Falls silent after exactly its keep, and stays so."""
    COLD_START = "cold start"
    """Silent when series appear, those of an old server as those of a new one."""
    RESET = "reset"
    """Silent in a deploy: everything is gone for a moment, and every counter begins anew."""
    NO_TRAFFIC = "no traffic"
    """Silent while no counter moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A rule.

    Attributes:
        name: in CamelCase; its runbook has the same.
        service: what it is about; messages are grouped by it.
        severity: whom it may reach.
        signal: what it watches; its panel is found by it.
        operator: strict, so that the alert is quiet exactly at its limit.
        limit: by default the signal's objective; in the signal's unit. A stack replaces it by its key.
        guards: each must have a sample with the same identity for the alert to speak.
        yields_to: the graver alert of the same thing; once that one's condition has lasted until it is about
            to fire, and while it is kept firing, this one is silent. Where the value only swings across the
            graver limit, this one speaks.
        by: the labels that tell its instances apart, exactly those of the signal's query.
        window: the range of its rates, in seconds.
        hold: how long the limit must be crossed before it fires, in seconds.
        keep: how long it goes on firing after that ended, in seconds.
        summary: one sentence with subject and value. ``{limit}``, ``{hold}``, ``{window}`` are filled in;
            ``{{ $labels.x }}`` and ``{{ $value | humanize }}`` are left to the engine.
        description: what it means for users; nothing but these three is filled in.
        engines: who evaluates it; `info` is for Prometheus alone.
        notifier: the engine that it watches; a stack in which the other one notifies leaves the rule out.
        no_answer: whether it fires where the data source gives no answer. One rule does, the others keep
            the state they had.
        team: whose it is, one of `Notifications.teams`, and a label of it; empty for everybody's.
        inhibits: while it fires, Alertmanager keeps back the other alerts of its service that agree in these
            labels; None keeps back none. Guards do the same for both engines.
        unproven: states that no test proves, with the reason.
    """

    name: str
    service: str
    severity: Severity
    signal: Signal
    operator: Operator
    by: tuple[Label, ...]
    hold: Seconds
    summary: str
    description: str
    limit: Number | None = None
    guards: tuple[Query, ...] = ()
    yields_to: Alert | None = None
    window: Seconds = 300
    keep: Seconds = 0
    engines: tuple[Engine, ...] = ("grafana", "prometheus")
    notifier: Engine | None = None
    no_answer: Literal["keep", "fire"] = "keep"
    team: str = ""
    inhibits: tuple[Label, ...] | None = None
    unproven: Mapping[State, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        require_fields(f"alert {self.name}", self, AlertError)
        self._check_name()
        self._check_limit()
        self._check_labels()
        self._check_graver()
        self._check_engines()
        _check_text(self, "summary", self.summary, engine=True)
        _check_text(self, "description", self.description, engine=False)

    def _check_name(self) -> None:
        if not NAME.match(self.name):
            raise AlertError(f"alert {self.name!r}: the name is no CamelCase word; rename it, as in ApiDown")
        if len(self.uid) > UID_LENGTH:
            raise AlertError(
                f"alert {self.name}: its uid {self.uid!r} has {len(self.uid)} characters; Grafana takes "
                f"{UID_LENGTH}; choose a shorter name"
            )
        if not SERVICE.match(self.service):
            raise AlertError(
                f"alert {self.name}: service {self.service!r}; expected a lower-case letter, then lower-case "
                "letters, digits, _ or -; use one word"
            )

    def _check_limit(self) -> None:
        if self.limit is None and self.signal.objective is None:
            raise AlertError(
                f"alert {self.name}: signal {self.signal.title!r} has no objective and no limit was given; "
                "give limit=, such as one of signals.limits"
            )
        require_same_unit(f"alert {self.name}", self.signal.unit, self.threshold, AlertError)
        for what, seconds, least in (
            ("hold", self.hold, 0),
            ("keep", self.keep, 0),
            ("window", self.window, 1),
        ):
            if seconds < least:
                raise AlertError(
                    f"alert {self.name}: {what} is {seconds} s; expected at least {least}; correct it"
                )

    def _check_labels(self) -> None:
        own = {label.name for label in self.by}
        had = set(self.signal.query.labels)
        if own != had:
            missing = own - had
            by = ", ".join(sorted(map(str.upper, missing or had))) + "," * (len(missing or had) == 1)
            raise AlertError(
                f"alert {self.name}: by is {sorted(own)}, but the query of {self.signal.title!r} has "
                f"{sorted(had)}; instances would merge or not match; "
                + (f"let it keep them, as value(METRIC, by=({by})) does" if missing else f"give by=({by})")
            )
        for labels in (*(guard.labels for guard in self.guards), tuple(map(str, self.inhibits or ()))):
            if not own.issuperset(labels):
                raise AlertError(
                    f"alert {self.name}: a guard or `inhibits` has the labels {sorted(labels)}, which are "
                    f"not all in {sorted(own)}; it would match nothing; aggregate them away"
                )

    def _check_graver(self) -> None:
        """Two alerts of one thing: never both, and neither at most while this one is held anew."""
        graver = self.yields_to
        if graver is None:
            return
        if set(graver.by) != set(self.by) or graver.window != self.window:
            raise AlertError(
                f"alert {self.name} yields to {graver.name}, which has by {sorted(map(str, graver.by))} and "
                f"window {graver.window:g} s; expected its own, {sorted(map(str, self.by))} and "
                f"{self.window:g} s; make them equal"
            )
        if self.keep > graver.hold:
            raise AlertError(
                f"alert {self.name}: keep is {self.keep:g} s, longer than the {graver.hold:g} s that "
                f"{graver.name} is held; both would fire at once; lower keep"
            )
        if graver.hold and self.keep == graver.hold:
            raise AlertError(
                f"alert {self.name}: keep is {self.keep:g} s, as long as {graver.name} is held; a value that "
                "swings across the graver limit would be told by neither; lower keep"
            )

    def _check_engines(self) -> None:
        if not self.engines:
            raise AlertError(
                f"alert {self.name}: engines is {self.engines!r}; expected 'grafana', 'prometheus' or both; "
                "name at least one"
            )
        silent = self.severity is Severity.INFO and self.name != HEARTBEAT
        if silent and self.engines != ("prometheus",):
            raise AlertError(
                f"alert {self.name}: severity info notifies nobody, yet engines is {self.engines!r}; "
                "expected ('prometheus',); give that, or another severity"
            )
        if self.no_answer == "fire" and self.engines != ("grafana",):
            raise AlertError(
                f"alert {self.name}: no_answer='fire' is known to Grafana alone, yet engines is "
                f"{self.engines!r}; expected ('grafana',); give that"
            )

    @property
    def uid(self) -> str:
        """Its permanent address in Grafana, derived from its name."""
        return self.uid_of(self.name)

    @staticmethod
    def uid_of(name: str) -> str:
        """The address of an alert of this name."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()

    @property
    def labels(self) -> dict[str, str]:
        """What messages are routed by, beside the labels of its series."""
        team = {"team": self.team} if self.team else {}
        return {"severity": self.severity.value, "service": self.service, **team}

    @property
    def threshold(self) -> Number:
        """The objective or limit that it is compared with, as defined (a stack may replace its value)."""
        number = self.limit or self.signal.objective
        if number is None:  # __post_init__ refuses it
            raise AlertError(f"alert {self.name}: no limit")
        return number

    @property
    def queries(self) -> tuple[Query, ...]:
        """The value's query, then those of its guards and of the graver alert."""
        graver = (self.yields_to.condition,) if self.yields_to else ()
        return (self.signal.query, *self.guards, *graver)

    @property
    def value(self) -> Query:
        """The value, as long as every guard lets it through."""
        return self._guarded(enclosed(self.signal.query.text))

    @property
    def condition(self) -> Query:
        """The value where it crosses the limit and every guard lets it through."""
        text = f"({enclosed(self.signal.query.text)} {self.operator} <number:{self.threshold.key}>)"
        return self._guarded(text if self.guards or self.yields_to else text[1:-1])

    def _guarded(self, text: str) -> Query:
        for guard in self.guards:
            text += f" and on (<by:{','.join(guard.labels)}>) {enclosed(guard.text)}"
        if self.yields_to:
            labels = ",".join(self.signal.query.labels)
            text = f"{text} unless on (<by:{labels}>) {self._graver_lasts(self.yields_to)}"
            if self.yields_to.keep:
                # What swings back again and again keeps it for ever; Prometheus alone knows that it does.
                firing = f'{ALERTNAME.name}="{self.yields_to.name}",{ALERTSTATE.name}="firing"'
                text = f"{text} unless on (<by:{labels}>) {ALERTS.name}{{{firing}}}"
        metrics = dict.fromkeys(metric for query in self.queries for metric in query.metrics)
        numbers = dict.fromkeys(number for query in self.queries for number in query.numbers)
        return Query(text, tuple(metrics), (*numbers, self.threshold), self.signal.query.labels)

    def _graver_lasts(self, graver: Alert) -> str:
        """What holds once the graver alert fires as soon as this one, which is kept for a while, ends."""
        lasting = f"{graver.hold - self.keep:g}"
        condition = enclosed(graver.condition.text)
        if not graver.hold:
            return condition
        return f"(count_over_time({condition}[<steps:{lasting}>]) > <seconds:{lasting}> / <step> - 1)"


def _check_text(alert: Alert, what: str, text: str, *, engine: bool) -> None:
    if not text.endswith(".") or "\n" in text:
        raise AlertError(
            f"alert {alert.name}: {what} {text!r} is no sentence on one line; end it with a period"
        )
    if "${" in text or "$__" in text:
        raise AlertError(
            f"alert {alert.name}: {what} {text!r} has '${{' or '$__', which Grafana expands; take it out"
        )
    for placeholder in PLACEHOLDER.findall(text):
        if placeholder not in ("limit", "hold", "window"):
            raise AlertError(
                f"alert {alert.name}: {what} has {{{placeholder}}}; expected limit, hold or window; use one"
            )
    if re.search(r"\{\{|\}\}", TEMPLATE.sub("", text)):
        raise AlertError(
            f"alert {alert.name}: {what} {text!r} opens or closes a template with two braces and lacks the "
            "others, so that no rule of its file would be loaded; write {{ $value }}, or take the braces out"
        )
    known = {label.name for label in alert.by}
    for template in TEMPLATE.findall(text):
        label = TEMPLATE_LABEL.match(template)
        if not engine or not (label or TEMPLATE_VALUE.match(template)):
            raise AlertError(
                f"alert {alert.name}: {what} has {{{{{template}}}}}; expected $labels.x or $value with "
                "humanize, humanizeDuration, humanizePercentage or humanize1024, and in the summary alone"
            )
        if label and label[1] not in known:
            raise AlertError(
                f"alert {alert.name}: {what} names $labels.{label[1]}, which the alert does not have; "
                f"it has {sorted(known)}; name one of these"
            )


def unique(alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
    """The alerts, if no two share a name or uid.

    Raises:
        AlertError: two have one name, or names that give one uid.
    """
    names: dict[str, str] = {}
    for alert in alerts:
        other = names.setdefault(alert.uid, alert.name)
        if sum(each.name == alert.name for each in alerts) > 1:
            raise AlertError(
                f"two alerts are called {alert.name!r}; expected one; rename the other, or leave it out"
            )
        if other != alert.name:
            raise AlertError(
                f"alerts {other} and {alert.name} share the uid {alert.uid!r}; expected one each; rename one"
            )
    return alerts
