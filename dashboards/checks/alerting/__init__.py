"""Checks on rules, routes and the configuration around them: one wrong value there ends Grafana at start."""

from __future__ import annotations

from dashboards.checks.alerting import (
    dollars,
    grouping,
    lines,
    notifier,
    order,
    parity,
    policy_tree,
    readable,
    receivers,
    route_values,
    rule_addresses,
    rule_panels,
    rule_queries,
    rule_runbooks,
    rule_states,
    rule_times,
    said,
    severity,
    sources,
    strict_json,
)
from dashboards.checks.finding import Rule

RULES: tuple[Rule, ...] = (
    readable.readable,
    strict_json.strict,
    rule_addresses.addresses,
    rule_times.times,
    rule_states.states,
    rule_queries.queries,
    dollars.interpolation,
    said.said,
    severity.severities,
    route_values.values,
    rule_panels.panels,
    rule_runbooks.runbooks,
    lines.lines,
    order.order,
    policy_tree.policies,
    receivers.receivers,
    grouping.grouping,
    notifier.notifier,
    parity.parity,
    sources.sources,
)
