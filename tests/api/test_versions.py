"""The oldest FastAPI that is claimed to work gives the labels and numbers that the newest gives."""

from __future__ import annotations

import os
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OLDEST = ROOT / ".venv-fastapi-0.115"
VERSION = "0.115.0"
# Every other test here runs with the newest alone; these say what depends on the version.
TESTS = ("test_requests.py", "test_routes.py", "test_ends.py")
# What its Starlette leaves open under BaseHTTPMiddleware, with or without us.
LEFT_OPEN = "ignore:Unclosed <MemoryObjectReceiveStream:ResourceWarning"


@pytest.fixture(scope="module")
def python() -> Path:
    """The interpreter of the environment that `make` keeps for it."""
    python = OLDEST / "bin/python"
    if not (OLDEST / ".ready").exists():
        pytest.fail(f"{OLDEST.name} is missing or unfinished; run: make {OLDEST.name}/.ready")
    return python


def test_the_newest_is_what_all_other_tests_run_with() -> None:
    newest = tuple(int(part) for part in metadata.version("fastapi").split("."))
    assert newest >= (0, 137), "since then a route does not know its whole template"


def test_the_environment_holds_the_oldest_and_no_sqlalchemy(python: Path) -> None:
    code = "import importlib.metadata as m; print(m.version('fastapi')); import sqlalchemy"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == VERSION
    assert "No module named 'sqlalchemy'" in done.stderr


def test_requests_and_routes_are_counted_alike(python: Path) -> None:
    tests = [f"tests/api/{name}" for name in TESTS]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-W", LEFT_OPEN, *tests],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert "skipped" not in done.stdout
