"""Pages by TLS: versions, certificates of clients, renewal, and clients that are slow with it."""

from __future__ import annotations

import http.client
import logging
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from examples.demo.process import wait_until
from exporters.catalogue import self_
from exporters.clients import PLACES
from exporters.web.guard import Guard
from tests.servers.certificates import Authority
from tests.servers.exporter_process import Exporter, run_to_its_end
from tests.servers.exporter_support import parse


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def write(home: Path, *lines: str, pair: tuple[Path, Path]) -> Path:
    """A web configuration beside its certificate and key, which it names without a folder."""
    home.mkdir(exist_ok=True)
    for source, name in zip(pair, ("web.pem", "web.key"), strict=True):
        shutil.copy(source, home / name)
    text = ["tls_server_config:", "  cert_file: web.pem", "  key_file: web.key", *lines]
    (home / "web.yml").write_text("\n".join(text) + "\n")
    return home / "web.yml"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Exporter]]:
    """Exporters to be ended."""
    exporters: list[Exporter] = []
    yield exporters
    for exporter in exporters:
        exporter.stop()


def start(started: list[Exporter], home: Path, web: Path) -> Exporter:
    flags = ("--log.level", "debug", "--web.config.file", str(web), "--api.multiprocess-dir", str(home))
    started.append(Exporter(home, *flags))
    return started[-1]


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.certificate))


