"""The proof at build time: nothing queries what nobody exports, and Grafana takes every file.

The checks read the rendered bytes, so that nothing between a definition and its file escapes them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from dashboards.checks import alerting, boards, queries
from dashboards.checks.finding import Finding, Rule
from dashboards.checks.subject import Subject
from dashboards.checks.waivers import Verdict, judged
from exporters.catalogue import Catalogue

__all__ = ["RULES", "Finding", "Rule", "Verdict", "check_files", "judged"]

RULES: tuple[Rule, ...] = (*queries.RULES, *boards.RULES, *alerting.RULES)


def count(others: bool = False) -> int:
    """How many checks look at this project's files, or at anybody's boards."""
    return sum(rule.about != ("own" if others else "others") for rule in RULES)


def check_files(
    files: Mapping[str, bytes],
    catalogue: Catalogue,
    *,
    identity: tuple[str, ...],
    alone: Collection[str] = (),
    left_out: Collection[str] = (),
    retention: float = math.inf,
    time_scale: float = 1.0,
    undeclared: Collection[str] = (),
) -> list[Finding]:
    """What is wrong in these files, sorted by file, place and check.

    Args:
        files: bytes by path below the output directory, such as ``grafana/dashboards/<uid>.json``.
        catalogue: every metric that a query may name, recorded ones included.
        identity: the labels that tell installations apart; every aggregation keeps them.
        alone: names of alerts that are declared for one engine. Alerts of severity info, and those that
            fire on the error of a query, need not be named.
        left_out: names of alerts that are not rendered, and that others yield to all the same.
        retention: how long Prometheus keeps data, in seconds.
        time_scale: factor on what emitters do by default; 1 in production.
        undeclared: sample names of metrics that the queries are made of, and the catalogue lacks.
    """
    subject = Subject(
        files=files,
        catalogue=catalogue,
        identity=identity,
        alone=alone,
        left_out=left_out,
        retention=retention,
        time_scale=time_scale,
        undeclared=undeclared,
    )
    return sorted({finding for rule in RULES if rule.about != "others" for finding in rule.run(subject)})
