"""What a case demands of its rule, or of any other rule in its place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus

from alerts.model import Alert, State
from alerts.prometheus import rule_of
from alerts.proof import calm
from alerts.proof.clock import Clock, clock
from alerts.proof.model import Case, Demand, Group, Held
from alerts.proof.series import PHASE, Level, Series, gauge, place_of, twin_of
from alerts.render import RenderContext
from exporters.catalogue.external import ALERTNAME, ALERTS, ALERTSTATE
from signals.idioms import enclosed, span
from signals.limits import LIMITS
from signals.numbers import Number
from signals.objectives import OBJECTIVES
from signals.promql import Query

Json = dict[str, Any]

GIVEN: tuple[Number, ...] = (*OBJECTIVES, *LIMITS)
NUMBERS = {number.key: number for number in GIVEN}
IDENTITY = ("environment", "cluster")
# The job that must be there: of several, each would have to be gone in some case.
SCRAPED = ("api",)
CONTEXT = RenderContext(
    panel_of=lambda _signal: ("backend-api", 7),
    targets_of=lambda signal: tuple(each for each in ("job", "instance") if each in signal.query.labels),
    runbook_panel_of=lambda _name: 9,
    action_of=lambda _alert: "Do the first thing.",
    identity=IDENTITY,
    numbers=NUMBERS,
    jobs=dict.fromkeys(SCRAPED, place_of(IDENTITY)),
)
# What links to boards carry of the alert's installation and target.
KEPT = re.compile(r"\{\{ \$labels\.(\w+) \| urlquery \}\}")
EVER, NOW = "pending|firing", "firing"


# What is repeated within a phase; anything longer is written out for a whole one.
PATTERN = 60
# By then a fault that is written out has shown, and not yet begun anew, in seconds.
WRITTEN_OUT = 2400


def shortened(alert: Alert, spans: Mapping[float, float]) -> Alert:
    """The alert with other fixed spans in its queries: a day that passes in minutes."""

    def short(query: Query) -> Query:
        text = query.text
        for given, here in spans.items():
            text = text.replace(span(given), span(here))
        return replace(query, text=text)

    return replace(
        alert,
        signal=replace(alert.signal, query=short(alert.signal.query)),
        guards=tuple(map(short, alert.guards)),
        yields_to=alert.yields_to and shortened(alert.yields_to, spans),
    )


def _while(case: Case, held: Held) -> Iterator[tuple[Series, tuple[Level, Level]]]:
    """Each series with its level before and while the rule is held back."""
    for each in case.series:
        before = held.past.get(each.name, each.levels[0])
        yield each, (before, held.levels.get(each.name, each.levels[2]))


@dataclass(frozen=True)
class Plan:
    """How a case is played.

    Attributes:
        case: what is played.
        context: the limits that count, and the labels of an installation.
        graver: the case of the alert that its rule yields to, if it does.
    """

    case: Case
    context: RenderContext = CONTEXT
    graver: Case | None = None

    @cached_property
    def alert(self) -> Alert:
        """The rule's definition, with the spans that the case gives it."""
        return shortened(self.case.alert, self.case.spans)

    @cached_property
    def rule(self) -> Json:
        """The rule as Prometheus loads it."""
        expr = self.context.fill(self.alert.condition, self.alert.window)
        # Its message links to the panel of the signal as it is.
        return {**rule_of(self.case.alert, self.context), "expr": expr}

    @cached_property
    def clock(self) -> Clock:
        """When what is seen."""
        alert = self.alert
        expr, step = self.rule["expr"], self.case.step
        return clock(
            expr,
            alert.hold,
            alert.keep,
            step=step,
            phase=self._phase,
            past=self.case.past,
            fine=self._written_out > 1,
        )

    @property
    def _phase(self) -> int:
        """The length of a phase in samples, where the case writes them out; else 0."""
        return PHASE if self.case.past or self._written_out > PATTERN else 0

    @cached_property
    def _written_out(self) -> int:
        """How many samples the case gives one by one, at most."""
        case = self.case
        levels = [
            *case.series,
            *(each.stepped(*both) for held in case.held for each, both in _while(case, held)),
        ]
        return max((each.written_out for each in levels), default=1)

    @property
    def identity(self) -> tuple[str, ...]:
        """The labels of an installation that its alerts carry."""
        return self.context.kept_by(self.alert)

    @property
    def proven(self) -> frozenset[State]:
        """What the definition does not excuse."""
        return frozenset(State) - frozenset(self.alert.unproven)

    def groups(self) -> Iterator[Group]:
        """Everything that is played."""
        yield self.phases()
        yield from (self.held(held) for held in self.case.held)
        if self.graver:
            yield self.while_graver(self.graver)
            if self.graver.alert.keep:
                yield from self.beside_graver(self.graver.alert)
        if self.proven & calm.STATES:
            apart = () if self.case.alone else self.identity
            yield from calm.groups(self.case.series, self.clock, apart, self.proven, self.alert.hold)

    def phases(self, extra: Sequence[Series] = ()) -> Group:
        """The four phases, with series beside those of the case."""
        steps, own = self.clock.steps, (*self.case.series, *extra)
        played = [each.written(place_of(self.identity), each.played(steps)) for each in own]
        if self.identity and not self.case.alone:
            # The same backend once more, always healthy: a rule that merged the two would give other values.
            twins = [each.at(each.levels[0]) for each in own]
            played += [each.written(twin_of(self.identity), each.played(steps)) for each in twins]
        return Group(
            name="phases",
            series=played,
            demands=lambda name: [each for each in self._phases(name) if each.state in self.proven],
            told=self.clock.start(3) - self.clock.grid if State.FIRING in self.proven else None,
        )

    def _phases(self, name: str) -> Iterator[Demand]:
        alert, clock = self.alert, self.clock
        last, after, end = clock.grid, clock.start(3), clock.start(4)
        # What is never quiet fires from the first evaluation on.
        fault = clock.start(2) if State.QUIET in self.proven else 0
        hold, keep = int(alert.hold), int(alert.keep)
        resolved = min(clock.up(after + clock.look + keep) + clock.slack, end - last)
        yield counted(State.QUIET, "it is silent in health", name, EVER, clock.start(1) - last, 0)
        yield counted(State.UNDER, "it is silent just within its limit", name, EVER, clock.start(2) - last, 0)
        if hold:
            yield counted(State.FIRING, f"it waits for {hold} s", name, NOW, fault + hold - last, 0)
        fires = fault + hold + clock.slack
        yield counted(State.FIRING, f"it fires once after {hold} s", name, NOW, fires, 1)
        if keep:
            yield counted(State.RESOLVED, f"it goes on for {keep} s", name, NOW, after + keep - last, 1)
        yield counted(State.RESOLVED, "it resolves", name, EVER, resolved, 0)
        yield counted(State.RESOLVED, "it stays resolved", name, EVER, end - last, 0)

    def at_limit(self, condition: Query, context: RenderContext) -> Demand:
        """At the end of the fault, a condition with the very value in place of its limit."""
        alert = self.alert
        query = enclosed(alert.signal.query.text)
        worst = f"scalar({'max' if alert.operator == '>' else 'min'}({query}))"
        start = condition.text.index(query) + len(query)
        rest = condition.text[start:].replace(f"<number:{alert.threshold.key}>", worst, 1)
        swapped = replace(condition, text=condition.text[:start] + rest)
        return Demand(
            state=State.AT_LIMIT,
            says="it is silent exactly at its limit",
            expr=f"count({context.fill(swapped, alert.window)}) or vector(0)",
            when=self.clock.start(3) - self.clock.grid,
            expected=0,
        )

    def held(self, held: Held, extra: Sequence[Series] = ()) -> Group:
        """The fault, with what holds the rule back."""
        until = self._due if held.at is None else held.at * 60
        own = [each.stepped(*both) for each, both in _while(self.case, held)]
        says = f"it is silent where {held.why}"
        return self._stepped(f"held: {held.why}", (*own, *extra), until, says)

    def while_graver(self, graver: Case) -> Group:
        """The fault of the graver alert on top of the rule's own."""
        # Both speak of one thing.
        same = {theirs: self.case.labels[name] for name, theirs in graver.labels.items()}
        theirs = (each.relabelled(same) for each in graver.series)
        both = (*self.case.series, *theirs)
        own = {each.key: each.stepped(each.levels[0], each.levels[2]) for each in both}
        other = Plan(graver, self.context)
        until = max(self._due, other._due)
        when = self.clock.up(self.case.past * PHASE * self.case.step) + until
        says = f"it is silent while {graver.alert.name} speaks"
        group = self._stepped("held: the graver alert", tuple(own.values()), until, says)
        speaks = counted(State.FIRING, f"{graver.alert.name} speaks", graver.alert.name, NOW, when, 1)

        def demands(rule: str) -> Iterator[Demand]:
            yield from group.demands(rule)
            if rule == self.alert.name:
                yield speaks

        return replace(group, demands=demands, rules=(other.rule,))

    def beside_graver(self, graver: Alert) -> Iterator[Group]:
        """The fault while the graver alert is only kept firing, and while it is not yet more than pending."""
        own = [each.stepped(each.levels[0], each.levels[2]) for each in self.case.series]
        for state, speaks in (("firing", 0), ("pending", 1)):
            labels = {ALERTNAME.name: graver.name, ALERTSTATE.name: state, **self.case.labels}
            says = f"it {'speaks' if speaks else 'is silent'} while {graver.name} is {state}"
            series = (*own, gauge(ALERTS, 1, 1, 1, 1, **labels))
            yield self._stepped(f"graver: {state}", series, self._due, says, speaks)

    def _stepped(
        self, name: str, played: Sequence[Series], until: int, says: str, expected: int = 0
    ) -> Group:
        before = self.case.past * PHASE
        steps = (before, math.ceil(until / self.case.step) + 1, 0, 0)
        when = self.clock.up(before * self.case.step) + until
        return Group(
            name=name,
            series=[each.written(place_of(self.identity), each.played(steps)) for each in played],
            demands=lambda rule: [counted(State.FIRING, says, rule, EVER, when, expected)],
        )

    @property
    def _due(self) -> int:
        """By when a rule fires on series that are wrong from the start."""
        if self._phase:
            return WRITTEN_OUT
        return self.clock.up(self.clock.look + self.alert.hold) + self.clock.slack

    def message(self, name: str, when: int, *, whole: bool = True) -> Json:
        """The one instance with its labels and the message, word for word.

        Args:
            name: of the rule.
            when: in seconds.
            whole: whether with all annotations; the summary alone shows the value.
        """
        place = place_of(self.identity) if self.case.series else {}
        told = self.rule["annotations"] if whole else {}
        labels = {**self.rule["labels"], **place, **self.case.labels}
        told = {
            key: KEPT.sub(lambda label: quote_plus(labels.get(label[1], "")), text)
            for key, text in told.items()
        }
        alert = {"exp_labels": labels, "exp_annotations": {**told, "summary": self.case.summary}}
        return {"eval_time": f"{when}s", "alertname": name, "exp_alerts": [alert]}


def counted(state: State, says: str, name: str, which: str, when: int, expected: int) -> Demand:
    """How many instances of an alert are pending or firing at a time."""
    expr = f'count(ALERTS{{alertname="{name}",alertstate=~"{which}"}}) or vector(0)'
    return Demand(state=state, says=says, expr=expr, when=when, expected=expected)
