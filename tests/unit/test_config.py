"""A configuration is understood, or refused in one line that says where, what, and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporters.config import Config, IndexConfig, TargetConfig, read_config
from exporters.errors import ConfigError

GOOD = """\
postgres:
  expected_indexes:
    - {name: ix_requests_created, table: public.requests, columns: [a, b DESC], where: "a = 'open'"}
    - name: ix_employees_factory
      table: employees
      columns: [factory_id]
  tables: [public.requests]
  top_tables: 10
  heavy_ttl: 30
redis:
  key_patterns: ["dashboard:*", 'session:[0-9]*']
  scan_interval: 2.5
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "exporter.yml"


def test_what_the_file_says_is_handed_on_and_nothing_else(file: Path) -> None:
    file.write_text(GOOD)

    assert read_config(file) == Config(
        file=file,
        postgres={
            "expected_indexes": (
                IndexConfig(
                    name="ix_requests_created",
                    table="public.requests",
                    columns=("a", "b DESC"),
                    where="a = 'open'",
                ),
                IndexConfig(name="ix_employees_factory", table="employees", columns=("factory_id",)),
            ),
            "tables": ("public.requests",),
            "top_tables": 10,
            "heavy_ttl": 30.0,
        },
        redis={"key_patterns": ("dashboard:*", "session:[0-9]*"), "scan_interval": 2.5},
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "redis:\npostgres:\n", "redis: {}\n"])
def test_an_empty_file_or_section_means_the_defaults(file: Path, text: str) -> None:
    file.write_text(text)

    assert not any((read_config(file).postgres, read_config(file).redis))


BAD = [
    ("redis:\n  key_patern: []\n", "redis.key_patern: []; expected one of the keys", "mean 'key_patterns'?"),
    ("rediss: {}\n", "rediss: {}; expected one of the keys postgres, redis", "did you mean 'redis'?"),
    (
        "redis: [a]\n",
        "redis: ['a']; expected a mapping of key_patterns, keys, scan_interval, top_prefixes",
        "",
    ),
    ("just text\n", "the file: (a value not shown); expected a mapping of postgres, redis", ""),
    ("false\n", "the file: (a value not shown); expected a mapping", ""),
    ("[]\n", "the file: (a value not shown); expected a mapping", ""),
    ("0\n", "the file: (a value not shown); expected a mapping", ""),
    ("redis: {scan_interval: 1:30}\n", "redis.scan_interval: '1:30'; expected a number of seconds", ""),
    ("redis: {scan_interval: 1:30.5}\n", "redis.scan_interval: '1:30.5'; expected a number of seconds", ""),
    ("postgres: {top_tables: 1:30}\n", "postgres.top_tables: '1:30'; expected a whole number", ""),
    ("redis: {[a, b]: c}\n", ":1:9: found unhashable key", "expected YAML"),
    ("? {a: b}\n", ":1:3: found unhashable key", "expected YAML"),
    ("redis: {scan_interval: 2020-99-99}\n", ":1:24: what stands here is no timestamp", "expected YAML"),
    ("redis: {scan_interval: !!int foo}\n", ":1:24: what stands here is no int", "expected YAML"),
    ("redis: {scan_interval: !!int ''}\n", ":1:24: what stands here is no int", "expected YAML"),
    ("redis: {scan_interval: !!bool foo}\n", ":1:24: what stands here is no bool", "expected YAML"),
    ("redis: {scan_interval: !!timestamp foo}\n", ":1:24: what stands here is no timestamp", "expected"),
    (f"redis: {{scan_interval: {'9' * 5000}}}\n", ":1:24: what stands here is no int", "expected YAML"),
    (f"redis: {'[' * 3000}\n", "nested too deeply; expected YAML", ""),
    ('redis: {"a\\nb": 1}\n', "redis.(a key not shown): (a value not shown); expected one of", ""),
    ("postgres: {tables: [ok, 'a b']}\n", "postgres.tables[1]: 'a b'; expected name, schema.name or", ""),
    (
        "postgres: {expected_indexes: [{name: s.i, table: t, columns: [a]}]}\n",
        "postgres.expected_indexes[0].name: 's.i'; expected a name without a schema",
        "",
    ),
    (
        "postgres: {expected_indexes: [{name: i, table: a.b.c, columns: [a]}]}\n",
        "postgres.expected_indexes[0].table: 'a.b.c'; expected name, schema.name",
        "",
    ),
    (
        "postgres: {expected_indexes: [{name: i, table: t, columns: [a, lower(b)]}]}\n",
        "postgres.expected_indexes[0].columns[1]: 'lower(b)'; expected a column",
        "'created_at DESC'",
    ),
    (
        "postgres: {expected_indexes: [{name: i, table: t, columns: [a], where: (a}]}\n",
        "postgres.expected_indexes[0].where: '(a'; expected what follows WHERE",
        "each parenthesis closed",
    ),
    (
        "postgres: {expected_indexes: [{name: i, table: t, columns: [a], where: Where a}]}\n",
        "postgres.expected_indexes[0].where: 'Where a'; expected what follows WHERE",
        "",
    ),
    (
        "postgres: {expected_indexes: [{name: i, table: t, columns: [a], where: a -- b}]}\n",
        "postgres.expected_indexes[0].where: 'a -- b'; expected what follows WHERE",
        "no comment or semicolon",
    ),
    (
        "postgres: {expected_indexes: [&i {name: i, table: t, columns: [a]}, *i]}\n",
        "postgres.expected_indexes[1]: 'i of t'; expected each index of a table once",
        "",
    ),
    ("redis:\n  scan_interval: fast\n", "redis.scan_interval: 'fast'; expected a number of seconds", "1 to"),
    ("redis:\n  scan_interval: 0.5\n", "redis.scan_interval: 0.5; expected", "seconds from 1 to 86400"),
    ("redis:\n  scan_interval: true\n", "redis.scan_interval: True; expected a number", ""),
    ("redis:\n  scan_interval: .nan\n", "redis.scan_interval: nan; expected a number", ""),
    ("redis:\n  key_patterns: 'a:*'\n", "redis.key_patterns: 'a:*'; expected a list", ""),
    ("redis:\n  key_patterns: [7]\n", "redis.key_patterns[0]: 7; expected a text in quotes", ""),
    (
        "redis:\n  key_patterns: ['ok:*', 'user:[0-9']\n",
        "redis.key_patterns[1]: 'user:[0-9'; expected",
        "a [ is",
    ),
    ("redis:\n  key_patterns: ['user\\']\n", "redis.key_patterns[0]:", "ends in a backslash"),
    ("redis:\n  key_patterns: ['']\n", "redis.key_patterns[0]: ''; expected a text", ""),
    (
        "redis:\n  key_patterns: ['a', 'b', 'a']\n",
        "redis.key_patterns[2]: 'a'; expected each pattern once",
        "",
    ),
    (
        "postgres:\n  top_tables: 1.5\n",
        "postgres.top_tables: 1.5; expected a whole number from 0 to 1000",
        "",
    ),
    ("postgres:\n  top_tables: -1\n", "postgres.top_tables: -1; expected a whole number", ""),
    ("postgres:\n  lock_timeout_ms: 1\n", "postgres.lock_timeout_ms: 1; expected", "milliseconds from 10"),
    (
        "postgres:\n  expected_indexes:\n  - {name: i, colums: [a]}\n",
        "postgres.expected_indexes[0].colums: ['a']; expected one of the keys",
        "did you mean 'columns'?",
    ),
    (
        "postgres:\n  expected_indexes:\n  - {name: i, table: t}\n",
        "postgres.expected_indexes[0].columns: None; expected the name, the table and the columns",
        "",
    ),
    ("redis:\n  scan_interval: 1\n  scan_interval: 2\n", ":3:3: the key scan_interval stands twice", ""),
    ("redis: [unclosed\n", ":2:1: expected ',' or ']'", "expected YAML with the keys postgres, redis"),
    ("redis:\n\tscan_interval: 1\n", ":2:1: found character", "expected YAML"),
    ("redis: \x00\n", "a character that YAML does not allow", "expected YAML text"),
    ("redis: *nobody\n", ":1:8: found undefined alias; expected", "expected YAML"),
    ("redis: !!python/object:os.system {}\n", ":1:8: could not determine a constructor", "expected YAML"),
]


