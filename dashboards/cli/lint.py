"""Run the checks."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from dashboards.checks.finding import listed
from dashboards.checks.waivers import Verdict, waivers_of
from dashboards.cli.errors import plain, report, waived
from dashboards.cli.options import chosen, stack_options
from dashboards.cli.server import access_options
from dashboards.errors import StackError
from dashboards.waiver import Waiver

if TYPE_CHECKING:
    from dashboards.checks.others import Source
    from dashboards.prometheus_api import Prometheus

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
    help="A YAML or JSON list of rule, place and reason: what is right all the same. With PATH.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@click.option("--list", "list_rules", is_flag=True, help="List the checks and exit.")
@access_options
@stack_options
def lint(
    *,
    paths: tuple[Path, ...],
    metrics: tuple[str, ...],
    waivers_file: Path | None,
    as_json: bool,
    list_rules: bool,
    asker: Prometheus,
    stack_name: str,
    engine: str | None,
) -> None:
    """Run the checks on what would be built, or on anybody's dashboards: files or folders of their JSON.

    Exits with 1 if one of them finds an error.
    """
    from dashboards import checks, write  # noqa: PLC0415 - grafanalib is slow to import

    if list_rules:
        for rule in checks.RULES:
            known = f" ({', '.join(rule.answers)})" if rule.answers else ""
            click.echo(f"{rule.id:18} {rule.summary}{known}")
        return
    if not paths:
        if metrics or waivers_file or asker.username or asker.token:
            raise click.UsageError(
                "--metrics-from, who asks there, and --waivers go with a PATH; a stack has its own of them."
            )
        _, verdict = write.judged(chosen(stack_name, engine))
        told = f"{checks.count()} checks, {len(verdict.findings)} findings"
    else:
        verdict, told = _others(paths, _sources(metrics, asker), waivers_file)
    if as_json:
        click.echo(json.dumps(_rows(verdict), indent=2))
    else:
        report(verdict.findings)
    if not as_json:
        click.echo(told + waived(verdict), err=True)
    if any(finding.level == "error" for finding in verdict.findings):
        sys.exit(1)


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
    """The verdict on anybody's dashboards, and the last line."""
    from dashboards import checks  # noqa: PLC0415 - slow to import
    from dashboards.checks import others  # noqa: PLC0415 - slow to import

    files, left_out = others.found(paths)
    for path in left_out:
        click.echo(plain(f"left out: {path}: no dashboard"), err=True)
    findings = others.judge(files, checks.RULES, sources)
    known = [*(rule.id for rule in checks.RULES), others.SHAPE]
    verdict = checks.judged(findings, _waivers(waivers), known)
    lookups = [rule.id for rule in checks.RULES if rule.lookup]
    ran = checks.count(others=True) - (0 if sources else len(lookups))
    told = f"{len(files)} boards, {ran} checks, {len(verdict.findings)} findings"
    if not sources:
        told += f"; left out without --metrics-from: {', '.join(lookups)}"
    return verdict, told


def _waivers(path: Path | None) -> tuple[Waiver, ...]:
    import yaml  # noqa: PLC0415 - only this option reads YAML

    if path is None:
        return ()
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise StackError(
            f"--waivers {path}: there is no such file; give a YAML or JSON list of rule, place and reason, "
            "or leave --waivers out"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        raise StackError(f"--waivers {path}: cannot be read: {why}; give a YAML or JSON list") from None
    return waivers_of(str(path), document)
