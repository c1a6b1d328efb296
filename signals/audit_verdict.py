"""How many of the audit's targets are reached, missed, or unknown: what its rows say one by one."""

from __future__ import annotations

from exporters.catalogue import Metric
from signals import audit
from signals.idioms import grouping
from signals.model import Signal
from signals.numbers import COUNT, Number, Objective
from signals.promql import Query
from signals.scores import reached, remembered

TARGETS = tuple(each for each in vars(audit).values() if isinstance(each, Signal))


def _each() -> Query:
    """1 of each target that is reached, 0 of each that is missed, no sample where it is unknown."""
    texts: list[str] = []
    metrics: list[Metric] = []
    numbers: list[Number] = []
    for signal in TARGETS:
        assert isinstance(signal.objective, Objective)  # noqa: S101 - a row has one
        holds = reached(signal, signal.objective)
        texts.append(f'label_replace({holds}, "target", "{signal.title}", "", "")')
        kept = None if signal.reached else remembered(signal)
        metrics += [kept.metric] if kept else (signal.reached or signal.query).metrics
        numbers += [signal.objective, *(() if kept else (signal.reached or signal.query).numbers)]
    return Query(" or ".join(texts), tuple(dict.fromkeys(metrics)), tuple(dict.fromkeys(numbers)), ())


EACH = _each()


def _count(template: str) -> Query:
    text = template.format(by=grouping(()), each=EACH.text)
    return Query(text, EACH.metrics, EACH.numbers, ())


REACHED = Signal(
    title="Targets reached",
    why=f"Of the audit's {len(TARGETS)} targets, those that hold now, as the rows below say one by one.",
    good=f"All {len(TARGETS)}.",
    act="See below which are not, and how far they have come.",
    query=_count("sum by {by} ({each})"),
    unit=COUNT,
    legend="reached",
)
MISSED = Signal(
    title="Targets missed",
    why="Those of the audit's targets that do not hold now.",
    good="None.",
    act="See below which they are; the one that has come the shortest way first.",
    query=_count("sum by {by} (1 - ({each}))"),
    unit=COUNT,
    legend="missed",
)
UNKNOWN = Signal(
    title="Targets unknown",
    why="Those of which nothing says whether they hold: no traffic, no such load, or nobody measures it.",
    good="None, once each kind of request was seen.",
    act="See below which they are. Unknown is not missed, nor is what is not tried.",
    query=_count(f"{len(TARGETS)} - count by {{by}} ({{each}})"),
    unit=COUNT,
    legend="unknown",
)