@pytest.mark.parametrize(("text", "where", "what"), BAD)
def test_a_mistake_is_told_in_one_line_with_file_key_value_and_what_was_expected(
    file: Path, text: str, where: str, what: str
) -> None:
    file.write_text(text)

    with pytest.raises(ConfigError) as raised:
        read_config(file)

    message = str(raised.value)
    assert message.startswith(f"{file}:")
    assert where in message
    assert what in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "database_url: postgresql://u:hunter2@host/db\n",
        "postgres: {password: hunter2}\n",
        "redis: 'redis://:hunter2@host'\n",
        "redis: {key_patterns: {url: 'redis://:hunter2@host'}}\n",
        "redis: {'redis://:hunter2@host': x}\n",
        "{'redis://:hunter2@host': x}\n",
        "redis://u:p: hunter2@host\n",
        "redis://:hunter2@host\n",
        "hunter2\n",
    ],
)
def test_a_password_that_stands_in_the_wrong_place_is_not_repeated(file: Path, text: str) -> None:
    file.write_text(text)

    with pytest.raises(ConfigError, match="a value not shown") as raised:
        read_config(file)

    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "*hunter2\n",
        "!hunter2\n",
        "!hunter2!x y\n",
        "[&hunter2 a, &hunter2 b]\n",
        "{'redis://:hunter2@h': 1, 'redis://:hunter2@h': 2}\n",
    ],
)
def test_a_password_that_is_no_yaml_is_not_repeated(file: Path, text: str) -> None:
    file.write_text(text)

    with pytest.raises(ConfigError) as raised:
        read_config(file)

    assert str(raised.value).startswith(f"{file}:")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("text", [f"hunter2 {'x' * 3000} password", f"[hunter2, {'x, ' * 20} password]"])
