"""Several workers that share no directory are refused where that shows, and told of where it does not."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI

from exporters.api import InstrumentationError, instrument
from exporters.api.siblings import configured_workers, declared_workers
from tests.api.asgi import get

ROOT = Path(__file__).parents[2]
UVICORN = "/venv/bin/uvicorn"
GUNICORN = "/venv/bin/gunicorn"


@pytest.mark.parametrize(
    ("arguments", "environment", "workers"),
    [
        ([UVICORN, "app:app"], {}, 1),
        ([UVICORN, "app:app", "--workers", "4"], {}, 4),
        ([UVICORN, "--workers=4", "app:app"], {}, 4),
        (["/venv/site-packages/uvicorn/__main__.py", "app:app", "--workers", "3"], {}, 3),
        (["/venv/bin/fastapi", "run", "--workers", "2"], {}, 2),
        ([GUNICORN, "-w", "4", "app:app"], {}, 4),
        ([GUNICORN, "-w4", "app:app"], {}, 4),
        ([UVICORN, "app:app", "-w4"], {}, 1),  # uvicorn has no such option
        ([GUNICORN, "app:app", "-w", "2", "--workers", "5"], {}, 5),
        ([GUNICORN, "app:app"], {"GUNICORN_CMD_ARGS": "--workers 6"}, 6),
        ([GUNICORN, "app:app", "-w", "2"], {"GUNICORN_CMD_ARGS": "--workers 6"}, 2),
        ([UVICORN, "app:app"], {"GUNICORN_CMD_ARGS": "--workers 6"}, 1),
        ([UVICORN, "app:app"], {"WEB_CONCURRENCY": "8"}, 8),
        ([UVICORN, "app:app", "--workers", "1"], {"WEB_CONCURRENCY": "8"}, 1),
        ([UVICORN, "app:app"], {"WEB_CONCURRENCY": "many"}, 1),
        ([UVICORN, "app:app", "--workers"], {}, 1),
        (["manage.py", "--workers", "4"], {"WEB_CONCURRENCY": "8"}, 1),  # says nothing of the server
        ([], {}, 1),
    ],
)
def test_the_command_line_says_how_many_workers(
    arguments: list[str], environment: dict[str, str], workers: int
) -> None:
    assert declared_workers(arguments, environment) == workers


@pytest.mark.parametrize(
    ("arguments", "environment", "workers"),
    [
        ([UVICORN, "app:app", "--workers", "4"], {"WEB_CONCURRENCY": "8"}, 4),
        ([UVICORN, "app:app"], {"WEB_CONCURRENCY": "8"}, 8),
        (["main.py"], {"WEB_CONCURRENCY": "8"}, 8),
        (["main.py", "--workers", "4"], {}, None),  # of what, nobody knows
        ([UVICORN, "app:app"], {}, None),
        ([GUNICORN, "app:app"], {"WEB_CONCURRENCY": "many"}, None),
        ([GUNICORN, "app:app"], {"WEB_CONCURRENCY": "0"}, None),
        ([], {}, None),
    ],
)
def test_what_nobody_says_is_not_known(
    arguments: list[str], environment: dict[str, str], workers: int | None
) -> None:
    assert configured_workers(arguments, environment) == workers


def test_several_workers_are_refused_unless_they_share_a_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", [UVICORN, "app:app", "--workers", "4"])
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    with pytest.raises(InstrumentationError, match=r"the server runs 4 workers.*PROMETHEUS_MULTIPROC_DIR"):
        instrument(FastAPI())


def test_two_applications_in_one_process_are_no_siblings_and_told_once_what_shows_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    apps = [FastAPI(), FastAPI()]
    for app in apps:
        instrument(app)
    assert not caplog.records, "none of them serves yet"
    for app in apps:
        get(app, "/health")
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("PROMETHEUS_MULTIPROC_DIR is not set: metrics stay in this process")


ALONE = "PROMETHEUS_MULTIPROC_DIR is not set"
WORKER = """
import sys
from fastapi import FastAPI
from exporters.api import instrument
from tests.api.asgi import get
app = FastAPI()
instrument(app)
get(app, "/health")
print("serves", flush=True)
sys.stdin.read()
"""


def worker(**more: str) -> subprocess.Popen[str]:
    """A process that serves until its standard input ends, as a server in code would start several."""
    env = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER], env={**env, "PYTHONPATH": str(ROOT), **more}, text=True, **pipes
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "serves\n"
    return process


def said(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=60)[1]


def test_a_process_beside_another_of_the_same_server_says_that_totals_are_wrong(tmp_path: Path) -> None:
    first, second = worker(), worker()
    sharing = worker(PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    logs = [said(process) for process in (first, second, sharing)]
    assert logs[0].startswith(ALONE)
    assert logs[2] == ""
    assert "several workers run, and each shows only its own numbers" in logs[1]
    assert "set PROMETHEUS_MULTIPROC_DIR" in logs[1]
    # The claim went with its process.
    assert said(worker()).startswith(ALONE)
