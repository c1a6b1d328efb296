"""A query of logs that does not parse shows an error in place of lines."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.finding import Finding, Report, excerpt, file_rule
from dashboards.checks.logql import AUTO, fixed, wrong
from dashboards.checks.subject import Subject


def _asked(subject: Subject) -> Iterator[tuple[str, str, str]]:
    for path, where, panel in each(subject):
        for target in panel.get("targets", ()):
            if "logql" in target:
                yield path, f"{where}, query {target.get('refId')}", str(target["logql"])


@file_rule("logql-parses", "every query of logs is LogQL", answers=("target-logql-rule",), about="others")
def parses(subject: Subject, report: Report) -> Iterator[Finding]:
    """What Loki refuses by its form."""
    for path, where, text in _asked(subject):
        reason = wrong(text)
        if reason:
            yield report(path, where, f"no LogQL: {reason}, in `{excerpt(text)}`", "Correct it.")


@file_rule(
    "logql-range",
    "ranges over logs follow the zoom of the graph",
    answers=("target-logql-auto-rule",),
    about="others",
)
def ranges(subject: Subject, report: Report) -> Iterator[Finding]:
    """Ranges that are written out."""
    for path, where, text in _asked(subject):
        if not wrong(text) and fixed(text):
            yield report(path, where, f"it has a fixed range, in `{excerpt(text)}`", f"Write [{AUTO}].")
