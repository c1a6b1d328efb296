"""Links to boards, wherever they stand in a board's texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dashboards.checks.subject import Subject

LINK = re.compile(r"/d/([A-Za-z0-9_-]+)([^\s\"')\]>]*)")
PANEL = re.compile(r"[?&]viewPanel=(?:panel-)?(\d+)")


def links(subject: Subject) -> Iterator[tuple[str, str, str, str]]:
    """Every link to a board: its file and place, the board's uid, and what follows it."""
    for path, where, text in subject.texts:
        for link in LINK.finditer(text):
            yield path, where, link[1], link[2]


def urls(value: Any) -> Iterator[str]:
    """Every address below a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "url" and isinstance(inner, str):
                yield inner
            else:
                yield from urls(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from urls(inner)
