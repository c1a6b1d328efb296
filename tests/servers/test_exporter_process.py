"""The exporter as a process: how it starts, what it refuses, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.demo.databases import Redis
from examples.demo.process import wait_until
from exporters.catalogue import redis as catalogue
from exporters.catalogue import self_
from exporters.config import REDIS
from exporters.process import SWEEP_SECONDS
from tests.servers.exporter_process import Exporter, run_to_its_end
from tests.servers.exporter_support import add_user, admin, parse, url_of


@pytest.fixture
def server(redis_server: Redis) -> Redis:
    """The shared Redis, empty."""
    with admin(redis_server) as client:
        client.flushall()
    add_user(redis_server)
    return redis_server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis that the test may break."""
    server = Redis(tmp_path / "redis").start()
    add_user(server)
    yield server
    server.stop()


NOWHERE = "redis://127.0.0.1:1"


@pytest.mark.parametrize(
    ("flags", "env", "message"),
    [
        ((), {}, "nothing to watch; expected DATABASE_URL or REDIS_URL"),
        ((), {"REDIS_URL": "cache:6379"}, "REDIS_URL: not a URL; expected redis://"),
        (
            (),
            {"DATABASE_URL": "mysql://u:hunter2@db"},
            "DATABASE_URL: the scheme is 'mysql'; expected postgresql://",
        ),
        (
            (),
            {"REDIS_URL_FILE": "/nowhere"},
            "REDIS_URL_FILE=/nowhere: No such file or directory; expected a file",
        ),
        (
            ("--config.file", "/nowhere"),
            {"REDIS_URL": NOWHERE},
            "/nowhere: No such file or directory; expected a",
        ),
        (
            ("--web.listen-address", "10910"),
            {"REDIS_URL": NOWHERE},
            "--web.listen-address: '10910'; expected host:port, such as '127.0.0.1:10910'",
        ),
        (
            ("--web.listen-address", "203.0.113.1:10910"),
            {"REDIS_URL": NOWHERE},
            "cannot listen on 203.0.113.1:10910: Cannot assign requested address; expected an address",
        ),
        (
            ("--web.listen-address", "no-such-host.invalid:10910"),
            {"REDIS_URL": NOWHERE},
            "expected an address of this machine in --web.listen-address",
        ),
        (
            ("--web.telemetry-path", "metrics"),
            {"REDIS_URL": NOWHERE},
            "--web.telemetry-path: 'metrics'; expected",
        ),
        (("--web.telemetry-path", "/-/ready"), {"REDIS_URL": NOWHERE}, "expected a path of its own"),
        (("--web.telemetry-path", "/"), {"REDIS_URL": NOWHERE}, "expected a path of its own"),
        (("--web.telemetry-path", "/a b?x"), {"REDIS_URL": NOWHERE}, "'/a b?x'; expected a path of its own"),
        (
            ("--web.telemetry-path", "/../metrics"),
            {"REDIS_URL": NOWHERE},
            "'/../metrics'; expected a path of its own",
        ),
        (
            ("--web.telemetry-path", "hunter2"),
            {"REDIS_URL": "redis://:hunter2@127.0.0.1:1"},
            "--web.telemetry-path: '***'; expected",
        ),
        (
            ("--web.listen-address", "hunter2"),
            {"REDIS_URL": "redis://:hunter2@127.0.0.1:1"},
            "--web.listen-address: '***'; expected",
        ),
        (
            (),
            {"DATABASE_URL": "postgresql://u:hunter2\udcfc@db/app"},  # of a terminal with Latin 1
            "DATABASE_URL: not UTF-8 text; encode its bytes in a URL, as %C3%BC for ü",
        ),
        (
            (),
            {"DATABASE_URL": "postgresql://u:hunter2@db?sslmode=bogus"},
            "DATABASE_URL: unknown sslmode; expected one of disable, allow",
        ),
        (
            (),
            {"DATABASE_URL": "host=db port=99999 password=hunter2"},
            "DATABASE_URL: a port is no number from 1 to 65535",
        ),
        (
            (),
            {"REDIS_URL": "redis://:hunter2@cache:99999"},
            "REDIS_URL: one host, and a port from 1 to 65535",
        ),
        (
            (),
            {"REDIS_URL": NOWHERE, "REDIS_URL_FILE": "/nowhere"},
            "REDIS_URL and REDIS_URL_FILE are both set; expected one of them",
        ),
        ((), {"REDIS_URL_FILE": "/no\nwhere"}, "REDIS_URL_FILE=/no\\nwhere: No such file or directory"),
        ((), {"REDIS_URL_FILE": "redis://:hunter2@h"}, "REDIS_URL_FILE holds a connection string; expected"),
        (
            ("--api.multiprocess-dir", "/dev/null"),
            {},
            "--api.multiprocess-dir: /dev/null is no directory; expected the one that the API has in",
        ),
    ],
)
def test_what_cannot_work_ends_at_once_with_one_line_and_exit_code_2(
    flags: tuple[str, ...], env: dict[str, str], message: str
) -> None:
    done = run_to_its_end(*flags, **env)

    *before, last = done.stderr.splitlines()
    assert done.returncode == 2
    assert last.startswith("obs-exporter: ")
    assert message in last
    assert all(line.startswith("ts=") for line in before)
    assert not any("listening" in line for line in before)
    assert "hunter2" not in done.stderr + done.stdout


