"""docs/migration.md names every flag of the exporters that it replaces, and of ours what there is."""

from __future__ import annotations

import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from benchmarks.watched import peer
from exporters import config
from exporters.catalogue import CATALOGUE
from exporters.collectors.redis.address import parse_url
from exporters.errors import ConfigError
from exporters.web import config as web

PAGE = (Path(__file__).parents[2] / "docs/migration.md").read_text()
# Of every program.
COMMON = {"--help", "--help-long", "--help-man", "--version"}
PEERS = {"postgres_exporter": "PEER_POSTGRES_EXPORTER", "redis_exporter": "PEER_REDIS_EXPORTER"}
FLAG = re.compile(r"^\s+(?:-\w, )?--?((?:\[no-\])?[a-zA-Z][\w.-]+)", re.MULTILINE)
VARIABLE = re.compile(r"\$([A-Z_]{5,})")


def rows(peer: str) -> list[tuple[set[str], str]]:
    """By row of a table: what stands between backticks at its left, and its right side."""
    section = PAGE.partition(f"\n## {peer}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*) \| (.*) \|$", section, re.MULTILINE)
    return [(set(re.findall(r"`([^`]+)`", left)), right) for left, right in cells]


def written() -> set[str]:
    """All that is of ours, or of Prometheus."""
    right = " ".join(right for peer in PEERS for _, right in rows(peer))
    head = re.sub(r"```.*?```", "", PAGE.partition("\n## ")[0], flags=re.DOTALL)
    return set(re.findall(r"`([^`]+)`", right + head))


def helped(*command: str) -> str:
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", PEERS)
def test_every_flag_and_variable_of_a_peer_is_there(name: str) -> None:
    said = helped(peer(PEERS[name]))
    flags = {f"--{flag.removeprefix('[no-]')}" for flag in FLAG.findall(said)} - COMMON
    assert len(flags) > 10
    known = [token for tokens, _ in rows(name) for token in tokens]
    missing = {
        each
        for each in flags | set(VARIABLE.findall(said))
        if not any(fnmatchcase(each, one) for one in known)
    }
    assert missing == set()


def test_the_variables_of_redis_exporter_are_named_as_it_says() -> None:
    program = Path(peer(PEERS["redis_exporter"]))
    said = PAGE.partition("\n## redis_exporter\n")[2].partition("\n| ")[0]
    prefixes = set(re.findall(r"`(REDIS_EXPORTER_(?:\w+_)?)`", said))
    exceptions = set(re.findall(r"`(REDIS_EXPORTER_\w*[A-Z])`", said))
    expected = set()
    for flag in FLAG.findall(helped(str(program))):
        name = "REDIS_EXPORTER_" + re.sub(r"\W", "_", flag).upper()
        if "REDIS_EXPORTER_INCL_" in prefixes and name not in exceptions:
            name = name.replace("_INCLUDE_", "_INCL_")
        if flag != "version" and not flag.startswith("redis."):
            expected.add(name)
    assert len(expected) > 30
    read = program.read_bytes()
    assert {name for name in expected if name.encode() not in read} == set()


def test_every_flag_variable_and_key_of_ours_is_there() -> None:
    said = helped(sys.executable, "-m", "exporters")
    ours = written()
    flags = {token for token in ours if token.startswith("--")}
    assert {"--compat", "--web.config.file"} <= flags
    assert {flag for flag in flags if not re.search(rf"^ +{re.escape(flag)}\b", said, re.MULTILINE)} == set()
    variables = {token for token in ours if re.fullmatch(r"[A-Z_]+[A-Z]", token)}
    assert "DATABASE_URL_FILE" in variables
    assert {name for name in variables if name not in said} == set()
    keys = {token for token in ours if re.fullmatch(r"(postgres|redis|targets)\.\w+", token)}
    assert "postgres.exact_sizes" in keys
    known = {
        *(f"postgres.{key}" for key in config.POSTGRES),
        *(f"redis.{key}" for key in config.REDIS),
        *(f"targets.{key}" for key in config.TARGET),
    }
    assert keys <= known
    metrics = {token for token in ours if re.match(r"(obs_)?(pg|redis)_", token)}
    assert metrics
    assert {name for name in metrics if CATALOGUE.find(name) is None} == set()


def test_the_keys_of_a_web_configuration_are_taken_or_refused_as_it_says(tmp_path: Path) -> None:
    section = PAGE.partition("\n## The file of --web.config.file\n")[2].partition("\n## ")[0]
    taken, refused = (
        set(re.findall(r"`([^`]+)`", " ".join(re.findall(r"^\| (`.*?) \|", part, re.MULTILINE))))
        for part in section.split("| refused |")
    )
    ours = {f"tls_server_config.{key}" for key in web.TLS} | web.SECTIONS.keys() - {"tls_server_config"}
    assert taken == ours
    assert "http_server_config" in refused
    for key in refused:
        name, _, inner = key.partition(".")
        file = tmp_path / "web.yml"
        file.write_text(f"{name}: {{{inner or 'http2'}: true}}\n")
        with pytest.raises(ConfigError, match=rf"{re.escape(key)}: .*; expected one of the keys "):
            web.read_web_config(file)
    values = {*web.VERSIONS, *web.CLIENT_AUTH}
    assert {"RequestClientCert", "TLS11"} <= set(re.findall(r"`([^`]+)`", section))
    assert not values & set(re.findall(r"`([^`]+)`", section))


def test_what_a_url_of_redis_takes_is_taken() -> None:
    options = {token for token in written() if token.startswith("ssl_")}
    assert len(options) == 4
    values = {"ssl_cert_reqs": "none"}
    query = "&".join(f"{name}={values.get(name, '/x')}" for name in sorted(options))
    assert "host:6379" in str(parse_url(f"rediss://host:6379/0?{query}", "REDIS_URL"))
