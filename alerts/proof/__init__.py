"""Proof that a rule does what it says: its case, played through promtool."""
