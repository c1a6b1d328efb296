"""What comes from outside may be anything: it is understood or refused, in one line that tells no secret."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporters.collectors.base import Family
from exporters.collectors.redis import INFO, RedisBackend, RedisSettings
from exporters.collectors.redis.address import parse_url
from exporters.collectors.redis.connection import Reply
from exporters.config import read_config
from exporters.conninfo import libpq_conninfo
from exporters.errors import ConfigError
from exporters.exposition import render
from exporters.secrets import ConnectionString, Redactor
from exporters.targets import AskedWrongError, Targets
from exporters.web.config import read_web_config
from tests.servers.exporter_support import LOG, parse, samples

SHORT = settings(max_examples=150, deadline=None)
SECRET = "hunter2"
CONFIG = b"""\
postgres:
  expected_indexes:
    - {name: ix, table: public.t, columns: [a, b DESC], include: [c], where: "a = 'open'"}
  tables: [public.requests, '"Odd"."name"']
  top_tables: 10
  heavy_ttl: 30.5
redis: {key_patterns: ["a:*", 'b:[0-9]*'], scan_interval: 2.5, keys: estimated}
targets:
  orders: {kind: postgres, connection_file: /run/url, labels: {team: orders}, module: few}
modules:
  few: {postgres: {top_tables: 1}}
"""
WEB = b"""\
tls_server_config: {cert_file: a.pem, key_file: b.pem, client_ca_file: c.pem,
  client_auth_type: RequireAndVerifyClientCert, min_version: TLS13}
basic_auth_users:
  prometheus: $2y$10$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