def test_a_mistake_in_the_configuration_is_told_before_it_listens(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("redis:\n  scan_intervall: 10\n")

    done = run_to_its_end("--config.file", str(file), REDIS_URL=NOWHERE)

    assert done.returncode == 2
    assert done.stderr == (
        f"obs-exporter: {file}: redis.scan_intervall: 10; expected one of the keys {', '.join(REDIS)}; "
        "did you mean 'scan_interval'?\n"
    )


def test_a_name_that_cannot_be_is_told_with_its_place_also_without_a_database(tmp_path: Path) -> None:
    file = tmp_path / "exporter.yml"
    file.write_text("postgres:\n  tables: [ok, 'a b']\n")

    done = run_to_its_end("--config.file", str(file), REDIS_URL=NOWHERE)

    assert done.returncode == 2
    assert done.stderr == (
        f"obs-exporter: {file}: postgres.tables[1]: 'a b'; expected name, schema.name or \"Quoted name\"\n"
    )


# Every process of the machine may read the arguments of every other.
@pytest.mark.parametrize("secret", ["redis://:hunter2@h", "postgresql://u:hunter2@h/db", "password=hunter2"])
@pytest.mark.parametrize(
    "flag",
    [
        "{}",
        "--database.url={}",
        "--web.listen-address={}",
        "--web.telemetry-path={}",
        "--config.file={}",
        "--api.multiprocess-dir={}",
        "--log.level={}",
        "--config.file {}",
    ],
)
def test_a_connection_string_on_the_command_line_is_refused_and_not_repeated(flag: str, secret: str) -> None:
    done = run_to_its_end(*(part.format(secret) for part in flag.split(" ")), REDIS_URL=NOWHERE)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "obs-exporter: an argument holds a connection string; expected it in DATABASE_URL or REDIS_URL, "
        "or in the file that DATABASE_URL_FILE or REDIS_URL_FILE names\n"
    )


def test_a_connection_string_in_a_flags_variable_is_refused_and_not_repeated() -> None:
    done = run_to_its_end(OBS_EXPORTER_LOG_LEVEL="redis://:hunter2@h", REDIS_URL=NOWHERE)

    assert done.returncode == 2
    assert done.stderr.startswith("obs-exporter: OBS_EXPORTER_LOG_LEVEL holds a connection string; expected")
    assert "hunter2" not in done.stderr


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        done = run_to_its_end("--web.listen-address", address, REDIS_URL=NOWHERE)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"obs-exporter: cannot listen on {address}: Address already in use; end what listens there, "
        "or give another --web.listen-address"
    )


def test_an_unknown_flag_is_told_with_the_nearest_known_one() -> None:
    done = run_to_its_end("--web.listen-adress", "127.0.0.1:0")

    assert done.returncode == 2
    assert "No such option" in done.stderr
    assert "--web.listen-address" in done.stderr


def test_an_unknown_flag_as_of_another_exporter_is_told_with_where_ours_are() -> None:
    done = run_to_its_end("--extend.query-path", "queries.yaml")

    assert done.returncode == 2
    assert "docs/migration.md has what stands for the flags of other exporters" in done.stderr


def test_help_and_version_need_nothing() -> None:
    told = run_to_its_end("--help")
    version = run_to_its_end("--version")

    assert (told.returncode, version.returncode) == (0, 0)
    for flag in (
        "--web.listen-address",
        "--web.telemetry-path",
        "--config.file",
        "--log.format",
        "DATABASE_URL",
    ):
        assert flag in told.stdout
    assert version.stdout.startswith("obs-exporter, version ")


def test_a_flag_beats_its_variable_and_a_variable_its_default(tmp_path: Path, server: Redis) -> None:
    exporter = Exporter(
        tmp_path,
        "--log.format",
        "json",
        REDIS_URL=url_of(server),
        OBS_EXPORTER_LOG_FORMAT="logfmt",
        OBS_EXPORTER_TELEMETRY_PATH="/measured",
    )
    try:
        assert exporter.get("/measured").status_code == 200
        assert exporter.get("/metrics").status_code == 404
        assert exporter.written().startswith('{"ts"')
    finally:
        exporter.stop()


