"""The web configuration is understood as Prometheus' exporters do, or refused in one line."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import bcrypt
import pytest

from exporters.errors import ConfigError
from exporters.web import logins
from exporters.web.config import TlsConfig, WebConfig, read_web_config
from exporters.web.logins import Logins
from exporters.web.policy import Verdict

HASH = "$2y$10$" + "e" * 53
PAIR = "cert_file: c.pem, key_file: k.pem"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "web.yml"


def test_what_the_file_says_is_read_with_its_files_beside_it(file: Path) -> None:
    file.write_text(
        "tls_server_config:\n"
        "  cert_file: tls/web.pem\n"
        "  key_file: /etc/web.key\n"
        "  client_ca_file: ca.pem\n"
        "  client_auth_type: RequireAndVerifyClientCert\n"
        "  min_version: TLS13\n"
        "basic_auth_users:\n"
        f"  prometheus: {HASH}\n"
    )

    assert read_web_config(file) == WebConfig(
        tls=TlsConfig(
            cert_file=file.parent / "tls/web.pem",
            key_file=Path("/etc/web.key"),
            client_ca_file=file.parent / "ca.pem",
            client_auth_type="RequireAndVerifyClientCert",
            min_version="TLS13",
        ),
        users={"prometheus": HASH},
    )


@pytest.mark.parametrize("text", ["", "tls_server_config:\nbasic_auth_users:\n", "basic_auth_users: {}"])
def test_an_empty_file_guards_nothing(file: Path, text: str) -> None:
    file.write_text(text)

    assert read_web_config(file) == WebConfig(tls=None, users={})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "http_server_config: {http2: true}",
            "http_server_config: {'http2': True}; expected one of the keys tls_",
        ),
        ("tls_server_confg: {}", "did you mean 'tls_server_config'?"),
        (
            f"tls_server_config: {{{PAIR}, cipher_suites: []}}",
            "tls_server_config.cipher_suites: []; expected one",
        ),
        (
            f"tls_server_config: {{{PAIR}, cert: x}}",
            "tls_server_config.cert: 'x'; expected one of the keys cert_",
        ),
        (
            "tls_server_config: {cert_file: c.pem}",
            "tls_server_config.key_file: None; expected the path of a file",
        ),
        ("tls_server_config: {key_file: c.pem}", "tls_server_config.cert_file: None; expected the path of a"),
        (
            f"tls_server_config: {{{PAIR}, min_version: TLS10}}",
            "min_version: 'TLS10'; expected one of TLS12, TLS13",
        ),
        (
            f"tls_server_config: {{{PAIR}, min_version: 1.2}}",
            "min_version: 1.2; expected one of TLS12, TLS13",
        ),
        (f"tls_server_config: {{{PAIR}, min_version: []}}", "min_version: []; expected one of TLS12, TLS13"),
        (
            f"tls_server_config: {{{PAIR}, min_version: TLS13, max_version: TLS12}}",
            "max_version: 'TLS12'; expected min_version or newer",
        ),
        (
            f"tls_server_config: {{{PAIR}, client_auth_type: RequestClientCert}}",
            "client_auth_type: 'RequestClientCert'; expected one of NoClientCert, VerifyClientCertIfGiven,",
        ),
        (
            f"tls_server_config: {{{PAIR}, client_auth_type: RequireAndVerifyClientCert}}",
            "client_ca_file: None; expected who signs the certificates of clients, as client_auth_type",
        ),
        (
            f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem}}",
            "client_auth_type: None; expected RequireAndVerifyClientCert or VerifyClientCertIfGiven, as",
        ),
        (
            "basic_auth_users: [hunter2]",
            "basic_auth_users: (a value not shown); expected at most 100 names, each with",
        ),
        (
            "basic_auth_users: {prometheus: hunter2}",
            "basic_auth_users.prometheus: (a value not shown); expected a b",
        ),
        (
            "basic_auth_users: {prometheus: 123456}",
            "basic_auth_users.prometheus: (a value not shown); expected a b",
        ),
        (
            f"basic_auth_users: {{7: {HASH}}}",
            "basic_auth_users.(a key not shown): (a value not shown); expected a n",
        ),
        (
            f"basic_auth_users: {{'a:hunter2': {HASH}}}",
            "(a value not shown); expected a name without a colon",
        ),
        (
            f"basic_auth_users: {{a: '$2x$10${HASH[7:]}'}}",
            "(a value not shown); expected a bcrypt hash in quotes",
        ),
        (
            f"basic_auth_users: {{a: '$2b$31${HASH[7:]}'}}",
            "basic_auth_users.a: 31; expected a cost from 4 to 15",
        ),
        # A salt that no program writes: bits are set that it has no use for.
        (
            f"basic_auth_users: {{a: '{HASH[:28]}z{HASH[29:]}'}}",
            "basic_auth_users.a: (a value not shown); expected a bcrypt hash in quotes, as it was made",
        ),
        (f"basic_auth_users: {{a: '{HASH}', a: '{HASH}'}}", "the key a stands twice"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_name(file: Path, text: str, message: str) -> None:
    file.write_text(text)

    with pytest.raises(ConfigError) as raised:
        read_web_config(file)

    assert str(raised.value).startswith(f"{file}:")
    assert message in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert HASH[7:] not in str(raised.value)


def hashed(password: str, cost: int) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


def rounds_of(users: Logins, name: str, password: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How much a login costs."""
    done = Counter[int]()
    matches = bcrypt.checkpw

    def counted(given: bytes, against: bytes) -> bool:
        done[int(against.split(b"$")[2])] += 1
        return matches(given, against)

    monkeypatch.setattr(users, "_matches", counted)
    assert users._is_right(name.encode(), password.encode()) is False
    return sum(2**cost * times for cost, times in done.items())


