"""Break a running stack on purpose, and see that who should be told is told: this, and nothing else."""

from __future__ import annotations

from dashboards.drill.model import Drill, Drills, Outcome, Site, Times, load
from dashboards.drill.run import Course

__all__ = ["Course", "Drill", "Drills", "Outcome", "Site", "Times", "load"]
