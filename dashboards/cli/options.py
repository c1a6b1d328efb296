"""The options that commands share, and the stack that they choose."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import click
from click.core import ParameterSource

from dashboards.cli.errors import origin, raised_by_team, said, unreadable
from dashboards.errors import DefinitionError, StackError

if TYPE_CHECKING:
    from alerts.model import Engine
    from dashboards.stack import Stack

Kind = TypeVar("Kind")

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


def again(but: str) -> str:
    """The command that runs, with the options that it was given, but for one."""
    context = click.get_current_context()
    given = [
        f" {option.opts[0]} {shlex.quote(str(context.params[option.name]))}"
        for option in context.command.params
        if option.name and option.name != but
        if context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE
    ]
    return f"python -m dashboards {context.info_name}{''.join(given)}"


def chosen(stack_name: str, engine: str | None) -> Stack:
    """The stack that the options name, if it can be rendered."""
    from dashboards.checks import definitions  # noqa: PLC0415 - help needs no parser of PromQL
    from dashboards.stack import load  # noqa: PLC0415 - lint of others' files needs no definitions

    stack = brought("--stack", stack_name, load)
    stack = replace(stack, engine=cast("Engine", engine)) if engine else stack
    definitions.require(stack)
    return stack


def brought(option: str, reference: str, read: Callable[[str], Kind]) -> Kind:
    """What a team's module holds; a module that breaks is told with its file and line.

    Raises:
        StackError: there is no such module or name, or it raises one itself.
        DefinitionError: the module raises anything else.
    """
    try:
        return read(reference)
    except (Exception, SystemExit) as error:  # a team's module may raise anything
        # Of an import that failed, `read` says what is missing; its cause knows in which line.
        cause = error.__context__ if isinstance(error, StackError) and error.__context__ else error
        place = origin(cause)
        if not place and not unreadable(error):
            raise
        if not place:
            wrong = "no Python module, correct the name or the file"
            raise StackError(f"{option} {reference!r}: {wrong}: {said(cause)}") from error
        # A module may say that something around it is missing, such as a server or a variable.
        kind = StackError if isinstance(error, StackError) and raised_by_team(error) else DefinitionError
        raise kind(f"{option} {reference!r}: {place}: {said(cause)}") from error


def writable(report: Path | None) -> None:
    """Refuse a file of a report that cannot be written, before the work that it is to report on.

    Raises:
        StackError: its folder is missing, or it is none that one may write.
    """
    if report is None:
        return
    folder = report.absolute().parent
    if not folder.is_dir():
        why = "there is no such folder"
    elif report.is_dir():
        why = "it is a folder"
    elif not os.access(report if report.exists() else folder, os.W_OK):
        why = "permission denied"
    else:
        return
    raise StackError(f"cannot write {report}: {why}; give --junit a file that you may write")


def write_report(report: Path, text: bytes) -> None:
    """Write what --junit asks for.

    Raises:
        StackError: it cannot be written after all.
    """
    try:
        report.write_bytes(text)
    except OSError as error:
        raise StackError(
            f"cannot write {report}: {error.strerror}; give --junit a file that you may write"
        ) from None
