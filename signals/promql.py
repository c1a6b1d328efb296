"""PromQL with holes: one text serves panels and rules, each filling scope, window and numbers its own way.

Holes are written ``<kind:argument>``. Nobody types them; the idioms in `signals.idioms` do.

========================  ==================================================================
``<scope:SOURCE>``        label matchers for metrics of this source (a panel's variables)
``<only:LABELS>``         matchers for those of a metric's labels by which a board's reader narrows it
``<where:KEY>``           label matchers that the objective KEY brings, such as its endpoint
``<window>``              the range of a rate: ``$__rate_interval`` in a graph, ``5m`` in a rule
``<span:SECONDS>``        a fixed range, scaled with the stack's clock
``<by:LABELS>``           a grouping list, which the stack's identity labels always join
``<number:KEY>``          the value of an objective or limit
``<elapsed:KEY>``         the same, of a stretch of time, scaled with the stack's clock
``<bound:KEY>``           the same, as a histogram bound: a matcher for the label ``le``
``<rest:KEY>``            what a share leaves of the whole, such as the errors that an objective allows
``<seconds:SECONDS>``     a fixed stretch of time as a number, scaled with the stack's clock
``<step>``                the seconds from one evaluation of a rule to the next, as a number
``<absent:SOURCE:NAME>``  a zero for each job of the stack of which there is no series of this name
``<steps:SECONDS>``       the range of a subquery that sees the rule's evaluations of a stretch of time
========================  ==================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from exporters.catalogue import Matcher, Metric
from signals.numbers import Number, Objective, require_fields

HOLE = re.compile(
    r"<(scope|only|where|window|span|by|number|elapsed|bound|rest|seconds|step|steps|absent)(?::([^<>]*))?>"
)
RATE_INTERVAL = "$__rate_interval"
RANGE = "$__range"


class QueryError(ValueError):
    """A query that cannot be built or filled: the text says which hole and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A query that is one aggregation of one metric: what it gives follows from what is scraped.

    Attributes:
        kind: a value as it is, or what a counter grows by, per second or within the window.
        metric: the only one that it reads.
        where: the matchers of its selector.
    """

    kind: Literal["value", "rate", "increase"]
    metric: Metric
    where: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL with holes, and what it reads.

    Attributes:
        text: the PromQL.
        metrics: the catalogue's constants that stand in it.
        numbers: the objectives and limits whose values or selectors stand in it.
        labels: the labels of the result, beyond the stack's identity.
        shape: what it is built like, where that is simple.
    """

    text: str
    metrics: tuple[Metric, ...] = ()
    numbers: tuple[Number, ...] = ()
    labels: tuple[str, ...] = ()
    shape: Shape | None = None

    def __post_init__(self) -> None:
        require_fields("a query", self, QueryError)

    def fill(self, context: Context) -> str:
        """The PromQL for this context.

        Raises:
            QueryError: an unknown hole, or a number that the context lacks.
        """
        text = context.kept(self.text) if context.kept else self.text
        return tidy(HOLE.sub(lambda match: context.fill(match[1], match[2] or ""), text))