"""
# Lists of lists of ..., each ten times the one before: a text of it would have a million words, or 10^9.
BOMB = b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (number, number, b",".join([b"*a%d" % (number - 1)] * 10)) for number in range(1, 9)
)
MERGED = b"a0: &a0 {k: v}\n" + b"".join(
    b"a%d: &a%d {<<: [%s]}\n" % (number, number, b",".join([b"*a%d" % (number - 1)] * 10))
    for number in range(1, 9)
)
INFO_TEXT = b"""\
# Server
redis_version:7.0.15
redis_mode:standalone
uptime_in_seconds:77
server_time_usec:1700000000000000
# Memory
used_memory:1000
maxmemory:0
maxmemory_policy:noeviction
# Stats
keyspace_hits:5
latest_fork_usec:12
# Replication
role:master
slave0:ip=10.0.0.1,port=6379,state=online,offset=5,lag=0
master_last_io_seconds_ago:1
# Commandstats
cmdstat_get:calls=5,usec=9,usec_per_call=1.80
# Errorstats
errorstat_ERR:count=1
# Latencystats
latency_percentiles_usec_get:p50=1.003,p99=2.007
# Keyspace
db0:keys=5,expires=1,avg_ttl=100
""".replace(b"\n", b"\r\n")


def damaged(whole: bytes, *pieces: bytes) -> st.SearchStrategy[bytes]:
    """The text with parts cut out and others put in."""
    piece = st.sampled_from(pieces) | st.binary(max_size=6)
    cut = st.tuples(st.integers(0, len(whole)), st.integers(0, 12), piece)

    def apply(cuts: list[tuple[int, int, bytes]]) -> bytes:
        text = whole
        for at, length, put in cuts:
            text = text[:at] + put + text[at + length :]
        return text

    return st.lists(cut, min_size=1, max_size=4).map(apply)


YAML_PIECES = (
    *b"& * ! ? { } [ ] : - | % ".split(),
    *(b"&a ", b"*a", b"!!binary ", b"? ", b"<<: ", b": ", b"- ", b"|\n", b"\t", b"\xff", b"\x00"),
    *(b".inf", b".nan", b"null", b"1:30", b"2001-01-01", b"9" * 400, b"0x" + b"f" * 5000),
    *(b"redis://:hunter2@h", b"password: hunter2"),
)
INFO_PIECES = (
    *(b"\r\n", b":", b",", b"=", b"db1:", b"cmdstat_", b"slave1:", b"nan", b"-inf", b"1e999", b"9" * 400),
    *(b"\xff\xfe", b'"', b"\\", b"\n"),
)


@pytest.fixture(scope="module")
def file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "file.yml"


def taken_or_refused(read: Callable[[Path], object], file: Path, text: bytes) -> None:
    file.write_bytes(text)
    message = f"{file}"
    try:
        read(file)
    except ConfigError as error:
        message = str(error)
    assert message.startswith(f"{file}")
    assert len(message.splitlines()) == 1
    assert len(message) < 1000
    assert SECRET not in message


@SHORT
@given(text=st.binary(max_size=60) | damaged(CONFIG, *YAML_PIECES))
@example(text=BOMB)
@example(text=MERGED)
@example(text=b"[" + re.sub(rb"a\d: ", b"", BOMB).replace(b"\n", b",") + b"]")
@example(text=b"redis: {scan_interval: 0x" + b"f" * 5000 + b"}")
@example(text=b"redis: &a {key_patterns: *a}")
@example(text=b"[" * 2000)
@example(text=b"redis: {key_patterns: [{? null : '//:hunter2@h'}]}")
def test_any_bytes_are_a_configuration_or_are_refused(text: bytes, file: Path) -> None:
    taken_or_refused(read_config, file, text)


@SHORT
@given(text=st.binary(max_size=60) | damaged(WEB, *YAML_PIECES))
@example(text=b"[" + re.sub(rb"a\d: ", b"", BOMB).replace(b"\n", b",") + b"]")
def test_any_bytes_are_a_web_configuration_or_are_refused(text: bytes, file: Path) -> None:
    taken_or_refused(read_web_config, file, text)


SHAPES = (
    "postgresql://u:hunter2@h:5433/app?sslmode=require",
    "postgresql+asyncpg://u:hunter2@h/app?ssl=true",
    "postgresql://h/app?user=u&password=hunter2",
    "host=h user=u password='hunter2' dbname=app connect_timeout=3",
    "rediss://u:hunter2@h:7000/3?ssl_ca_certs=/ca.pem",
    "unix://u:hunter2@/run/redis.sock?db=1",
)
DSN_PIECES = (
    *(
        "@",
        ":",
        "/",
        "?",
        "&",
        "=",
        "#",
        "%",
        "%zz",
        "'",
        "\\",
        " ",
        "[",
        "]",
        ",",
        "\n",
        "\0",
        "\u2028",
        "\udcff",
    ),
    *("://", "host=", "port=x", "::1", "99999", "ssl_mode=1"),
)


@pytest.mark.parametrize("shape", SHAPES)
@settings(SHORT, max_examples=80)
@given(data=st.data())
def test_any_connection_string_is_understood_or_refused_without_the_password(
    shape: str, data: st.DataObject
) -> None:
    # Beside the password, which is then still the one that must not be told.
    before, _, after = shape.partition(SECRET)
    piece = st.sampled_from(DSN_PIECES) | st.text(max_size=2)
    put = [(data.draw(st.integers(0, len(part))), data.draw(piece)) for part in (before, after)]
    changed = [part[:at] + new + part[at:] for part, (at, new) in zip((before, after), put, strict=True)]
    text = SECRET.join(changed)

    message = "DATABASE_URL: understood"
    redactor = Redactor()
    try:
        read = ConnectionString(name="DATABASE_URL", value=text, redactor=redactor).read()
        if shape.startswith(("redis", "unix")):
            parse_url(read, "DATABASE_URL")
        else:
            libpq_conninfo(read, "DATABASE_URL")
    except ConfigError as error:
        message = str(error)
    assert message.startswith("DATABASE_URL: ")
    assert len(message.splitlines()) == 1
    assert SECRET not in redactor.mask(message)


QUERIES = st.text(max_size=40) | st.lists(
    st.sampled_from(
        ["target", "module", "=", "&", ";", "%", "%00", "%2e%2e/", "+", "http://h:1/", "\u2028", "[]"]
    )
    | st.text(max_size=3),
    max_size=12,
).map("".join)


@SHORT
@given(query=QUERIES)
@example(query="target=" + "a" * 65_000)
@example(query="&" * 65_000)
def test_any_query_asks_for_a_target_or_is_refused_without_repeating_it(query: str) -> None:
    targets = Targets()  # of which there is none

    with pytest.raises(AskedWrongError) as raised:
        targets.page(query, 1.0)

    assert str(raised.value) in (
        "no target has this name in the configuration",
        "expected target=NAME, and module=NAME if need be, each once",
    )


def families(backend: RedisBackend, info: bytes) -> tuple[list[Family], bool]:
    found, (works, _) = backend._read(INFO, Reply(info, 0.0))
    return found, works


@SHORT
@given(text=st.binary(max_size=200) | damaged(INFO_TEXT, *INFO_PIECES))
@example(text=INFO_TEXT.replace(b"uptime_in_seconds:77", b"uptime_in_seconds:" + b"9" * 4000))
@example(text=INFO_TEXT.replace(b"keys=5", b"keys=" + b"9" * 4000))
@example(text=INFO_TEXT.replace(b"calls=5", b"calls=nan") + INFO_TEXT)
def test_any_info_gives_a_page_and_the_next_one_is_right(text: bytes) -> None:
    with closing(RedisBackend(RedisSettings(url=lambda: "redis://nowhere"), LOG)) as backend:
        right, works = families(backend, INFO_TEXT)
        assert works
        page = render(families(backend, text)[0])
        parse(page.body.decode())
        again, works = families(backend, INFO_TEXT)

    assert works
    assert samples(again) == samples(right)
