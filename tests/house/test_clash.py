"""An application may have packages of its own called `alerts`, `signals` and `dashboards`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from tests.house.test_wheel import required, run

ROOT = Path(__file__).parents[2]
FRAMEWORK = ("fastapi", "prometheus-client")
COMMAND = ("click", "PyYAML")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
OWN = ("alerts", "signals", "dashboards")
APPLICATION = {
    "alerts/__init__.py": "WHO = 'application'\n",
    "dashboards/__init__.py": "WHO = 'application'\n",
    "signals.py": "WHO = 'application'\n",
    "shop/__init__.py": "",
    "shop/main.py": """
import asyncio

import alerts, dashboards, signals
from fastapi import FastAPI
from exporters.api import instrument, render

app = FastAPI()
app.get("/who")(lambda: [each.WHO for each in (alerts, dashboards, signals)])
instrument(app)

async def ask(sent):
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        sent.append(message)
    scope = {"type": "http", "method": "GET", "path": "/who", "headers": [], "query_string": b""}
    await app(scope, receive, send)
    return sent[1]["body"].decode()

print(asyncio.run(ask([])))
print([line for line in render().decode().splitlines() if "_requests_total{" in line and "200" in line])
""",
    "pyproject.toml": """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "shop"
version = "1"
[tool.hatch.build.targets.wheel]
include = ["alerts", "dashboards", "shop", "signals.py"]
""",
}
ANSWER = """["application","application","application"]
['http_requests_total{handler="/who",method="GET",status="200"} 1.0']
"""


def build(project: Path, folder: Path) -> Path:
    """Its wheel; without isolation, so that nothing is downloaded."""
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(project),
    ]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What step 1 of the README installs."""
    return build(ROOT / "exporters", tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def environment(wheel: Path, tmp_path: Path) -> Path:
    """An environment with that wheel and the web framework; nothing is downloaded."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    install(home, wheel)
    link(home, *FRAMEWORK)
    return home


def link(environment: Path, *distributions: str) -> None:
    """Put them there, with what they require, as they stand in our environment."""
    (site,) = environment.glob("lib/python*/site-packages")
    for name in {name for each in distributions for name in (each, *required(metadata.distribution(each)))}:
        for part in {file.parts[0] for file in metadata.files(name) or () if file.parts[0] != ".."}:
            source = Path(str(metadata.distribution(name).locate_file(part)))
            if source.exists() and not (site / part).exists():
                (site / part).symlink_to(source)


def install(environment: Path, wheel: Path) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(environment / "bin/python"), "install", "--quiet"]
    subprocess.run([*command, "--no-deps", "--no-index", str(wheel)], check=True)


def application(folder: Path) -> Path:
    """Its sources, in the flat layout."""
    for name, text in APPLICATION.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_an_application_that_runs_from_its_own_folder(environment: Path, tmp_path: Path) -> None:
    done = run(environment, "python", "-m", "shop.main", cwd=application(tmp_path / "source"))
    assert done.stdout == ANSWER, done.stderr


def test_an_application_that_is_installed(environment: Path, tmp_path: Path) -> None:
    source = application(tmp_path / "source")
    install(environment, build(source, tmp_path / "dist"))
    shutil.rmtree(source)
    done = run(environment, "python", "-m", "shop.main", cwd=tmp_path)
    assert done.stdout == ANSWER, done.stderr


def test_the_exporter_needs_its_extra_and_says_so_in_one_line(environment: Path, tmp_path: Path) -> None:
    told = "obs-exporter: {} is not installed; run: pip install './exporters[exporter]' in the checkout\n"
    done = run(environment, "python", "-m", "exporters", "--version", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, told.format("click"))
    link(environment, *COMMAND)
    done = run(environment, "python", "-m", "exporters", "--version", cwd=tmp_path)
    assert done.stdout == f"obs-exporter, version {VERSION}\n", done.stderr


def test_the_wheel_holds_the_package_and_its_data_alone(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    here = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "exporters").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    left_out = {f"exporters/{name}" for name in ("Dockerfile", "pyproject.toml", "requirements.lock")}
    assert names == here - left_out | {"exporters/LICENSE"}


def test_both_distributions_agree(wheel: Path) -> None:
    whole, part = (
        tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        for folder in (ROOT, ROOT / "exporters")
    )
    assert f"-{whole['version']}-" in wheel.name
    for key in ("license", "requires-python"):
        assert part[key] == whole[key]
    extras, ours = whole["optional-dependencies"], part["optional-dependencies"]
    for extra in ("api", "postgres", "redis", "web", "candidates"):
        assert ours[extra] == extras[extra]
    both, *more = ours["exporter"]
    assert both.removeprefix(part["name"]) == extras["exporter"][0].removeprefix(whole["name"])
    assert {*part["dependencies"], *more} <= set(whole["dependencies"])