def no_scope(source: str) -> tuple[Matcher, ...]:
    """The scope of a rule: every series of the source."""
    del source
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What fills the holes: one value for a rule, another for a panel.

    Attributes:
        window: the range of a rate, such as ``5m`` or ``$__rate_interval``.
        scope: matchers for the metrics of a source.
        only: matchers for those metrics that have their labels: a board's reader narrows by them.
        identity: labels that are kept in every aggregation.
        numbers: objectives and limits by key.
        time_scale: factor on fixed ranges; 1 in production.
        step: seconds from one evaluation of a rule to the next, as it is rendered.
        kept: makes of a query's text one that reads what rules record; None to read what is scraped.
        jobs: by the name of each job that the stack scrapes, the values of the identity that it gives.
    """

    window: str
    scope: Callable[[str], tuple[Matcher, ...]] = no_scope
    only: tuple[Matcher, ...] = ()
    identity: tuple[str, ...] = ()
    numbers: Mapping[str, Number] = field(default_factory=dict)
    time_scale: float = 1.0
    step: float = 30.0
    kept: Callable[[str], str] | None = None
    jobs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def number(self, key: str) -> Number:
        """The objective or limit of this key."""
        try:
            return self.numbers[key]
        except KeyError:
            raise QueryError(f"no objective or limit {key!r}; known are {sorted(self.numbers)}") from None

    def fill(self, kind: str, argument: str) -> str:
        """What stands in one hole."""
        match kind:
            case "scope":
                filled = ",".join(map(str, self.scope(argument)))
            case "only":
                filled = ",".join(str(each) for each in self.only if each.label in argument.split(","))
            case "window":
                filled = self.window
            case "span":
                filled = duration(float(argument) * self.time_scale)
            case "seconds":
                filled = plain(float(argument) * self.time_scale)
            case "step":
                filled = plain(self.step)
            case "steps":
                # A millisecond shorter, or evaluations at its very beginning would be one too many.
                stretch = max(float(argument) * self.time_scale, self.step)
                filled = f"{duration(stretch - 0.001)}:{duration(self.step)}"
            case "by":
                filled = ", ".join((*self.identity, *filter(None, argument.split(","))))
            case "absent":
                filled = self._absent(*argument.split(":"))
            case _:
                filled = self._fill_number(kind, self.number(argument))
        return filled

    def _absent(self, source: str, name: str) -> str:
        alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for job, identity in self.jobs.items():
            matchers = ",".join(map(str, (*self.scope(source), Matcher("job", "=", job))))
            alike.setdefault(tuple(identity.items()), []).append(f"absent({name}{{{matchers}}})")
        zeros = (
            _labelled(f"0 * ({' or '.join(each)})", identity) + self._chosen(source, identity)
            for identity, each in alike.items()
        )
        return " or ".join(zeros) or "vector(0) < 0"

    def _chosen(self, source: str, identity: Iterable[tuple[str, str]]) -> str:
        """What keeps a zero only where the scope takes in these labels, also where it has no series."""
        patterns = {each.label: each.value for each in self.scope(source) if each.operator == "=~"}
        narrowed = [(name, value) for name, value in identity if name in patterns]
        text = "vector(1)"
        for name, value in narrowed:
            text = _labelled(text, [("chosen", value)])
            pattern = _escaped(patterns[name])
            text = f'label_replace({text}, "{name}", "{_literal(value)}", "chosen", "{pattern}")'
        return f" and on ({', '.join(name for name, _ in narrowed)}) {text}" if narrowed else ""

    def _fill_number(self, kind: str, number: Number) -> str:
        if kind == "number":
            return plain(number.value)
        if kind == "elapsed":
            return plain(number.value * self.time_scale)
        if kind == "rest":
            return plain(rest(number.value))
        if kind == "bound":
            return str(bound_matcher(number.value))
        if not isinstance(number, Objective):
            raise QueryError(f"{number.key!r} is a limit; only an objective brings a selector")
        return ",".join(str(matcher) for matcher in number.where)


def _labelled(text: str, labels: Iterable[tuple[str, str]]) -> str:
    for name, value in labels:
        text = f'label_replace({text}, "{name}", "{_literal(value)}", "", "")'
    return text


def _literal(value: str) -> str:
    return _escaped(value).replace("$", "$$")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def tidy(text: str) -> str:
    """Drop the commas and braces that empty holes leave, and fold white space."""
    text = re.sub(r",(?=[,}])", "", re.sub(r"\{,+", "{", text))
    text = re.sub(r",(?=\})", "", text).replace("{}", "")
    return re.sub(r"\s+", " ", text).strip()


def plain(value: float) -> str:
    """A number as PromQL reads it, without a needless fraction or exponent."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def rest(share: float) -> float:
    """What a share leaves of the whole: for a computer, 1 - 0.999 is no round number."""
    return float(f"{1 - share:.12g}")


def duration(seconds: float) -> str:
    """A duration as PromQL reads it, in the largest unit that keeps it whole; at least one millisecond."""
    milliseconds = max(1, round(seconds * 1000))
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def bound_matcher(bound: float) -> Matcher:
    """The matcher for a bucket bound: Prometheus 2 keeps ``1`` where Prometheus 3 writes ``1.0``."""
    if float(bound).is_integer():
        return Matcher("le", "=~", f"{int(bound)}(\\.0)?")
    return Matcher("le", "=", repr(float(bound)))
