"""What the demo prints says of which clock its times are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from examples.demo.__main__ import _three_phases
from examples.demo.scenario import Phase, Plan
from examples.load import Result


def test_scaled_times_and_what_is_compared_are_explained_where_they_are_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    phase = Phase(name="baseline", load=Result(), firing=(), proofs=(), scores=())
    scenario = SimpleNamespace(
        plan=Plan(),
        stack=SimpleNamespace(time_scale=1 / 15),
        baseline=lambda: phase,
        fixed=lambda: phase,
        drill=lambda: iter(()),
    )
    assert not _three_phases(cast("Any", scenario))
    out = capsys.readouterr().out
    assert (
        'rates and times are those of the last 20 s; "cut by" compares with the worst 60 s so far, at the '
        "baseline its own" in out
    )
    assert "times in its text are scaled: 4 s is a minute in production" in out
