"""Checks on rules, routes and the configuration around them: one wrong value there ends Grafana at start."""

from __future__ import annotations

from dashboards.checks.alerting import (
    engines,
    lines,
    links,
    order,
    readable,
    routes,
    rules,
    severity,
    sources,
    texts,
)
from dashboards.checks.finding import Rule

RULES: tuple[Rule, ...] = (
    readable.readable,
    readable.strict,
    rules.addresses,
    rules.times,
    rules.states,
    rules.queries,
    texts.interpolation,
    texts.said,
    severity.severities,
    severity.values,
    links.panels,
    links.runbooks,
    lines.lines,
    order.order,
    routes.policies,
    routes.receivers,
    routes.grouping,
    engines.notifier,
    engines.parity,
    sources.sources,
)
