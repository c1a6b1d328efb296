"""The checks on alerting files, in the order of their page; one concept a module."""

from __future__ import annotations

from dashboards.checks.provisioned.check import Check
from dashboards.checks.provisioned.rules import addresses, conditions, fields, intervals, unread

CHECKS: tuple[Check, ...] = (
    unread.parses,
    unread.bounds,
    fields.known,
    fields.types,
    fields.required,
    fields.values,
    intervals.ticks,
    addresses.forms,
    addresses.unique,
    addresses.lengths,
    addresses.groups,
    conditions.condition,
    conditions.unique,
    conditions.reads,
    conditions.ranges,
)
