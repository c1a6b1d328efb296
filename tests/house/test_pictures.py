"""Pictures of the boards: each is there, small, and shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.stack import STACK
from examples.demo import pictures
from examples.demo.pictures import IMAGES, LARGEST, MOST, Place

README = (Path(__file__).parents[2] / "README.md").read_text()
BOARDS = [board.uid.removeprefix("backend-") for board in STACK.all_boards]


ROW, PANEL = 30.0, 300.0
# A title, two panels beside each other, and so on: the third row begins at 1330.
THREE = [
    (row + top, row + top + height)
    for row in (0.0, 665.0, 1330.0)
    for top, height in ((0.0, ROW), (35.0, PANEL), (35.0, PANEL * 2))
]


@pytest.mark.parametrize(
    ("places", "length", "ends"),
    [
        (THREE, 2000, 2000),
        ([*THREE, (1995.0, 2025.0), (2030.0, 2600.0)], 2600, 1995),
        # One row alone ends where its panels do, side by side.
        ([(0.0, ROW), (35.0, 1000.0), (35.0, 1500.0), (1510.0, 2500.0)], 2500, 1500),
        ([(0.0, ROW), (35.0, 5000.0)], 5000, MOST),
        ([], 5000, MOST),
    ],
)
def test_a_picture_ends_with_a_row(places: list[Place], length: int, ends: int) -> None:
    assert pictures.ends(places, length) == ends


def test_each_board_has_a_small_picture_that_the_readme_shows() -> None:
    found = {path.name: path.read_bytes() for path in IMAGES.iterdir()}
    assert {f"{board}-{state}.webp" for board in BOARDS for state in ("fixed", "faulted")} == set(found)
    for name, content in found.items():
        assert content.startswith(b"RIFF")
        assert len(content) <= LARGEST, name
        assert f"docs/img/{name}" in README, name
