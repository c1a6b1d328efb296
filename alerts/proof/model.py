"""A rule's case: the backend in four phases, the message of the fault, and what each guard holds back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts.model import Alert
from alerts.proof.series import Level, Series
from signals.promql import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The fault with one series at another level: the rule must stay silent.

    Attributes:
        why: what holds it back, in words.
        guard: which guard; None where the signal itself does.
        levels: by the sample names that change.
        past: by the sample names that were at another level in the past than in health.
        at: when to look, in minutes; by then the rule would have fired.
    """

    why: str
    guard: Query | None
    levels: Mapping[str, Level]
    past: Mapping[str, Level] = field(default_factory=dict)
    at: int = 40


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
