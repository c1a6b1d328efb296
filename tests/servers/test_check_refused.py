"""A server that answers and lets nobody in: `check` says so, why, and what mends it, which is done here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from click.testing import Result

from examples.demo.databases import Postgres, Redis
from examples.demo.process import wait_until
from tests.servers import exporter_support as of_redis
from tests.servers.certificates import Authority
from tests.servers.exporter_process import run_at_a_terminal
from tests.servers.postgres_support import admin
from tests.servers.test_check import run

ROLE = 'Sees "it"'
DATABASE = 'Of "some" data'
PASSWORD = "hunter2-and-more"
QUOTED_ROLE, QUOTED_DATABASE = '"Sees ""it"""', '"Of ""some"" data"'
TARGETS = """
targets:
  lost: {kind: postgres, connection_env: LOST}
  here: {kind: redis, connection_env: HERE}
"""


@pytest.fixture(scope="module")
def refusing(server: Postgres) -> Postgres:
    """A server whose every name has to be quoted, and which nobody may enter who is not named."""
    with admin(server) as session:
        session.execute(f"CREATE ROLE {QUOTED_ROLE} LOGIN PASSWORD '{PASSWORD}'")
        session.execute(f"GRANT pg_read_all_stats TO {QUOTED_ROLE}")
        session.execute(f"CREATE DATABASE {QUOTED_DATABASE}")
        session.execute(f"REVOKE CONNECT ON DATABASE {QUOTED_DATABASE} FROM PUBLIC")
        session.execute(f"GRANT CONNECT ON DATABASE {QUOTED_DATABASE} TO {QUOTED_ROLE}")
    return server


def url_of(server: Postgres, role: str = ROLE, database: str = DATABASE, password: str = PASSWORD) -> str:
    return server.url(quote(role, safe=""), password, quote(database, safe=""))


def told(result: Result) -> tuple[str, str, list[str]]:
    """State, detail and what mends it, of a server that alone was asked; nothing secret is in it."""
    assert "hunter2" not in result.output
    (row,) = json.loads(result.stdout)
    assert row["collector"] == "postgres.up"
    return row["state"], row["detail"], row["mend"]


@pytest.mark.parametrize(
    ("broken", "code", "meaning", "mend"),
    [
        (
            f"REVOKE CONNECT ON DATABASE {QUOTED_DATABASE} FROM {QUOTED_ROLE}",
            "42501 InsufficientPrivilege",
            "the role lacks CONNECT on the database",
            f"GRANT CONNECT ON DATABASE {QUOTED_DATABASE} TO {QUOTED_ROLE};",
        ),
        (
            f"ALTER ROLE {QUOTED_ROLE} NOLOGIN",
            "28000 InvalidAuthorizationSpecification",
            "the role may not log in",
            f"ALTER ROLE {QUOTED_ROLE} LOGIN;",
        ),
        (
            f"ALTER DATABASE {QUOTED_DATABASE} ALLOW_CONNECTIONS false",
            "DatabaseClosed",
            "the database takes no connections",
            f"ALTER DATABASE {QUOTED_DATABASE} ALLOW_CONNECTIONS true;",
        ),
    ],
    ids=["CONNECT", "LOGIN", "ALLOW_CONNECTIONS"],
)
def test_a_right_that_is_lacking_at_connect_is_told_with_the_line_that_gives_it(
    broken: str, code: str, meaning: str, mend: str, refusing: Postgres, redis_server: Redis, tmp_path: Path
) -> None:
    of_redis.add_user(redis_server)
    env = {"LOST": url_of(refusing), "HERE": of_redis.url_of(redis_server)}
    with admin(refusing) as session:
        session.execute(broken)
        alone = run(tmp_path, "--json", "--target", "lost", config=TARGETS, **env)
        among = run(tmp_path, config=TARGETS, **env)
        assert alone.exit_code == 2, "nobody lets it in"
        assert among.exit_code == 1, "the others work"
        where = f"host=127.0.0.1 port={refusing.port} dbname={DATABASE} user={ROLE}"
        assert told(alone) == ("refused", f"{code}; {meaning}; asked at {where}", [mend])
        assert f"    {mend}\n" in among.output
        session.execute(mend)
    assert run(tmp_path, "--json", "--target", "lost", config=TARGETS, **env).exit_code == 1
    assert "refused" not in run(tmp_path, config=TARGETS, **env).output


@contextmanager
def full(server: Postgres, what: str) -> Iterator[None]:
    """The role or the database has all its connections, of which somebody keeps one."""
    with admin(server) as session, ExitStack() as stack:
        session.execute(f"ALTER {what} CONNECTION LIMIT 1")
        stack.callback(session.execute, f"ALTER {what} CONNECTION LIMIT -1")
        stack.enter_context(psycopg.connect(url_of(server)))
        yield


