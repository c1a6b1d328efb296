"""The options that commands share, and the stack that they choose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import click

from alerts.model import Engine
from dashboards.cli.errors import origin, said, unreadable
from dashboards.errors import DefinitionError, StackError
from dashboards.stack import Stack, load

DEFAULT_STACK = "dashboards.stack:STACK"


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


def drills_option(use: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Which drills: by default those of the example, which come with the checkout."""
    return click.option(
        "--drills",
        "reference",
        default="examples.drills:DRILLS",
        show_default=True,
        metavar="MODULE:NAME",
        help=f"The drills, {use}.",
    )


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
        if not place:
            wrong = "no Python module, correct the name or the file"
            raise StackError(f"--stack {stack_name!r}: {wrong}: {said(cause)}") from error
        raise DefinitionError(f"--stack {stack_name!r}: {place}: {said(cause)}") from error
    stack = replace(stack, engine=cast(Engine, engine)) if engine else stack
    definitions.require(stack)
    return stack
