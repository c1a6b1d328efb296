"""A panel shows what its variables select: a selector without them shows every installation at once."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.checks.finding import Problem, listed, query_rule
from dashboards.checks.subject import Query


@query_rule(
    "panel-scope",
    "every selector of a panel is narrowed by the identity variables",
    {"panel"},
    answers=("E23",),
    about="own",
)
def scoped(query: Query) -> Iterable[Problem]:
    """Selectors that ignore what the reader chose."""
    for selector in query.selectors:
        labels = query.known.labels_of(selector.name)
        if labels is None:
            continue
        lost = labels.intersection(query.known.identity) - {each.label for each in selector.matchers}
        if lost:
            wanted = ", ".join(f'{label}=~"${label}"' for label in sorted(lost))
            yield Problem(
                f"{selector.name} is not narrowed by {listed(lost)}", f"Add {wanted}.", selector.name
            )
