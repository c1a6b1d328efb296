"""The example's drills: for each alert the real fault that must fire it, or why there is none."""

from __future__ import annotations

from dashboards.drill.model import Drills
from examples.drills import application, postgres, redis, telemetry
from examples.drills.backfilled import BACKFILLED
from examples.drills.site import site
from examples.drills.undrilled import UNDRILLED

DRILLS = Drills(
    drills=(*application.DRILLS, *postgres.DRILLS, *redis.DRILLS, *telemetry.DRILLS),
    undrilled=UNDRILLED,
    backfilled={each.alert.name: each.looks_back for each in BACKFILLED},
    site=site,
)
