"""What a user is told: of an error one line, where it arose, and an exit code; of findings, a line each."""

from __future__ import annotations

import builtins
import pkgutil
import re
import sys
import sysconfig
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from alerts.model import AlertError
from alerts.notifications import NotifyError
from alerts.proof.model import ProofError
from dashboards.checks.finding import Finding, nearest
from dashboards.checks.waivers import Verdict
from dashboards.errors import DefinitionError, StackError
from dashboards.model import BoardError
from exporters.catalogue import CatalogueError
from signals.model import SignalError
from signals.numbers import NumberError
from signals.promql import QueryError

MENDABLE = (
    StackError,
    BoardError,
    AlertError,
    NotifyError,
    ProofError,
    SignalError,
    NumberError,
    QueryError,
    CatalogueError,
)
CANNOT_IMPORT = re.compile(r"cannot import name '(\w+)' from ")
UNEXPECTED = re.compile(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")
# Whoever reads a message can change neither this project nor what is installed beside it.
PACKAGES = ("alerts", "dashboards", "exporters", "signals")
NOT_THEIRS = (
    *(f"{Path(__file__).parents[2] / package}/" for package in PACKAGES),
    *(f"{sysconfig.get_path(name)}/" for name in ("stdlib", "purelib", "platlib")),
    "<",
)


class Group(click.Group):
    """Commands whose mendable errors are one line; exit code 1 for a wrong definition, else 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a user's mistake is told without a traceback."""
        try:
            return super().invoke(ctx)
        except MENDABLE as error:
            around = isinstance(error, StackError | ProofError) and not isinstance(error, DefinitionError)
            place = "" if around else origin(error)
            click.echo(plain(f"error: {place}{': ' if place else ''}{error}"), err=True)
            ctx.exit(2 if around else 1)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:  # of a team's own kind of stack, which is read as it is rendered
            place = origin(error)
            if not place:
                raise
            click.echo(plain(f"error: {place}: {said(error)}"), err=True)
            ctx.exit(1)


def origin(error: BaseException) -> str:
    """File and line of the team's own code in which the error arose; empty if it was in none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno or 1}"
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith(NOT_THEIRS)]
    return f"{theirs[-1].filename}:{theirs[-1].lineno}" if theirs else ""


def raised_by_team(error: BaseException) -> bool:
    """Whether the team's own code says so, and not what it calls."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and not frames[-1].filename.startswith(NOT_THEIRS)


def unreadable(error: BaseException) -> bool:
    """Whether Python could not even begin with the module, as for a NUL byte or a name like `a..b`."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and "importlib" in frames[-1].filename


def said(error: BaseException) -> str:
    """What the error says, on one line; of one that is not written for people, with its kind."""
    try:
        text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    except Exception as second:  # of a team's own kind, which may raise anything
        text = f"(its text cannot be read: {type(second).__name__})"
    return text if isinstance(error, MENDABLE) else f"{type(error).__name__}: {text}{meant(error)}"


def meant(error: BaseException) -> str:
    """What a misspelt name probably is; Python itself says so only above a traceback."""
    name, known = "", set[str]()
    if isinstance(error, AttributeError):
        name, known = str(error.name or ""), set(dir(error.obj))
    elif isinstance(error, NameError):
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        name, known = str(error.name or ""), {*frames[-1].f_globals, *frames[-1].f_locals, *dir(builtins)}
    elif isinstance(error, ImportError) and (said := CANNOT_IMPORT.match(str(error))):
        module = sys.modules.get(str(error.name))
        below = {each.name for each in pkgutil.iter_modules(getattr(module, "__path__", ()))}
        name, known = said[1], {*dir(module), *below}
    elif isinstance(error, TypeError) and (said := UNEXPECTED.match(str(error))):
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        made = frames[-1].f_globals.get(said[1])
        name, known = said[2], set(getattr(made, "__dataclass_fields__", ()))
    hint = nearest(name, {each for each in known if not each.startswith("_")}) if name else ""
    return f". {hint}" if hint else ""


def waived(verdict: Verdict) -> str:
    """How much of it is waived, for the last line; empty for nothing."""
    return f", {len(verdict.waived)} waived" if verdict.waived else ""


def plain(text: str) -> str:
    """One line of characters that a terminal shows, whatever stands in somebody's file."""
    return "".join(each if each.isprintable() else " " for each in text)


def report(findings: Sequence[Finding]) -> None:
    """Findings, one a line, with what to do; of an alert one of each check.

    It stands in the files of both engines, and its query may be wrong in one way at many places.
    """
    alike: dict[object, list[Finding]] = {}
    for finding in findings:
        of_alert = finding.where.startswith("alert ") and not finding.line
        alike.setdefault((finding.rule, finding.where) if of_alert else finding, []).append(finding)
    for finding, *others in alike.values():
        level = "" if finding.level == "error" else f"{finding.level}: "
        place = f":{finding.line}:{finding.column}" if finding.line else ""
        count = sum(each.file == finding.file for each in others)
        more = f" ({count} more of it, see `lint --json`)" if count else ""
        text = f"{finding.file}{place}: {finding.where}: {level}{told(finding)} [{finding.rule}]{more}"
        click.echo(plain(text), err=True)


def told(finding: Finding) -> str:
    """What is wrong, what comes of it, and what to do."""
    effect = f" ({finding.effect})" if finding.effect else ""
    return f"{finding.message}{effect}.{' ' if finding.fix else ''}{finding.fix}"


def annotate(findings: Sequence[Finding]) -> None:
    """Findings as GitHub's workflow commands, which it shows at their lines."""
    for finding in findings:
        place = f"file={_property(finding.file)}"
        if finding.line:
            place += f",line={finding.line},col={finding.column}"
        text = plain(f"{finding.where}: {told(finding)} [{finding.rule}]").replace("%", "%25")
        click.echo(f"::{finding.level} {place},title={finding.rule}::{text}")


def _property(text: str) -> str:
    for character, code in (("%", "%25"), (":", "%3A"), (",", "%2C")):
        text = text.replace(character, code)
    return plain(text)
