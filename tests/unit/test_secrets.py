"""Any connection string of a backend is understood, and its password stands in nothing written."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from exporters.collectors.redis.address import Address, parse_url
from exporters.conninfo import describe, libpq_conninfo
from exporters.dsn import secrets_in
from exporters.errors import ConfigError
from exporters.logs import LineFormatter
from exporters.secrets import MASK, ConnectionString, Redactor, connection_string

NASTY = "p@:/{ 'x"
PASSWORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1)


def parts(text: str) -> dict[str, str]:
    """What libpq makes of it, without the exporter's own settings."""
    given = conninfo_to_dict(libpq_conninfo(text, "DATABASE_URL"))
    assert given.pop("application_name") == ""
    assert given.pop("keepalives") == "1"
    ours = (
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "sslpassword",
    )
    return {key: str(value) for key, value in given.items() if key not in ours}


HERE = {"host": "db", "dbname": "app", "user": "u"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://u:pw@db/app", HERE | {"password": "pw"}),
        ("postgresql://db/app?user=u&password=p%40w", HERE | {"password": "p@w"}),
        ("host=db user=u password=pw dbname=app", HERE | {"password": "pw"}),
        (r"host=db user=u password='my \'pw' dbname=app", HERE | {"password": "my 'pw"}),
        ("postgresql://u:p%zzw@db/app", HERE | {"password": "p%zzw"}),
        (f"postgresql://u:{NASTY}@db/app", HERE | {"password": NASTY}),
        ("postgresql://u:se?cret=x@db/app", HERE | {"password": "se?cret=x"}),
        ("postgresql://u:7?cret=x@db/app", HERE | {"password": "7?cret=x"}),
        ("postgresql://u:?cret=x@db/app", HERE | {"password": "?cret=x"}),
        ("postgresql://u:?user=x@db/app", HERE | {"password": "?user=x"}),
        ("postgres://u@db/app", HERE),
        ("postgresql+psycopg2://u:a+b@db:5433/app", HERE | {"password": "a+b", "port": "5433"}),
        ("postgresql+asyncpg://u:x@db/app?ssl=require", HERE | {"password": "x", "sslmode": "require"}),
        ("postgresql+asyncpg://u:x@db/app?ssl=true", HERE | {"password": "x", "sslmode": "require"}),
        ("postgresql+asyncpg://u:x@db/app?prepared_statement_cache_size=0", HERE | {"password": "x"}),
        ("postgresql+psycopg://u@/app?host=/run/postgresql", HERE | {"host": "/run/postgresql"}),
        ("postgresql://u@%2Frun%2Fpostgresql/app", HERE | {"host": "/run/postgresql"}),
        ("postgresql://u@[::1]:5433/app", HERE | {"host": "::1", "port": "5433"}),
        ("postgresql://u@a:1,b:2/app", HERE | {"host": "a,b", "port": "1,2"}),
        ("postgresql+psycopg://u@/app?host=a:1&host=b:2", HERE | {"host": "a,b", "port": "1,2"}),
        ("postgresql://u@db/app?application_name=web", HERE),
        ("postgresql://me%40corp@db/app", HERE | {"user": "me@corp"}),
        ("postgresql:///app?user=me@corp", {"dbname": "app", "user": "me@corp"}),
        ("postgresql://db/app?user=u&password=p@w", HERE | {"password": "p@w"}),
        ("postgresql:///app?host=::1", {"dbname": "app", "host": "::1"}),
    ],
)
def test_libpq_is_told_what_the_applications_url_says(text: str, expected: dict[str, str]) -> None:
    assert parts(text) == expected