def test_the_file_says_which_keys_are_counted(tmp_path: Path, server: Redis) -> None:
    (tmp_path / "exporter.yml").write_text(
        "redis: {key_patterns: ['dashboard:*']}\npostgres: {top_tables: 3}\n"
    )
    (tmp_path / "url").write_text(url_of(server))
    (tmp_path / "url").chmod(0o600)
    with admin(server) as client:
        client.mset({"dashboard:1": "", "dashboard:2": "", "stray": ""})
    exporter = Exporter(tmp_path, "--config.file", "exporter.yml", REDIS_URL_FILE=str(tmp_path / "url"))
    try:
        wait_until(lambda: exporter.scrape().of(catalogue.UNMATCHED_KEYS, db="db0") == 1, "the first pass")
        assert exporter.scrape().of(catalogue.KEYS, db="db0", key="dashboard:*") == 2
        assert "has a section postgres, but no such server is given" in exporter.written()
    finally:
        exporter.stop()


def test_the_pages_of_an_api_are_served_alone_or_beside_the_servers(tmp_path: Path) -> None:
    folder = tmp_path / "api"
    exporter = Exporter(tmp_path, "--api.multiprocess-dir", str(folder))
    try:
        assert f"{folder} is not there yet" in exporter.written()
        before = exporter.get("/metrics/api")
        folder.mkdir()
        worker = "from prometheus_client import Counter; Counter('test_calls', 'Calls.').inc(3)"
        env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
        subprocess.run([sys.executable, "-c", worker], env=env, check=True)
        after = exporter.get("/metrics/api")
        own = exporter.scrape()
        links = exporter.get("/").text
    finally:
        exporter.stop()

    assert before.status_code == after.status_code == 200
    assert after.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert parse(before.text).of("test_calls_total") is None
    assert parse(after.text).of("test_calls_total") == 3
    assert own.of(self_.SERIES) == len(own)
    assert '<a href="/metrics/api">' in links


def test_only_the_driver_that_is_needed_is_loaded(tmp_path: Path, server: Redis) -> None:
    exporter = Exporter(tmp_path, REDIS_URL=url_of(server))
    try:
        assert exporter.process is not None
        loaded = Path(f"/proc/{exporter.process.pid}/maps").read_text()
        assert "hiredis" in loaded
        assert "psycopg" not in loaded
    finally:
        exporter.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_a_second(number: signal.Signals, tmp_path: Path, server: Redis) -> None:
    exporter = Exporter(tmp_path, REDIS_URL=url_of(server))
    try:
        assert exporter.scrape().of(catalogue.UP) == 1
        assert exporter.process is not None
        started = time.monotonic()
        exporter.process.send_signal(number)
        assert exporter.process.wait(5) == 0
        assert time.monotonic() - started < 1
        assert "Traceback" not in exporter.written()
    finally:
        exporter.stop()


def test_a_pause_does_not_end_it(tmp_path: Path, server: Redis) -> None:
    exporter = Exporter(tmp_path, REDIS_URL=url_of(server))
    try:
        assert exporter.process is not None
        exporter.process.send_signal(signal.SIGSTOP)
        time.sleep(SWEEP_SECONDS + 1)
        exporter.process.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        assert exporter.scrape().of(catalogue.UP) == 1
    finally:
        exporter.stop()


def test_a_signal_that_comes_as_soon_as_it_listens_ends_it_too(tmp_path: Path, server: Redis) -> None:
    for _ in range(5):
        exporter = Exporter(tmp_path, REDIS_URL=url_of(server))
        try:
            assert exporter.process is not None
            exporter.process.send_signal(signal.SIGTERM)
            assert exporter.process.wait(2) == 0
        finally:
            exporter.stop()


def test_a_signal_ends_it_within_a_second_while_a_scrape_and_a_pass_wait(
    tmp_path: Path, own_server: Redis
) -> None:
    (tmp_path / "exporter.yml").write_text("redis: {key_patterns: ['a:*']}\n")
    exporter = Exporter(tmp_path, "--config.file", "exporter.yml", REDIS_URL=url_of(own_server))
    assert own_server.process is not None
    assert exporter.process is not None
    answers: list[int] = []

    def ask(path: str) -> None:
        try:
            answers.append(exporter.get(path).status_code)
        except OSError:
            answers.append(0)

    os.kill(own_server.process.pid, signal.SIGSTOP)
    try:
        scrape = threading.Thread(target=ask, args=("/metrics",))
        scrape.start()
        time.sleep(0.3)
        started = time.monotonic()
        exporter.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        ask("/-/ready")
        assert answers == [503]
        assert exporter.process.wait(5) == 0
        assert time.monotonic() - started < 1
        scrape.join()
        assert "Traceback" not in exporter.written()
    finally:
        os.kill(own_server.process.pid, signal.SIGCONT)
        exporter.stop()
