"""Prove the rules."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click

from dashboards.cli.options import chosen, stack_options, writable, write_report
from dashboards.words import counted


@click.command(
    short_help="Does each alert fire when it should, and only then?",
    epilog="Example: python -m dashboards test RedisDown --stack mycompany.observability:STACK",
)
@click.argument("alerts", nargs=-1, metavar="[ALERT...]")
@click.option(
    "--mutations", is_flag=True, help="Also change each rule in every way that its cases must notice."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write a JUnit report too.")
@stack_options
def test(
    alerts: tuple[str, ...],
    mutations: bool,
    as_json: bool,
    junit: Path | None,
    stack_name: str,
    engine: str | None,
) -> None:
    """Play each alert's cases through promtool, on series as the exporters write them.

    Proven are its states: quiet in health, just within its limit and exactly at it; firing just beyond it
    after exactly its hold, in the words of its message; resolved; silent on a cold start, in a deploy that
    resets every counter, and without traffic. What `build` refuses is not proven.
    """
    from dashboards import rule_proof, write  # noqa: PLC0415 - only this command needs them

    writable(junit)
    began = time.perf_counter()
    stack = chosen(stack_name, engine)
    rule_proof.require(stack, alerts)
    _, findings = write.checked(stack)
    proofs = rule_proof.prove(stack, alerts, mutate=mutations, findings=findings)
    seconds = time.perf_counter() - began
    if junit:
        write_report(junit, rule_proof.report(proofs, seconds))
    if as_json:
        click.echo(json.dumps([rule_proof.row(proof) for proof in proofs], indent=2, ensure_ascii=False))
    else:
        for line in rule_proof.table(proofs):
            click.echo(line)
    wrong = [proof for proof in proofs if not proof.well]
    cases = sum(proof.cases for proof in proofs)
    changes = sum(proof.changes for proof in proofs)
    noticed = changes - sum(proof.unnoticed for proof in proofs)
    played = f"; {noticed} of {counted(changes, 'change')} noticed" if mutations else ""
    click.echo(
        f"{counted(len(proofs), 'alert')}, {counted(cases, 'case')}: {len(proofs) - len(wrong)} proven, "
        f"{len(wrong)} not{played} ({seconds:.1f} s)",
        err=True,
    )
    if wrong:
        sys.exit(1)
