"""Where the example's drills take place: a demo that runs, or one of their own, in both cases under load."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dashboards.drill.model import Drill, Report, Site
from dashboards.errors import StackError
from dashboards.stack import STACK, Stack
from examples.demo.chain import Chain, Ports
from examples.demo.process import ServerError
from examples.demo.render import demo_stack, renderer
from examples.drills.common import LASTING, TIME_SCALE
from examples.faults import FaultError, Targets, injected, make
from examples.load import Load

# Enough look-ups for the rule on their ratio.
RATE = 40.0
LONGEST = 4 * 3600.0
# A cold cache, a first key count and full windows; production's seconds.
WARM_UP = 900.0
# One that ran before has all but the rates of now.
RESUMED = 300.0


@contextlib.contextmanager
def site(file: Path | None, report: Report) -> Iterator[Site]:
    """The demo that wrote this file, or one that is started here and taken down again.

    Raises:
        StackError: there is no such demo, or a server did not start.
    """
    with contextlib.ExitStack() as stack:
        try:
            if file is not None:
                targets = Targets.load(file)
                targets.url("prometheus")  # a file of an older checkout lacks it
            else:
                chain = stack.enter_context(own(TIME_SCALE, report))
                targets = chain.targets
        except (FaultError, ServerError) as error:
            raise StackError(str(error)) from None
        seconds = (WARM_UP if file is None else RESUMED) * targets.time_scale
        report(f"warming up under {RATE:g} requests/s for {seconds:.0f} s")
        load = Load(targets.url("api"), rate=RATE, seconds=LONGEST).start()
        stack.callback(load.stop)
        time.sleep(seconds)
        yield site_of(lambda: targets)


@contextlib.contextmanager
def own(time_scale: float, report: Report) -> Iterator[Chain]:
    """A chain in the fixed state, in a directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="backend-drills-") as name:
        chain = Chain(
            Path(name),
            renderer(time_scale=time_scale),
            state="fixed",
            time_scale=time_scale,
            grafana=shutil.which("grafana") is not None,
            report=report,
        )
        with chain:
            yield chain


def site_of(targets: Callable[[], Targets], stack: Stack = STACK) -> Site:
    """The site of a chain that runs.

    Args:
        targets: gives those of now: a server that was started again has another process id.
        stack: that was rendered for it.
    """
    now = targets()

    def inject(drill: Drill) -> contextlib.AbstractContextManager[None]:
        return injected(make(drill.fault, targets(), **drill.options))

    return Site(
        stack=demo_stack(stack, Ports(**now.ports), time_scale=now.time_scale, home=Path(now.home)),
        prometheus=now.url("prometheus"),
        receiver=now.url("webhook"),
        inject=inject,
        chats=True,
        grafana=now.url("grafana") if "grafana" in now.processes else "",
        alertmanager=now.url("alertmanager"),
        lasting=LASTING,
        built=stack,
    )
