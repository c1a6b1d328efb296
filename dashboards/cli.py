"""The command line: thin. Exit codes are 0 for fine, 1 for findings, 2 for usage or no answer."""

from __future__ import annotations

import json
import sys
import sysconfig
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import click

from alerts.model import AlertError, Engine
from alerts.notifications import NotifyError
from dashboards.errors import StackError
from dashboards.model import BoardError
from dashboards.stack import Stack, load
from exporters.catalogue import CatalogueError
from signals.model import SignalError
from signals.numbers import NumberError
from signals.promql import QueryError

DEFAULT_STACK = "dashboards.stack:STACK"
DEFAULT_OUTPUT = Path("provisioning")
MENDABLE = (
    StackError,
    BoardError,
    AlertError,
    NotifyError,
    SignalError,
    NumberError,
    QueryError,
    CatalogueError,
)
# Whoever reads a message can change neither this project nor what is installed beside it.
PACKAGES = ("alerts", "dashboards", "exporters", "signals")
NOT_THEIRS = (
    *(f"{Path(__file__).parents[1] / package}/" for package in PACKAGES),
    *(f"{sysconfig.get_path(name)}/" for name in ("stdlib", "purelib", "platlib")),
    "<",
)


class Group(click.Group):
    """Commands whose mendable errors are one line and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a user's mistake is told without a traceback."""
        try:
            return super().invoke(ctx)
        except MENDABLE as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)


def stack_options(command: Callable[..., None]) -> Callable[..., None]:
    """Which stack: shared by every command."""
    command = click.option(
        "--engine",
        type=click.Choice(["grafana", "prometheus"]),
        help="Who evaluates and notifies, in place of the stack's own choice.",
    )(command)
    return click.option(
        "--stack",
        "stack_name",
        default=DEFAULT_STACK,
        show_default=True,
        metavar="MODULE:NAME",
        help="The stack to use, for a team's own boards, rules or objectives.",
    )(command)


def chosen(stack_name: str, engine: str | None) -> Stack:
    """The stack that the options name, if it can be rendered."""
    from dashboards.checks import definitions  # noqa: PLC0415 - help needs no parser of PromQL

    try:
        stack = load(stack_name)
    except Exception as error:  # a team's module may raise anything
        # Of an import that failed, `load` says what is missing; its cause knows in which line.
        cause = error.__context__ if isinstance(error, StackError) and error.__context__ else error
        place = origin(cause)
        if not place and not unreadable(error):
            raise
        where = place or "no Python module, correct the name or the file"
        raise StackError(f"--stack {stack_name!r}: {where}: {said(cause)}") from error
    stack = replace(stack, engine=cast(Engine, engine)) if engine else stack
    definitions.require(stack)
    return stack


def origin(error: BaseException) -> str:
    """File and line of the team's own code in which the error arose; empty if it was in none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno or 1}"
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith(NOT_THEIRS)]
    return f"{theirs[-1].filename}:{theirs[-1].lineno}" if theirs else ""


def unreadable(error: BaseException) -> bool:
    """Whether Python could not even begin with the module, as for a NUL byte or a name like `a..b`."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and "importlib" in frames[-1].filename


def said(error: BaseException) -> str:
    """What the error says, on one line; of one that is not written for people, with its kind."""
    text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    return text if isinstance(error, MENDABLE) else f"{type(error).__name__}: {text}"


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: python -m dashboards build --check",
)
@click.version_option(package_name="backend-observability")
def main() -> None:
    """Dashboards and alerts for FastAPI + PostgreSQL + Redis, defined in Python."""


@main.command(
    short_help="Render boards, rules and configuration.",
    epilog="Example: python -m dashboards build --stack mycompany.observability:STACK --output provisioning",
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

    began = time.perf_counter()
    files, findings = write.checked(chosen(stack_name, engine))
    report(findings)
    if any(finding.level == "error" for finding in findings):
        sys.exit(1)
    if check:
        drift = write.compare(files, output)
        for path in drift.stale:
            click.echo(f"stale: {output / path}")
        if drift.stale:
            click.echo(
                f"{len(drift.stale)} of {len(files)} files differ; run: python -m dashboards build", err=True
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
        f"{len(files)} files: {len(drift.created)} created, {len(drift.updated)} updated, "
        f"{drift.unchanged} unchanged; {len(drift.removed)} others removed; "
        f"{len(checks.RULES)} checks passed ({seconds:.1f} s)",
        err=True,
    )


@main.command(short_help="Run the checks; write nothing.", epilog="Example: python -m dashboards lint --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@click.option("--list", "list_rules", is_flag=True, help="List the checks and exit.")
@stack_options
def lint(as_json: bool, list_rules: bool, stack_name: str, engine: str | None) -> None:
    """Run the checks on what would be built; exit with 1 if one of them finds an error."""
    from dashboards import checks, write  # noqa: PLC0415 - grafanalib is slow to import

    if list_rules:
        for rule in checks.RULES:
            click.echo(f"{rule.id:28} {rule.summary}")
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


def report(findings: Sequence[Any]) -> None:
    """Findings, one a line, with what to do."""
    for finding in findings:
        level = "" if finding.level == "error" else f"{finding.level}: "
        fix = f" {finding.fix}" if finding.fix else ""
        click.echo(
            f"{finding.file}: {finding.where}: {level}{finding.message}.{fix} [{finding.rule}]", err=True
        )


@main.command(
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


@main.command(
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

    stack = chosen(stack_name, engine)
    for note in secrets.notes(stack, grafana_url=grafana_url, retention=retention):
        click.echo(f"note: {note}", err=True)
    problems = secrets.problems(stack.notifications, engine=stack.engine, secrets_dir=secrets_dir)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)
    click.echo("every secret is there", err=True)


@main.command(
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