def test_what_looks_like_a_secret_late_is_not_repeated_from_its_beginning(file: Path, text: str) -> None:
    file.write_text(f"redis: {{scan_interval: {text}}}\n")

    with pytest.raises(ConfigError, match="a value not shown"):
        read_config(file)


def test_a_long_value_is_cut(file: Path) -> None:
    file.write_text(f"redis: {'x' * 1000}\n")

    with pytest.raises(ConfigError) as raised:
        read_config(file)

    assert len(str(raised.value).removeprefix(str(file))) < 200


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yml"
    binary.write_bytes(b"\xff\xfe\xff")

    with pytest.raises(ConfigError, match=r"missing\.yml: No such file or directory; expected a YAML file"):
        read_config(tmp_path / "missing.yml")
    with pytest.raises(ConfigError, match=r"binary\.yml: not UTF-8 text; expected a YAML file"):
        read_config(binary)
    with pytest.raises(ConfigError, match="Is a directory; expected a YAML file"):
        read_config(tmp_path)


TARGETS = """\
targets:
  orders.db-1: {kind: postgres, connection_file: /run/secrets/orders, labels: {team: orders}}
  cache: {kind: redis, connection_env: CACHE_URL, module: sessions}
modules:
  sessions: {redis: {key_patterns: ['session:*']}}
  small: {postgres: {top_tables: 5}}
redis: {scan_interval: 5}
"""


def test_targets_have_options_of_their_kind_or_of_a_module(file: Path) -> None:
    file.write_text(TARGETS)

    config = read_config(file)

    orders, cache = config.targets.values()
    assert list(config.targets) == ["orders.db-1", "cache"]
    assert orders == TargetConfig(
        kind="postgres", connection_file="/run/secrets/orders", labels={"team": "orders"}
    )
    assert config.options(orders, "") == {}
    assert config.options(orders, "small") == {"top_tables": 5}
    assert config.options(cache, "") == {"key_patterns": ("session:*",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("targets: [a]", "targets: ['a']; expected a mapping by name"),
        ("targets: {a/b: {}}", "targets: '(a key not shown)'; expected names of letters, digits and '-._'"),
        ("targets: {'..': {}}", "expected names of letters"),
        ("targets: {'a..b': {}}", "expected names of letters"),
        ("targets: {'127.0.0.1:80': {}}", "expected names of letters"),
        ("targets: {a: {}}", "targets.a.kind: None; expected one of postgres, redis, pgbouncer"),
        ("targets: {a: {kind: mysql}}", "targets.a.kind: 'mysql'; expected one of postgres, redis"),
        ("targets: {a: {kind: redis}}", "targets.a: ['kind']; expected either connection_file or"),
        (
            "targets: {a: {kind: redis, connection_file: /a, connection_env: A}}",
            "targets.a: (a value not shown); expected either connection_file or connection_env",
        ),
        (
            "targets: {a: {kind: redis, connection: 'redis://:hunter2@h'}}",
            "targets.a.connection: (a value not shown); expected one of the keys kind, connection_file",
        ),
        (
            "targets: {a: {kind: redis, connection_file: 'redis://:hunter2@h'}}",
            "targets.a.connection_file: (a value not shown); expected the path of a file that holds a",
        ),
        (
            "targets: {a: {kind: redis, connection_file: 'u:hunter2@h/1'}}",
            "targets.a.connection_file: (a value not shown); expected the path of a file that holds a",
        ),
        (
            "targets: {a: {kind: redis, connection_env: 'hunter2 x'}}",
            "targets.a.connection_env: (a value not shown); expected the name of a variable",
        ),
        (
            "targets: {a: {kind: postgres, connection_env: A, labels: {datname: x}}}",
            "targets.a.labels.datname: 'x'; expected none of the labels that its metrics have",
        ),
        ("targets: {a: {kind: redis, connection_env: A, labels: {job: x}}}", "labels.job: 'x'; expected"),
        ("targets: {a: {kind: redis, connection_env: A, labels: {os: x}}}", "labels.os: 'x'; expected"),
        ("targets: {a: {kind: redis, connection_env: A, labels: {__x: x}}}", "labels.__x: 'x'; expected"),
        ("targets: {a: {kind: redis, connection_env: A, labels: {x: 1}}}", "labels.x: 1; expected a text"),
        ("targets: {a: {kind: redis, connection_env: A, labels: [x]}}", "expected a mapping of labels"),
        (
            "targets: {a: {kind: redis, connection_env: A, module: m}}",
            "targets.a.module: 'm'; expected a name under modules that has a section redis",
        ),
        (
            "targets: {a: {kind: redis, connection_env: A, module: m}}\nmodules: {m: {postgres: {}}}",
            "expected a name under modules that has a section redis",
        ),
        ("modules: {m: {redis: {top_tables: 1}}}", "modules.m.redis.top_tables: 1; expected one of the keys"),
    ],
)
def test_a_target_or_module_that_cannot_be_one_is_refused(file: Path, text: str, message: str) -> None:
    file.write_text(text)

    with pytest.raises(ConfigError) as caught:
        read_config(file)

    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)