def get(exporter: Exporter, context: ssl.SSLContext, path: str = "/metrics") -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection("127.0.0.1", exporter.port, timeout=5, context=context)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def serial(exporter: Exporter, context: ssl.SSLContext) -> str:
    """Of the certificate that a connection of now is shown."""
    with (
        socket.create_connection(("127.0.0.1", exporter.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        certificate = wrapped.getpeercert()
        assert certificate is not None
        return str(certificate["serialNumber"])


def test_pages_are_read_by_tls_and_files_are_looked_for_beside_the_configuration(
    started: list[Exporter], authority: Authority, tmp_path: Path
) -> None:
    web = write(tmp_path / "conf", pair=authority.issue("here"))
    exporter = start(started, tmp_path, web)

    subprocess.run(["promtool", "check", "web-config", str(web)], check=True)
    status, page = get(exporter, trusting(authority))

    assert status == 200
    assert parse(page.decode()).of(self_.SERIES) is not None
    assert f"listening on https://127.0.0.1:{exporter.port}/metrics" in exporter.written()


def test_who_speaks_http_is_told_that_https_is_spoken(
    started: list[Exporter], authority: Authority, tmp_path: Path
) -> None:
    exporter = start(started, tmp_path, write(tmp_path, pair=authority.issue("here")))

    answer = exporter.get("/metrics")

    assert (answer.status_code, answer.text) == (400, "HTTPS is spoken here; expected https://\n")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_outside_of_those_named_are_refused(
    version: ssl.TLSVersion, started: list[Exporter], authority: Authority, tmp_path: Path
) -> None:
    other = {ssl.TLSVersion.TLSv1_2: ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3: ssl.TLSVersion.TLSv1_2}
    name = version.name.replace("v1_", "1")
    web = write(tmp_path, f"  min_version: {name}", f"  max_version: {name}", pair=authority.issue("here"))
    exporter = start(started, tmp_path, web)
    only, wrong = trusting(authority), trusting(authority)
    only.minimum_version = only.maximum_version = version
    wrong.minimum_version = wrong.maximum_version = other[version]

    assert get(exporter, only)[0] == 200
    with pytest.raises(ssl.SSLError):
        get(exporter, wrong)


def test_a_client_shows_a_certificate_of_the_authority_or_is_refused(
    started: list[Exporter], authority: Authority, tmp_path: Path
) -> None:
    lines = (f"  client_ca_file: {authority.certificate}", "  client_auth_type: RequireAndVerifyClientCert")
    exporter = start(started, tmp_path, write(tmp_path, *lines, pair=authority.issue("here")))
    known, stranger = trusting(authority), trusting(authority)
    known.load_cert_chain(*authority.issue("client"))
    stranger.load_cert_chain(*Authority(tmp_path, "other").issue("stranger"))

    assert get(exporter, known)[0] == 200
    for context in (stranger, trusting(authority)):
        with pytest.raises(OSError, match=r"alert|reset|EOF|closed"):
            get(exporter, context, "/-/healthy")
    assert get(exporter, known)[0] == 200


def test_a_certificate_is_no_must_where_it_is_verified_if_given(
    started: list[Exporter], authority: Authority, tmp_path: Path
) -> None:
    lines = (f"  client_ca_file: {authority.certificate}", "  client_auth_type: VerifyClientCertIfGiven")
    exporter = start(started, tmp_path, write(tmp_path, *lines, pair=authority.issue("here")))
    stranger = trusting(authority)
    stranger.load_cert_chain(*Authority(tmp_path, "other").issue("stranger"))

    assert get(exporter, trusting(authority))[0] == 200
    with pytest.raises(OSError, match=r"alert|reset|EOF|closed"):
        get(exporter, stranger)


def test_when_the_first_of_its_certificates_ends_is_told(
    started: list[Exporter], authority: Authority, tmp_path: Path
) -> None:
    certificate, key = authority.issue("here", days=30_000)  # past 2050, which is written in another way
    chain = certificate.read_text() + authority.certificate.read_text()
    exporter = start(started, tmp_path, write(tmp_path, pair=(certificate, key)))

    def told() -> float | None:
        page = parse(get(exporter, trusting(authority))[1].decode())
        assert 0.99 < (page.of(self_.CERTIFICATE_LEFT) or 0) < 1
        return page.of(self_.CERTIFICATE_END)

    def end(of: Path) -> float:
        shown = ["openssl", "x509", "-noout", "-enddate", "-in", str(of)]
        text = subprocess.run(shown, check=True, capture_output=True, text=True).stdout
        return ssl.cert_time_to_seconds(text.partition("=")[2].strip())

    assert told() == end(certificate)
    (tmp_path / "web.pem").write_text(chain)
    assert told() == end(authority.certificate)


def test_a_renewed_certificate_is_shown_to_the_next_client_and_a_wrong_one_to_none(
    started: list[Exporter], authority: Authority, tmp_path: Path
) -> None:
    exporter = start(started, tmp_path, write(tmp_path, pair=authority.issue("here")))
    first = serial(exporter, trusting(authority))

    certificate, key = authority.issue("renewed")
    (tmp_path / "web.pem").write_bytes(certificate.read_bytes())  # not yet with its key
    assert [serial(exporter, trusting(authority)) for _ in range(3)] == [first] * 3
    kept = [line for line in exporter.written().splitlines() if "stays in force" in line]
    assert len(kept) == 1
    assert "key values mismatch; expected a certificate and its own key" in kept[0]

    (tmp_path / "web.key").write_bytes(key.read_bytes())
    assert serial(exporter, trusting(authority)) != first
    assert "web.yml and its files are read again" in exporter.written()

    (tmp_path / "web.key").chmod(0o644)
    assert get(exporter, trusting(authority))[0] == 200
    assert "web.key: mode 0644 lets every user of this machine read it" in exporter.written()


def test_a_certificate_that_goes_while_it_is_read_changes_nothing(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    guard = Guard(write(tmp_path, pair=authority.issue("here")), False, logging.getLogger("test"))
    before = guard.now()
    load = ssl.SSLContext.load_cert_chain

    def load_last(context: ssl.SSLContext, file: Path, *args: Any, **more: Any) -> None:
        load(context, file, *args, **more)
        file.unlink()

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", load_last)
    (tmp_path / "web.key").touch()
    assert guard.now() is before
    assert not guard.is_loaded
    assert "web.pem: No such file or directory; expected a file in PEM; what was read before" in caplog.text


@pytest.mark.parametrize("text", ["", "tls_server_config:\n", "basic_auth_users: {}\n", "tls_server_co"])
def test_a_file_that_is_half_written_opens_nothing(
    text: str, started: list[Exporter], authority: Authority, tmp_path: Path
) -> None:
    web = write(tmp_path, pair=authority.issue("here"))
    exporter = start(started, tmp_path, web)
    whole = web.read_text()

    web.write_text(text)
    assert exporter.get("/metrics").status_code == 400
    assert get(exporter, trusting(authority))[0] == 200
    assert exporter.written().count("what was read before stays in force") == 1

    web.write_text(whole + "  min_version: TLS13\n")
    assert get(exporter, trusting(authority))[0] == 200
    old = trusting(authority)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        get(exporter, old)


def client_hello() -> bytes:
    """What a client begins with."""
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("said", [b"", client_hello()[:-1], client_hello()])
def test_a_client_that_is_silent_in_the_middle_of_it_holds_nobody(
    said: bytes, started: list[Exporter], authority: Authority, tmp_path: Path
) -> None:
    exporter = start(started, tmp_path, write(tmp_path, pair=authority.issue("here")))
    with ExitStack() as stack:
        for _ in range(3 * PLACES):
            client = socket.create_connection(("127.0.0.1", exporter.port), timeout=5)
            stack.enter_context(client).sendall(said)
        began = time.monotonic()
        assert [get(exporter, trusting(authority))[0] for _ in range(5)] == [200] * 5
        assert time.monotonic() - began < 4  # who is silent is given five seconds
    assert exporter.process is not None
    threads = Path(f"/proc/{exporter.process.pid}/task")
    wait_until(lambda: len(list(threads.iterdir())) < PLACES, "the end of their threads")  # of two crews


def test_a_client_that_hangs_up_in_the_middle_of_it_leaves_nothing(
    started: list[Exporter], authority: Authority, tmp_path: Path
) -> None:
    exporter = start(started, tmp_path, write(tmp_path, pair=authority.issue("here")))
    assert exporter.process is not None
    files = Path(f"/proc/{exporter.process.pid}/fd")
    get(exporter, trusting(authority))
    wait_until(lambda: len(list(files.iterdir())) < 15, "an exporter with nothing to do")
    before = len(list(files.iterdir()))
    hello = client_hello()
    for end in range(0, len(hello), 9):
        with socket.create_connection(("127.0.0.1", exporter.port), timeout=5) as client:
            client.sendall(hello[:end])
    assert get(exporter, trusting(authority))[0] == 200
    wait_until(lambda: len(list(files.iterdir())) <= before, "the end of their connections")
    assert "could not be served" not in exporter.written()


@pytest.mark.parametrize("broken", ["cert", "key", "both"])
def test_what_is_no_certificate_or_key_is_told_before_it_listens(
    broken: str, authority: Authority, tmp_path: Path
) -> None:
    web = write(tmp_path, pair=authority.issue("here"))
    for name in ("cert", "key") if broken == "both" else (broken,):
        (tmp_path / {"cert": "web.pem", "key": "web.key"}[name]).write_text("hunter2\n")

    done = run_to_its_end("--web.config.file", str(web), "--api.multiprocess-dir", str(tmp_path))

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert f"{web}: tls_server_config: {tmp_path}/web.pem with {tmp_path}/web.key: " in line
    assert "expected a certificate and its own key, both in PEM, the key without a passphrase" in line
    assert "hunter2" not in line


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked(authority: Authority, tmp_path: Path) -> None:
    web = write(tmp_path, pair=authority.issue("here"))
    locked = ["openssl", "pkey", "-in", str(tmp_path / "web.key"), "-aes256", "-passout", "pass:hunter2"]
    subprocess.run([*locked, "-out", str(tmp_path / "locked.key")], check=True)
    (tmp_path / "locked.key").rename(tmp_path / "web.key")

    done = run_to_its_end("--web.config.file", str(web), "--api.multiprocess-dir", str(tmp_path))

    assert done.returncode == 2
    assert "the key without a passphrase" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("allowed", [False, True])
def test_a_key_that_every_user_may_read_is_refused_unless_that_is_allowed(
    allowed: bool, started: list[Exporter], authority: Authority, tmp_path: Path
) -> None:
    web = write(tmp_path, pair=authority.issue("here"))
    (tmp_path / "web.key").chmod(0o644)
    flags = ("--web.config.file", str(web), "--api.multiprocess-dir", str(tmp_path))
    if allowed:
        started.append(Exporter(tmp_path, "--secrets.allow-world-readable", *flags))
        assert get(started[0], trusting(authority))[0] == 200
        return

    done = run_to_its_end(*flags)

    assert done.returncode == 2
    assert done.stderr.startswith(
        f"obs-exporter: {web}: tls_server_config.key_file: {tmp_path}/web.key: mode 0644 lets every user"
    )
    assert f"run: chmod 0640 {tmp_path}/web.key" in done.stderr
