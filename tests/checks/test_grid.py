"""Where the panels of a board stand, however many they are."""

from __future__ import annotations

import time

import pytest

from dashboards.checks.boards.grid import grid
from dashboards.checks.subject import Subject
from dashboards.stack import STACK
from tests.checks.small import board, files, panel

PANELS = 10_000


@pytest.mark.parametrize(("rows", "covering"), [(1, PANELS - 1), (PANELS, 0)], ids=["one", "each"])
def test_of_ten_thousand_panels_each_is_compared_with_its_neighbours_alone(rows: int, covering: int) -> None:
    panels = [
        panel("up", id=each, title=f"{each}", gridPos={"x": 0, "y": each % rows * 8, "w": 12, "h": 8})
        for each in range(PANELS)
    ]
    subject = Subject(files=files(board(*panels)), catalogue=STACK.catalogue, identity=())
    assert len(subject.boards) == 1  # which reads it
    began = time.process_time()
    found = list(grid.run(subject))

    assert time.process_time() - began < 2  # with each other one it took ten times as long
    assert len(found) == covering
