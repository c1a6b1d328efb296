"""What each panel asks: its PromQL with scope and window filled in, and how answers become a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from string import ascii_uppercase
from typing import Any

from dashboards import cards
from dashboards.model import CLOCK, TARGET, Board, Panel
from exporters.catalogue import Counter, Histogram, Matcher, external
from exporters.catalogue.api import HANDLER
from exporters.catalogue.labels import INSTANCE, JOB
from exporters.catalogue.renewal import renewed
from signals.idioms import WINDOW, grouping, promql, select
from signals.kept import SUMMED, Reading
from signals.model import Signal
from signals.promql import RANGE, RATE_INTERVAL, Context, Query, duration

NOW_WINDOW = 300
# Of what is looked at less often than it is scraped, so many that one more or less hardly matters.
LOOKS = 4
# Seconds between two points of what is a mean of five minutes anyway: a number's trend, and what is recorded.
SMOOTH = NOW_WINDOW / 5
# And of what every endpoint counts on every host: a rate looks back over four scrapes, so a point for each
# scrape would ask for everything four times.
WIDE = 30.0
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One query of a panel.

    Attributes:
        ref: A, B, C, ...
        expr: PromQL as Grafana sends it, variables included.
        legend: the name of its series.
        instant: asked for the end of the time range only.
        format: ``time_series``, ``table`` or ``heatmap``.
    """

    ref: str
    expr: str
    legend: str = ""
    instant: bool = False
    format: str = "time_series"


def board_context(board: Board, context: Context, window: str) -> Context:
    """Panels are narrowed by the board's variables: all by identity, those of its source by job too.

    By the reader's choice of a label only what consists of nothing else; see `_chosen`.
    """
    identity = tuple(Matcher(label, "=~", f"${label}") for label in context.identity)
    narrow = tuple(_matcher(each.name, board) for each in TARGET)

    def scope(source: str) -> tuple[Matcher, ...]:
        return (*identity, *(narrow if source == board.source else ()))

    averaged = WINDOW if window in (RATE_INTERVAL, RANGE) else ""
    seconds = f"{RATE_INTERVAL}_ms / 1000" if window == RATE_INTERVAL else ""
    reading = Reading(over=averaged, seconds=seconds, targets=board.source == "api")
    kept = reading if context.kept else None
    return replace(context, window=window, scope=scope, kept=kept)


def _matcher(name: str, board: Board) -> Matcher:
    """Of one value, also of one in which a regular expression would read something."""
    return Matcher(name, "=~" if _is_several(name, board) else "=", f"${name}")


def _is_several(name: str, board: Board) -> bool:
    """Whether several values can be chosen: never of jobs, which may be several applications."""
    return board.several if name == INSTANCE.name else name != JOB.name


def carried(panel: Panel, board: Board) -> tuple[str, ...]:
    """Those of job and instance that a link of the panel takes from what it shows.

    To another board, whose reader chooses them there and not here.
    """
    there = next((each for each in board.neighbours if each.uid == panel.opens), None)
    if there is None or board.anchor is not None:
        return ()
    chosen = [there.chosen(signal.query) for signal in panel.signals]
    return tuple(each.name for each in TARGET if all(each.name in names for names in chosen))


def _chosen(query: Query, panel: Panel, board: Board, context: Context) -> str:
    """The query narrowed by the board's choices, if all that it is made of carries the label.

    What rules record has the labels of targets among its own.
    """
    own = board.anchor is not None and all(metric.about == board.source for metric in query.metrics)
    chosen = (*(TARGET if own else ()), *(each.label for each in board.choices))
    narrowing = [
        label.name
        for label in chosen
        if label.name != panel.key and all(label in metric.labels for metric in query.metrics)
    ]
    only = tuple(_matcher(name, board) for name in narrowing)
    kept = context.kept
    if isinstance(kept, Reading):
        kept = replace(kept, endpoints=HANDLER.name in narrowing)
    return query.fill(replace(context, only=only, kept=kept))


def targets(panel: Panel, board: Board, context: Context) -> list[Target]:
    """The panel's queries."""
    now = board_context(board, context, duration(NOW_WINDOW * context.time_scale))
    if panel.kind == "scorecard":
        return _scorecard(panel, now)
    if panel.kind == "heatmap" and panel.histogram is not None:
        return [_heatmap(panel, board, board_context(board, context, RATE_INTERVAL))]
    if panel.kind == "table":
        ranged = board_context(board, context, RANGE)
        return [
            Target(ref=ref, expr=_chosen(signal.query, panel, board, ranged), instant=True, format="table")
            for ref, signal in zip(ascii_uppercase, panel.signals, strict=False)
        ]
    bars = panel.kind == "bars"
    single = bars or panel.kind == "stat"
    filled = now if single else board_context(board, context, RATE_INTERVAL)
    found = [
        Target(
            ref=ref,
            expr=_chosen(worst(signal) if bars else signal.query, panel, board, filled),
            legend=signal.title if bars else signal.legend,
            instant=single and not panel.trend,
        )
        for ref, signal in zip(ascii_uppercase, panel.shown, strict=False)
    ]
    return [*found, Target(ref=CLOCK, expr="vector(1)", legend=CLOCK)] if panel.trend else found


def worst(signal: Signal) -> Query:
    """Of everything that the signal tells of, such as several servers, what is furthest from good."""
    if not signal.query.labels:
        return signal.query
    over = "min" if signal.objective and signal.objective.better == "higher" else "max"
    return promql(f"{over} by (<by:>) ({{each}})", each=signal.query, labels=())


