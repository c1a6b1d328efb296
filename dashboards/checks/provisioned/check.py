"""What a check on alerting files is: an id, what it costs to be wrong, an example of both, how it looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import dedent

from dashboards.checks.finding import Finding, Level
from dashboards.checks.provisioned.files import File, Files
from dashboards.checks.provisioned.nodes import Node

# What becomes of a file or value that is wrong.
STOPS = "Grafana does not start"
IGNORED = "Grafana ignores it without a word"
ERRS = "Grafana loads it, and it fails at every evaluation"
SILENT = "Grafana loads it, and it never does what is meant"
REFUSED = "Prometheus refuses the whole file"
FAILS = "Prometheus loads it, and it fails at every evaluation"
NEVER = "Prometheus loads it, and it never does what is meant"
MISLEADS = "it loads, and may say something else than is meant"
UNREAD = "nobody looked at it"

Report = Callable[..., Finding]
Run = Callable[[Files, Report], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check.

    Attributes:
        id: names it in findings and waivers.
        summary: what it proves, in one line.
        cause: how people come to write it, and what is behind it.
        effect: what happens to who does.
        fix: what to do.
        wrong: a small file that it refuses.
        right: the same, mended.
        run: finds it; nothing for what is found while a file is read.
    """

    id: str
    summary: str
    cause: str
    effect: str
    fix: str
    wrong: str
    right: str
    run: Run
    level: Level = "error"


def check(
    id: str,
    *,
    summary: str,
    cause: str,
    effect: str,
    fix: str,
    wrong: str,
    right: str,
    level: Level = "error",
) -> Callable[[Run], Check]:
    """A check from the function that looks."""

    def decorate(run: Run) -> Check:
        return Check(
            id=id,
            summary=summary,
            cause=cause,
            effect=effect,
            fix=fix,
            wrong=dedent(wrong).strip() + "\n",
            right=dedent(right).strip() + "\n",
            run=run,
            level=level,
        )

    return decorate


def reporter(check: Check) -> Report:
    """Makes the findings of a check."""

    def report(
        file: File | str,
        node: Node | tuple[int, int],
        where: str,
        message: str,
        fix: str = "",
        effect: str = "",
    ) -> Finding:
        line, column = node if isinstance(node, tuple) else (node.line, node.column)
        return Finding(
            file=file if isinstance(file, str) else file.path,
            where=where,
            rule=check.id,
            message=message,
            fix=fix or check.fix,
            level=check.level,
            line=line,
            column=column,
            effect=effect or check.effect,
        )

    return report
