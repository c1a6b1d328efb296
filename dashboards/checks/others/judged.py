"""The checks that anybody's dashboards must stand, in the order of the files given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from dashboards.checks.finding import Finding, Rule
from dashboards.checks.labels import Known
from dashboards.checks.others.files import File
from dashboards.checks.others.known import Exported, Heard
from dashboards.checks.others.shape import Shaper
from dashboards.checks.others.source import Source
from dashboards.checks.subject import Subject
from exporters.catalogue import Catalogue

SHAPE = "board-shape"


@dataclass(frozen=True, kw_only=True)
class Boards(Subject):
    """Dashboards of others, with what their metrics are known to be."""

    shaped: dict[str, dict[str, object]]
    exported: Exported | None = None

    @cached_property
    def boards(self) -> dict[str, dict[str, object]]:
        """Dashboards by path."""
        return self.shaped

    @cached_property
    def known(self) -> Known:
        """What is known of series."""
        return Heard(self.exported, self.names)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every metric that the boards ask for."""
        bare = Boards(files={}, catalogue=Catalogue(()), identity=(), shaped=self.shaped)
        object.__setattr__(bare, "known", Known(Catalogue(()), (), frozenset()))
        return frozenset(each.name for query in bare.queries.values() for each in query.selectors)


def judge(files: Sequence[File], rules: Sequence[Rule], sources: Sequence[Source] = ()) -> list[Finding]:
    """What is wrong in these dashboards.

    Raises:
        StackError: a source does not answer, or with something else.
    """
    shapers = {file.path: Shaper(file.board) for file in files}
    shaped = {path: shaper.board() for path, shaper in shapers.items()}
    subject = Boards(files={}, catalogue=Catalogue(()), identity=(), shaped=shaped)
    exported: Exported | None = None
    for source in sources:
        found = source.exported(subject.names)
        exported = found if exported is None else exported.joined(found)
    subject = Boards(files={}, catalogue=Catalogue(()), identity=(), shaped=shaped, exported=exported)
    findings = {
        Finding(
            file=path,
            where=where,
            rule=SHAPE,
            message=message,
            fix="Grafana drops it; give it the right type.",
        )
        for path, shaper in shapers.items()
        for where, message in shaper.problems
    }
    for rule in rules:
        if rule.about != "own" and (exported is not None or not rule.lookup):
            findings.update(rule.run(subject))
    return sorted(findings)
