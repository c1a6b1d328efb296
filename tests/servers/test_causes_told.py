"""The log's last word on a server is the cause that holds: one mistake mended, the next is told."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from examples.demo.databases import Postgres, Redis
from examples.demo.process import free_port, wait_until
from exporters.collectors.postgres import PostgresBackend, PostgresSettings
from exporters.collectors.redis import RedisBackend, RedisSettings, keyspace
from exporters.conninfo import libpq_conninfo
from exporters.secrets import ConnectionString, Redactor
from tests.servers.exporter_support import LOG, add_user, admin, fill, url_of


def told(caplog: pytest.LogCaptureFixture, part: str) -> list[str]:
    """What the log says of a part."""
    messages = [record.getMessage() for record in caplog.records]
    return [message.removeprefix(f"{part}: ") for message in messages if message.startswith(f"{part}: ")]


def test_each_mistake_in_a_secret_is_told_once_until_the_server_answers(
    postgres: Postgres, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    file = tmp_path / "database"
    source = ConnectionString(name="DATABASE_URL_FILE", file=file, redactor=Redactor())
    settings = PostgresSettings(conninfo=lambda: libpq_conninfo(source.read(), source.name))
    steps = (
        (postgres.superuser_dsn, 0o644, "mode 0644 lets every user of this machine read it"),
        ("postgresql://x@127.0.0.1:seven/x", 0o600, "a port is no number"),
        ("", 0o600, "the file is empty"),
        (None, 0o600, "No such file"),
        (postgres.superuser_dsn, 0o600, "answers again"),
    )
    with closing(PostgresBackend(settings, LOG)) as backend:
        for text, mode, _ in steps:
            file.unlink(missing_ok=True)
            if text is not None:
                file.write_text(text)
                file.chmod(mode)
            for _ in range(3):
                backend.collect(time.monotonic() + 2)

    lines = told(caplog, "postgres.up")
    assert len(lines) == len(steps)
    assert [expected for line, (*_, expected) in zip(lines, steps, strict=True) if expected not in line] == []


def test_a_redis_that_is_refused_and_then_not_found_is_told_as_both(
    redis_server: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    add_user(redis_server)
    wheres = (f"redis://127.0.0.1:{free_port()}", "redis://no.invalid", url_of(redis_server))
    where = iter([each for each in wheres for _ in range(3)])
    with closing(RedisBackend(RedisSettings(url=lambda: next(where)), LOG)) as backend:
        for _ in range(7):  # each connects, and the last stays connected
            backend.collect(time.monotonic() + 2)

    refused, unknown, again = told(caplog, "redis.up")
    assert "refused" in refused
    assert "no.invalid" in unknown
    assert again == "answers again"


def test_what_keeps_keys_from_being_counted_next_is_told_too(
    redis_server: Redis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(keyspace, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(keyspace, "PAUSE_SHARE", 0.0)
    add_user(redis_server)
    fill(redis_server, "user:1")
    where = f"redis://127.0.0.1:{free_port()}"
    settings = RedisSettings(url=lambda: where, key_patterns=("user:*",), scan_interval=0.05)

    def lines(number: int) -> None:
        wait_until(lambda: len(told(caplog, "redis.keyspace")) == number, f"{number} lines", timeout=5)

    with closing(RedisBackend(settings, LOG)), admin(redis_server) as client:
        lines(1)
        client.execute_command("ACL", "SETUSER", "obs_exporter", "-scan")
        where = url_of(redis_server)
        lines(2)
        client.execute_command("ACL", "SETUSER", "obs_exporter", "+scan")
        lines(3)
        time.sleep(0.3)

    refused, denied, again = told(caplog, "redis.keyspace")
    assert refused.startswith("ConnectionError: ")
    assert denied.startswith("NoPermissionError; give the user what exporters/redis.acl gives: ")
    assert again == "answers again"
