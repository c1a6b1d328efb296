"""A rule's case: the backend in four phases, the message of the fault, and what each guard holds back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.model import Alert, State
from alerts.proof.clock import STEP
from alerts.proof.series import Level, Series
from signals.promql import Query


class ProofError(Exception):
    """What keeps alerts from being proven at all: the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The fault with one series at another level: the rule must stay silent.

    Attributes:
        why: what holds it back, in words.
        guard: which guard; None where the signal itself does.
        levels: by the sample names that change.
        past: by the sample names that were at another level in the past than in health.
        at: when to look, in minutes; by then the rule would have fired. By default as soon as that is so.
    """

    why: str
    guard: Query | None
    levels: Mapping[str, Level]
    past: Mapping[str, Level] = field(default_factory=dict)
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A rule's case.

    Attributes:
        alert: the rule.
        name: of the case, where a rule has several.
        series: what is scraped.
        labels: of the alert that fires, beyond severity, service and the identity.
        summary: of its message, word for word.
        held: what must hold it back.
        past: how many phases of health went by before the first one.
        spans: what the fixed spans of the query are here, in seconds, so that a week ago lies in the past.
        nudge: by how much of its limit the limit is moved in a mutation; the case must notice.
        step: seconds between two samples; longer where a rule looks back for hours. Never a divisor of a
            range, hence the fraction. Instant selectors see no sample that is older than five minutes.
        alone: whether there is one of what it is about in all installations together, such as a job: then it
            is played without a healthy one beside it.
    """

    alert: Alert
    name: str = ""
    series: tuple[Series, ...] = ()
    labels: Mapping[str, str]
    summary: str
    held: tuple[Held, ...] = ()
    past: int = 0
    spans: Mapping[float, float] = field(default_factory=dict)
    nudge: float = 0.1
    step: float = STEP
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What promtool is asked once.

    Attributes:
        state: what it proves.
        says: what is expected, in words.
        expr: the PromQL.
        when: in seconds.
        expected: its value.
    """

    state: State
    says: str
    expr: str
    when: int
    expected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Series that are played together, and what is demanded of a rule while they are.

    Attributes:
        name: of the group.
        series: as promtool's `input_series` have them.
        demands: of the rule of a name.
        told: when the message is looked at, in seconds; None where there is none.
        rules: what is evaluated beside the rule.
    """

    name: str
    series: list[dict[str, str]]
    demands: Callable[[str], Iterable[Demand]]
    told: int | None = None
    rules: tuple[dict[str, Any], ...] = ()
