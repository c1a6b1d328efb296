"""The wheel, installed in an empty environment outside the checkout, builds what the checkout committed."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
GENERATED = ".generated"
OF_THE_CHECKOUT = {"exporters/Dockerfile", "exporters/pyproject.toml", "exporters/requirements.lock"}
RUNTIME_DATA = {
    "exporters/sql/role.sql",
    "exporters/redis.acl",
    "exporters/py.typed",
    "signals/py.typed",
    "dashboards/py.typed",
    "alerts/py.typed",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the checkout; without isolation, so that nothing is downloaded."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and exactly what it requires without extras; nothing is downloaded."""
    home = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(home, with_pip=False)
    install = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", "--quiet"]
    subprocess.run([*install, "--no-deps", "--no-index", str(wheel)], check=True)
    (site,) = home.glob("lib/python*/site-packages")
    for name in required(metadata.Distribution.at(next(site.glob("backend_*")))):
        for part in {file.parts[0] for file in metadata.files(name) or () if file.parts[0] != ".."}:
            source = Path(str(metadata.distribution(name).locate_file(part)))
            if source.exists() and not (site / part).exists():
                (site / part).symlink_to(source)
    return home


def required(distribution: metadata.Distribution) -> set[str]:
    """The distributions that this one needs without extras, and those that they need."""
    needed: set[str] = set()
    for line in distribution.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            needed |= {requirement.name, *required(metadata.distribution(requirement.name))}
    return needed


def run(environment: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(environment / "bin" / arguments[0]), *arguments[1:]]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    packages = ("exporters", "signals", "dashboards", "alerts")
    here = {
        str(path.relative_to(ROOT))
        for package in packages
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } - OF_THE_CHECKOUT
    assert {name for name in names if ".dist-info/" not in name} == here
    runbooks = {str(path.relative_to(ROOT)) for path in (ROOT / "alerts").rglob("*.md")}
    assert names >= RUNTIME_DATA | runbooks


def test_the_code_runs_from_the_environment_and_not_from_the_checkout(
    environment: Path, tmp_path: Path
) -> None:
    code = "import dashboards, exporters; print(dashboards.__file__, exporters.__file__)"
    done = run(environment, "python", "-c", code, cwd=tmp_path)
    assert done.stdout.count(str(environment)) == 2, done.stderr
    assert run(environment, "python", "-c", "import psycopg", cwd=tmp_path).returncode == 1


def test_it_builds_the_committed_files_from_another_directory(environment: Path, tmp_path: Path) -> None:
    done = run(environment, "obs", "build", "--output", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    listed = (ROOT / "provisioning" / GENERATED).read_text().splitlines()
    built = {
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()
    }
    assert built == {*listed, GENERATED}
    for name in built:
        assert (tmp_path / "out" / name).read_bytes() == (ROOT / "provisioning" / name).read_bytes(), name


def test_the_exporter_starts_as_far_as_its_help(environment: Path, tmp_path: Path) -> None:
    done = run(environment, "python", "-m", "exporters", "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "--web.listen-address" in done.stdout


def test_drills_say_that_the_faults_come_with_the_checkout(environment: Path, tmp_path: Path) -> None:
    done = run(environment, "obs", "drill", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no module named 'examples'" in done.stderr
    assert "come with the checkout, not with the package: run this there, or bring your own" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_each_extra_brings_what_its_modules_import() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert set(extras) == {"api", "postgres", "redis", "web", "candidates", "exporter", "demo"}
    names = {extra: " ".join(needed) for extra, needed in extras.items()}
    assert "psycopg[" in names["postgres"]
    assert "redis[hiredis]" in names["redis"]
    assert "bcrypt" in names["web"]
    assert "sqlglot" in names["candidates"]
    assert "candidates" not in names["exporter"]  # who does not look for them need not load it
    assert "backend-observability[postgres,redis,web]" in names["exporter"]


def test_the_lock_files_pin_everything_by_hash_and_name_no_address() -> None:
    for name in ("requirements.lock", "exporters/requirements.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        entries = [line for line in text.splitlines() if line and line[0] not in " #"]
        assert len(entries) > 15
        assert all("==" in entry and entry.endswith("\\") for entry in entries), name
