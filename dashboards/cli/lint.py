"""Run the checks."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from dashboards.cli.errors import report
from dashboards.cli.options import chosen, stack_options


@click.command(
    short_help="Run the checks; write nothing.", epilog="Example: python -m dashboards lint --json"
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@click.option("--list", "list_rules", is_flag=True, help="List the checks and exit.")
@stack_options
def lint(as_json: bool, list_rules: bool, stack_name: str, engine: str | None) -> None:
    """Run the checks on what would be built; exit with 1 if one of them finds an error."""
    from dashboards import checks, write  # noqa: PLC0415 - grafanalib is slow to import

    if list_rules:
        for rule in checks.RULES:
            known = f" ({', '.join(rule.answers)})" if rule.answers else ""
            click.echo(f"{rule.id:18} {rule.summary}{known}")
        return
    _, findings = write.checked(chosen(stack_name, engine))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        report(findings)
    if any(finding.level == "error" for finding in findings):
        sys.exit(1)
    if not as_json:
        click.echo(f"{len(checks.RULES)} checks, {len(findings)} findings", err=True)
