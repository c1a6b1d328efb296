"""What the documents say is tried: links, commands, flags, and the code that they show."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import click
import psycopg
import pytest
from redis import Redis as Client

from dashboards.cli import main as obs
from dashboards.drill.model import TOLERANCE
from dashboards.stack import STACK
from examples.demo.databases import Postgres, Redis
from examples.demo.prepare import MEASURES_KEYS
from examples.demo.process import Server, free_port, wait_until
from examples.demo.servers import Exporter, answers
from exporters.api.page import ApiPage
from exporters.cli import main as exporter
from exporters.config import read_config
from exporters.process import API_PATH
from exporters.web.config import read_web_config

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/architecture.md",
    "docs/checks-grafana.md",
    "docs/checks.md",
    "docs/compatibility.md",
    "docs/configuration.md",
    "docs/dashboards.md",
    "docs/keys.md",
    "docs/lint.md",
    "docs/metrics.md",
    "docs/migration.md",
    "docs/notifications.md",
    "docs/targets.md",
)
README = (ROOT / "README.md").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
FOLDERS = ("alerts", "dashboards", "docs", "examples", "exporters", "provisioning", "signals", "tests")


def read(document: str) -> str:
    return (ROOT / document).read_text()


def blocks(document: str, language: str) -> list[str]:
    """The code of this language in a document, without the indentation of a list."""
    found = [textwrap.dedent(code) for _, kind, code in BLOCK.findall(read(document)) if kind == language]
    assert found
    return found


def commands(document: str) -> Iterator[str]:
    """Every command that a document shows, in a block or in a line of text."""
    text = read(document)
    for _, language, code in BLOCK.findall(text):
        if language == "sh":
            yield from (line.strip().partition("  #")[0] for line in code.splitlines())
    yield from re.findall(r"`((?:make|obs|python -m) [^`]+)`", BLOCK.sub("", text))


def of_exporter(words: list[str]) -> click.Command:
    """The command among these words, or what runs without one."""
    context = click.Context(exporter)
    found = [exporter.get_command(context, word) for word in words if word in exporter.list_commands(context)]
    return found[0] or exporter if found else exporter


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files(document: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", read(document)):
        if "://" not in target:
            assert ((ROOT / document).parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_in_the_text_exist(document: str) -> None:
    for path in re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`", read(document)):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/targets.md"]
)
def test_commands_in_the_text_exist(document: str) -> None:
    seen = 0
    for line in commands(document):
        words = [word for word in shlex.split(line) if not re.match(r"[A-Z_]+=", word)]
        if words[:1] == ["make"]:
            assert len(words) == 1 or words[1] in TARGETS, line
        elif words[:2] == ["python", "-m"] or words[:1] == ["obs"]:
            module, *arguments = words[2:] if words[0] == "python" else ["dashboards", *words[1:]]
            if module == "dashboards" and arguments:
                known = obs.commands[arguments[0]]
            elif module == "exporters":
                known = of_exporter(arguments)
            else:
                assert (ROOT / module.replace(".", "/")).is_dir() or (
                    ROOT / f"{module.replace('.', '/')}.py"
                ).is_file(), line
                continue
            flags = {flag for parameter in known.params for flag in parameter.opts} | {"--help"}
            assert {word for word in arguments if word.startswith("--")} <= flags, line
        else:
            assert words[:1] in (["pip"], ["export"]), line
        seen += 1
    assert seen


@pytest.mark.parametrize("name", sorted(obs.commands))
def test_each_command_has_help_with_an_example(name: str) -> None:
    command = obs.commands[name]
    assert command.help
    example = re.search(r"Example: python -m dashboards (.*)", command.epilog or "")
    assert example, name
    words = shlex.split(example[1])
    assert words[0] == name
    # Parses the example as the command line would, without running it.
    command.make_context(name, words[1:])


def test_every_flag_of_the_exporter_is_in_the_table() -> None:
    flags = {flag for parameter in exporter.params for flag in parameter.opts} - {"--version"}
    assert flags == set(
        re.findall(r"`(--[a-z.-]+)`", README.partition("## Configuration")[2].partition("\n\nThe stack")[0])
    )
    for parameter in exporter.params:
        if isinstance(parameter, click.Option) and isinstance(parameter.default, str):
            assert f"`{parameter.default}`" in README


def test_the_table_of_boards_is_complete() -> None:
    assert [board.uid for board in STACK.all_boards] == re.findall(
        r"^\| `(backend-\w+)` \|", README, re.MULTILINE
    )


def test_the_examples_of_contributing_are_the_code_itself() -> None:
    paths = [path for folder in ("exporters", "signals", "alerts") for path in (ROOT / folder).rglob("*.py")]
    trees = [ast.parse(path.read_text()) for path in paths]
    written = {ast.dump(node) for tree in trees for node in tree.body if isinstance(node, ast.Assign)}
    for code in blocks("CONTRIBUTING.md", "python"):
        (node,) = ast.parse(code).body
        assert ast.dump(node) in written, code


def test_the_stack_for_servers_without_docker_names_only_this_machine(tmp_path: Path) -> None:
    (module,) = [code for code in blocks("README.md", "python") if "PORTS =" in code]
    (tmp_path / "ours.py").write_text(module)
    command = [sys.executable, "-m", "dashboards", "build", "--stack", "ours:STACK", "--output", "out"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    built = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    for name in ("prometheus/prometheus.yml", "grafana/datasources/prometheus.yaml"):
        text = (tmp_path / "out" / name).read_text()
        addresses = re.findall(r"[\w.-]+:\d{4,5}", text)
        assert addresses
        assert {each.partition(":")[0] for each in addresses} == {"localhost"}


def test_the_exporter_takes_the_files_that_are_shown(tmp_path: Path) -> None:
    shown, web = blocks("README.md", "yaml")
    for name, text in (("exporter.yml", shown), ("web.yml", web)):
        (tmp_path / name).write_text(text)
    assert set(read_web_config(tmp_path / "web.yml").users) == {"prometheus"}
    config = read_config(tmp_path / "exporter.yml")
    assert [index.name for index in config.postgres["expected_indexes"]] == ["idx_orders_open"]
    assert config.redis["key_patterns"] == ("session:*", "cart:*")


APPLICATION = """
import functools, os
from fastapi import FastAPI
from redis import Redis
from sqlalchemy import create_engine, text

