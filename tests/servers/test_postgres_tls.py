"""A PostgreSQL that asks for TLS and for a client's certificate, as a managed one may."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from examples.demo.databases import Postgres
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import self_
from exporters.collectors.postgres import PostgresBackend, PostgresSettings
from exporters.conninfo import libpq_conninfo
from tests.servers.certificates import Authority
from tests.servers.exporter_process import run_at_a_terminal
from tests.servers.exporter_support import Samples, samples
from tests.servers.postgres_support import LOG, ROLE, create_database


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server(server_root: Path, authority: Authority) -> Iterator[Postgres]:
    server = Postgres(server_root / "tls").start()
    create_database(server, "shop")
    server.stop()
    for file in (*authority.issue("server"), authority.certificate):
        copy = shutil.copy(file, server.home)
        Path(copy).chmod(0o600)
        if server.user:
            shutil.chown(copy, server.user)
    (server.data / "pg_hba.conf").write_text(
        f"local all postgres trust\nhostssl all {ROLE} all cert\nhostnossl all all all reject\n"
    )
    files = {"ssl_cert_file": "server.pem", "ssl_key_file": "server.key", "ssl_ca_file": "authority.pem"}
    server.settings |= {"ssl": "on"} | {name: str(server.home / file) for name, file in files.items()}
    yield server.start()
    server.stop()


def scrape(server: Postgres, **parameters: object) -> Samples:
    """The page that such a connection string gives."""
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    text = libpq_conninfo(f"postgresql://{ROLE}@127.0.0.1:{server.port}/shop?{query}", "DATABASE_URL")
    with closing(PostgresBackend(PostgresSettings(conninfo=lambda: text), LOG)) as backend:
        return samples(backend.collect(time.monotonic() + 1.8))


def test_it_is_watched_over_tls_that_is_verified_with_a_certificate_of_our_own(
    server: Postgres, authority: Authority
) -> None:
    certificate, key = authority.issue(ROLE)
    ours = {"sslmode": "verify-full", "sslcert": certificate, "sslkey": key}
    assert scrape(server, **ours, sslrootcert=authority.certificate).of(catalogue.UP) == 1


def test_what_it_does_not_take_is_told_by_its_reason(
    server: Postgres, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = authority.issue(ROLE)
    stranger = Authority(tmp_path).certificate
    open_key = Path(shutil.copy(key, tmp_path))
    open_key.chmod(0o644)
    trusted = {"sslmode": "verify-full", "sslrootcert": authority.certificate}
    reasons = {
        "CertificateError": {"sslmode": "verify-full", "sslrootcert": stranger},
        "PrivateKeyOpen": trusted | {"sslcert": certificate, "sslkey": open_key},
        "28000": {"sslmode": "disable"},
        # By a certificate, where a password is what is bound to a channel.
        "AuthMethod": trusted | {"sslcert": certificate, "sslkey": key, "channel_binding": "require"},
    }
    for code, parameters in reasons.items():
        page = scrape(server, **parameters)
        assert page.of(catalogue.UP) == 0
        counted = page.of(self_.COLLECTOR_ERRORS, backend="postgres", collector="postgres.up", code=code)
        assert counted == 1, code
    assert "libpq takes the file of sslkey with mode 0600 alone" in caplog.text


def test_a_key_with_a_passphrase_is_told_and_nobody_is_asked(server: Postgres, authority: Authority) -> None:
    certificate, key = authority.locked(ROLE)
    query = f"sslmode=require&sslcert={certificate}&sslkey={key}"
    url = f"postgresql://{ROLE}@127.0.0.1:{server.port}/shop?{query}"
    (line,) = run_at_a_terminal("check", DATABASE_URL=url).stdout.splitlines()
    assert "PrivateKeyUnread; the file of sslkey is not the key of sslcert in PEM, or sslpassword" in line
    with_it = run_at_a_terminal("check", DATABASE_URL=f"{url}&sslpassword=hunter2")
    assert "hunter2" not in with_it.stdout
    assert re.search(r"^postgres\.up +works", with_it.stdout, re.MULTILINE)
