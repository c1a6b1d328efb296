"""``python -m dashboards``, the same as ``obs``."""

from __future__ import annotations

import sys

try:
    from dashboards.cli import main
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] in {"alerts", "dashboards", "exporters", "signals"}:
        raise  # a fault of this project
    print(f"obs: {error.name} is not installed; run: pip install . in the checkout", file=sys.stderr)
    sys.exit(2)

if __name__ == "__main__":
    main()
