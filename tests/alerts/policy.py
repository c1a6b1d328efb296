"""The policy that docs/notifications.md shows, and the alerts that it needs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from alerts.notifications import Notifications
from alerts.routing import DELIVERY_TROUBLE
from alerts.rules import ALERTS, api

DOCS = Path(__file__).parents[2] / "docs/notifications.md"


def _shown(number: int) -> dict[str, Any]:
    """What the block of Python with this number defines."""
    names: dict[str, Any] = {}
    exec(re.findall(r"^```python\n(.*?)^```$", DOCS.read_text(), re.DOTALL | re.MULTILINE)[number], names)  # noqa: S102
    return names


DOCUMENTED: Notifications = _shown(0)["NOTIFICATIONS"]
genuine = _shown(1)["genuine"]
# The alerts of both engines on channels that fail; the project's own, once it has them.
NAMED = {alert.name for alert in ALERTS}
WITH_DELIVERY = (
    *ALERTS,
    *(
        replace(api.API_DOWN, name=name, service="telemetry")
        for name in DELIVERY_TROUBLE
        if name not in NAMED
    ),
)
