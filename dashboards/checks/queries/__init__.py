"""Checks on PromQL, wherever it stands."""

from __future__ import annotations

from dashboards.checks.finding import Rule
from dashboards.checks.queries import (
    bounds,
    division,
    histograms,
    identity,
    label_names,
    label_values,
    legends,
    matching,
    metrics,
    panel_units,
    quantile_bounds,
    rates,
    reachable,
    recordings,
    scope,
    syntax,
    variables,
    windows,
)

RULES: tuple[Rule, ...] = (
    syntax.parses,
    syntax.portable,
    metrics.exists,
    recordings.recorded,
    recordings.labels,
    label_names.exists,
    label_names.listed_label,
    label_values.values,
    bounds.bounds,
    quantile_bounds.limits,
    reachable.reachable,
    rates.counters,
    rates.gauges,
    histograms.quantiles,
    histograms.bucket_sums,
    histograms.timestamps,
    matching.matching,
    division.guarded,
    identity.kept,
    scope.scoped,
    windows.windows,
    variables.declared,
    variables.used,
    legends.legends,
    panel_units.units,
    panel_units.meeting,
)
