"""Why an operator gives nothing of what is there on both its sides: nothing passes, or finds its partner."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from dashboards.checks.finding import excerpt, listed
from dashboards.checks.promql import COMPARISONS, Binary, Call, Negation, Node, Number, Part, selectors
from dashboards.prove.selectors import SHOWN, Look, Why, moment
from exporters.catalogue import Catalogue

SCALARS = frozenset({"scalar", "time", "pi"})
RARE = "values that are; where none should be, nothing is to be mended"


def parted_ways(part: Part, look: Look, catalogue: Catalogue) -> Why:
    """Why two sides, each of which gives something, give nothing together."""
    binary = part.node
    assert isinstance(binary, Binary)  # noqa: S101 - for the type; the caller looked
    left, right = part.parts
    if binary.operator == "unless":
        return Why(
            cause="exception",
            says=f"all of {excerpt(left.text)} is taken away by {excerpt(right.text)}{_since(part, look)}",
        )
    alone = _scalar(binary.left) or _scalar(binary.right)
    both = f"({left.text}) and{_matching(binary)} ({right.text})"
    if binary.operator in COMPARISONS and not binary.bool and (alone or look.there(both)):
        return _filtered(part, binary, look, catalogue)
    return _unmatched(part, binary, look)


def _scalar(node: Node) -> bool:
    match node:
        case Binary():
            return _scalar(node.left) and _scalar(node.right)
        case Negation():
            return _scalar(node.expression)
        case Call():
            return node.function in SCALARS
    return isinstance(node, Number)


def _matching(binary: Binary) -> str:
    if binary.on is not None:
        return f" on ({', '.join(binary.on)})"
    return f" ignoring ({', '.join(binary.ignoring)})" if binary.ignoring else ""


def _since(part: Part, look: Look) -> str:
    """When it was otherwise for the last time."""
    last = look.given(part.text)
    return f"; there was something for the last time at {moment(last)}" if last else ""


def _filtered(part: Part, binary: Binary, look: Look, catalogue: Catalogue) -> Why:
    """Nothing of what a comparison lets pass or not passes."""
    left, right = part.parts
    turned = _scalar(binary.left)
    vector = right if turned else left
    values = look.numbers(vector.text)
    if values and all(map(math.isnan, values)):
        return _no_number(vector, look)
    span = _extremes(vector, look)
    if turned:
        says = f"{span} {excerpt(right.text)}: {excerpt(left.text)} is {binary.operator} none"
    else:
        beyond = "" if _scalar(binary.right) else f"its partner of {_extremes(right, look)} "
        says = f"{span} {excerpt(left.text)}: none is {binary.operator} {beyond}{excerpt(right.text)}"
    if not any(values):
        found = (catalogue.find(each.name) for each in selectors(vector.node))
        zeros = dict.fromkeys(each.zero for each in found if each and each.zero)
        says += f", as {' and '.join(zeros)}" if zeros else ""
    return Why(cause="comparison", says=says + _since(part, look), mend=RARE)


def _no_number(part: Part, look: Look) -> Why:
    """A quotient or percentile of nothing, which no comparison lets pass."""
    says = f"{excerpt(part.text)} is no number"
    match part.node:
        case Call(function="histogram_quantile"):
            says += (
                f", as nothing is counted: {_extremes(part.parts[-1], look)} {excerpt(part.parts[-1].text)}"
            )
        case Binary(operator="/"):
            above, below = (f"{_extremes(each, look)} {excerpt(each.text)}" for each in part.parts)
            says += f", as it divides {above} by {below}"
    return Why(cause="no number", says=says, mend="what is counted there, such as a request")


def _extremes(part: Part, look: Look) -> str:
    values = [each for each in look.numbers(part.text) if not math.isnan(each)]
    if not values:
        return "series of"
    return f"{len(look.labels(part.text))} series from {min(values):g} to {max(values):g} of"


def _unmatched(part: Part, binary: Binary, look: Look) -> Why:
    """No series of one side has a partner on the other."""
    left, right = part.parts
    lefts, rights = ([_key(each, binary) for each in look.labels(side.text)] for side in part.parts)
    if any(each in rights for each in lefts):
        lasts = ((each.text, look.given(each.text)) for each in part.parts)
        ends = [f"{excerpt(text)} was there for the last time at {moment(at)}" for text, at in lasts if at]
        says = f"series match, but are never there at the same time: {', '.join(ends)}"
        return Why(
            cause="no partner",
            says=says + _since(part, look),
            mend="time, where one of them has just begun; else what ended it",
        )
    names = sorted({name for each in (*lefts, *rights) for name in each})
    apart = {
        name: sides
        for name in names
        if not set.intersection(*(sides := (_values(name, lefts), _values(name, rights))))
    }
    told = f"of {listed(binary.on)}" if binary.on else f"of all labels{_but(binary)}"
    says = f"no series of {excerpt(left.text)} has the same values {told} as one of {excerpt(right.text)}"
    for name, (here, there) in apart.items():
        says += f"; {name} is {_some(here)} on the left, {_some(there)} on the right"
    if not apart:
        says += "; each value is on both sides, but no series has all of them on both"
    lacking = [name for name, sides in apart.items() if {""} in sides]
    if lacking:
        mend = f"{listed(lacking)} on both sides, or ignoring ({', '.join(lacking)}) in the query"
    else:
        mend = f"the same {listed(apart) or 'labels'} at both sources, or another `on` of the query"
    return Why(cause="no partner", says=says + _since(part, look), mend=mend)


def _but(binary: Binary) -> str:
    return f" but {listed(binary.ignoring)}" if binary.ignoring else ""


def _key(labels: Mapping[str, str], binary: Binary) -> dict[str, str]:
    """The labels by which it looks for its partner."""
    if binary.on is not None:
        return {name: labels.get(name, "") for name in binary.on}
    return {
        name: value for name, value in labels.items() if name not in ("__name__", *(binary.ignoring or ()))
    }


def _values(name: str, sides: Collection[Mapping[str, str]]) -> set[str]:
    return {each.get(name, "") for each in sides}


def _some(values: Collection[str]) -> str:
    if set(values) == {""}:
        return "absent"
    shown = sorted(each or "absent" for each in values)
    return listed(shown[:SHOWN]) + (" and more" if len(shown) > SHOWN else "")
