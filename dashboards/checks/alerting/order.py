"""A rule reads what was recorded before it: Prometheus evaluates a group in order, and groups in none."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.expressions import Json
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

Seat = tuple[str, object, int]


@file_rule("recording-order", "a rule stands after the recordings that it reads, in their group", about="own")
def order(subject: Subject, report: Report) -> Iterator[Finding]:
    """Readers of what is recorded after them, or in another group, see an older value."""
    seats = dict(_seats(subject))
    for path, document in subject.rule_files.items():
        for group in document.get("groups", ()):
            for index, rule in enumerate(group.get("rules", ())):
                where = f"record {rule['record']}" if "record" in rule else f"alert {rule.get('alert')}"
                for name in _read(subject, rule):
                    message = _misplaced(seats.get(name), (path, group.get("name"), index))
                    if message:
                        fix = f"Put it behind the recording of {name}, into its group."
                        yield report(path, where, f"it reads {name}, which {message}", fix)


def _seats(subject: Subject) -> Iterator[tuple[str, Seat]]:
    """Where each name is recorded: file, group and place in it."""
    for path, document in subject.rule_files.items():
        for group in document.get("groups", ()):
            for index, rule in enumerate(group.get("rules", ())):
                if "record" in rule:
                    yield str(rule["record"]), (path, group.get("name"), index)


def _read(subject: Subject, rule: Json) -> list[str]:
    """The names that a rule reads, but its own, which it can only read as it was."""
    query = subject.queries.get(str(rule.get("expr", "")))
    names = (each.name for each in query.selectors) if query else ()
    return [name for name in dict.fromkeys(names) if name != rule.get("record")]


def _misplaced(recorded: Seat | None, reader: Seat) -> str:
    if recorded is None:
        return ""
    if recorded[:2] != reader[:2]:
        return f"the group {recorded[1]!r} records, at another moment"
    return "is recorded after it" if recorded[2] > reader[2] else ""
