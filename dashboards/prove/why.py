"""Why a query is empty: the innermost part of it that gives nothing, and what would mend that."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.checks.finding import excerpt, listed
from dashboards.checks.promql import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    ParseError,
    Part,
    Selector,
    String,
    Subquery,
    parted,
)
from dashboards.errors import RefusedError
from dashboards.prometheus_api import Prometheus, Remembering
from dashboards.prove import mend
from dashboards.prove.absent import absent
from dashboards.prove.model import Answer, Proof
from dashboards.prove.selectors import LOOKBACK, Look, Why, excluded, moment, shown
from dashboards.prove.times import Span
from dashboards.prove.variables import LABEL_VALUES
from dashboards.stack import Stack
from signals.model import group_of
from signals.promql import duration


def explained(proofs: Sequence[Proof], stack: Stack, prometheus: Prometheus, span: Span) -> dict[Answer, str]:
    """What is missing of each empty query; of one that is empty with each choice it is said once.

    An annotation that is silent, and could speak, lacks nothing.

    Raises:
        StackError: Prometheus does not answer.
    """
    remembering = Remembering.of(prometheus)
    found: dict[Answer, str] = {}
    known: dict[str, str] = {}
    for proof in proofs:
        if proof.what == "annotation" and proof.well:
            continue
        told: set[str] = set()
        for answer in proof.answers:
            if answer.state != "empty" or answer.ref in told:
                continue
            told.add(answer.ref)
            if answer.expr not in known:
                known[answer.expr] = str(why(proof, answer, stack, remembering, span))
            found[answer] = known[answer.expr]
    return found


def why(proof: Proof, answer: Answer, stack: Stack, prometheus: Prometheus, span: Span) -> Why:
    """What is missing of an empty query."""
    look = Look(
        prometheus=prometheus,
        span=span,
        instant=answer.instant,
        scrape=stack.scraped.interval,
    )
    text = answer.expr
    if proof.what == "variable":
        match = LABEL_VALUES.match(text)
        text = match["selector"] if match else text
        if match and look.there(text):
            label = match["label"]
            return Why(
                cause="label absent",
                says=f"{text} has no label {label!r}",
                mend=f"{label} among the labels of the targets: Targets(labels=...)",
            )
    try:
        return _blamed(parted(text), look, stack)
    except (RefusedError, ParseError) as error:
        return Why(cause="not found out", says=str(error))


def _blamed(part: Part, look: Look, stack: Stack) -> Why:
    match part.node:
        case Selector() as selector:
            return _selector(selector, look, stack)
        case Binary(operator="or"):
            return _both(part, look, stack)
        case Binary():
            return _binary(part, look, stack)
        case Call(function="absent" | "absent_over_time"):
            return Why(cause="nothing is absent", says=f"{excerpt(part.parts[0].text)} is there")
    for inner in part.parts:
        if isinstance(inner.node, Selector) and inner.node.window:
            return _selector(inner.node, look, stack)
        if isinstance(inner.node, Subquery):
            return _subquery(inner, inner.node, look, stack)
        if not isinstance(inner.node, String) and not look.there(inner.text):
            return _blamed(inner, look, stack)
    kind = part.node.operator if isinstance(part.node, Aggregation) else "a function"
    return Why(
        cause="nothing comes out",
        says=f"{kind} gives nothing, though all in it is there: {excerpt(part.text)}",
    )


def _both(part: Part, look: Look, stack: Stack) -> Why:
    """Of alternatives the first one counts; the others stand in for it."""
    found = dict.fromkeys(str(_blamed(each, look, stack)) for each in part.parts)
    first = _blamed(part.parts[0], look, stack)
    if len(found) == 1:
        return first
    others = [each for each in found if each != str(first)]
    return Why(
        cause=first.cause,
        says=f"{first.says}; nor what stands in for it ({'; '.join(others)})",
        mend=first.mend,
    )


def _binary(part: Part, look: Look, stack: Stack) -> Why:
    binary = part.node
    assert isinstance(binary, Binary)  # noqa: S101 - for the type; the caller looked
    for inner in part.parts[:1] if binary.operator == "unless" else part.parts:
        if not look.there(inner.text):
            return _blamed(inner, look, stack)
    left, right = (each.text for each in part.parts)
    if binary.operator in COMPARISONS:
        return Why(
            cause="comparison",
            says=f"{_extremes(left, look)} {excerpt(left)}: none is {binary.operator} {excerpt(right)}",
        )
    if binary.operator == "unless":
        return Why(cause="exception", says=f"all of {excerpt(left)} is taken away by {excerpt(right)}")
    labels = f"of {listed(binary.on)}" if binary.on else "of all labels"
    return Why(
        cause="no partner",
        says=f"no series of {excerpt(left)} has the same values {labels} as one of {excerpt(right)}",
    )


def _extremes(expr: str, look: Look) -> str:
    found = look.prometheus.query(expr, look.span.end)
    values = [value for _, series in found for value in series]
    return f"{len(values)} series from {min(values):g} to {max(values):g} of" if values else "series of"


def _selector(selector: Selector, now: Look, stack: Stack) -> Why:
    look = now.earlier(selector.offset) if selector.offset else now
    name = selector.name
    window = selector.window.seconds if selector.window else LOOKBACK
    whole = shown(name, *selector.matchers)
    if look.seen(whole, window):
        return _ended(selector, look, stack)
    if selector.offset and now.seen(whole, window):
        return _no_history(selector.offset, name, now.first_of(whole))
    return excluded(selector, look) or _gone(name, look, stack)


def _subquery(part: Part, node: Subquery, now: Look, stack: Stack) -> Why:
    """Nothing is in the range over which an expression is evaluated, or not enough for a rate."""
    (inner,) = part.parts
    look = now.earlier(node.offset) if node.offset else now
    window = node.window.seconds
    if look.evaluated(inner.text, window, node.step):
        return Why(
            cause="nothing comes out",
            says=f"a range of {duration(window)} holds values of {excerpt(inner.text)}, but not enough",
        )
    if node.offset and now.evaluated(inner.text, window, node.step):
        return _no_history(node.offset, excerpt(inner.text), now.first_of(inner.text))
    return _blamed(inner, look.over(window), stack)


def _no_history(back: float, what: str, began: float | None) -> Why:
    """What is there now was not there so long ago."""
    since = f"begins at {moment(began)}" if began else "is younger"
    return Why(
        cause="no history",
        says=f"it looks back {duration(back)}, and {what} {since}",
        mend="time, and --storage.tsdb.retention.time of Prometheus beyond it",
    )


def _ended(selector: Selector, look: Look, stack: Stack) -> Why:
    """It was there, but is not now, or not often enough for a rate."""
    whole = shown(selector.name, *selector.matchers)
    if selector.window is None:
        return _gone(selector.name, look, stack)
    window = selector.window.seconds
    if (held := look.most(whole, window)) >= 2:
        return Why(
            cause="nothing comes out",
            says=f"a window of {duration(window)} holds {held:g} samples of {whole}",
        )
    if not held:
        return _gone(selector.name, look, stack)
    says = f"a window of {duration(window)} holds one sample of {whole}, and a rate needs two"
    began = look.first_of(whole)
    if began is not None and look.span.end - began < window:
        says = f"{says}; it begins at {moment(began)}"
        return Why(cause="rate over one sample", says=says, mend="time: ask again in a minute")
    return Why(cause="rate over one sample", says=says, mend=mend.INTERVAL)


def _gone(name: str, look: Look, stack: Stack) -> Why:
    """The metric is not there; of a recorded one its rule is asked."""
    metric = stack.catalogue.find(name)
    if metric is not None and group_of(metric):
        for group in look.told("rules", "groups"):
            for rule in group["rules"]:
                if rule["name"] == name and not look.there(rule["query"]):
                    found = _blamed(parted(rule["query"]), look, stack)
                    return Why(cause=found.cause, says=f"for {name}: {found.says}", mend=found.mend)
    return absent(name, stack, look)