@contextmanager
def entries(server: Postgres, *lines: str) -> Iterator[None]:
    """Of pg_hba.conf these alone, and one for the superuser."""
    with admin(server) as session:
        ((name,),) = session.execute("SHOW hba_file").fetchall()
        file = Path(name)
        before = file.read_text()
        try:
            file.write_text("\n".join(("local all postgres trust", *lines, "")))
            session.execute("SELECT pg_reload_conf()")
            yield
        finally:
            file.write_text(before)
            session.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize(
    ("during", "code", "meaning"),
    [
        (lambda server: full(server, f"ROLE {QUOTED_ROLE}"), "53300", "all connections that the role may"),
        (
            lambda server: full(server, f"DATABASE {QUOTED_DATABASE}"),
            "53300",
            "all connections that the database may have",
        ),
        (entries, "28000", "no line of pg_hba.conf is for this role"),
        (
            lambda server: entries(server, "host all all 127.0.0.1/32 reject"),
            "28000",
            "a line of pg_hba.conf rejects",
        ),
    ],
    ids=["role full", "database full", "no entry", "rejected"],
)
def test_what_no_line_of_sql_mends_is_told_as_what_it_is(
    during: Callable[[Postgres], AbstractContextManager[None]],
    code: str,
    meaning: str,
    refusing: Postgres,
    tmp_path: Path,
) -> None:
    def found() -> tuple[str, str, list[str]]:
        result = run(tmp_path, "--json", config="", DATABASE_URL=url_of(refusing))
        return told(result) if len(json.loads(result.stdout)) == 1 else ("works", "", [])

    with during(refusing):
        wait_until(lambda: found()[0] == "refused", "a refusal")
        _, detail, mend = found()
    assert re.match(rf"{code} \w+; {meaning}", detail)
    assert mend == []
    wait_until(lambda: found()[0] == "works", "an end of it")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"role": "nobody"}, "28P01 InvalidPassword; the password is wrong, or there is no such role"),
        ({"password": "hunter2"}, "28P01 InvalidPassword; the password is wrong, or there is no such role"),
        (
            {"password": ""},
            "28P01 InvalidPassword; the server asks for a password, and none is given",
        ),
        ({"database": "gone"}, "3D000 InvalidCatalogName; there is no such database"),
    ],
)
def test_what_is_given_wrong_is_a_refusal_too(
    wrong: dict[str, str], said: str, refusing: Postgres, tmp_path: Path
) -> None:
    result = run(tmp_path, "--json", config="", DATABASE_URL=url_of(refusing, **wrong))
    state, detail, mend = told(result)
    assert (result.exit_code, state, mend) == (2, "refused", [])
    assert detail.startswith(f"{said}; asked at ")


def test_a_redis_that_lets_nobody_in_is_told_so(redis_server: Redis, tmp_path: Path) -> None:
    with of_redis.admin(redis_server) as client:
        client.execute_command("ACL", "SETUSER", "default", "off")
        try:
            for url in (f"redis://nobody:hunter2@127.0.0.1:{redis_server.port}", redis_server.url):
                result = run(tmp_path, "--json", config="", REDIS_URL=url)
                (row,) = json.loads(result.stdout)
                assert (result.exit_code, row["state"]) == (2, "refused")
                assert bool(row["mend"]) == ("nobody" in url), "a password of the default user is no ACL's"
                assert "hunter2" not in result.output
                assert "its password is another or none: " in row["detail"]
                assert re.search(r"(required|disabled); asked at ", row["detail"])
        finally:
            client.execute_command("ACL", "SETUSER", "default", "on")
        client.config_set("maxclients", 1)
        try:
            (row,) = json.loads(run(tmp_path, "--json", config="", REDIS_URL=redis_server.url).stdout)
        finally:
            client.config_set("maxclients", 1000)
    assert row["state"] == "refused"
    assert "max number of clients reached" in row["detail"]


def test_a_key_with_a_passphrase_is_told_and_nobody_is_asked(redis_server: Redis, tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).locked("client")
    url = f"rediss://127.0.0.1:{redis_server.port}?ssl_certfile={certificate}&ssl_keyfile={key}"
    done = run_at_a_terminal("check", REDIS_URL=url)
    (line,) = done.stdout.splitlines()
    assert "ConnectionError: ssl_certfile and ssl_keyfile: expected a certificate and its own key" in line
    assert done.returncode == 2


def test_a_server_that_does_not_answer_an_offer_of_tls_is_told_with_what_may_be_the_cause(
    redis_server: Redis, tmp_path: Path
) -> None:
    url = f"rediss://127.0.0.1:{redis_server.port}"
    (row,) = json.loads(run(tmp_path, "--json", config="", REDIS_URL=url).stdout)
    assert row["state"] == "unreachable"
    assert "rediss:// expects TLS: where none is spoken, write redis://" in row["detail"]


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ("", []),
        ("sample_keys: 5, sample_ages: 5", []),  # of no pattern
        ("key_patterns: ['job:*']", []),
        ("key_patterns: ['job:*'], sample_keys: 5", ["~*", "+memory|usage"]),
        ("key_patterns: ['job:*'], sample_ages: 5", ["~*", "+ttl", "+object|idletime"]),
        (
            "key_patterns: ['job:*'], sample_keys: 5, sample_ages: 5",
            ["~*", "+memory|usage", "+ttl", "+object|idletime"],
        ),
    ],
)
def test_a_user_that_redis_forgot_is_told_with_what_makes_it_again(
    options: str, more: list[str], redis_server: Redis, tmp_path: Path
) -> None:
    def asked() -> dict[str, Any]:
        url = of_redis.url_of(redis_server)
        result = run(tmp_path, "--json", config=f"redis: {{{options}}}", REDIS_URL=url)
        assert of_redis.PASSWORD not in result.output
        rows = json.loads(result.stdout)
        first: dict[str, Any] = next((row for row in rows if row["state"] not in ("works", "off")), rows[0])
        return first

    with of_redis.admin(redis_server) as client:
        client.execute_command("ACL", "DELUSER", "obs_exporter")
        found = asked()
        assert found["state"] == "refused"
        assert "forgets users at its next start unless CONFIG REWRITE or, with an ACL file" in found["detail"]
        again, kept = found["mend"]
        assert again.split()[:3] == ["ACL", "SETUSER", "obs_exporter"]
        assert again.split()[2:-1] == [*of_redis.ACL.split()[1:], *more]
        assert kept == "CONFIG REWRITE"
        client.execute_command(*again.removesuffix("PASSWORD").split()[:-1], f">{of_redis.PASSWORD}")
        assert asked()["state"] == "works"