@given(PASSWORDS)
def test_any_encoded_password_arrives_as_it_is(password: str) -> None:
    encoded = quote(password, safe="")

    assert parts(f"postgresql://u:{encoded}@db/app") == HERE | {"password": password}
    assert parse_url(f"redis://u:{encoded}@cache") == Address(host="cache", username="u", password=password)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mysql://u:hunter2@db/app", "the scheme is 'mysql'"),
        ("hunter2", "not a connection string for PostgreSQL"),
        ("host=db passwort=hunter2", "not a connection string for PostgreSQL"),
        ("host=db password='hunter2", "not a connection string for PostgreSQL"),
        ("service=hunter2", "service= is not read here; expected host, port, dbname and user in its place"),
        ("postgresql:///app?service=hunter2", "service= is not read here; expected host"),
        ("postgresql://u:hunter2@db:x/app", "a port is no number from 1 to 65535; encode"),
        ("postgresql://u:hunter2@db:99999/app", "a port is no number from 1 to 65535"),
        ("postgresql://u:hunter2@db:0/app", "a port is no number from 1 to 65535"),
        ("host=db port=hunter2", "a port is no number from 1 to 65535"),
        ("host=a,b,c port=1,2 password=hunter2", "ports: 2, hosts: 3; expected one port, or one for each"),
        ("host=db password=hunter2 sslmode=requires", "unknown sslmode; expected one of disable, allow"),
        ("host=db sslmode=requires", "did you mean 'require'?"),
        ("postgresql+asyncpg://u:hunter2@db/app?ssl=bogus", "unknown sslmode; expected one of disable"),
        ("postgresql://u:7/?hunter2=x@127.0.0.1/db", "an unknown parameter after '?'; encode"),
        ("postgresql://u:x@?hunter2=y@h/db", "an unknown parameter after '?'; encode"),
        ("postgresql://u:x@?hunter2=y", "an unknown parameter after '?'; encode"),
        ("postgresql://u:x@/?userhunter2=y", "an unknown parameter after '?'; encode"),
        ("postgresql://u:x@/?passwords=hunter2@h", "an unknown parameter after '?'; encode"),
        ("postgresql://u:hunter2@db:1:2/app", "expected host or host:port"),
        ("postgresql://u:hunter2@db/app?sslmod=require", "no parameter 'sslmod'; did you mean 'sslmode'?"),
        ("postgresql://u:hunter2@db:1?hunter2=1", "an unknown parameter after '?'"),
    ],
)
def test_what_is_no_connection_string_is_refused_without_repeating_it(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        libpq_conninfo(text, "DATABASE_URL")

    assert str(raised.value).startswith("DATABASE_URL: ")
    assert message in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_description_for_the_log_holds_no_password() -> None:
    conninfo = libpq_conninfo("postgresql://u:hunter2@db:5433/app?sslmode=require", "DATABASE_URL")

    assert describe(conninfo) == "host=db port=5433 dbname=app user=u sslmode=require"


@pytest.mark.parametrize(
    ("text", "expected", "shown"),
    [
        ("redis://cache", Address(host="cache"), "cache:6379 user=default"),
        ("redis://", Address(host="localhost"), "localhost:6379 user=default"),
        (
            "redis://:pw@cache:7000/3",
            Address(host="cache", port=7000, password="pw"),
            "cache:7000 user=default",
        ),
        (
            f"redis://u:{NASTY}@cache",
            Address(host="cache", username="u", password=NASTY),
            "cache:6379 user=u",
        ),
        (
            "redis://cache/0?username=u&password=p%40&decode_responses=true",
            Address(host="cache", username="u", password="p@"),
            "cache:6379 user=u",
        ),
        (
            "rediss://cache?ssl_ca_certs=/ca.pem&ssl_min_version=TLSv1.3&ssl_check_hostname=",
            Address(host="cache", tls={"ssl_ca_certs": "/ca.pem", "ssl_min_version": 772}),
            "cache:6379 user=default tls",
        ),
        (
            "redis://:7?cret=x@cache",
            Address(host="cache", password="7?cret=x"),
            "cache:6379 user=default",
        ),
        (
            "redis://cache:7000?username=u&password=p@w",
            Address(host="cache", port=7000, username="u", password="p@w"),
            "cache:7000 user=u",
        ),
        (
            "unix://u:pw@/run/redis.sock?db=1",
            Address(path="/run/redis.sock", username="u", password="pw"),
            "user=u",
        ),
    ],
)
def test_a_redis_url_is_read_as_redis_py_reads_it(text: str, expected: Address, shown: str) -> None:
    assert parse_url(text) == expected
    assert shown in str(expected)
    assert expected.password not in repr(expected) or not expected.password


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cache:6379 hunter2", "not a URL"),
        ("sentinel://:hunter2@cache", "the scheme is 'sentinel'"),
        ("redis://:hunter2@cache:port", "one host, and a port from 1 to 65535"),
        ("redis://:hunter2@cache:99999", "one host, and a port from 1 to 65535"),
        ("redis://:hunter2@a:1,b:2", "one host, and a port from 1 to 65535"),
        ("redis://:7/?hunter2=x@cache", "an unknown parameter after '?'"),
        ("redis://:x@?hunter2=y@cache", "an unknown parameter after '?'"),
        ("rediss://:hunter2@cache?ssl_ca_cert=/x", "did you mean 'ssl_ca_certs'?"),
        ("rediss://cache?ssl_min_version=hunter2", "expected one of 771, TLSv1.2, 772, TLSv1.3"),
    ],
)
def test_what_is_no_redis_url_is_refused_without_repeating_it(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_url(text)

    assert message in str(raised.value)
    assert "hunter2" not in str(raised.value)


SHAPES = [
    ("postgresql://u:hunter%202@db/app", "hunter 2"),
    ("postgresql://db/app?user=u&password=hunter2", "hunter2"),
    ("host=db user=u password=hunter2 dbname=app", "hunter2"),
    (r"host=db user=u password='hunter\'s \\ 2' dbname=app", "hunter's \\ 2"),
    (r"host=db user=u password=hunter\ two\'s\\3 dbname=app", "hunter two's\\3"),
    ("postgresql://u:hunter%zz2@db/app", "hunter%zz2"),
    (f"postgresql://u:{NASTY}@db/app", NASTY),
]


def logged(form: str, redactor: Redactor, message: str, error: Exception | None = None) -> str:
    """What a line of the log looks like."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(form, redactor))
    log = logging.Logger("test")
    log.addHandler(handler)
    log.error("%s", message, exc_info=error)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["logfmt", "json"])
@pytest.mark.parametrize(("text", "password"), SHAPES)
def test_no_spelling_of_a_password_gets_into_the_log(form: str, text: str, password: str) -> None:
    redactor = Redactor()
    ConnectionString(name="DATABASE_URL", value=text, redactor=redactor).read()
    spelled = [
        text,
        password,
        repr(password),
        quote(password),
        quote(password, safe=""),
        json.dumps(password),
    ]

    line = logged(form, redactor, " | ".join(spelled), RuntimeError(f"cannot connect as {password}"))

    assert password not in line
    for form_of_password in spelled:
        assert form_of_password not in line
    assert "cannot connect as ***" in line
    assert line.count("\n") == 1


@pytest.mark.parametrize("password", ["a", "e", "s", "on", "the", ":", "p@", "redis", "wrong"])
def test_a_password_like_a_word_is_masked_as_a_value_and_leaves_all_words_whole(password: str) -> None:
    redactor = Redactor()
    redactor.learn(secrets_in(f"postgresql://u:{quote(password, safe='')}@db/app"))
    words = "DATABASE_URL: the password is wrong: no postgresql://host; expected key=value; one on the host?"

    assert redactor.mask(words) == words
    for value, shown in (
        (f"postgresql://u:{password}@other/app", f"postgresql://u:{MASK}@other/app"),
        (f"redis://:{quote(password, safe='')}@cache", f"redis://:{MASK}@cache"),
        (f"host=db password={password} dbname=app", f"host=db password={MASK} dbname=app"),
        (f"connect(host='db', passwd={password!r})", f"connect(host='db', passwd='{MASK}')"),
        (json.dumps({"host": "db", "password": password}), f'{{"host": "db", "password": "{MASK}"}}'),
        (f"invalid value {password!r}", f"invalid value '{MASK}'"),
    ):
        assert redactor.mask(f"{words} {value}") == f"{words} {shown}"
    redactor.learn(["password"])
    assert redactor.mask(f"{words} password=password") == f"{words} password={MASK}"


@given(PASSWORDS.filter(lambda password: len(password) < 4))
def test_no_short_password_is_left_in_a_url(password: str) -> None:
    redactor = Redactor()
    written = quote(password, safe="")
    redactor.learn(secrets_in(f"postgresql://u:{written}@db/app"))

    assert redactor.mask(f"no answer from postgresql://u:{written}@other/app") == (
        "no answer from postgresql://u:***@other/app"
    )


@given(PASSWORDS)
def test_the_password_in_a_url_is_found_however_it_is_written(password: str) -> None:
    assert password in secrets_in(f"postgresql://u:{quote(password, safe='')}@db/app")
    assert password in secrets_in(f"redis://cache?password={quote(password, safe='')}")


def test_a_line_of_the_log_is_one_line_and_json_where_that_is_wanted() -> None:
    redactor = Redactor()
    redactor.learn(["level"])  # a password like a field's name must not break the line

    line = json.loads(logged("json", redactor, 'two\nlines, "quoted", level'))

    assert line["msg"] == 'two\nlines, "quoted", ***'
    assert line["level"] == "error"
    assert logged("logfmt", redactor, "two\nlines").endswith(
        r' level=error logger=test msg="two\nlines"' + "\n"
    )


def test_an_uncaught_exception_and_a_warning_are_masked_too() -> None:
    program = """
import threading, warnings
from exporters.logs import configure
from exporters.secrets import Redactor
redactor = Redactor()
configure("info", "logfmt", redactor)
redactor.learn(["hunter2"])
def fail(): raise RuntimeError("hunter2 failed")
warnings.warn("hunter2 is old")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "hunter2" not in done.stderr
    assert [line.count("*** failed") for line in done.stderr.splitlines()] == [0, 1, 1]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "url"
    path.write_text("redis://:first@cache\n")
    path.chmod(0o640)
    return path


def test_a_file_is_read_again_so_that_a_rotated_password_is_used_and_masked(secret: Path) -> None:
    redactor = Redactor()
    source = connection_string("REDIS_URL", {"REDIS_URL_FILE": str(secret), "REDIS_URL": ""}, redactor)

    assert source is not None
    assert source.read() == "redis://:first@cache"
    secret.write_text("redis://:second@cache")
    assert source.read() == "redis://:second@cache"
    assert redactor.mask("first second third") == "*** *** third"


def test_a_variable_that_is_empty_or_unset_gives_nothing() -> None:
    assert connection_string("REDIS_URL", {"REDIS_URL": "", "REDIS_URL_FILE": ""}, Redactor()) is None
    assert connection_string("REDIS_URL", {}, Redactor()) is None


@pytest.mark.parametrize(
    ("mode", "refused"), [(0o644, True), (0o444, True), (0o604, True), (0o640, False), (0o400, False)]
)
@pytest.mark.parametrize("allowed", [False, True])
def test_a_secret_that_everybody_may_read_is_refused_at_each_reading_unless_that_is_allowed(
    secret: Path, mode: int, refused: bool, allowed: bool
) -> None:
    source = connection_string("REDIS_URL", {"REDIS_URL_FILE": str(secret)}, Redactor(), allowed)
    assert source is not None
    assert source.read() == "redis://:first@cache"

    secret.chmod(mode)

    if refused and not allowed:
        with pytest.raises(ConfigError, match=f"=.*url: mode {mode:04o} lets every user of this machine"):
            source.read()
    else:
        assert source.read() == "redis://:first@cache"


def test_a_variable_and_its_file_together_are_refused(secret: Path) -> None:
    given = {"DATABASE_URL": "postgresql://u:hunter2@db", "DATABASE_URL_FILE": str(secret)}

    with pytest.raises(ConfigError, match="DATABASE_URL and DATABASE_URL_FILE are both set; expected one of"):
        connection_string("DATABASE_URL", given, Redactor())


@pytest.mark.parametrize(
    "text",
    ["redis://:hunter2@cache", "host=db password=hunter2", "u:hunter2@db:5432/app", " :/hunter2@cache"],
)
def test_a_connection_string_in_place_of_a_files_path_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigError, match="REDIS_URL_FILE holds a connection string; expected") as raised:
        connection_string("REDIS_URL", {"REDIS_URL_FILE": text}, Redactor())

    assert "hunter2" not in str(raised.value)


def test_a_path_may_hold_both_a_colon_and_an_at_sign() -> None:
    assert connection_string("REDIS_URL", {"REDIS_URL_FILE": "/run/a:b@1.service/url"}, Redactor())


def test_a_message_is_one_line_whatever_stands_in_it(tmp_path: Path) -> None:
    odd = tmp_path / "a\nb\u2028c"

    with pytest.raises(ConfigError, match="No such file") as raised:
        ConnectionString(name="REDIS_URL_FILE", file=odd, redactor=Redactor()).read()

    assert str(raised.value).startswith(f"REDIS_URL_FILE={tmp_path}/a\\nb\\u2028c: ")


def test_a_secret_that_is_missing_or_empty_is_refused(secret: Path, tmp_path: Path) -> None:
    secret.write_text(" \n")

    with pytest.raises(ConfigError, match="the file is empty; expected a connection string"):
        ConnectionString(name="REDIS_URL_FILE", file=secret, redactor=Redactor()).read()
    with pytest.raises(ConfigError, match="No such file or directory; expected a file"):
        ConnectionString(name="REDIS_URL_FILE", file=tmp_path / "none", redactor=Redactor()).read()
