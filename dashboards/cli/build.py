"""Render everything and write what changed."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from dashboards.cli.errors import report, waived
from dashboards.cli.options import again, chosen, stack_options
from dashboards.errors import StackError
from dashboards.words import counted

DEFAULT_OUTPUT = Path("provisioning")


@click.command(
    short_help="Render boards, rules and configuration.",
    epilog="Example: python -m dashboards build --stack mycompany.observability:STACK --output rendered",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=DEFAULT_OUTPUT,
    show_default=True,
    help="Directory to write to.",
)
@click.option("--check", is_flag=True, help="Write nothing; name each stale file and exit with 1.")
@stack_options
def build(output: Path, check: bool, stack_name: str, engine: str | None) -> None:
    """Render boards, rules and configuration; write only what changed.

    Every check runs first: nothing is written while one of them finds an error.
    """
    from dashboards import checks, write  # noqa: PLC0415 - grafanalib is slow to import

    if os.path.isfile(output):  # noqa: PTH113 - without an error in a folder that may not be entered
        raise StackError(f"--output {output} is a file; give a directory")
    began = time.perf_counter()
    files, verdict = write.judged(chosen(stack_name, engine))
    report(verdict.findings)
    if any(finding.level == "error" for finding in verdict.findings):
        sys.exit(1)
    files = write.remembering(files, output)
    if check:
        drift = write.compare(files, output)
        for path in drift.stale:
            click.echo(f"stale: {output / path}")
        if drift.stale:
            click.echo(
                f"{len(drift.stale)} of {len(files)} files differ; run: {again(but='check')}", err=True
            )
            sys.exit(1)
    else:
        drift = write.write(files, output)
        for word, paths in (
            ("created", drift.created),
            ("updated", drift.updated),
            ("removed", drift.removed),
        ):
            for path in paths:
                click.echo(f"{word}: {output / path}")
    seconds = time.perf_counter() - began
    click.echo(
        f"{counted(len(files), 'file')}: {len(drift.created)} created, {len(drift.updated)} updated, "
        f"{drift.unchanged} unchanged; {counted(len(drift.removed), 'other')} removed; "
        f"{counted(checks.count(), 'check')} passed{waived(verdict)} ({seconds:.1f} s)",
        err=True,
    )
