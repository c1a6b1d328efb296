"""The checks on anybody's dashboards: as Grafana exports and mixins ship them, of any age."""

from __future__ import annotations

from dashboards.checks.others.files import File, found
from dashboards.checks.others.judged import SHAPE, judge
from dashboards.checks.others.source import Source

__all__ = ["SHAPE", "File", "Source", "found", "judge"]
