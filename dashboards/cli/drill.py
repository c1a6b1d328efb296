"""Break a running stack on purpose, and see who is told."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashboards.cli.options import brought, drills_option, writable, write_report
from dashboards.errors import StackError

if TYPE_CHECKING:
    from dashboards.drill import Drill, Drills, Outcome
    from dashboards.stack import Stack


@click.command(
    short_help="Break a running stack, and see that the alerts arrive.",
    epilog="Example: python -m dashboards drill RedisDown ApiDown --chain /tmp/demo/chain.json",
)
@click.argument("alerts", nargs=-1, metavar="[ALERT]...")
@click.option(
    "--chain",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What a running demo wrote (python -m examples.demo --stay); without it one is started.",
)
@drills_option("and the stack that they break")
@click.option("--ci", is_flag=True, help="Only the few that touch every layer.")
@click.option("--list", "only_list", is_flag=True, help="List the drills, and what has none; break nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep there what is as it should be, with its rule; `docs` reads docs/drills.json.",
)
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit's XML there.")
def drill(
    alerts: tuple[str, ...],
    chain: Path | None,
    reference: str,
    ci: bool,
    only_list: bool,
    as_json: bool,
    record: Path | None,
    junit: Path | None,
) -> None:
    """Inject real faults, and see that their alerts fire, arrive, resolve, and that no other fires.

    Each fault is healed, also after Ctrl-C. Only for a stack that may be broken.
    """
    from dashboards.drill import load, report  # noqa: PLC0415 - requests is slow to import
    from dashboards.drill import record as records  # noqa: PLC0415 - as above

    writable(junit)
    writable(record)
    known = brought("--drills", reference, load)
    chosen = known.chosen(alerts, in_ci=ci)
    if only_list:
        click.echo("\n".join(report.listing(chosen, known.undrilled)))
        return
    kept = records.load(record) if record else {}  # a file that cannot be read is said before anything breaks
    stack, outcomes = _run(known, chosen, chain)
    rows = [report.row(each) for each in outcomes]
    if record:
        records.save(record, records.merged(kept, rows, known))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    if junit:
        write_report(junit, report.junit(outcomes))
    without = () if alerts or ci else known.without(stack)
    for name in without:
        click.echo(f"{name}: no drill, and no reason for having none; add one or the other", err=True)
    click.echo(report.summary(outcomes, len(stack.alerts)), err=True)
    if without or not all(each.well for each in outcomes):
        sys.exit(1)


def _run(known: Drills, chosen: Sequence[Drill], chain: Path | None) -> tuple[Stack, list[Outcome]]:
    from dashboards.drill import Course  # noqa: PLC0415 - as above

    def say(line: str) -> None:
        click.echo(line, err=True)

    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job would not hear the first
        signal.signal(number, signal.default_int_handler)
    try:
        with known.site(chain, say) as site:
            return site.stack, Course(site, report=say).run(chosen)
    except KeyboardInterrupt:
        raise StackError("ended before the drills were done; every fault is healed") from None
