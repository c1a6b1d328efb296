"""The demo brings everything up, fixes the backend on the way, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboards.prove.model import WRONG
from examples.demo.process import ROOT, listening
from tests.stack.conftest import OVERLOADED

pytestmark = pytest.mark.stack
# What the demo may take at most.
EIGHT_MINUTES = 480


def demo(*arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "examples.demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
    )


def processes_in(directory: Path) -> set[str]:
    """The command lines of processes that name this directory."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue
        if str(directory) in words:
            found.add(words)
    return found


LOSES = """
import os, signal, time
from examples.demo.__main__ import LOST, ends_by_signals

class Collected:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)  # until the handler has raised, here, where nobody hears of it

ends_by_signals()
try:
    Collected()
    print("lost")
    time.sleep(60)  # the work, which has to be ended
finally:
    time.sleep(2 * LOST)  # tidying up, which nothing may interrupt
    print("tidied")
"""


def test_an_end_that_is_lost_while_something_is_collected_comes_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOSES], check=False, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")
    assert done.stdout.splitlines()[-2:] == ["lost", "tidied"]


@pytest.mark.parametrize(
    ("last_line", "number"), [("redis on", signal.SIGTERM), ("prometheus on", signal.SIGINT)]
)
def test_an_interrupted_demo_leaves_nothing_behind(
    tmp_path: Path, new_home: Callable[[], Path], last_line: str, number: signal.Signals
) -> None:
    temporary = new_home()
    process = demo(env={"TMPDIR": str(temporary)})
    assert process.stdout
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if last_line in line:
            break
    assert processes_in(temporary)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, (out, err)
    assert err == ""
    assert list(temporary.iterdir()) == []
    assert processes_in(temporary) == set()
    ports = [int(port) for port in re.findall(r"on (?:http://)?127\.0\.0\.1:(\d+)", "".join(lines))]
    assert ports
    assert not any(listening(port) for port in ports)


@pytest.mark.timeout(540)
def test_a_whole_demo_shows_all_it_promises_and_leaves_nothing_behind(new_home: Callable[[], Path]) -> None:
    temporary = new_home()
    process = demo(env={"TMPDIR": str(temporary), "PATH": without_grafana()})
    out, err = process.communicate(timeout=EIGHT_MINUTES)
    assert (process.returncode, err) == (0, ""), out
    assert "time_scale 0.06667" in out
    baseline, fixed, fault = re.split(r"\] (?:fixed: indexes|fault: stop-redis)", out)
    for phase in (baseline, fixed):
        summaries = re.findall(
            r"\] \w+: (\d+ (?:panels|variables).*?): (.*); \d+ queries in .*; not as declared: (\d+)", phase
        )
        for asked, told, wrong in summaries:
            verdicts = counts(told)
            assert sum(verdicts.values()) == sum(map(int, re.findall(r"\d+", asked)))
            # Whatever reason a panel gives: all that the state brings was seen.
            assert {name: verdicts[name] for name in WRONG} == dict.fromkeys(WRONG, 0), phase
            assert wrong == "0"
        (panels, told, _), (others, _, _) = summaries
        assert counts(told)["data"] >= 0.6 * int(panels.removesuffix(" panels"))
        assert re.fullmatch(r"\d+ variables, \d+ annotations", others)
    assert "so this is no reason" not in out
    assert re.search(r"Queries per request +10 +2 +\S+ +missed", baseline)
    assert "ExpectedIndexMissing" in baseline.partition("alerts firing: ")[2]
    assert re.search(r"Queries per request +10 +2 +\S+ +\S+ +reached", fixed)
    assert re.search(r"Expected indexes +0 % +100 % +0 % +100 % +reached", fixed)
    (firing,) = re.findall("alerts firing: (.*)", fixed)
    assert firing == "none but the watchdog" or OVERLOADED.issuperset(firing.split(", ")), fixed
    assert "[FIRING] critical: RedisDown" in fault
    assert "[RESOLVED] critical: RedisDown" in fault
    assert re.search(r"runbook_url: http://\S+/d/backend-runbooks\?viewPanel=panel-\d+", fault)
    assert list(temporary.iterdir()) == []
    assert processes_in(temporary) == set()
    ports = [int(port) for port in re.findall(r"on (?:http://)?127\.0\.0\.1:(\d+)", out)]
    assert len(ports) >= 8
    assert not any(listening(port) for port in ports)


def counts(told: str) -> dict[str, int]:
    """The verdicts of a summary, and how many came to each."""
    return {name: int(count) for name, count in re.findall(r"(\w+) (\d+)", told)}


def without_grafana() -> str:
    """PATH without the directories that hold a Grafana, which a machine may have or not."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(each for each in folders if not (Path(each) / "grafana").exists())


def test_a_missing_program_is_named_before_anything_runs(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("setpriv", "psql", "redis-server"):
        (programs / name).symlink_to(Path("/usr/bin") / name)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    out, err = (process := demo(env={"PATH": str(programs), "TMPDIR": str(temporary)})).communicate(
        timeout=60
    )
    assert process.returncode == 2
    assert err == (
        "error: prometheus is not installed; expected it on PATH; try: apt-get install prometheus\n"
    )
    assert "postgres on" not in out
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("scale", ["0", "2", "nan", "fast"])
def test_a_time_scale_that_cannot_be_is_refused(scale: str) -> None:
    out, err = (process := demo("--time-scale", scale)).communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert f"--time-scale: it is '{scale}'; expected 0.05 to 1" in err
