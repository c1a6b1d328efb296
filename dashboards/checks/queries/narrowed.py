"""On anybody's board, each selector is narrowed by the targets that the reader chose."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.choices import installations, is_narrowed, lost, targets
from dashboards.checks.finding import Finding, Report, excerpt, file_rule, listed
from dashboards.checks.subject import Subject


@file_rule(
    "target-narrowed",
    "each selector of a panel is narrowed by the board's job and instance",
    "warning",
    answers=("E23", "target-job-rule", "target-instance-rule"),
    about="others",
)
def narrowed(subject: Subject, report: Report) -> Iterator[Finding]:
    """Panels that show what the reader did not choose; a board without the variables is told once."""
    chosen, others = targets(subject), installations(subject)
    for place in subject.places:
        query = subject.queries.get(place.text)
        if query is None or place.kind != "panel":
            continue
        found: dict[tuple[str, str], set[str]] = {}
        for selector in query.selectors:
            if is_narrowed(selector, others[place.file]):
                continue
            for name, several in chosen[place.file].items():
                reason = lost(selector, name, several=several)
                if reason is not None:
                    found.setdefault((name, reason), set()).add(selector.name)
        for (name, reason), metrics in sorted(found.items()):
            verb = "is" if len(metrics) == 1 else "are"
            message = f"{listed(metrics)} {verb} not narrowed by ${name}{reason}, in `{excerpt(place.text)}`"
            yield report(place.file, place.where, message, f'Write {name}=~"${name}".')
