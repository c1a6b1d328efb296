"""Ask a running Prometheus what every panel asks."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashboards.cli.errors import plain
from dashboards.cli.options import brought, chosen, stack_options, writable, write_report
from dashboards.cli.server import server_option
from dashboards.errors import StackError

if TYPE_CHECKING:
    from dashboards.prometheus_api import Prometheus
    from dashboards.prove.states import Brings
    from dashboards.stack import Stack

# From six seconds to ten years; more is a slip, and less has no two points.
MINUTES = (0.1, 5_256_000.0)
DEFAULT_STATES = "examples.demo.states:STATES"


@click.command(
    short_help="Which panels have data in Prometheus?",
    epilog="Example: python -m dashboards prove --prometheus http://127.0.0.1:9090 --why",
)
@server_option
@click.option("--minutes", default=60.0, show_default=True, help="Range of time to show, as of a board.")
@click.option("--width", default=1440, show_default=True, help="Of a board in pixels: steps follow from it.")
@click.option("--slow-ms", default=1000.0, show_default=True, help="A query may take so many milliseconds.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME",
    help="A fault that is on now (again for another one): panels about it may not be empty.",
)
@click.option(
    "--state",
    metavar="NAME",
    help="The state that the backend is in, of --states: a panel that has its data there may not be empty.",
)
@click.option(
    "--states",
    "reference",
    default=DEFAULT_STATES,
    show_default=True,
    metavar="MODULE:NAME",
    help="The states of a backend, and what each does not show.",
)
@click.option(
    "--var",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="A value for a variable (again for another one), such as environment=staging; by default the first.",
)
@click.option("--why", is_flag=True, help="Say of each empty query what is missing, and what would mend it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write a JUnit report too.")
@stack_options
def prove(
    *,
    prometheus: Prometheus,
    minutes: float,
    width: int,
    slow_ms: float,
    faults: tuple[str, ...],
    state: str | None,
    reference: str,
    given: tuple[str, ...],
    why: bool,
    as_json: bool,
    junit: Path | None,
    stack_name: str,
    engine: str | None,
) -> None:
    """Ask a running Prometheus what every panel, variable and annotation asks, as Grafana would.

    Variables stand on All, then on one value. Each is data, zero, declared (each query that is empty has a
    reason: of the state, of its signal, of the catalogue for a metric that is missing, or a zero that was
    asked for, such as no traffic or no limit), blind (who could tell it is down, or was scraped for the first
    time a moment ago); or not as declared: ZERO and EMPTY without a reason, or though the state or a fault
    brings it, PRETENDS (a value of now, though nobody can tell it), NaN, Inf, error, slow. Of twenty panels
    one may be empty with a reason, where a state says what there is. Exit with 1 where something is not as
    declared, or it is too early to tell, with 2 without an answer.
    """
    from dashboards import prove as proof  # noqa: PLC0415 - requests is slow to import
    from dashboards.prove import report, variables  # noqa: PLC0415 - as above
    from dashboards.prove.why import explained  # noqa: PLC0415 - as above

    writable(junit)
    _within("--minutes", minutes, *MINUTES)
    _within("--width", width, 1)
    _within("--slow-ms", slow_ms, 1)
    stack = chosen(stack_name, engine)
    values = _chosen(given)
    variables.require(values, stack)
    brings = _brings(stack, state, reference, faults)
    began, span = time.perf_counter(), proof.last(minutes * 60)
    prometheus.query("vector(1)")  # what does not answer at all is told once
    variables.require_values(values, stack, prometheus, span)
    proofs = proof.prove(
        stack, prometheus, span, whole=True, brings=brings, given=values, width=width, slow=slow_ms / 1000
    )
    whys = explained(proofs, stack, prometheus, span) if why else {}
    # Of a backend of which no state tells what it has, nobody can say that it should have more.
    excess = report.excess(proofs) if state else ""
    if junit:
        write_report(junit, report.junit(proofs, time.perf_counter() - began, whys, excess))
    if as_json:
        click.echo(json.dumps([report.row(each, whys) for each in proofs], indent=2, ensure_ascii=False))
    else:
        for line in report.matrix(proofs, whys):
            click.echo(plain(line))
    click.echo(report.summary(proofs), err=True)
    unproven = [each for each in (excess, report.early(proofs)) if each]
    for each in unproven:
        click.echo(each, err=True)
    if not all(each.well for each in proofs):
        click.echo(report.HINT, err=True)
    if unproven or not all(each.well for each in proofs):
        sys.exit(1)


def _brings(stack: Stack, state: str | None, reference: str, on: Collection[str]) -> Brings:
    """What the state and the faults bring; one that neither the boards nor the states know brings nothing."""
    from dashboards.prove import states  # noqa: PLC0415 - as above

    moving, known = states.moving(stack), None
    if state is not None or not moving.issuperset(on):
        try:
            known = brought("--states", reference, states.load)
        except StackError:
            if state is not None or reference != DEFAULT_STATES:
                raise  # else nobody asked for those of the example, which only the checkout has
    states.require_faults(on, moving.union(known.faults if known else ()))
    return states.faults(on) if known is None or state is None else known.brings(state, on)


def _within(option: str, given: float, least: float, most: float = math.inf) -> None:
    if not least <= given <= most:  # so that NaN is refused
        to = f" to {most:.0f}" if most < math.inf else " or more"
        raise click.UsageError(f"{option} is {given:g}; expected {least:g}{to}; give such a number")


def _chosen(given: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise click.UsageError(
                f"--var {text!r}; expected NAME=VALUE, such as environment=staging; write it so"
            )
        if name in found:
            raise click.UsageError(
                f"--var {text!r}: {name} is {found[name]!r} already; expected one value; leave one out"
            )
        found[name] = value
    return found
