"""``python -m exporters``."""

from __future__ import annotations

import sys

from exporters.distribution import missing

try:
    from exporters.cli import main
except ModuleNotFoundError as error:
    if error.name is None or error.name.startswith("exporters"):
        raise  # a fault of this package
    print(f"obs-exporter: {missing(error)}", file=sys.stderr)
    sys.exit(2)

main()
