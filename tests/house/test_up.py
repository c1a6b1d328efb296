"""`make up`, with a stand-in for Docker: what it renders, what it hands over, and what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Writes down what it is asked for; fails where it is told to.
DOCKER = """#!/bin/sh
if [ "$2" = version ]; then [ "$DOCKER_FAILS" != version ]; exit; fi
{ echo "$*"; env; } >"$DOCKER_CALLS/$4"
[ "$4" != "$DOCKER_FAILS" ]
"""
STACK = """
from dashboards.stack import Stack
STACK = Stack(grafana_url="https://grafana.example.org", retention=77)
"""


class Checkout:
    """What `make up` needs of the project, in a directory of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.calls = home / "calls"
        self.calls.mkdir()
        for name in ("Makefile", "exporters/redis.acl", "requirements.lock", "pyproject.toml"):
            (home / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, home / name)
        shutil.copytree(ROOT / "provisioning", home / "provisioning")
        self.script("bin/docker", DOCKER)
        self.script(".venv/bin/python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (home / ".venv/.ready").touch()
        (home / "mycompany.py").write_text(STACK)

    def script(self, name: str, text: str) -> None:
        """An executable file."""
        path = self.home / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.chmod(0o755)

    def up(self, *settings: str, fails: str = "") -> subprocess.CompletedProcess[str]:
        """Run `make up` with these settings; `fails` is the command of Docker Compose that does."""
        for call in self.calls.iterdir():
            call.unlink()
        return subprocess.run(
            ["make", "--no-print-directory", "up", *settings],
            cwd=self.home,
            env={
                "PATH": f"{self.home}/bin:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "DOCKER_CALLS": str(self.calls),
                "DOCKER_FAILS": fails,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def handed_over(self, names: Sequence[str], call: str = "up") -> list[str]:
        """What a command of Docker Compose was given as these variables."""
        lines = (self.calls / call).read_text().splitlines()[1:]
        env = dict(line.partition("=")[::2] for line in lines if "=" in line)
        return [env[name] for name in names]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with a stand-in for Docker."""
    return Checkout(tmp_path)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


CHOICE = ("PROVISIONING", "COMPOSE_PROFILES", "ENGINE", "STACK")


def test_the_default_stack_is_started_from_the_committed_files(checkout: Checkout) -> None:
    shutil.rmtree(checkout.home / ".venv")  # and needs no Python
    done = checkout.up()
    assert done.returncode == 0, done.stderr
    expected = ["./provisioning", "demo", "grafana", "dashboards.stack:STACK"]
    assert checkout.handed_over(CHOICE) == expected
    assert checkout.handed_over(CHOICE, "run") == expected
    assert "Grafana: http://localhost:3000," in done.stdout
    assert files(checkout.home / "provisioning") == files(ROOT / "provisioning")


def test_a_stack_of_ones_own_is_rendered_beside_the_committed_files(checkout: Checkout) -> None:
    done = checkout.up("STACK=mycompany:STACK", "BACKEND=own", "DATABASE_URL=x", "REDIS_URL=y")
    assert done.returncode == 0, done.stderr
    assert checkout.handed_over(CHOICE) == ["./provisioning-grafana", "own", "grafana", "mycompany:STACK"]
    rendered = checkout.home / "provisioning-grafana"
    assert "https://grafana.example.org/d/" in (rendered / "grafana/alerting/rules.json").read_text()
    assert (rendered / "prometheus/targets").is_dir(), "where the target file is mounted"
    assert files(checkout.home / "provisioning") == files(ROOT / "provisioning")
    said = "provisioning-grafana/ holds mycompany:STACK for grafana; provisioning/ is left as it is\n"
    assert said in done.stdout


@pytest.mark.parametrize("target", ["build", "check"])
def test_what_is_committed_is_of_the_default_stack_whatever_is_started(
    checkout: Checkout, target: str
) -> None:
    (checkout.home / ".env").write_text("STACK=mycompany:STACK\n")
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=checkout.home, capture_output=True, text=True, check=True
    )
    assert "dashboards build" in done.stdout
    assert "mycompany" not in done.stdout


def test_one_setting_lets_alertmanager_notify_and_grafana_be_quiet(checkout: Checkout) -> None:
    done = checkout.up("ENGINE=prometheus")
    assert done.returncode == 0, done.stderr
    expected = ["./provisioning-prometheus", "demo,alertmanager", "prometheus", "dashboards.stack:STACK"]
    assert checkout.handed_over(CHOICE) == expected
    rendered = files(checkout.home / "provisioning-prometheus")
    assert "alertmanager/alertmanager.yml" in rendered
    assert not [name for name in rendered if name.startswith("grafana/alerting/")]


def test_an_engine_that_does_not_exist_starts_nothing(checkout: Checkout) -> None:
    assert checkout.up("ENGINE=alertmanager").returncode != 0
    assert list(checkout.calls.iterdir()) == []


def test_without_compose_one_line_says_so_and_nothing_is_made(checkout: Checkout) -> None:
    done = checkout.up(fails="version")
    assert done.stderr.splitlines()[0].startswith("error: there is no Docker Compose v2")
    assert done.returncode == 2
    assert not (checkout.home / "secrets").exists()
    assert list(checkout.calls.iterdir()) == []


def test_what_preflight_finds_is_shown_and_nothing_is_started(checkout: Checkout) -> None:
    assert checkout.up(fails="run").returncode != 0
    (call,) = checkout.calls.iterdir()
    command = "compose -f docker-compose.monitoring.yml run --build --rm preflight"
    assert call.read_text().splitlines()[0] == command


def test_changed_files_have_another_digest(checkout: Checkout) -> None:
    def digest() -> str:
        assert checkout.up().returncode == 0
        return checkout.handed_over(["FILES_DIGEST"])[0]

    first = digest()
    assert first.isdigit()
    with (checkout.home / "provisioning/prometheus/targets/backend.yml").open("a") as file:
        file.write("# Prometheus reads this file again by itself.\n")
    assert digest() == first
    for name in ("grafana/alerting/rules.json", "prometheus/prometheus.yml", "blackbox/blackbox.yml"):
        with (checkout.home / "provisioning" / name).open("a") as file:
            file.write("\n")
        before, first = first, digest()
        assert before != first, name


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (("GRAFANA_PORT=4000",), "http://localhost:4000"),
        (("GRAFANA_URL=https://grafana.example.org", "GRAFANA_PORT=4000"), "https://grafana.example.org"),
    ],
)
@pytest.mark.parametrize("in_a_file", [False, True])
def test_the_address_is_the_one_that_was_set(
    settings: tuple[str, ...], url: str, in_a_file: bool, checkout: Checkout
) -> None:
    if in_a_file:
        (checkout.home / ".env").write_text("\n".join(settings) + "\n")
    done = checkout.up(*(() if in_a_file else settings))
    assert f"Grafana: {url}, user admin" in done.stdout
