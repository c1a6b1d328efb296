"""A backend to watch, and the demo that watches it. Not part of the wheel."""
