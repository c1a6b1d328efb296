"""Asking promtool, Prometheus' own tool."""

from __future__ import annotations

import subprocess

from alerts.proof.model import ProofError

PROMTOOL = "promtool"
MISSING = (
    "there is no promtool on the PATH, and it plays the rules; it comes with Prometheus: "
    "install that (on Debian: apt-get install prometheus), or add its folder to the PATH"
)
# Long cases on a busy machine.
PATIENCE = 600


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What it answers; all that it prints is in `stdout`.

    Raises:
        ProofError: there is none.
    """
    try:
        return subprocess.run(
            [PROMTOOL, *arguments],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
    except FileNotFoundError:
        raise ProofError(MISSING) from None
