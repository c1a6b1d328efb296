"""Proof that a rule does what it says: its case, played through promtool."""

from __future__ import annotations

from alerts.proof.model import Case, Held
from alerts.proof.series import counter, gauge, histogram

__all__ = ["Case", "Held", "counter", "gauge", "histogram"]
