"""A stack as a team wrote it: what no rendered file could show, because it is lost before it is rendered."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import get_args

from alerts.model import Alert, Engine
from alerts.notifications import Notifications
from dashboards.checks.finding import listed, nearest
from dashboards.errors import StackError
from dashboards.model import Board
from dashboards.stack import RUNBOOKS_UID, Stack
from dashboards.targets import Targets
from exporters.catalogue import Metric
from signals.limits import LIMITS
from signals.model import Recording
from signals.numbers import Limit, Number, Objective
from signals.objectives import OBJECTIVES

SEVERAL: dict[str, type] = {
    "boards": Board,
    "alerts": Alert,
    "metrics": Metric,
    "recordings": Recording,
    "objectives": Objective,
    "limits": Limit,
    "identity": str,
    "runbooks": Path,
    "tombstones": str,
}
ONE: dict[str, type] = {"notifications": Notifications, "targets": Targets}


def require(stack: Stack) -> None:
    """Let a stack pass that can be rendered.

    Raises:
        StackError: a field is of another type, an engine is unknown, a link leads nowhere, or two boards
            have one address.
    """
    for problem in chain(_types(stack), _choices(stack), _labels(stack), _numbers(stack)):
        raise StackError(problem)
    # Both would be written to one file, and the first would be gone without a word.
    titles = {RUNBOOKS_UID: "Runbooks"}
    for board in stack.boards:
        if board.uid in titles:
            raise StackError(
                f"boards {titles[board.uid]!r} and {board.title!r} share the uid {board.uid!r}; expected one "
                "each; change one of the two"
            )
        titles[board.uid] = board.title


def _types(stack: Stack) -> Iterator[str]:
    for name, kind in SEVERAL.items():
        value = getattr(stack, name)
        if not isinstance(value, tuple | list):
            yield (
                f"the stack's {name} is {_shown(value)}; expected a tuple of {kind.__name__}; "
                "a tuple of one is (it,)"
            )
            continue
        for index, each in enumerate(value):
            if not isinstance(each, kind):
                yield f"the stack's {name}[{index}] is {_shown(each)}; expected {kind.__name__}; replace it"
    for name, kind in ONE.items():
        value = getattr(stack, name)
        if not isinstance(value, kind):
            yield f"the stack's {name} is {_shown(value)}; expected {kind.__name__}; replace it"


def _choices(stack: Stack) -> Iterator[str]:
    known = get_args(Engine)
    if stack.engine not in known:
        yield f"the stack's engine is {stack.engine!r}; exactly one notifies; choose {' or '.join(known)}"
    if not str(stack.grafana_url).startswith(("http://", "https://")):
        yield (
            f"the stack's grafana_url is {stack.grafana_url!r}; links in messages start with it; "
            "expected such as https://grafana.example.org"
        )


def _labels(stack: Stack) -> Iterator[str]:
    """Series without an identity label are on no board."""
    for job in stack.targets.jobs:
        lacking = [each for each in stack.identity if each not in {**stack.targets.labels, **job.labels}]
        if lacking:
            yield (
                f"the targets of job {job.name!r} carry no label {lacking[0]!r}, which is in the stack's "
                f'identity; expected a value; give Targets(labels={{"{lacking[0]}": ...}})'
            )


def _numbers(stack: Stack) -> Iterator[str]:
    """A key with a slip in it replaces nothing, and nobody notices."""
    own: list[Number] = [*stack.objectives, *stack.limits]
    keys = [number.key for number in own]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"two objectives or limits have the key {key!r}; expected one; rename or drop the other"
    theirs: list[Number] = [*OBJECTIVES, *LIMITS]
    known = {number.key for number in theirs} | set(_read(stack))
    for number in own:
        if number.key not in known:
            hint = nearest(number.key, known) or f"Known are: {listed(known)}."
            yield (
                f"nothing reads the {type(number).__name__.lower()} {number.key!r}; expected the key of one "
                f"that is there, or a signal or alert that names it. {hint}"
            )


def _read(stack: Stack) -> Iterator[str]:
    """The keys that the stack's own signals, alerts and recordings read."""
    signals = [signal for board in stack.boards for panel in board.panels for signal in panel.shown]
    for signal in (*signals, *(alert.signal for alert in stack.alerts)):
        yield from (number.key for number in signal.query.numbers)
        if signal.objective is not None:
            yield signal.objective.key
    for alert in stack.alerts:
        yield from (number.key for query in alert.queries for number in query.numbers)
        yield alert.threshold.key
    for recording in stack.recordings:
        yield from (number.key for number in recording.query.numbers)


def _shown(value: object) -> str:
    """A value by its type, and in words where it is short: a board's would fill the screen."""
    text = repr(value)
    kind = type(value).__name__
    return f"{text} ({kind})" if len(text) <= 40 else f"a {kind}"
