"""Checks on dashboards as Grafana reads them."""

from __future__ import annotations

from dashboards.checks.boards import columns, frame, graphs, grid, links, panels, stats
from dashboards.checks.finding import Rule

RULES: tuple[Rule, ...] = (
    frame.identity,
    frame.schema,
    frame.nulls,
    panels.ids,
    panels.texts,
    panels.units,
    panels.kinds,
    panels.sources,
    panels.queries,
    panels.open_panels,
    grid.grid,
    stats.stats,
    graphs.legends,
    columns.columns,
    links.boards,
    links.variables,
)