@pytest.mark.parametrize("costs", [(5, 5), (4, 8)])
def test_a_wrong_password_costs_the_same_whoever_there_is(
    costs: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {name: hashed("right", cost) for name, cost in zip(("first", "second"), costs, strict=True)}
    users = Logins(named, logging.getLogger("test"))

    found = {name: rounds_of(users, name, "wrong", monkeypatch) for name in ("first", "second", "stranger")}

    assert set(found.values()) == {2 ** max(costs)}


def test_those_who_are_remembered_are_bounded_and_the_right_ones_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logins, "MOST_REMEMBERED", 5)
    users = Logins({"prometheus": hashed("right", 4)}, logging.getLogger("test"))
    right = "Basic cHJvbWV0aGV1czpyaWdodA=="  # prometheus:right

    assert users.check(right, "here") is Verdict.YES
    for number in range(20):
        assert users.check(f"Basic {number:04d}OmE=", "here") is Verdict.NO

    assert len(users._remembered) == 5
    assert b"prometheus" in users._remembered.values()
    assert not users._waiting
    monkeypatch.setattr(users, "_matches", None)  # it is not computed again
    assert users.check(right, "here") is Verdict.YES


def test_one_login_that_fails_ends_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    users = Logins({"prometheus": hashed("right", 4)}, logging.getLogger("test"))
    matches = bcrypt.checkpw

    class PanicError(BaseException):
        """As what bcrypt's Rust raises, it is no Exception."""

    def fails(given: bytes, against: bytes) -> bool:
        if given != b"right":
            raise PanicError("Invalid salt")
        return matches(given, against)

    monkeypatch.setattr(users, "_matches", fails)
    for number in range(3):
        assert users.check(f"Basic {number:04d}OmE=", "here") is Verdict.NO
    assert users.check("Basic cHJvbWV0aGV1czpyaWdodA==", "here") is Verdict.YES

    assert not users._waiting
    told = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert told == ["a login could not be computed, and is refused: PanicError: Invalid salt"]
