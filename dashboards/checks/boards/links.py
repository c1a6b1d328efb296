"""Links to boards, wherever they stand in a board's texts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.subject import Subject

LINK = re.compile(r"/d/([A-Za-z0-9_-]+)([^\s\"')\]>]*)")
PANEL = re.compile(r"[?&]viewPanel=(?:panel-)?(\d+)")


def links(subject: Subject) -> Iterator[tuple[str, str, str, str]]:
    """Every link to a board: its file and place, the board's uid, and what follows it."""
    for path, where, text in subject.texts:
        for link in LINK.finditer(text):
            yield path, where, link[1], link[2]
