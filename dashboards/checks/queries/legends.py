"""A label in a legend or message that the series do not carry is shown as nothing, or as the brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.expressions import Place
from dashboards.checks.finding import Finding, Report, file_rule, listed, nearest
from dashboards.checks.promql import Selector
from dashboards.checks.subject import Subject

LEGEND = re.compile(r"\{\{\s*([^}\s]+)\s*\}\}")
TEMPLATE = re.compile(r"\$labels\.([a-zA-Z_]\w*)")


def _texts(place: Place) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    """The texts of a place that name labels, with what they are and how labels stand in them."""
    if place.kind == "panel":
        yield "the legend", str(place.target.get("legendFormat", "")), LEGEND
    elif place.kind == "annotation":
        for key in ("titleFormat", "textFormat"):
            yield key, str(place.thing.get(key, "")), LEGEND
    elif place.kind == "alert":
        for key, value in place.thing.get("annotations", {}).items():
            yield f"the annotation {key!r}", str(value), TEMPLATE
        for key, value in place.thing.get("labels", {}).items():
            yield f"the label {key!r}", str(value), TEMPLATE


@file_rule("legend-label", "legends and messages name labels that the result carries", answers=("E17",))
def legends(subject: Subject, report: Report) -> Iterator[Finding]:
    """Labels in texts that no series has."""
    for place in subject.places:
        query = subject.queries.get(place.text)
        known = query.labels.names(query.node) if query else None
        if query is None or known is None:
            continue
        if isinstance(query.node, Selector):
            known |= {"__name__"}  # which goes with the first function
        for what, text, pattern in _texts(place):
            for label in dict.fromkeys(pattern.findall(text)):
                if label not in known:
                    fix = nearest(label, known) or f"The result has: {listed(known)}."
                    message = f"{what} names the label {label!r}, which the result does not carry"
                    yield report(place.file, place.where, message, fix)
