"""Drills of whoever watches."""

from __future__ import annotations

from dashboards.drill.model import Drill

DRILLS = (Drill(alerts=("TargetDown",), fault="stop-exporter", in_ci=True),)
