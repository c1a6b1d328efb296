"""Why a query is empty: the innermost part of it that gives nothing, and what would mend that."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.checks.finding import excerpt, listed
from dashboards.checks.promql import (
    EVERY,
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
from dashboards.prove.absent import absent, begun
from dashboards.prove.model import Answer, Proof
from dashboards.prove.nothing import QUANTILE
from dashboards.prove.partners import parted_ways
from dashboards.prove.selectors import LOOKBACK, Look, Why, excluded, moment, shown
from dashboards.prove.times import Span
from dashboards.prove.variables import LABEL_VALUES
from dashboards.stack import Stack
from signals.model import group_of
from signals.promql import duration

# Why a recording that remembers is empty: it reads itself.
ITSELF = "nothing recorded"


def explained(proofs: Sequence[Proof], stack: Stack, prometheus: Prometheus, span: Span) -> dict[Answer, str]:
    """What is missing of each empty query; of one that is empty with each choice it is said once.

    An annotation that is silent, and could speak, lacks nothing.

    Raises:
        StackError: Prometheus does not answer.
    """
    remembering = Remembering.of(prometheus)
    found: dict[Answer, str] = {}
    known: dict[tuple[object, ...], str] = {}
    for proof in proofs:
        if proof.what == "annotation" and proof.well:
            continue
        told: set[str] = set()
        for answer in proof.answers:
            if answer.state != "empty" or answer.ref in told:
                continue
            told.add(answer.ref)
            same = (answer.expr, answer.instant, answer.asked, answer.step)
            if same not in known:
                known[same] = str(why(proof, answer, stack, remembering, span))
            found[answer] = known[same]
    return found


def why(proof: Proof, answer: Answer, stack: Stack, prometheus: Prometheus, span: Span) -> Why:
    """What is missing of an empty query."""
    look = Look(
        prometheus=prometheus,
        span=answer.asked or span,
        until=span.end,
        instant=answer.instant,
        scrape=stack.scraped.interval,
        every=answer.step,
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
        return begun(look) or _late(text, look) or _blamed(parted(text), look, stack)
    except (RefusedError, ParseError) as error:
        return Why(cause="not found out", says=str(error))


def _late(expr: str, look: Look) -> Why | None:
    """Where nothing is missing: it came when it had been asked for, or after the last point of a graph."""
    if look.there(expr):
        return Why(
            cause="just come", says="it was not there when it was asked for, and is now", mend=mend.TIME
        )
    if look.instant or not look.lately.there(expr):
        return None
    return Why(
        cause="just begun",
        says=f"there is something at {moment(look.until)}, and was not at any point of the graph, which asks "
        f"every {duration(look.step)} until {moment(look.span.end)}",
        mend=mend.TIME,
    )


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
    return _lost(part, look)


def _lost(part: Part, look: Look) -> Why:
    """All in it is there, and nothing comes out: what should be buckets are none, as far as is known."""
    if isinstance(part.node, Call) and part.node.function == QUANTILE:
        inner = part.parts[-1]
        others = listed({name for each in look.labels(inner.text) for name in each} - {"__name__"})
        return Why(
            cause="label absent",
            says=f"{excerpt(inner.text)} has no label 'le', so that it has no buckets; it has {others}",
            mend="the series of the histogram that end in _bucket, and le among the labels that `by` keeps",
        )
    kind = part.node.operator if isinstance(part.node, Aggregation) else "a function"
    return Why(
        cause="nothing comes out",
        says=f"{kind} gives nothing, though all in it is there: {excerpt(part.text)}",
    )


def _both(part: Part, look: Look, stack: Stack) -> Why:
    """Of alternatives the first one counts; the others stand in for it, and its own past explains nothing."""
    every = [_blamed(each, look, stack) for each in part.parts]
    first, *others = [each for each in every if each.cause != ITSELF] or every[:1]
    told = dict.fromkeys(str(each) for each in others if each != first)
    says = f"{first.says}; nor what stands in for it ({'; '.join(told)})" if told else first.says
    return Why(cause=first.cause, says=says, mend=first.mend)


def _binary(part: Part, look: Look, stack: Stack) -> Why:
    binary = part.node
    assert isinstance(binary, Binary)  # noqa: S101 - for the type; the caller looked
    asked = part.parts[:1] if binary.operator == "unless" else part.parts
    if missing := _missing(asked, look):
        return _blamed(missing, look, stack)
    return parted_ways(part, look, stack.catalogue)


def _missing(parts: Sequence[Part], look: Look) -> Part | None:
    """The first that is not there; of several what time alone does not bring."""
    found = None
    for each in parts:
        if not look.there(each.text):
            if look.instant or not look.lately.there(each.text):
                return each
            found = found or each
    return found


def _selector(selector: Selector, now: Look, stack: Stack) -> Why:
    look = now.earlier(selector.offset) if selector.offset else now
    name = selector.name
    if name == EVERY:
        return Why(
            cause="matchers exclude",
            says=f"no series of any metric has {listed(map(str, selector.matchers))}",
            mend="the values of the variables, or the labels of the targets: Targets(labels=...)",
        )
    window = selector.window.seconds if selector.window else LOOKBACK
    whole = shown(name, *selector.matchers)
    if look.seen(whole, window):
        return _ended(selector, look, stack)
    if selector.offset and now.seen(whole, window):
        return _no_history(selector.offset, name, now.first_of(whole))
    # What is not there now either is not missing for having no past.
    why = _begun(whole, now) or _series_ended(selector, now) or excluded(selector, now)
    return why or _gone(selector, now, stack)


def _begun(whole: str, look: Look) -> Why | None:
    """Where it is there after the last point asked for, and not before."""
    if look.instant or not look.lately.there(whole):
        return None
    began = look.lately.first_of(whole)
    since = f"begins at {moment(began)}" if began else f"is there at {moment(look.until)}"
    return Why(
        cause="just begun",
        says=f"{whole} {since}, and the last point asked for is {moment(look.span.end)}",
        mend=mend.TIME,
    )


def _subquery(part: Part, node: Subquery, now: Look, stack: Stack) -> Why:
    """Nothing is in the range over which an expression is evaluated, or not enough for a rate."""
    (inner,) = part.parts
    look = now.earlier(node.offset) if node.offset else now
    window = node.window.seconds
    if look.evaluated(inner.text, window, node.step):
        return Why(
            cause="rate over one sample",
            says=f"a range of {duration(window)} holds one value of {excerpt(inner.text)}, evaluated every "
            f"{duration(node.step or look.scrape)}, and a rate needs two",
            mend="a longer range of the query, or a shorter step within it",
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
        return _gone(selector, look, stack)
    window = selector.window.seconds
    if (held := look.most(whole, window)) >= 2:
        return Why(
            cause="nothing comes out",
            says=f"a window of {duration(window)} holds {held:g} samples of {whole}",
        )
    if not held:
        return _gone(selector, look, stack)
    says = f"a window of {duration(window)} holds one sample of {whole}, and a rate needs two"
    began = look.first_of(whole)
    if began is not None and look.span.end - began < window:
        says = f"{says}; it begins at {moment(began)}"
        return Why(cause="rate over one sample", says=says, mend=mend.TIME)
    return Why(cause="rate over one sample", says=says, mend=mend.INTERVAL)


def _gone(selector: Selector, look: Look, stack: Stack) -> Why:
    """It is not there; of a recorded one its rule is asked, once where it reads itself."""
    name = selector.name
    if name in look.within:
        return Why(cause=ITSELF, says=f"{name} has no value of before")
    metric = stack.catalogue.find(name)
    if metric is not None and group_of(metric):
        return _unrecorded(name, look, stack) or absent(name, stack, look)
    return _series_ended(selector, look) or absent(name, stack, look)


def _series_ended(selector: Selector, look: Look) -> Why | None:
    """Where what is selected was there within a day, and others of the metric still are."""
    whole = shown(selector.name, *selector.matchers)
    if not selector.matchers or not look.there(selector.name) or (ended := look.last_of(whole)) is None:
        return None
    return Why(
        cause="series ended",
        says=f"{whole} has had no sample since {moment(ended)}, though others of {selector.name} are there",
        mend="whoever tells it: it begins anew with the next event of that kind, or has another value now",
    )


def _unrecorded(name: str, look: Look, stack: Stack) -> Why | None:
    """Why a rule records nothing; None where Prometheus says nothing of its rules."""
    groups = look.told("rules", "groups")
    rules = [(group, rule) for group in groups for rule in group["rules"] if rule["name"] == name]
    for _, rule in rules:
        if not look.there(rule["query"]):
            found = _blamed(parted(rule["query"]), look.inside(name), stack)
            return Why(cause=found.cause, says=f"for {name}: {found.says}", mend=found.mend)
    for group, rule in rules:
        if error := rule.get("lastError"):
            return Why(
                cause="rule fails", says=f"the rule of {name} fails: {error}", mend="the rule, by `build`"
            )
        return Why(
            cause="not recorded yet",
            says=f"what the rule of {name} asks is there, and group {group['name']} is evaluated every "
            f"{duration(group['interval'])}, for the last time at {group.get('lastEvaluation', 'no time')}",
            mend=mend.TIME,
        )
    if groups:
        return Why(
            cause="no rule",
            says=f"there is no {name}, and no group of rules that Prometheus has loaded records it",
            mend=mend.LINES["rules"],
        )
    return None
