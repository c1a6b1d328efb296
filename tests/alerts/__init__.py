"""Tests of alerts: definitions, renderers, messages, runbooks, and each rule in promtool."""
