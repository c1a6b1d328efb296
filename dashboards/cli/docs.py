"""Write the pages that follow from the definitions."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dashboards.cli.options import again, brought, chosen, drills_option, stack_options
from dashboards.errors import StackError


@click.command(
    short_help="Write docs/alerts.md: every alert, whom it reaches, what proves it.",
    epilog="Example: python -m dashboards docs --check",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("docs"),
    show_default=True,
    help="Directory to write to; drills.json there is what `drill --record` kept.",
)
@drills_option("for the reasons why an alert has none")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the page differs.")
@stack_options
def docs(output: Path, reference: str, check: bool, stack_name: str, engine: str | None) -> None:
    """Write the page of alerts from the definitions and what the drills found."""
    from dashboards import handbook  # noqa: PLC0415 - grafanalib is slow to import
    from dashboards.drill import load, record  # noqa: PLC0415 - requests is slow to import

    if not output.is_dir():
        why = "it is a file" if output.exists() else "there is no such folder"
        raise StackError(f"--output {output}: {why}; expected one for alerts.md; make it, or give another")
    kept, drills = record.load(output / "drills.json"), brought("--drills", reference, load)
    text = handbook.page(chosen(stack_name, engine), kept, drills, folder=output, reference=reference)
    page = output / "alerts.md"
    if check:
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            click.echo(f"stale: {page}; run: {again(but='check')}", err=True)
            sys.exit(1)
        return
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StackError(f"cannot write {page}: {error.strerror}; give --output a directory") from None
    click.echo(f"written: {page}", err=True)
