"""What the exporter says where the API or its own installation keeps it from showing anything."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporters.distribution import missing
from exporters.errors import PageMissingError
from exporters.process import api_page
from tests.servers.exporter_process import Exporter, environment

FOREVER = 1e9
NOBODY = 65534
WORKER = "from prometheus_client import Counter; Counter('test_calls', 'Calls.').inc(3)"


@pytest.mark.parametrize(("made", "what"), [(False, "is not there"), (True, "holds no metric files")])
def test_an_api_that_writes_nothing_for_a_while_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, made: bool, what: str
) -> None:
    folder = tmp_path / "api"
    if made:
        folder.mkdir()
    waiting, tired = api_page(folder, patience=FOREVER), api_page(folder, patience=0)
    assert b"obs_api_workers 0" in waiting(1, 0)
    assert not caplog.records
    assert tired(1, 0) == tired(1, 0) == waiting(1, 0)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert f"--api.multiprocess-dir: {folder} {what}; expected" in record.getMessage()


def test_an_api_that_writes_is_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    env = environment({"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)})
    subprocess.run([sys.executable, "-c", WORKER], env=env, check=True)
    assert b"test_calls_total 3" in api_page(tmp_path, patience=0)(1, 0)
    assert not caplog.records


@contextlib.contextmanager
def another_user() -> Iterator[None]:
    """Whom the modes of files hold back; they hold nobody back who is root."""
    before = os.geteuid()
    if not before:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("kept", ["", "counter_*.db", "slots.lock"])
def test_files_of_another_user_are_told_in_one_line_until_they_may_be_read(
    kept: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    # A folder of pytest is for its own user alone.
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        folder = Path(home)
        env = environment({"PROMETHEUS_MULTIPROC_DIR": home})
        subprocess.run([sys.executable, "-c", WORKER], env=env, check=True)
        (folder / "slots.lock").touch()
        (closed,) = folder.glob(kept) if kept else (folder,)
        folder.chmod(0o755)
        mode = closed.stat().st_mode
        page = api_page(folder)
        closed.chmod(0)
        for _ in range(2):
            with another_user(), pytest.raises(PageMissingError):
                page(1, 0)
        (record,) = caplog.records
        assert record.levelname == "ERROR"
        assert f"--api.multiprocess-dir: {closed}" in record.getMessage()
        assert "Permission denied; expected" in record.getMessage()
        assert record.exc_info is None
        closed.chmod(mode)
        with another_user():
            assert b"test_calls_total 3" in page(1, 0)
        assert [one.levelname for one in caplog.records] == ["ERROR", "INFO"]


def test_a_missing_module_is_to_be_installed_from_where_the_rest_came() -> None:
    told = missing(ModuleNotFoundError(name="psycopg"))  # the tests run in the whole checkout's environment
    assert str(told) == "psycopg is not installed; run: pip install '.[exporter]' in the checkout"


def test_both_distributions_in_one_environment_are_told(tmp_path: Path) -> None:
    for name in ("backend_observability", "backend_observability_exporters"):
        about = tmp_path / f"{name}-1.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1\n"
        )
    exporter = Exporter(tmp_path, "--api.multiprocess-dir", str(tmp_path))
    try:
        told = "backend-observability and backend-observability-exporters are both installed here"
        assert exporter.written().count(told) == 1
    finally:
        exporter.stop()
