"""``python -m exporters check``: does each collector work here, and if not, what mends it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exporters.collectors.outcome import Outcome, State
from exporters.commands.options import (
    api_directory as directory_of,
)
from exporters.commands.options import (
    api_option,
    compat_option,
    config_option,
    configuration,
    guard,
    json_option,
    open_option,
    servers,
    target_option,
    target_server,
    web_option,
)
from exporters.errors import ConfigError
from exporters.manual import POSTGRES, REDIS, Manual
from exporters.secrets import Redactor
from exporters.watched import Watched, pgbouncer_settings, postgres_settings, redis_settings

if TYPE_CHECKING:
    from exporters.web.guard import Guard

WELL = (State.WORKS, State.OFF)


@click.command(
    "check",
    short_help="Try every collector, and say what mends those that do not work.",
    cls=Manual,
    environment={**POSTGRES, **REDIS},
    exit_codes={
        0: "Everything works.",
        1: "Something does not.",
        2: "A server is not there, none lets the exporter in, or what is given is wrong.",
    },
    examples=(
        "python -m exporters check --config.file exporter.yml",
        "python -m exporters check --api.multiprocess-dir /run/myapp-metrics --compat",
        "python -m exporters check --config.file exporter.yml --target orders --json",
    ),
)
@target_option
@config_option
@compat_option
@api_option
@web_option
@open_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    target: str | None,
    config_file: Path | None,
    compat: bool,
    api_directory: Path | None,
    web_config_file: Path | None,
    as_json: bool,
) -> None:
    """Connect to the servers as the exporter does, ask what it asks, and say of each collector how that went.

    Nothing is changed.
    """
    redactor: Redactor = ctx.obj
    config = configuration(ctx, config_file, compat=compat)
    found = servers(ctx, config) if target is None else [target_server(ctx, config, target, *CHECKS)]
    # Beside a target only what is given to `check` itself.
    directory = directory_of(ctx, api_directory) if target is None else api_directory
    web = guard(ctx, web_config_file) if target is None or web_config_file else None
    if not found and directory is None and web is None:
        raise ConfigError(
            "no server to ask; expected DATABASE_URL or REDIS_URL, or either as a file in DATABASE_URL_FILE, "
            "REDIS_URL_FILE, targets in the configuration, --api.multiprocess-dir or --web.config.file"
        )
    outcomes_of = [("", [_api(directory)])] if directory is not None else []
    outcomes_of += [("", [_web(web)])] if web is not None else []
    outcomes_of += [(server.target, CHECKS[server.kind](server)) for server in found]
    outcomes = [outcome for _, of_one in outcomes_of for outcome in of_one]
    text = as_array(outcomes_of) if as_json else "\n".join(lines(outcomes_of))
    click.echo(redactor.mask(text))
    ctx.exit(exit_code([outcome.state for outcome in outcomes]))


def exit_code(states: Collection[State]) -> int:
    """1 where something is not well; 2 where a server is not there, or none lets the exporter in."""
    if State.UNREACHABLE in states or all(state is State.REFUSED for state in states):
        return 2
    return 1 if any(state not in WELL for state in states) else 0


def _postgres(server: Watched) -> list[Outcome]:
    from exporters.collectors.postgres.check import check  # noqa: PLC0415  loads psycopg

    return check(postgres_settings(server.source, server.options))


def _redis(server: Watched) -> list[Outcome]:
    from exporters.collectors.redis.check import check  # noqa: PLC0415  loads redis-py

    return check(redis_settings(server.source, server.options))


def _pgbouncer(server: Watched) -> list[Outcome]:
    from exporters.collectors.pgbouncer.check import check  # noqa: PLC0415  loads psycopg

    return check(pgbouncer_settings(server.source))


def _api(directory: Path) -> Outcome:
    """Whether the exporter can read what the API's workers write."""
    from exporters.api.page import EXPECTED, ApiPage, unreadable  # noqa: PLC0415  loads prometheus_client

    page = ApiPage(directory)
    state, detail = State.WORKS, ""
    try:
        page.render()
        if page.is_empty and not directory.is_dir():
            state, detail = State.UNREACHABLE, f"{directory} is not there; {EXPECTED}"
        elif page.is_empty:
            state, detail = State.FAILS, f"{directory} holds no metric files; {EXPECTED}"
    except NotADirectoryError:
        state, detail = State.UNREACHABLE, f"{directory} is no directory; {EXPECTED}"
    except OSError as error:
        state = State.PRIVILEGE if isinstance(error, PermissionError) else State.FAILS
        detail = unreadable(error, directory)
    return Outcome(collector="api.files", state=state, detail=detail)


def _web(guard: Guard) -> Outcome:
    """What the file asks of those who read; a wrong one has ended `check`, as it ends the exporter."""
    policy = guard.now()
    detail = " and ".join(sorted(policy.protections)) or "asks nothing of anybody"
    state = State.WORKS
    if policy.term is not None:
        end = datetime.fromtimestamp(policy.term.ends, tz=UTC)
        ended = policy.term.ends <= time.time()
        state = State.FAILS if ended else State.WORKS
        detail += f"; the certificate {'ended' if ended else 'ends'} on {end:%Y-%m-%d}"
    return Outcome(collector="web.config", state=state, detail=detail)


CHECKS: dict[str, Callable[[Watched], list[Outcome]]] = {
    "postgres": _postgres,
    "redis": _redis,
    "pgbouncer": _pgbouncer,
}


def lines(found: Sequence[tuple[str, Sequence[Outcome]]]) -> Iterator[str]:
    """A line each, and below it what mends it, which is said once of all that it mends at a server."""
    width = max(len(outcome.collector) for _, outcomes in found for outcome in outcomes)
    told: set[str] = set()
    for target, outcomes in found:
        if target:
            told = set()
            yield f"target {target}:"
        for outcome in outcomes:
            said = f"{outcome.state.value}: {outcome.detail}" if outcome.detail else outcome.state.value
            yield f"{outcome.collector:{width}}  {said}"
            yield from (f"    {line}" for line in outcome.mend if line not in told)
            told.update(outcome.mend)


def as_array(found: Sequence[tuple[str, Sequence[Outcome]]]) -> str:
    """The same in JSON."""
    rows = [
        {
            "target": target or None,
            "collector": outcome.collector,
            "state": outcome.state.value,
            "detail": outcome.detail,
            "mend": list(outcome.mend),
            "seconds": None if outcome.seconds is None else round(outcome.seconds, 6),
        }
        for target, outcomes in found
        for outcome in outcomes
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)