def cache_response(ttl, key_prefix):
    def decorator(function):
        @functools.wraps(function)
        def cached():
            value = redis_client.get(key_prefix)
            if value is None:
                value = function()
                redis_client.set(key_prefix, value, ex=ttl)
            return value
        return cached
    return decorator

app = FastAPI()
engine = create_engine(os.environ["SQLALCHEMY_URL"])
redis_client = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
{readme}

@app.get("/things")
@cache_response(ttl=60, key_prefix="things")
def things() -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT 'thing'")).scalar())
"""


class Application(Server):
    """The application above with the lines of the README, under two workers."""

    def __init__(self, home: Path) -> None:
        super().__init__("application", home / "application.log")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, home: Path, env: dict[str, str]) -> None:
        command = [sys.executable, "-m", "uvicorn", "application:app", "--workers", "2"]
        self.launch([*command, "--port", str(self.port)], env=env, cwd=home)
        self.wait_for(lambda: answers(f"{self.url}/things"))


@pytest.fixture
def connected(server_root: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """URLs of the exporter's role and user, made by the lines of the README."""
    postgres = Postgres(server_root / "readme").start()
    redis = Redis(tmp_path / "redis").start()
    try:
        (sql,) = blocks("README.md", "sql")
        psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", postgres.superuser_dsn]
        subprocess.run(psql, input=sql, text=True, cwd=ROOT, check=True)
        with psycopg.connect(postgres.superuser_dsn, autocommit=True) as connection:
            connection.execute("ALTER ROLE obs_exporter PASSWORD 'PASSWORD'")
            connection.execute("CREATE ROLE app LOGIN PASSWORD 'app'")
        (acl,) = blocks("README.md", "text")
        with Client.from_url(redis.url) as client:
            for line in acl.splitlines():
                client.execute_command(*line.split())
        yield (
            postgres.url("obs_exporter", "PASSWORD"),
            redis.url.replace("redis://", "redis://obs_exporter:PASSWORD@"),
        )
    finally:
        postgres.stop()
        redis.stop()


def test_a_backend_is_connected_as_shown(connected: tuple[str, str], tmp_path: Path) -> None:
    database_url, redis_url = connected
    (lines,) = [code for code in blocks("README.md", "python") if "instrument(app" in code]
    assert len([line for line in lines.splitlines() if line]) <= 5
    (tmp_path / "application.py").write_text(APPLICATION.format(readme=lines))
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    address = database_url.partition("@")[2]
    application = Application(tmp_path)
    arguments = ["--config.file", str(ROOT / "examples/backend/exporter.yml")]
    watcher = Exporter(tmp_path / "exporter", [*arguments, "--api.multiprocess-dir", str(metrics)])
    watcher.env |= {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    env = {
        "SQLALCHEMY_URL": f"postgresql+psycopg://app:app@{address}",
        "REDIS_URL": redis_url.replace("obs_exporter:PASSWORD@", ""),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        "PYTHONPATH": str(ROOT),
    }
    try:
        watcher.start()
        application.start(tmp_path, env)
        for _ in range(5):
            assert answers(f"{application.url}/things")
        page = get(watcher.url + API_PATH)
        counted = re.findall(r'^http_requests_total\{.*handler="/things".*\} (\d+)', page, re.MULTILINE)
        assert sum(map(int, counted)) >= 6
        assert re.search(r'^cache_requests_total\{prefix="things",result="hit"\} [1-9]', page, re.MULTILINE)
        # Both workers are up when the two pages agree.
        wait_until(lambda: get(watcher.url + API_PATH) == ApiPage(metrics).render().decode(), "one page")
        wait_until(lambda: "\npg_up 1\n" in get(f"{watcher.url}/metrics"), "pg_up")
        assert "\nredis_up 1\n" in get(f"{watcher.url}/metrics")
        assert "PASSWORD" not in watcher.log.read_text()
    finally:
        application.stop()
        watcher.stop()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
        return str(response.read().decode())


def test_the_acl_shown_is_the_one_shipped() -> None:
    (shown,) = blocks("README.md", "text")
    assert shown.splitlines() == [
        f"ACL SETUSER {read('exporters/redis.acl').strip().removeprefix('user ')} >PASSWORD",
        f"ACL SETUSER obs_exporter {' '.join(MEASURES_KEYS)}",
    ]


def test_the_readme_says_what_drills_allow_beyond_the_computed_time() -> None:
    assert f"Up to {TOLERANCE:g} s more are told as late" in " ".join(README.split())
