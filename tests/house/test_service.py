"""The unit for systemd: it is one, it is tight, and its flags are the exporter's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exporters.cli import main

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "exporters/systemd/obs-exporter.service"
MOST_EXPOSED = (
    1.5  # of 10; what is left are the network, Unix sockets, and the machine's own folders, to be read
)
NEEDS_SYSTEMD = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no `systemd-analyze` on PATH"
)


def analysed(tmp_path: Path, text: str, *command: str) -> subprocess.CompletedProcess[str]:
    """What systemd says of a unit whose program is there."""
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("/opt/obs-exporter/bin/python", sys.executable))
    run = ["systemd-analyze", *command, str(unit)]
    return subprocess.run(run, capture_output=True, text=True, check=False)


@NEEDS_SYSTEMD
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    verify = ("verify", "--man=no", "--recursive-errors=no")
    well = analysed(tmp_path, UNIT.read_text(), *verify)
    wrong = analysed(tmp_path, UNIT.read_text().replace("ProtectHome=yes", "ProtectHomes=yes"), *verify)

    offered = re.sub(r"^# (\w+=)", r"\1", UNIT.read_text(), flags=re.MULTILINE)
    more = analysed(tmp_path, offered, *verify)

    assert (well.returncode, well.stdout + well.stderr) == (0, "")
    assert (more.returncode, more.stdout + more.stderr) == (0, "")
    assert offered.count("\nLoadCredential=") == 6
    assert "'ProtectHomes'" in wrong.stderr


@NEEDS_SYSTEMD
def test_the_service_may_do_no_more_than_it_must(tmp_path: Path) -> None:
    limit = ("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED * 10:g}")
    well = analysed(tmp_path, UNIT.read_text(), *limit)
    open_ = re.sub(r"^(SystemCallFilter|PrivateUsers)=.*\n", "", UNIT.read_text(), flags=re.MULTILINE)

    assert well.returncode == 0, well.stdout
    assert "Overall exposure level for obs-exporter.service" in well.stdout
    assert analysed(tmp_path, open_, *limit).returncode == 1


def test_the_unit_starts_the_exporter_and_names_its_variables() -> None:
    text = UNIT.read_text()
    known = {f"OBS_EXPORTER_{str(option.name).upper()}" for option in main.params}

    assert "\nExecStart=/opt/obs-exporter/bin/python -m exporters\n" in text
    assert (
        {"OBS_EXPORTER_CONFIG_FILE", "OBS_EXPORTER_WEB_CONFIG_FILE"}
        == set(re.findall(r"OBS_EXPORTER_\w+", text))
        <= known
    )
    assert set(re.findall(r"([A-Z]+_URL_FILE)=%d/", text)) == {"DATABASE_URL_FILE", "REDIS_URL_FILE"}
    assert (
        "\nRestartPreventExitStatus=2\n" in text
    )  # a mistake in the configuration is no reason to try again


def test_the_unit_says_how_the_files_of_an_api_are_read() -> None:
    """A user made anew at each start is in no group, and the files are for the API's."""
    assert re.search(
        r"^# For --api.multiprocess-dir: .*\n# SupplementaryGroups=\w+$", UNIT.read_text(), re.MULTILINE
    )
