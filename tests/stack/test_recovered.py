"""What the drills broke is over; other tests ran meanwhile, as some of it is remembered for minutes."""

from __future__ import annotations

from dashboards.drill.watch import ALWAYS
from examples.drills.common import LASTING
from tests.stack.conftest import REMEMBER, Running, eventually


def test_the_backend_is_healthy_again(running: Running) -> None:
    healthy = ALWAYS | LASTING | REMEMBER
    eventually(lambda: ALWAYS <= running.firing() <= healthy, "what was broken is over", within=150)
