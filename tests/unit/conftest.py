"""A stack module as a team writes it, built by the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboards.cli import main

Build = Callable[..., tuple[int, str, Path]]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Build a stack that stands in a module of its own; gives exit code, what was said, and the output."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before, path = set(sys.modules), list(sys.path)
    output = tmp_path / "out"

    def run(
        text: str, *arguments: str, stack: str = "ourstack:STACK", command: str = "build", to: Path = output
    ) -> tuple[int, str, Path]:
        (tmp_path / "ourstack.py").write_text(text)
        words = [
            command,
            "--stack",
            stack,
            *(("--output", str(to)) if command == "build" else ()),
            *arguments,
        ]
        result = CliRunner().invoke(main, words)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result.exit_code, result.output, to

    yield run
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if name.startswith("our"):
            del sys.modules[name]


def refused(result: tuple[int, str, Path], *, code: int) -> str:
    """What was said, if nothing was written."""
    found, output, folder = result
    assert found == code, output
    assert not folder.exists()
    return output


def line(result: tuple[int, str, Path], *, code: int = 1) -> str:
    """What a mistake in the definitions is told in: one line. Around them, the exit code is 2."""
    output = refused(result, code=code)
    assert output.startswith("error: ")
    assert output.count("\n") == 1
    return output
