"""Where one reads on of an alert: its runbook, and the panel of its signal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPlace:
    """Where one reads on of an alert.

    Attributes:
        alert: its name.
        book, runbook: uid of the board of the runbooks, and the alert's panel there.
        board, panel: of its signal.
        targets: those of job and instance that the alert has, and that the board's reader chooses.
    """

    alert: str
    book: str
    runbook: int
    board: str
    panel: int
    targets: tuple[str, ...] = ()