def least_step(panel: Panel, context: Context) -> str:
    """The shortest step of a graph or trend; empty for any.

    A graph's windows hold several looks of a slow emitter. What looks back over minutes, or at all that
    endpoints count, is asked for no more often than tells something new.
    """
    if panel.kind not in ("graph", "heatmap") and not panel.trend:
        return ""
    counters = {
        metric
        for signal in panel.shown
        for metric in signal.query.metrics
        if isinstance(metric, Counter | Histogram)
    }
    if panel.histogram is not None:
        counters.add(panel.histogram)
    least = 0 if panel.trend else LOOKS * max(map(renewed, counters), default=0)
    if SUMMED.intersection(counters):
        least = max(least, SMOOTH if context.kept or panel.trend else WIDE)
    return duration(least * context.time_scale) if least else ""


def _heatmap(panel: Panel, board: Board, context: Context) -> Target:
    assert panel.histogram is not None  # noqa: S101 - the model refuses a heatmap without one
    selector = select(panel.histogram, *panel.where, suffix="_bucket")
    query = Query(f"sum by {grouping(('le',))} (increase({selector}[<window>]))", (panel.histogram,))
    expr = _chosen(query, panel, board, context)
    return Target(ref="A", expr=expr, legend="{{le}}", format="heatmap")


def _scorecard(panel: Panel, context: Context) -> list[Target]:
    """Each column is one query with a row per objective."""
    return [
        Target(ref=ref, expr=expr, instant=True, format="table")
        for ref, expr in cards.questions(panel, context)
    ]


def transformations(panel: Panel, board: Board, context: Context) -> list[Json]:
    """How the answers to several instant queries become one table."""
    if panel.kind == "scorecard":
        names = {cards.TARGET: "Target"} | {f"Value #{ref}": name for ref, name in cards.COLUMNS.items()}
        return [
            {
                "id": "filterFieldsByName",
                "options": {"include": {"pattern": f"^({cards.TARGET}|Value #[A-H])$"}},
            },
            {"id": "joinByField", "options": {"byField": cards.TARGET, "mode": "outer"}},
            _without(cards.TARGET, cards.NOBODY),
            _organize(names, ()),
        ]
    if panel.trend:
        # Where the last step has no sample, the stat says so; alone it would show one of long ago.
        return [{"id": "joinByField", "options": {"byField": "Time", "mode": "outer"}}]
    if panel.kind != "table":
        return []
    labels = dict.fromkeys((panel.key, *(name for signal in panel.signals for name in signal.query.labels)))
    # A table of targets names both; elsewhere the reader has chosen them, or its links read them.
    targets = {each.name for each in TARGET} - {panel.key, *carried(panel, board)}
    targets = set() if panel.key == INSTANCE.name else targets
    names = {name: column(name) for name in labels if name not in targets}
    values = [f"Value #{ref}" if len(panel.signals) > 1 else "Value" for ref in ascii_uppercase]
    hidden = ["Time", *sorted(targets, reverse=True), *context.identity]
    for value, signal in zip(values, panel.signals, strict=False):
        if signal.is_name:
            hidden.append(value)
        else:
            names[value] = signal.title
    return [{"id": "merge", "options": {}}, _organize(names, tuple(hidden))]


# What the reader of a table calls a label.
COLUMNS = {
    "__name__": "Metric",
    "alertname": "Alert",
    "cmd": "Command",
    "create": "SQL",
    "datname": "Database",
    "db": "Database",
    "handler": "Endpoint",
    "indexrelname": "Index",
    "key": "Pattern",
    "name": "Setting",
    "query": "Text",
    "queryid": "Statement",
    "relname": "Table",
    "rule_group": "Group",
    "schemaname": "Schema",
}


def column(label: str) -> str:
    """The heading of a label's column."""
    return COLUMNS.get(label, label.replace("_", " ").capitalize())


def _without(field: str, value: str) -> Json:
    """All rows but those with this value."""
    matched = {"fieldName": field, "config": {"id": "equal", "options": {"value": value}}}
    return {"id": "filterByValue", "options": {"filters": [matched], "type": "exclude", "match": "any"}}


def _organize(names: dict[str, str], hidden: tuple[str, ...]) -> Json:
    return {
        "id": "organize",
        "options": {
            "excludeByName": dict.fromkeys(hidden, True),
            "indexByName": {name: index for index, name in enumerate(names)},
            "renameByName": names,
        },
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable of a board that Prometheus fills.

    Attributes:
        name: without the ``$``.
        label: as the reader sees it.
        query: ``label_values(selector, label)``.
        multi: whether several, or all, may be chosen.
    """

    name: str
    label: str
    query: str
    multi: bool


def variables(board: Board, context: Context) -> list[Variable]:
    """Identity labels and job one value at a time, so that staging and production never merge; instance."""
    found: list[Variable] = []
    scope: list[str] = []
    for label in context.identity:
        found.append(
            Variable(
                name=label,
                label=label.capitalize(),
                query=_label_values(external.UP.name, scope, label),
                multi=False,
            )
        )
        scope.append(f'{label}=~"${label}"')
    if board.anchor is not None:
        for each in TARGET:
            found.append(
                Variable(
                    name=each.name,
                    label=each.name.capitalize(),
                    query=_label_values(board.anchor.series[-1], scope, each.name),
                    multi=_is_several(each.name, board),
                )
            )
            scope.append(str(_matcher(each.name, board)))
    for choice in board.choices:
        found.append(
            Variable(
                name=choice.label.name,
                label=column(choice.label.name),
                query=_label_values(choice.metric.series[-1], scope, choice.label.name),
                multi=True,
            )
        )
    return found


def _label_values(metric: str, scope: list[str], label: str) -> str:
    selector = metric + ("{" + ",".join(scope) + "}" if scope else "")
    return f"label_values({selector}, {label})"
