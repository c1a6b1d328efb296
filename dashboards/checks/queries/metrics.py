"""A name that nobody exports gives an empty panel and a rule that never fires, and nobody is told."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import Problem, listed, query_rule
from dashboards.checks.promql import EVERY
from dashboards.checks.subject import Query

# Of a metric that somebody defined, no other is meant, unless it differs by a letter or two.
SLIP = 0.9


@query_rule("metric-exists", "every metric is in the catalogue", answers=("E17",), lookup=True)
def exists(query: Query) -> Iterable[Problem]:
    """Names that the catalogue does not have."""
    catalogue = query.known.catalogue
    for name in dict.fromkeys(each.name for each in query.selectors):
        if name == EVERY:
            continue
        if not name:
            yield Problem("a selector names no metric, so nothing says what it reads", "Name the metric.")
        elif catalogue.find(name) is None:
            family = next((metric for metric in catalogue if metric.name == name), None)
            meant = listed(family.series) if family else repr(catalogue.nearest(name))
            fix = f"Did you mean {meant}?" if family or catalogue.nearest(name) else query.known.mends
            if name in query.known.undeclared:
                slip = catalogue.nearest(name, SLIP)
                fix = "Add it to Stack(metrics=…)." + (f" Did you mean {slip!r}?" if slip else "")
            yield Problem(f"metric {name!r} is not {query.known.holds}", fix, name)
