"""Sections of docs/performance.md that are measured apart: each is put in its place, and the others stay."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from examples.demo.process import ServerError

Measured = TypeVar("Measured")
TARGET = Path(__file__).parents[1] / "docs/performance.md"


def _of(heading: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(heading)}$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def put(target: Path, heading: str, text: str) -> str:
    """Write a section: where it stood, else at the end; what else is there stays.

    Returns:
        The section.
    """
    before = target.read_text()
    now, found = _of(heading).subn(lambda _: f"{text}\n\n", before, count=1)
    target.write_text((now if found else f"{before.rstrip()}\n\n{text}").rstrip() + "\n")
    return text


def kept(target: Path, *headings: str) -> str:
    """The sections as they stand in a file; of one that is not there nothing."""
    text = target.read_text() if target.exists() else ""
    found = [section[0].strip() for heading in headings if (section := _of(heading).search(text))]
    return "\n\n".join(found)


def fill(
    saying: str, measure: Callable[[], Measured], heading: str, section: Callable[[Measured], str]
) -> None:
    """Measure, and write and print the section; ends with 2, and nothing is written, where a server lacks."""
    print(saying, flush=True)
    try:
        measured = measure()
    except ServerError as error:
        print(f"bench-exporter: {error}; nothing was written", file=sys.stderr)
        sys.exit(2)
    print(put(TARGET, heading, section(measured)))
