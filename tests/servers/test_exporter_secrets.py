"""A password reaches the server in whatever form it is given, and nobody else."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from examples.demo.databases import Postgres, Redis
from examples.demo.process import free_port, wait_until
from exporters.catalogue import postgres as postgres_catalogue
from exporters.catalogue import redis as redis_catalogue
from exporters.catalogue import self_
from exporters.conninfo import libpq_conninfo
from exporters.errors import ConfigError
from exporters.secrets import Redactor, connection_string, spellings
from tests.servers.exporter_process import Exporter, run_to_its_end
from tests.servers.exporter_support import PASSWORD, add_user, admin, parse, url_of
from tests.servers.postgres_support import frozen

NASTY = "p@:/{ 'x"
ROLE = "keeper_of_secrets"

# How a connection string is written, and the password that stands in it.
SHAPES = {
    "a URL": ("postgresql://{role}:hunter%202@127.0.0.1:{port}/postgres", "hunter 2"),
    "parameters of a URL": (
        "postgresql://127.0.0.1:{port}/postgres?user={role}&password=hunter22",
        "hunter22",
    ),
    "pairs": ("host=127.0.0.1 port={port} user={role} password=hunter23 dbname=postgres", "hunter23"),
    "quoted pairs": (
        "host=127.0.0.1 port={port} user={role} password='hunter\\'s 24' dbname=postgres",
        "hunter's 24",
    ),
    "a broken escape": ("postgresql://{role}:hunter%zz25@127.0.0.1:{port}/postgres", "hunter%zz25"),
    "nothing encoded": (f"postgresql://{{role}}:{NASTY}@127.0.0.1:{{port}}/postgres", NASTY),
}


def written(shape: str, port: int) -> str:
    return SHAPES[shape][0].replace("{role}", ROLE).replace("{port}", str(port))


@pytest.fixture(scope="module")
def role(postgres: Postgres) -> Iterator[None]:
    """A role that must give a password."""
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'right'").format(sql.Identifier(ROLE)))
        yield
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(ROLE)))


@pytest.mark.usefixtures("role")
@pytest.mark.parametrize("shape", SHAPES)
def test_the_password_arrives(shape: str, postgres: Postgres) -> None:
    change = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(ROLE), sql.Literal(SHAPES[shape][1]))
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as connection:
        connection.execute(change)

    with psycopg.connect(libpq_conninfo(written(shape, postgres.port), "DATABASE_URL")) as connection:
        found = connection.execute("SELECT current_user").fetchone()

    assert found == (ROLE,)


@pytest.mark.usefixtures("role")
@pytest.mark.parametrize("refused", [False, True], ids=["wrong password", "nobody listens"])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_failure_shows_the_password(
    shape: str, refused: bool, postgres: Postgres, redis_server: Redis, tmp_path: Path
) -> None:
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD 'right'").format(sql.Identifier(ROLE)))
    add_user(redis_server)
    database = written(shape, free_port() if refused else postgres.port)
    password = SHAPES[shape][1]
    cache = quote(password, safe="") if "encoded" not in shape else password
    redis_url = f"redis://obs_exporter:{cache}@127.0.0.1:{free_port() if refused else redis_server.port}"
    (tmp_path / "exporter.yml").write_text(
        "redis: {key_patterns: ['a:*']}\n"
        "targets:\n"
        "  of-file: {kind: postgres, connection_file: of-file}\n"
        "  of-variable: {kind: redis, connection_env: CACHE}\n"
    )
    (tmp_path / "of-file").write_text(database)
    (tmp_path / "of-file").chmod(0o600)
    flags = ("--log.level", "debug", "--config.file", "exporter.yml")

    exporter = Exporter(tmp_path, *flags, DATABASE_URL=database, REDIS_URL=redis_url, CACHE=redis_url)
    try:
        page = exporter.scrape()
        paths = ("/", "/metrics", "/-/ready", "/nothing", "/targets", f"/probe?target={quote(database)}")
        pages = [exporter.get(path).text for path in paths]
        probes = [exporter.get(f"/probe?target={name}").text for name in ("of-file", "of-variable")]
        assert exporter.process is not None
        own = Path(f"/proc/{exporter.process.pid}")
        title = (own / "cmdline").read_text()
        children = [task.joinpath("children").read_text() for task in (own / "task").iterdir()]
    finally:
        exporter.stop()

    assert not any(children)  # whose command line anybody could read
    assert page.of(postgres_catalogue.UP) == page.of(redis_catalogue.UP) == 0
    assert parse(probes[0]).of(postgres_catalogue.UP) == parse(probes[1]).of(redis_catalogue.UP) == 0
    code = "ConnectionError" if refused else "AuthenticationError"
    assert page.of(self_.COLLECTOR_ERRORS, backend="redis", collector="redis.up", code=code) == 1
    assert "redis.up: " in exporter.written()
    assert "postgres.up: " in exporter.written()
    for text in (*pages, *probes, title, exporter.written()):
        for spelling in spellings(password):
            assert spelling not in text


@pytest.mark.usefixtures("role")
def test_no_failure_of_a_server_that_was_reached_shows_the_password(
    postgres: Postgres, redis_server: Redis, tmp_path: Path
) -> None:
    with psycopg.connect(postgres.superuser_dsn, autocommit=True) as session:
        session.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(ROLE), NASTY))
        add_user(redis_server)
        env = {"DATABASE_URL": written("nothing encoded", postgres.port), "REDIS_URL": url_of(redis_server)}
        exporter = Exporter(tmp_path, "--log.level", "debug", **env)
        assert redis_server.process is not None
        pages = []

        def up() -> bool:
            pages.append(exporter.get("/metrics").text)
            page = parse(pages[-1])
            return page.of(postgres_catalogue.UP) == page.of(redis_catalogue.UP) == 1

        try:
            assert up()
            session.execute("BEGIN; LOCK TABLE pg_database, pg_class IN ACCESS EXCLUSIVE MODE")
            assert up()
            session.execute("ROLLBACK")
            redis_server.process.send_signal(signal.SIGSTOP)
            with frozen(postgres):
                assert not up()
            redis_server.process.send_signal(signal.SIGCONT)
            session.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(ROLE)))
            assert not up()
            session.execute(sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(ROLE)))
            wait_until(up, "it is let in again", timeout=5)
        finally:
            redis_server.process.send_signal(signal.SIGCONT)
            exporter.stop()
    told = exporter.written()
    assert all(code in told for code in ("55P03", "TimeoutError", "28000", "answers again"))
    for text in (*pages, told):
        for spelling in spellings(NASTY) | spellings(PASSWORD):
            assert spelling not in text


def test_what_python_writes_when_it_is_killed_shows_no_password(redis_server: Redis, tmp_path: Path) -> None:
    add_user(redis_server)
    database = f"postgresql://{ROLE}:hunter22@127.0.0.1:{free_port()}/postgres"
    cache = f"redis://obs_exporter:hunter23@127.0.0.1:{redis_server.port}"
    environ = {"DATABASE_URL": database, "REDIS_URL": cache, "PYTHONFAULTHANDLER": "1", "PYTHONDEVMODE": "1"}
    exporter = Exporter(tmp_path, "--log.level", "debug", **environ)
    try:
        exporter.scrape()
        assert exporter.process is not None
        exporter.process.send_signal(signal.SIGABRT)
        exporter.process.wait(10)
    finally:
        exporter.stop()

    assert "Fatal Python error: Aborted" in exporter.written()
    assert "Thread 0x" in exporter.written()
    assert "hunter2" not in exporter.written()


@pytest.mark.usefixtures("role")
def test_a_password_that_is_rotated_in_its_file_needs_no_restart(
    postgres: Postgres, redis_server: Redis, tmp_path: Path
) -> None:
    files = {"DATABASE_URL_FILE": tmp_path / "database", "REDIS_URL_FILE": tmp_path / "cache"}

    def rotate(password: str, write: bool) -> None:
        with psycopg.connect(postgres.superuser_dsn, autocommit=True) as session:
            session.execute(f"ALTER ROLE {ROLE} PASSWORD '{password}'")
            ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"
            session.execute(ending, [ROLE])
        with admin(redis_server) as client:
            client.execute_command("ACL", "SETUSER", "obs_exporter", "resetpass", f">{password}")
            client.client_kill_filter(user="obs_exporter")
        urls = (postgres.url(ROLE, password), url_of(redis_server, password))
        for file, url in zip(files.values(), urls if write else (), strict=False):
            file.write_text(url)
            file.chmod(0o600)

    def ups() -> list[float | None]:
        page = exporter.scrape()
        return [page.of(postgres_catalogue.UP), page.of(redis_catalogue.UP)]

    add_user(redis_server)
    rotate("hunter-first", write=True)
    exporter = Exporter(tmp_path, **{name: str(file) for name, file in files.items()})
    try:
        assert ups() == [1, 1]
        rotate("hunter-second", write=False)
        wait_until(lambda: ups() == [0, 0], "nobody lets it in", timeout=5)
        rotate("hunter-second", write=True)
        wait_until(lambda: ups() == [1, 1], "the new passwords are used", timeout=5)
    finally:
        exporter.stop()
    assert exporter.written().count("answers again") == 2
    assert "hunter" not in exporter.written()


def test_a_secret_as_container_runtimes_mount_it_is_taken_where_that_is_allowed(
    tmp_path: Path, redis_server: Redis
) -> None:
    add_user(redis_server)
    file = tmp_path / "url"
    file.write_text(url_of(redis_server))
    file.chmod(0o444)
    flag = "--secrets.allow-world-readable"
    exporter = Exporter(tmp_path, "--log.level=warn", flag, REDIS_URL_FILE=str(file))
    try:
        assert [exporter.scrape().of(redis_catalogue.UP) for _ in range(2)] == [1, 1]
        assert exporter.written() == ""
        checked = run_to_its_end(flag, "check", REDIS_URL_FILE=str(file))
        assert "redis.info" in checked.stdout
    finally:
        exporter.stop()


@pytest.mark.parametrize("command", [(), ("check",), ("indexes",)])
def test_a_secret_that_every_user_may_read_is_refused_with_what_mends_it(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://u:hunter2@127.0.0.1:1/app")
    file.chmod(0o644)

    done = run_to_its_end(*command, DATABASE_URL_FILE=str(file))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"obs-exporter: DATABASE_URL_FILE={file}: mode 0644 lets every user of this machine read it; "
        f"expected 0640 or less; run: chmod 0640 {file} (in Kubernetes: defaultMode: 0440, fsGroup); "
        "or give --secrets.allow-world-readable where a container runtime mounts it so\n"
    )


@pytest.mark.parametrize("command", [(), ("check",)])
def test_the_same_holds_for_that_of_a_target(command: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("redis://:hunter2@127.0.0.1:1")
    file.chmod(0o644)
    config = tmp_path / "exporter.yml"
    config.write_text(f"targets: {{cache: {{kind: redis, connection_file: {file}}}}}\n")

    done = run_to_its_end("--config.file", str(config), *command)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"obs-exporter: targets.cache.connection_file={file}: mode 0644 lets every")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variable", "text", "parameter"),
    [
        ("REDIS_URL", "rediss://127.0.0.1:1?ssl_certfile=/c.pem&ssl_keyfile={}", "ssl_keyfile"),
        ("REDIS_URL", "rediss://127.0.0.1:1?ssl_certfile={}", "ssl_certfile"),
        ("DATABASE_URL", "postgresql://u@127.0.0.1:1/app?sslkey={}", "sslkey"),
        ("DATABASE_URL", "host=127.0.0.1 port=1 user=u sslkey='{}'", "sslkey"),
    ],
)
def test_the_same_holds_for_a_private_key_that_it_names(
    variable: str, text: str, parameter: str, tmp_path: Path
) -> None:
    key = tmp_path / "client.key"
    key.write_text("a key\n")
    key.chmod(0o644)
    given = {variable: text.format(key)}

    done = run_to_its_end("check", **given)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"obs-exporter: {variable}: {parameter}={key}: mode 0644 lets every user")
    assert done.stderr.count("\n") == 1

    def read(allow_open: bool = False) -> str:
        source = connection_string(variable, given, Redactor(), allow_open)
        assert source is not None
        return source.read()

    assert read(allow_open=True) == given[variable]
    key.chmod(0o640)
    assert read() == given[variable]


@pytest.mark.parametrize("command", [(), ("check",), ("indexes",)])
@pytest.mark.parametrize(
    ("text", "env", "shown"),
    [
        ("postgresql://u@127.0.0.1:1/app?passfile={}/.pgpass", {}, "DATABASE_URL: passfile={}/.pgpass"),
        ("host=127.0.0.1 port=1", {"PGPASSFILE": "{}/.pgpass"}, "PGPASSFILE={}/.pgpass"),
        ("host=127.0.0.1 port=1", {"HOME": "{}"}, "{}/.pgpass"),
    ],
    ids=["passfile", "PGPASSFILE", "of the home"],
)
def test_the_same_holds_for_a_password_file_of_libpq(
    command: tuple[str, ...], text: str, env: dict[str, str], shown: str, tmp_path: Path
) -> None:
    passfile = tmp_path / ".pgpass"
    passfile.write_text("*:*:*:*:hunter2\n")
    passfile.chmod(0o640)
    given = {name: value.format(tmp_path) for name, value in env.items()}

    done = run_to_its_end(*command, DATABASE_URL=text.format(tmp_path), **given)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        f"obs-exporter: {shown.format(tmp_path)}: mode 0640 lets other users of this machine use it; "
    )
    assert done.stderr.count("\n") == 1


def test_a_password_file_that_libpq_looks_into_is_its_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pgpass"
    pairs = f"host=h passfile={file}"
    assert str(file) in libpq_conninfo(pairs, "D")  # there is none

    file.touch(0o600)
    assert str(file) in libpq_conninfo(pairs, "D")
    file.chmod(0o644)
    assert libpq_conninfo(f"{pairs} password=hunter2", "D")
    with pytest.raises(ConfigError, match=r"D: passfile=.*pgpass: mode 0644 lets other users"):
        libpq_conninfo(pairs, "D")
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    assert libpq_conninfo(pairs, "D")
    monkeypatch.delenv("PGPASSWORD")
    with pytest.raises(ConfigError, match="D: passfile=/dev/null: no plain file; expected one of mode 0600"):
        libpq_conninfo("passfile=/dev/null", "D")
