"""The stack of a team that uses the package: one file of definitions, and a runbook."""
