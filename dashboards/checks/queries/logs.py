"""Queries of logs as the checks go through them."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.panels import each
from dashboards.checks.subject import Subject


def asked(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """Every query of logs, with its file and place."""
    for path, where, panel in each(subject):
        for target in panel.get("targets", ()):
            if "logql" in target:
                yield path, f"{where}, query {target.get('refId')}", str(target["logql"])
