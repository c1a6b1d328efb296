"""Measurements; each prints ratios against a peer taken in the same run."""
