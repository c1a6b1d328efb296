"""What there is."""

from __future__ import annotations

import json

import click

from dashboards.cli.options import chosen, stack_options


@click.command(
    "list",
    short_help="Metrics, boards, alerts, limits: what there is.",
    epilog="Example: python -m dashboards list alerts",
)
@click.argument("what", type=click.Choice(["metrics", "signals", "boards", "alerts", "objectives", "limits"]))
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@stack_options
def list_(what: str, as_json: bool, stack_name: str, engine: str | None) -> None:
    """What there is: one row each, under the names of the columns."""
    from dashboards import inventory  # noqa: PLC0415 - only this command needs it

    rows = inventory.rows(what, chosen(stack_name, engine))
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    lines = [list(rows[0]), *(list(each.values()) for each in rows)] if rows else []
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(map(str.ljust, line, widths)).rstrip())
