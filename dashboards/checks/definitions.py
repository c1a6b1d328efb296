"""A stack as a team wrote it: what no rendered file could show, because it is lost before it is rendered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from alerts.model import Alert, Engine
from alerts.notifications import Notifications
from dashboards.errors import StackError
from dashboards.model import Board
from dashboards.stack import RUNBOOKS_UID, Stack
from dashboards.targets import Targets
from exporters.catalogue import Metric
from signals.model import Recording
from signals.numbers import Limit, Objective

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
    for problem in (*_types(stack), *_choices(stack)):
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


def _shown(value: object) -> str:
    """A value by its type, and in words where it is short: a board's would fill the screen."""
    text = repr(value)
    kind = type(value).__name__
    return f"{text} ({kind})" if len(text) <= 40 else f"a {kind}"
