"""Ask a running Prometheus what every panel asks."""

from __future__ import annotations

import json
import sys

import click

from dashboards.cli.options import chosen, stack_options


@click.command(
    short_help="Which panels have data in Prometheus?",
    epilog="Example: python -m dashboards prove --prometheus http://127.0.0.1:9090",
)
@click.option(
    "--prometheus", "url", default="http://127.0.0.1:9090", show_default=True, help="URL of Prometheus."
)
@click.option("--minutes", default=15.0, show_default=True, help="Range of time to show.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@stack_options
def prove(url: str, minutes: float, as_json: bool, stack_name: str, engine: str | None) -> None:
    """Ask a running Prometheus what every panel asks, and say which panels have data."""
    from dashboards import prove as proof  # noqa: PLC0415 - requests is slow to import
    from dashboards.prometheus_api import Prometheus  # noqa: PLC0415 - as above

    stack = chosen(stack_name, engine)
    proofs = proof.prove(stack, Prometheus(url=url.rstrip("/")), proof.last(minutes * 60))
    if as_json:
        click.echo(json.dumps([proof.row(each) for each in proofs], indent=2, ensure_ascii=False))
    else:
        for each in proofs:
            if each.state != "data":
                click.echo(
                    f"{each.state:6} {each.board}: {each.panel.title}: {each.excused or 'no reason declared'}"
                )
    click.echo(proof.summary(proofs), err=True)
    if not all(each.well for each in proofs):
        click.echo(proof.HINT, err=True)
        sys.exit(1)
