"""The checks on anybody's alerting files: Grafana's rules and notifications, and Prometheus' rules.

They read what a person wrote, with its line and column, and say what its reader would do with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from dashboards.checks.finding import Finding, Rule
from dashboards.checks.provisioned.check import Check, reporter
from dashboards.checks.provisioned.files import File, Files
from dashboards.checks.provisioned.found import FOLDER, Found, found
from dashboards.checks.provisioned.page import page
from dashboards.checks.provisioned.rules import CHECKS
from dashboards.checks.provisioned.rules.unread import bounds
from dashboards.given import real

if TYPE_CHECKING:
    from dashboards.checks.others import Source

__all__ = ["CHECKS", "Check", "Found", "found", "judge", "page"]

# What two files of one Grafana may not both have, and two of two may; names are looked for in all of them.
CLASHES = frozenset(("uid-unique", "group-once", "policy-once", "deleted-used"))
# Of one check; whoever has more mends these first.
MOST = 1000


def judge(given: Found, rules: Sequence[Rule] = (), sources: Sequence[Source] = ()) -> list[Finding]:
    """What is wrong in these files, in their order.

    Args:
        given: the files.
        rules: the checks that look at PromQL anywhere.
        sources: what says what is exported.

    Raises:
        StackError: a source does not answer, or with something else.
    """
    files = Files(given.files)
    parts = _each_grafana(given.files)
    findings = set(given.findings)
    for check in CHECKS:
        for part in parts if check.id in CLASHES else [files]:
            told = list(islice(check.run(part, reporter(check)), MOST + 1))
            findings.update(told[:MOST])
            if len(told) > MOST:
                message = f"{check.id} finds more than {MOST} things; the rest of them is not told"
                findings.add(reporter(bounds)(told[-1].file, (told[-1].line, 1), "file", message))
    if rules:
        from dashboards.checks.provisioned import asked  # noqa: PLC0415 - requests is slow to import

        findings.update(asked.judge(files, rules, sources))
    return sorted(findings, key=lambda each: (each.file, each.line, each.column, each.rule, each.message))


def _each_grafana(files: Sequence[File]) -> list[Files]:
    """What one Grafana reads: of several folders called `alerting`, each by itself."""
    parts: dict[Path | None, list[File]] = {}
    for file in files:
        folder = real(Path(file.path).parent)
        parts.setdefault(folder if folder.name == FOLDER else None, []).append(file)
    return [Files(part) for part in parts.values()]
