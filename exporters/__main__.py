"""``python -m exporters``."""

from __future__ import annotations

from exporters.cli import main

main()
