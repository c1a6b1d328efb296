"""Ask the running servers whether they are as committed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashboards.cli.build import DEFAULT_OUTPUT
from dashboards.cli.options import chosen, stack_options

if TYPE_CHECKING:
    from dashboards.seen import Seen
    from dashboards.stack import Stack


@click.command(
    short_help="Are the running servers as committed, and does a message get out?",
    epilog="Example: python -m dashboards doctor --prometheus http://127.0.0.1:9090",
)
@click.option("--prometheus", metavar="URL", help="Ask this Prometheus for its targets and rules.")
@click.option("--grafana", metavar="URL", help="Ask this Grafana for its boards, rules and contact points.")
@click.option(
    "--alertmanager",
    metavar="URL",
    help="Ask this Alertmanager for its configuration, with the engine prometheus; by default the one that "
    "Prometheus names.",
)
@click.option(
    "--notify",
    is_flag=True,
    help="Send a marked test message: on each route of Alertmanager but heartbeat and backup, or to each "
    "contact point of Grafana. People are called by it, and Grafana leaves PagerDuty's incidents open.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=DEFAULT_OUTPUT,
    show_default=True,
    help="What was built, for the rules that Grafana was told to delete.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout.")
@stack_options
def doctor(
    prometheus: str | None,
    grafana: str | None,
    alertmanager: str | None,
    notify: bool,
    output: Path,
    as_json: bool,
    stack_name: str,
    engine: str | None,
) -> None:
    """Compare what runs with what the stack says: targets, rules, boards, contact points, routes, links.

    Each difference is a line, with what was expected and what was found; secrets are neither compared nor
    shown. Exit with 1 where something differs, with 2 where a server does not answer. Nothing is changed;
    --notify sends messages. Grafana's credentials are GRAFANA_TOKEN, or GRAFANA_USER and GRAFANA_PASSWORD.
    """
    if not (prometheus or grafana or alertmanager):
        raise click.UsageError("nothing to ask; give --prometheus URL, --grafana URL, --alertmanager URL")
    stack = chosen(stack_name, engine)
    if alertmanager and stack.engine != "prometheus":
        raise click.UsageError(
            "the stack's engine is grafana, without Alertmanager; give --grafana URL instead"
        )
    if notify:
        from dashboards.doctor import require_notifier  # noqa: PLC0415 - requests is slow to import

        require_notifier(stack, prometheus=prometheus, grafana=grafana, alertmanager=alertmanager)
    found = []
    try:
        for seen in _looked(stack, prometheus, grafana, alertmanager, notify, output):
            found.append(seen)
            if not as_json:
                click.echo(f"{'ok   ' if seen.well else 'WRONG'} {seen.what}: {seen.seen}")
    finally:  # what was seen before a server gave no answer, too
        if as_json:
            click.echo(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
    wrong = sum(not each.well for each in found)
    click.echo(f"{len(found)} looked at, {wrong} wrong", err=True)
    if wrong:
        sys.exit(1)


def _looked(
    stack: Stack,
    prometheus_url: str | None,
    grafana_url: str | None,
    alertmanager_url: str | None,
    notify: bool,
    output: Path,
) -> Iterator[Seen]:
    from dashboards import doctor, tombstones  # noqa: PLC0415 - requests is slow to import
    from dashboards.alertmanager_api import Alertmanager  # noqa: PLC0415 - as above
    from dashboards.grafana_api import Grafana  # noqa: PLC0415 - as above
    from dashboards.prometheus_api import Prometheus  # noqa: PLC0415 - as above

    prometheus = Prometheus(url=prometheus_url.rstrip("/")) if prometheus_url else None
    grafana = Grafana.of_environment(grafana_url, stack.datasource_uid) if grafana_url else None
    alertmanager = Alertmanager(url=alertmanager_url.rstrip("/")) if alertmanager_url else None
    yield from doctor.examined(
        stack,
        prometheus=prometheus,
        grafana=grafana,
        alertmanager=alertmanager,
        buried=tombstones.buried(output),
    )
    if notify:
        yield from doctor.notified(stack, prometheus=prometheus, grafana=grafana, alertmanager=alertmanager)
