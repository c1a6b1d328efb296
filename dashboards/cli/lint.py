"""Run the checks."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from dashboards.checks.finding import listed
from dashboards.checks.waivers import Verdict, waivers_of
from dashboards.cli.errors import annotate, plain, report, waived
from dashboards.cli.options import chosen, stack_options
from dashboards.cli.server import access_options
from dashboards.errors import DefinitionError, StackError
from dashboards.given import WANTED, content_of, real
from dashboards.waiver import Waiver
from dashboards.words import counted

if TYPE_CHECKING:
    from dashboards.checks.others import Source
    from dashboards.prometheus_api import Prometheus

# A thousand of them, with long reasons.
LARGEST_WAIVERS = 1_000_000
EXAMPLE = "Example: python -m dashboards lint boards/ --metrics-from http://127.0.0.1:9090"


@click.command(short_help="Run the checks; write nothing.", epilog=EXAMPLE)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option(
    "--metrics-from",
    "metrics",
    multiple=True,
    metavar="URL|FILE",
    help="What is exported: a page of metrics or a Prometheus, or either's answer in a file. With PATH.",
)
@click.option(
    "--waivers",
    "waivers_file",
    type=click.Path(path_type=Path),
    help="A YAML or JSON list of rule, place and a reason of three words or more: what is right all the "
    "same. With PATH.",
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(("text", "json", "github")),
    help="How findings are told: lines on stderr, one JSON array, or GitHub's annotations.  [default: text]",
)
@click.option("--json", "as_json", is_flag=True, help="As --format json.")
@click.option("--list", "list_rules", is_flag=True, help="List the checks and exit.")
@click.option("--markdown", is_flag=True, help="With --list: the page of the checks on alerting files.")
@access_options
@stack_options
def lint(
    *,
    paths: tuple[Path, ...],
    metrics: tuple[str, ...],
    waivers_file: Path | None,
    shape: str | None,
    as_json: bool,
    list_rules: bool,
    markdown: bool,
    asker: Prometheus,
    stack_name: str,
    engine: str | None,
) -> None:
    """Run the checks on what would be built, or on anybody's files and folders.

    They hold dashboards as JSON, Grafana's alerting files as YAML or JSON, or Prometheus' rules. Exits with
    1 if one of them finds an error.
    """
    shape = _shape(shape, as_json=as_json)
    if markdown and not list_rules:
        raise click.UsageError("--markdown goes with --list.")
    if list_rules:
        _list(markdown=markdown)
        return
    if not paths:
        from dashboards import checks, write  # noqa: PLC0415 - grafanalib is slow to import

        if metrics or waivers_file or asker.username or asker.token:
            raise click.UsageError(
                "--metrics-from, who asks there, and --waivers go with a PATH; a stack has its own of them."
            )
        _, verdict = write.judged(chosen(stack_name, engine))
        told = f"{counted(checks.count(), 'check')}, {counted(len(verdict.findings), 'finding')}"
    else:
        with _uncollected():
            try:
                verdict, told = _others(paths, _sources(metrics, asker), waivers_file)
            except PermissionError as error:
                raise StackError(f"{error.filename}: cannot be read: {error.strerror}; {WANTED}") from None
            except DefinitionError as error:  # of the file of waivers, which is an argument and no finding
                raise StackError(str(error)) from None
    if shape == "json":
        click.echo(json.dumps(_rows(verdict), indent=2))
    else:
        (annotate if shape == "github" else report)(verdict.findings)
        click.echo(told + waived(verdict), err=True)
    if any(finding.level == "error" for finding in verdict.findings):
        sys.exit(1)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for circles of objects: what is read stays to the end, and took a third longer."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _shape(shape: str | None, *, as_json: bool) -> str:
    if as_json and shape not in (None, "json"):
        raise click.UsageError(f"--json and --format {shape}: expected one way of telling; leave one out.")
    return "json" if as_json else shape or "text"


def _list(*, markdown: bool) -> None:
    from dashboards import checks  # noqa: PLC0415 - slow to import
    from dashboards.checks import provisioned  # noqa: PLC0415 - slow to import

    if markdown:
        click.echo(provisioned.page(), nl=False)
        return
    for rule in checks.RULES:
        known = f" ({', '.join(rule.answers)})" if rule.answers else ""
        click.echo(f"{rule.id:18} {rule.summary}{known}")
    for check in provisioned.CHECKS:
        click.echo(f"{check.id:18} {check.summary} (alerting files)")


def _rows(verdict: Verdict) -> list[dict[str, str]]:
    rows = [asdict(finding) | {"waived": ""} for finding in verdict.findings]
    return rows + [asdict(finding) | {"waived": waiver.reason} for finding, waiver in verdict.waived]


def _sources(given: tuple[str, ...], asker: Prometheus) -> list[Source]:
    """What says what is exported. A secret is told to one server, so that none hears that of another."""
    from dashboards.checks.others import Source  # noqa: PLC0415 - slow to import

    servers = {urlsplit(each).netloc.rpartition("@")[2] for each in given if "://" in each}
    if (asker.username or asker.token) and len(servers) != 1:
        raise StackError(
            f"credentials are given, and --metrics-from names {listed(servers)}; expected one server, "
            "which is told them; save what the others answer, and give the file"
        )
    return [Source(each, asker) for each in given]


def _others(paths: tuple[Path, ...], sources: list[Source], waivers: Path | None) -> tuple[Verdict, str]:
    """The verdict on anybody's files, and the last line."""
    from dashboards import checks  # noqa: PLC0415 - slow to import
    from dashboards.checks import others, provisioned  # noqa: PLC0415 - slow to import

    alerting = provisioned.found(paths)
    rest = tuple(path for path in paths if real(path) not in alerting.taken)
    files, left_out = others.found(rest, alerting.taken | alerting.links)
    for path in left_out:
        click.echo(plain(f"left out: {path}: no dashboard"), err=True)
    for chart in sorted(alerting.charts):
        click.echo(plain(f"left out: {chart}: templates of Helm; give what it writes"), err=True)
    findings = provisioned.judge(alerting, checks.RULES, sources)
    known = [*(rule.id for rule in checks.RULES), others.SHAPE, *(each.id for each in provisioned.CHECKS)]
    lookups = [] if sources else [rule.id for rule in checks.RULES if rule.lookup]
    parts, told = [], ""
    if files:
        findings += others.judge(files, checks.RULES, sources)
        ran = checks.count(others=True) - len(lookups)
        parts.append(f"{counted(len(files), 'board')}, {counted(ran, 'check')}")
        told = f"; left out without --metrics-from: {', '.join(lookups)}" if lookups else ""
    if alerting.rules:
        ran = len(provisioned.CHECKS)
        parts.append(f"{counted(alerting.rules, 'alerting file')}, {counted(ran, 'check')}")
    given = _waivers(waivers)
    looked_at = alerting.taken | {real(Path(each)) for each in (*(file.path for file in files), *left_out)}
    verdict = checks.judged(findings, given, known, _elsewhere(given, looked_at), idle=lookups)
    return verdict, f"{'; '.join(parts)}, {counted(len(verdict.findings), 'finding')}{told}"


def _waivers(path: Path | None) -> tuple[Waiver, ...]:
    from dashboards.checks.provisioned.reader import UnreadableError, read  # noqa: PLC0415 - slow to import

    if path is None:
        return ()
    told = f"--waivers {path}"
    advice = "give a YAML or JSON list of rule, place and reason, or leave --waivers out"
    try:
        root = read(content_of(path, LARGEST_WAIVERS, told, advice))
    except UnreadableError as error:
        raise StackError(f"{told}: line {error.line}: {error}; {advice}") from None
    return waivers_of(str(path), root.plainly() if root is not None else None)


def _elsewhere(waivers: Sequence[Waiver], looked_at: Collection[Path]) -> tuple[str, ...]:
    """The places of waivers for files that are there and were not given this time."""
    files = {each.place: Path(each.place.partition(": ")[0]) for each in waivers}
    return tuple(place for place, path in files.items() if path.is_file() and real(path) not in looked_at)
