"""The stack of a demo that runs: DEMO=FILE python -m dashboards prove --stack examples.demo.running:STACK.

FILE is what `python -m examples.demo --stay` names.
"""

from __future__ import annotations

import os
from pathlib import Path

from dashboards.errors import StackError
from dashboards.stack import STACK as BUILT
from dashboards.stack import Stack
from examples.demo.chain import Ports
from examples.demo.render import demo_stack
from examples.faults import FaultError, Targets

VARIABLE = "DEMO"


def running(file: str) -> Stack:
    """The stack as the demo's servers have it.

    Args:
        file: that the demo wrote.

    Raises:
        StackError: no file is given, or it is not there, or is another one.
    """
    if not file:
        raise StackError(
            f"{VARIABLE} is not set; expected the file that `python -m examples.demo --stay` names; give it"
        )
    try:
        targets = Targets.load(Path(file))
    except FaultError as error:
        raise StackError(str(error)) from None
    return demo_stack(BUILT, Ports(**targets.ports), time_scale=targets.time_scale)


def __getattr__(name: str) -> Stack:
    """The stack is read when somebody asks for it, as a module alone says nothing of a demo."""
    if name != "STACK":
        raise AttributeError(name)
    return running(os.environ.get(VARIABLE, ""))
