"""What the exporter is started with is given to `check` the same way, before its name or behind it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from examples.demo.databases import Postgres
from exporters.commands.check import command
from exporters.secrets import Redactor
from tests.servers.certificates import Authority
from tests.servers.exporter_process import environment, run_to_its_end
from tests.servers.postgres_support import create_database
from tests.servers.test_check import url_of
from tests.servers.test_exporter_api import WORKER, another_user

DIRECTORY = "--api.multiprocess-dir"


def test_the_directory_of_the_api_is_looked_at(tmp_path: Path) -> None:
    env = environment({"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "full")})
    for name in ("full", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").touch()
    subprocess.run([sys.executable, "-c", WORKER], env=env, check=True)
    for name, code, said in (
        ("full", 0, "works"),
        ("empty", 1, "fails: {} holds no metric files; expected"),
        ("absent", 2, "unreachable: {} is not there; expected"),
        ("file", 2, "unreachable: {} is no directory; expected"),
    ):
        flags = (DIRECTORY, str(tmp_path / name))
        for arguments in ((*flags, "check"), ("check", *flags)):
            done = run_to_its_end(*arguments)
            assert (done.returncode, done.stderr) == (code, ""), arguments
            collector, told = done.stdout.split(maxsplit=1)
            assert collector == "api.files"
            assert told.startswith(said.format(tmp_path / name))


def test_files_that_may_not_be_read_lack_a_privilege() -> None:
    # A folder of pytest is for its own user alone.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        env = environment({"PROMETHEUS_MULTIPROC_DIR": folder})
        subprocess.run([sys.executable, "-c", WORKER], env=env, check=True)
        Path(folder).chmod(0o755)
        (closed,) = Path(folder).glob("counter_*.db")
        closed.chmod(0)
        flags = ["--json", DIRECTORY, folder]
        with another_user():
            done = CliRunner().invoke(
                command, flags, env={"DATABASE_URL": "", "REDIS_URL": ""}, obj=Redactor()
            )
    assert done.exit_code == 1
    (row,) = json.loads(done.stdout)
    assert (row["collector"], row["state"]) == ("api.files", "lacks privilege")
    assert row["detail"].startswith(f"{closed}: Permission denied; expected")


@pytest.mark.parametrize("arguments", [("check", "--compat"), ("--compat", "check")])
def test_what_compat_adds_is_tried(arguments: tuple[str, ...], postgres: Postgres) -> None:
    create_database(postgres, "flags")
    done = run_to_its_end(*arguments, DATABASE_URL=url_of(postgres, "flags"))
    assert "postgres.compat_settings  " in done.stdout, done.stderr
    assert "postgres.compat_wal_files  lacks privilege: " in re.sub(" {2,}", "  ", done.stdout)
    assert "    GRANT EXECUTE ON FUNCTION pg_ls_waldir() TO obs_exporter;\n" in done.stdout
    assert done.returncode == 1


def test_the_file_that_guards_the_pages_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, web = Authority(tmp_path), tmp_path / "web.yml"
    tls = "tls_server_config: {{cert_file: {0}.pem, key_file: {0}.key}}\n"
    authority.issue("here", days=400)
    late = time.time() + 401 * 86400
    for text, now, code, said in (
        (tls.format("here"), 0.0, 0, r"works: TLS; the certificate ends on \d{4}-\d\d-\d\d"),
        (tls.format("here"), late, 1, r"fails: TLS; the certificate ended on \d{4}-\d\d-\d\d"),
        ("{}", 0.0, 0, "works: asks nothing of anybody"),
    ):
        web.write_text(text)
        monkeypatch.setattr("time.time", lambda now=now: now)
        flags, env = ["--web.config.file", str(web)], {"DATABASE_URL": "", "REDIS_URL": ""}
        told = CliRunner().invoke(command, flags, env=env, obj=Redactor())
        assert told.exit_code == code, told.output
        assert re.fullmatch(rf"web\.config  {said}\n", told.stdout), told.stdout

    web.write_text("tls_server_config: {cert_file: here.pem}\n")
    done = run_to_its_end("--web.config.file", str(web), "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"obs-exporter: {web}: tls_server_config.key_file")
    file = tmp_path / "exporter.yml"
    file.write_text("targets: {one: {kind: redis, connection_env: ONE}}")
    for arguments, said in (
        (("check", "--web.config.file", str(web)), done.stderr),
        (("--web.config.file", str(web), "check"), ""),  # the one target alone
    ):
        flags = ("--config.file", str(file), "--target", "one")
        assert run_to_its_end(*arguments, *flags, ONE="redis://127.0.0.1:9").stderr == said


@pytest.mark.parametrize("command", ["check", "indexes"])
def test_files_that_every_user_may_read_are_allowed_behind_the_name_too(command: str, tmp_path: Path) -> None:
    secret, allowed = tmp_path / "url", "--secrets.allow-world-readable"
    secret.write_text("postgresql://u:hunter2@127.0.0.1:9/app")
    secret.chmod(0o644)
    env = {"DATABASE_URL": "", "DATABASE_URL_FILE": str(secret)}
    assert f"or give {allowed}" in run_to_its_end(command, **env).stderr
    for arguments in ((command, allowed), (allowed, command)):
        done = run_to_its_end(*arguments, **env)
        assert done.returncode == 2
        assert "host=127.0.0.1 port=9" in done.stdout + done.stderr, "it was asked"
