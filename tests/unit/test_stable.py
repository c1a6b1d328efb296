"""A change of one panel is a change of its lines, as a reviewer sees them in git's diff."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dashboards import write
from dashboards.boards import BOARDS, postgres
from dashboards.grafana import render_board
from dashboards.model import Board, Panel, Row, graph, stat
from dashboards.stack import STACK, Stack
from signals.model import Signal

UID = "backend-postgres"
FILE = f"grafana/dashboards/{UID}.json"
MOVED = re.compile(r'\s*"[hwxy]": \d+,?')
OURS = next(board for board in BOARDS if board.uid == UID)


def signal(title: str) -> Signal:
    """Something that no board shows yet."""
    return replace(postgres.upkeep.DATABASE_SIZE, title=title)


def diff(folder: Path, one: Board, other: Board) -> tuple[list[str], list[str]]:
    """What git says was taken out of, and put into, the file of a board."""
    for name, board in (("before", one), ("after", other)):
        (folder / name).write_bytes(write.json_bytes(render_board(board, STACK.context)))
    command = ["git", "diff", "--no-index", "--unified=0", "--no-color", "before", "after"]
    said = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True).stdout
    lines = [line for line in said.splitlines() if not line.startswith(("---", "+++"))]
    return [each[1:] for each in lines if each[0] == "-"], [each[1:] for each in lines if each[0] == "+"]


def with_rows(change: Callable[[int, Row], Row]) -> Board:
    return replace(OURS, rows=tuple(change(number, row) for number, row in enumerate(OURS.rows)))


def inserted(panel: Panel, row: int, at: int) -> Board:
    return with_rows(
        lambda number, each: (
            replace(each, panels=(*each.panels[:at], panel, *each.panels[at:])) if number == row else each
        )
    )


@pytest.mark.parametrize(
    ("panel", "row", "at"),
    [
        (stat(signal("Size now")), 0, 2),
        (graph(signal("Size, drawn")), 1, 0),
        (graph(signal("Size, drawn")), 1, 4),
        (graph(signal("Size, hidden")), -1 % len(OURS.rows), 0),
    ],
    ids=["a stat between stats", "a graph in front", "a graph at the end", "a graph in a closed row"],
)
def test_a_new_panel_is_its_lines_and_what_moved(tmp_path: Path, panel: Panel, row: int, at: int) -> None:
    out, put = diff(tmp_path, OURS, inserted(panel, row, at))

    assert [line for line in out if not MOVED.fullmatch(line)] == []
    titles = [line for line in put if re.match(r'\s*"title": ', line)]
    assert [line.strip().rstrip(",") for line in titles] == [f'"title": "{panel.title}"']
    assert sum(re.match(r'\s*"id": \d+', line) is not None for line in put) == 1
    # Some lines of a panel, and where others went.
    assert len([line for line in put if not MOVED.fullmatch(line)]) < 150


def test_a_panel_that_moves_to_another_row_keeps_its_id_and_its_queries(tmp_path: Path) -> None:
    moved = OURS.rows[2].panels[-1]
    board = with_rows(
        lambda number, each: (
            replace(each, panels=each.panels[:-1])
            if number == 2
            else replace(each, panels=(*each.panels, moved))
            if number == 1
            else each
        )
    )
    out, put = diff(tmp_path, OURS, board)
    kept = sorted(line for line in out if not MOVED.fullmatch(line))
    assert kept == sorted(line for line in put if not MOVED.fullmatch(line))
    assert OURS.panel_id(moved.title) == board.panel_id(moved.title)


def test_another_description_is_one_line(tmp_path: Path) -> None:
    out, put = diff(tmp_path, OURS, replace(OURS, description="For whoever owns it."))
    assert len(out) == len(put) == 1


def test_a_new_panel_changes_no_other_file() -> None:
    board = inserted(graph(signal("Size, drawn")), 1, 0)
    boards = tuple(board if each is OURS else each for each in BOARDS)
    before, after = write.render(STACK), write.render(Stack(boards=boards))

    assert [path for path in before if before[path] != after.get(path)] == [FILE]
