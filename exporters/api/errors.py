"""What can go wrong when an application is instrumented, and how failures inside it are kept there."""

from __future__ import annotations


class InstrumentationError(RuntimeError):
    """The application cannot be instrumented as asked; the message says what to change."""
