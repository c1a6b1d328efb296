"""`lint PATH...` where files and folders cannot be opened."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.checks.others import board
from tests.checks.test_lint_paths import lint, written


def test_a_folder_that_cannot_be_opened_is_told_beside_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "right.json", board())
    closed = tmp_path / "closed"
    closed.mkdir()
    assert lint(tmp_path).exit_code == 0
    opened = os.scandir

    def scandir(path: str) -> Any:
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return opened(path)

    monkeypatch.setattr(os, "scandir", scandir)
    done = lint(tmp_path)
    assert (done.exit_code, "1 board, " in done.stderr) == (1, True), done.stderr
    assert f"{closed}:1:1: folder: it cannot be opened: Permission denied" in done.stderr


def test_a_file_that_cannot_be_reached_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "right.json", board())
    assert lint(path).exit_code == 0

    def stat(self: Path, **_: bool) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "stat", stat)
    done = lint(path)
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(f"error: {path}: cannot be read: Permission denied; expected a dashboard")
