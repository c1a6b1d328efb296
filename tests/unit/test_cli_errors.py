"""Mistakes at the command line: told in a line, with the right exit code, and nothing written."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from dashboards import write
from dashboards.cli import main
from dashboards.cli.errors import report
from dashboards.stack import Stack
from signals.objectives import P95
from tests.unit.conftest import Build, line, refused

OURS = """\
from dataclasses import replace

from dashboards.model import Board, graph, row, stat
from dashboards.stack import STACK as THEIRS, Stack
from dashboards.targets import Job
from signals import limits, numbers, objectives
"""
SIGNAL = """
from exporters.catalogue import Gauge, redis
from signals.idioms import value
from signals.model import Signal
from signals.numbers import BYTES

MEMORY = Gauge(name="redis_memory_used_byte", help="Misspelt.", collector="shop.cache", unit="bytes")
USED = Signal(title="Memory", why="Used.", good="Little.", act="Buy more.", query=value(MEMORY), unit=BYTES,
              legend="used")
SHOP = Board(uid="shop", title="Shop", description="For the shop.", source="shop", anchor=redis.UP,
             rows=(row("Enough?", stat(USED, title="Now")), row("How much?", graph(USED))))
"""


def test_a_python_without_the_packages_is_told_in_a_line() -> None:
    bare = [sys.executable, "-S", "-m", "dashboards", "--help"]  # -S: without site-packages
    done = subprocess.run(bare, capture_output=True, text=True, check=False)
    told = "obs: click is not installed; run: pip install . in the checkout\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", told)


def test_an_unknown_metric_is_told_with_file_panel_query_and_the_nearest_known_one(build: Build) -> None:
    output = refused(build(OURS + SIGNAL + "STACK = Stack(boards=(*THEIRS.boards, SHOP))\n"), code=1)
    (told,) = [each for each in output.splitlines() if "[metric-exists]" in each]

    assert told.startswith(
        "grafana/dashboards/shop.json: panel 'Memory', query A: metric 'redis_memory_used_byte'"
    )
    assert "Add it to Stack(metrics=…). Did you mean 'redis_memory_used_bytes'?" in told


def test_a_metric_that_the_stack_was_not_given_is_told_with_where_to_give_it(build: Build) -> None:
    own = SIGNAL.replace("redis_memory_used_byte", "jobs_memory_used_by")
    output = refused(build(OURS + own + "STACK = Stack(boards=(*THEIRS.boards, SHOP))\n"), code=1)
    (told,) = [each for each in output.splitlines() if "[metric-exists]" in each]

    assert told.endswith("`, and in 1 other query. Add it to Stack(metrics=…). [metric-exists]")


def test_lint_tells_the_same_and_a_declared_metric_is_built(build: Build) -> None:
    unknown = (
        OURS
        + SIGNAL
        + "STACK = Stack(boards=(*THEIRS.boards, SHOP))\nMINE = replace(STACK, metrics=(MEMORY,))\n"
    )

    assert "[metric-exists]" in refused(build(unknown, command="lint"), code=1)
    code, output, folder = build(unknown, stack="ourstack:MINE")
    assert code == 0, output
    assert (folder / "grafana/dashboards/shop.json").exists()


def test_what_stood_there_stays_when_a_check_finds_something(build: Build, tmp_path: Path) -> None:
    code, _, folder = build(OURS + "STACK = Stack()\n")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    wrong = OURS + SIGNAL + "STACK = Stack(boards=(*THEIRS.boards[:2], SHOP, *THEIRS.boards[2:]))\n"
    del sys.modules["ourstack"]

    assert code == 0
    assert build(wrong)[0] == 1
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_latency_limit_that_is_no_bucket_is_told_with_the_bounds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # The service level that reads it would be refused before anything is rendered.
    _, findings = write.checked(Stack(objectives=(replace(P95, value=0.12),)))
    report(findings)
    told = [each for each in capsys.readouterr().err.splitlines() if "[limit-is-bound]" in each]

    assert any(
        "alert ApiLatencyP95High: the limit 0.12 is no bound of http_request_duration" in each
        for each in told
    )
    assert all("0.1, 0.15" in each for each in told)


def test_two_boards_of_one_uid_are_told_by_their_titles(build: Build) -> None:
    same = 'STACK = Stack(boards=(*THEIRS.boards, replace(THEIRS.boards[1], title="Mine")))\n'

    assert "boards 'API' and 'Mine' share the uid 'backend-api'" in line(build(OURS + same))


def test_a_board_with_the_uid_of_the_runbooks_is_refused(build: Build) -> None:
    same = 'STACK = Stack(boards=(*THEIRS.boards, replace(THEIRS.boards[1], uid="backend-runbooks")))\n'

    assert "boards 'Runbooks' and 'API' share the uid 'backend-runbooks'" in line(build(OURS + same))


def test_an_alert_without_a_runbook_is_told_with_the_file_to_write(build: Build) -> None:
    text = OURS + 'STACK = Stack(alerts=(*THEIRS.alerts, replace(THEIRS.alerts[0], name="ShopDown")))\n'

    assert "alert ShopDown has no runbook; expected ShopDown.md" in line(build(text))


@pytest.mark.parametrize(
    ("stack", "told"),
    [
        ('Stack(engine="both")', "engine is 'both'; exactly one notifies; choose grafana or prometheus"),
        ("Stack(boards=None)", "boards is None (NoneType); expected a tuple of Board"),
        (
            "Stack(boards=THEIRS.boards[0])",
            "boards is a Board; expected a tuple of Board; a tuple of one is (it,)",
        ),
        ("Stack(alerts=THEIRS.alerts[0])", "alerts is an Alert; expected a tuple of Alert"),
        ('Stack(alerts=("ApiDown",))', "alerts[0] is 'ApiDown' (str); expected Alert"),
        ('Stack(identity="cluster")', "identity is 'cluster' (str); expected a tuple of str"),
        ("Stack(targets={})", "targets is {} (dict); expected Targets"),
        ('Stack(grafana_url="grafana")', "grafana_url is 'grafana'; links in messages start with it"),
        ("Stack(boards=THEIRS.boards[2:])", "keep *Stack.boards among the boards, put the signal on one of "),
        (
            'Stack(identity=("region",))',
            "job 'api' carry no label 'region', which is in the stack's identity",
        ),
        (
            'Stack(objectives=(replace(objectives.P95, key="p59"),))',
            "nothing reads the objective 'p59'; expected the key of one that is there",
        ),
        (
            "Stack(objectives=(objectives.P95, replace(objectives.P95, value=0.1)))",
            "two objectives or limits have the key 'p95'",
        ),
        (
            "Stack(objectives=(replace(objectives.AVERAGE, value=0.07),))",
            "'average' is 0.07 s, which is no bound of http_request_duration_seconds; expected one of 0.01",
        ),
        ('Stack(folder="")', "folder is ''; expected a title without a slash"),
        (
            'Stack(grafana_url="http://{host}")',
            "grafana_url is 'http://{host}'; links in messages start with it",
        ),
        (
            "Stack(targets=replace(THEIRS.targets, jobs=THEIRS.targets.jobs[2:3] * 2))",
            "two jobs are called 'exporter'",
        ),
        (
            'Stack(targets=replace(THEIRS.targets, file="t/*.txt"))',
            "targets.file is 't/*.txt'; expected a name",
        ),
        (
            'Stack(targets=replace(THEIRS.targets, jobs=(Job(name="shop", addresses=("a b:1",)),)))',
            "job 'shop' has the address 'a b:1'; expected host:port",
        ),
        (
            "Stack(objectives=(replace(objectives.CACHE, value=-0.1),))",
            "the objective 'cache' is -10 %; nothing that is measured in 'share' is ever below 0",
        ),
        (
            "Stack(runbooks=(__import__('pathlib').Path('/nowhere/books'),))",
            "the stack's runbooks names /nowhere/books, which does not exist; expected a folder",
        ),
        ('Stack(retention="35d")', "the stack: retention is '35d' (str); expected int"),
        ("Stack(time_scale=float('inf'))", "the stack: time_scale is inf (float); expected a finite"),
        (
            "Stack(limits=(replace(limits.redis.EVICTIONS, unit=numbers.SECONDS),))",
            "the key 'evictions' is that of 1 per second, in 'per second', and of 1 s, in 'seconds'",
        ),
    ],
)
def test_a_stack_that_cannot_be_rendered_is_told_with_its_field(build: Build, stack: str, told: str) -> None:
    assert told in line(build(OURS + f"STACK = {stack}\n"))


# How a module breaks while it is read: its text, the line to blame, what is said.
BROKEN = [
    ("x = 1\nSTACK = Stack(\n", 2, "SyntaxError: '(' was never closed"),
    ("x = '\n", 1, "SyntaxError: unterminated string literal"),
    ("\nimport no_such_library\n", 2, "ModuleNotFoundError: No module named 'no_such_library'"),
    ("from dashboards.stack import Stak\n", 1, "ImportError: cannot import name 'Stak'"),
    (
        "from dashboards.stack import Stack\n\nSTACK = Stack(board=())\n",
        3,
        "unexpected keyword argument 'board'",
    ),
    ("def number():\n    return 1 / 0\n\nnumber()\n", 2, "ZeroDivisionError: division by zero"),
    ("import json\njson.loads('{')\n", 2, "JSONDecodeError: Expecting property name"),
    (
        "from dashboards.model import Board\n"
        'Board(uid="my board", title="x", description="x", source="x", anchor=None, rows=())\n',
        2,
        "board 'x': uid 'my board'; expected 1 to 40 of a-z, A-Z, 0-9, _ and -; change it",
    ),
    ("raise RuntimeError('two\\nlines')\n", 1, "RuntimeError: two lines"),
]


@pytest.mark.parametrize(("text", "number", "told"), BROKEN)
def test_a_module_that_breaks_is_told_with_its_file_and_line(
    build: Build, tmp_path: Path, text: str, number: int, told: str
) -> None:
    output = line(build(text))

    assert f"error: --stack 'ourstack:STACK': {tmp_path / 'ourstack.py'}:{number}: " in output
    assert told in output


def test_a_helper_of_the_module_that_breaks_is_blamed_itself(build: Build, tmp_path: Path) -> None:
    (tmp_path / "ourhelp.py").write_text("x = {}\nx['a']\n")

    assert f"{tmp_path / 'ourhelp.py'}:2: KeyError: 'a'" in line(build("import ourhelp\n"))


@pytest.mark.parametrize("command", ["lint", "list", "preflight", "prove"])
def test_every_command_tells_a_broken_module_the_same_way(build: Build, command: str) -> None:
    arguments = ("alerts",) if command == "list" else ()

    assert "ourstack.py:1: ZeroDivisionError" in line(build("1 / 0\n", *arguments, command=command))


def test_a_name_that_is_no_stack_is_told_with_those_that_are(build: Build) -> None:
    told = line(build(OURS + "STACK = 5\n"), code=2)
    assert "STACK is int; expected a dashboards.stack.Stack; the module has THEIRS" in told


def test_a_module_with_a_nul_byte_is_told_in_a_line(build: Build) -> None:
    assert "no Python module, correct the name or the file: " in line(build("x = 1\0\n"), code=2)


def test_an_error_of_the_project_itself_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_reference: str) -> None:
        raise KeyError("ours")

    monkeypatch.setattr("dashboards.cli.errors.NOT_THEIRS", ("/", "<"))
    monkeypatch.setattr("dashboards.stack.load", broken)

    assert isinstance(CliRunner().invoke(main, ["build"]).exception, KeyError)


@pytest.mark.parametrize("check", [(), ("--check",)], ids=["build", "check"])
def test_an_output_that_is_a_file_is_left_as_it_is(
    build: Build, tmp_path: Path, check: tuple[str, ...]
) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    code, output, _ = build(OURS + "STACK = Stack()\n", *check, to=file)

    assert code == 2
    assert output == f"error: --output {file} is a file; give a directory\n"
    assert file.read_text() == "mine"


def test_a_directory_without_rights_is_told_in_a_line(build: Build, tmp_path: Path) -> None:
    # A superuser may write everywhere but here.
    closed = Path("/proc/1/out") if os.geteuid() == 0 else tmp_path / "closed"
    if os.geteuid():
        closed.mkdir(mode=0o500)
    code, output, _ = build(OURS + "STACK = Stack()\n", to=closed)

    assert code == 2
    assert output.startswith("error: cannot write")
    assert "give --output a directory that you may write" in output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("build", "--engine", "both"), "'both' is not one of 'grafana', 'prometheus'"),
        (("build", "--output"), "requires an argument"),
        (("build", "--stak", "x:Y"), "No such option '--stak'"),
        (("biuld",), "No such command 'biuld'"),
        (("list", "panels"), "'panels' is not one of"),
        (("prove", "--minutes", "long"), "'long' is not a valid float"),
        (("build", "--stack", ":STACK"), "expected module:NAME"),
        (("build", "--stack", "dashboards.stack:"), "expected module:NAME"),
        (("build", "--stack", ".x:STACK"), "no Python module, correct the name or the file: TypeError"),
        (("prove", "--prometheus", "nowhere"), "expected http:// or https:// at its beginning"),
        (("prove", "--prometheus", "localhost:1"), "give such as http://localhost:1\n"),
        (("prove", "--prometheus", "http://127.0.0.1:1"), "no answer from Prometheus at http://127.0.0.1:1"),
    ],
)
def test_a_wrong_word_on_the_command_line_is_told_with_what_is_right(
    arguments: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, list(arguments))

    assert result.exit_code == 2
    assert told.casefold() in result.output.casefold()
    assert not list(tmp_path.iterdir())


def test_help_says_of_every_command_what_it_does_to_the_end() -> None:
    output = CliRunner().invoke(main, ["--help"], terminal_width=78).output

    assert all(f"\n  {name} " in output for name in main.commands)
    assert "..." not in output.partition("Commands:")[2]
