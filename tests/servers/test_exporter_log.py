"""What the exporter's process says on standard error, for a collector of logs that reads JSON."""

from __future__ import annotations

import json
import os
import socket

import pytest

from tests.servers.exporter_process import run_to_its_end

NAME = "größe-😀-" + os.fsdecode(b"\xff")  # a file's, of which the last byte is no text
TOLD = "größe-😀-\\udcff"
NO_UTF8 = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
JSON = ("--log.format", "json")


@pytest.mark.parametrize(
    ("flags", "env", "told"),
    [
        (("--config.file", "/nowhere.yml"), {}, "/nowhere.yml: No such file or directory; expected a YAML"),
        ((), {"OBS_EXPORTER_COMPAT": "redis://h"}, "OBS_EXPORTER_COMPAT holds a connection string; expected"),
        (("--config.fil", "x"), {}, "No such option '--config.fil'"),
        (("chek",), {}, "no command 'chek'; expected one of check, "),
        (("indexes", "--target"), {}, "Option '--target' requires an argument"),
        (("check",), {}, "no server to ask; expected DATABASE_URL or REDIS_URL"),
        (
            (),
            {"REDIS_URL": "redis://:hunter2@cache:99999"},
            "REDIS_URL: one host, and a port from 1 to 65535",
        ),
    ],
)
@pytest.mark.parametrize("by", ["flag", "flag=value", "variable"])
def test_a_users_mistake_is_a_line_of_json_where_the_log_is(
    by: str, flags: tuple[str, ...], env: dict[str, str], told: str
) -> None:
    chosen = {"flag": JSON, "flag=value": ("=".join(JSON),), "variable": ()}[by]
    variable = {"OBS_EXPORTER_LOG_FORMAT": "json"} if by == "variable" else {}

    done = run_to_its_end(*chosen, *flags, **env, **variable)

    record = json.loads(done.stderr.splitlines()[-1])
    assert (done.returncode, done.stdout) == (2, "")
    assert set(record) == {"ts", "level", "logger", "msg"}
    assert record["level"] == "error"
    assert record["msg"].startswith(told)
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("form", ["json", "logfmt"])
@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"PYTHONIOENCODING": "utf-8"}, TOLD),
        ({"PYTHONIOENCODING": "ascii"}, TOLD),
        ({"PYTHONIOENCODING": "latin-1"}, TOLD),
        (
            NO_UTF8,
            os.fsencode(NAME).decode("ascii", "surrogateescape").encode(errors="backslashreplace").decode(),
        ),
    ],
    ids=["utf-8", "ascii", "latin-1", "C"],
)
def test_no_name_loses_a_record_or_makes_it_unreadable(form: str, env: dict[str, str], told: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        flags = ("--log.format", form, "--web.listen-address", address, "--api.multiprocess-dir", NAME)

        done = run_to_its_end(*flags, **env)

    warning, error = done.stderr.splitlines()
    assert done.returncode == 2
    assert warning.isascii() or env == {"PYTHONIOENCODING": "utf-8"}
    message = json.loads(warning if form == "json" else warning.partition("msg=")[2])
    assert (message["msg"] if form == "json" else message).startswith(f"{told} is not there yet; ")
    if form == "json":
        assert json.loads(error)["msg"].startswith(f"cannot listen on {address}: Address already in use; ")
    else:
        assert error.startswith(f"obs-exporter: cannot listen on {address}: Address already in use; ")


def test_a_variable_that_is_misspelt_is_told_once_and_by_its_name_alone() -> None:
    others = {"OBS_EXPORTER_SERVICE_HOST": "10.0.0.1", "OBS_EXPORTER_PORT": "tcp://10.0.0.1:10910"}
    read = {"OBS_EXPORTER_INDEXES_DSN": "host=h", "OBS_EXPORTER_LOG_LEVEL": "info"}

    done = run_to_its_end(**others, **read, OBS_EXPORTER_CONFIG_FIL="hunter2")

    warning, error = done.stderr.splitlines()
    assert "OBS_EXPORTER_CONFIG_FIL is not read; --help names those that are; " in warning
    assert warning.endswith("did you mean 'OBS_EXPORTER_CONFIG_FILE'?\"")
    assert "level=warning" in warning
    assert "nothing to watch" in error
    assert "hunter2" not in done.stderr


def test_variables_of_other_exporters_are_told_where_their_own_is_missing() -> None:
    theirs = {"DATA_SOURCE_NAME": "postgresql://u:hunter2@h/app", "REDIS_ADDR": "redis://h:6379"}

    postgres, redis, error = run_to_its_end(**theirs).stderr.splitlines()
    assert "DATA_SOURCE_NAME is not read, and DATABASE_URL is; docs/migration.md has " in postgres
    assert "REDIS_ADDR is not read, and REDIS_URL is; " in redis
    assert "nothing to watch" in error
    assert "hunter2" not in postgres

    both = run_to_its_end(**theirs, DATABASE_URL_FILE="/none", REDIS_URL="redis://h")
    assert "is not read" not in both.stderr


def test_a_level_may_be_in_capitals() -> None:
    done = run_to_its_end("--log.level", "INFO", "--log.format", "json", OBS_EXPORTER_LOG_LEVEL="Verbose")
    assert json.loads(done.stderr)["msg"].startswith("nothing to watch")
    done = run_to_its_end(OBS_EXPORTER_LOG_LEVEL="Verbose")
    assert "'Verbose' is not one of 'debug', 'info', " in done.stderr
