"""Pictures of the boards: each is there, small, and shown."""

from __future__ import annotations

from pathlib import Path

from dashboards.stack import STACK
from examples.demo.pictures import IMAGES, LARGEST

README = (Path(__file__).parents[2] / "README.md").read_text()
BOARDS = [board.uid.removeprefix("backend-") for board in STACK.all_boards]


def test_each_board_has_a_small_picture_that_the_readme_shows() -> None:
    found = {path.name: path.read_bytes() for path in IMAGES.iterdir()}
    assert {f"{board}-{state}.webp" for board in BOARDS for state in ("fixed", "faulted")} == set(found)
    for name, content in found.items():
        assert content.startswith(b"RIFF")
        assert len(content) <= LARGEST, name
        assert f"docs/img/{name}" in README, name
