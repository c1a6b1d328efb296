"""What docs/notifications.md shows: the policy, and how a receiver checks a signature."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from alerts.notifications import Notifications

DOCS = Path(__file__).parents[2] / "docs/notifications.md"


def _shown(number: int) -> dict[str, Any]:
    """What the block of Python with this number defines."""
    names: dict[str, Any] = {}
    exec(re.findall(r"^```python\n(.*?)^```$", DOCS.read_text(), re.DOTALL | re.MULTILINE)[number], names)  # noqa: S102
    return names


DOCUMENTED: Notifications = _shown(0)["NOTIFICATIONS"]
genuine = _shown(1)["genuine"]
