"""Look for the secrets before Grafana does."""

from __future__ import annotations

import sys

import click

from dashboards.cli.options import chosen, stack_options


@click.command(
    short_help="Are all secrets of the channels there?",
    epilog="Example: python -m dashboards preflight --secrets-dir secrets/channels",
)
@click.option(
    "--secrets-dir",
    metavar="DIR",
    help="Where the files of secrets are for whoever runs this; by default where the engine finds them.",
)
@click.option(
    "--grafana-url", metavar="URL", help="Where people open Grafana; a note says if links lead elsewhere."
)
@click.option("--retention", metavar="DAYS", help="What Prometheus keeps, as 35d; a note says if it differs.")
@stack_options
def preflight(
    secrets_dir: str | None,
    grafana_url: str | None,
    retention: str | None,
    stack_name: str,
    engine: str | None,
) -> None:
    """Check that every secret that the notifications refer to is there, before Grafana starts.

    A secret that is missing, empty, or reads as a number or boolean ends Grafana at start.
    """
    from dashboards import preflight as secrets  # noqa: PLC0415 - only this command needs it

    secrets.require(secrets_dir=secrets_dir, retention=retention)
    stack = chosen(stack_name, engine)
    for note in secrets.notes(stack, grafana_url=grafana_url, retention=retention):
        click.echo(f"note: {note}", err=True)
    problems = secrets.problems(stack.notifications, engine=stack.engine, secrets_dir=secrets_dir)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)
    click.echo("every secret is there", err=True)
