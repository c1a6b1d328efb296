"""Names and passwords: who is let in, and what those who guess cost those who know."""

from __future__ import annotations

import base64
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import bcrypt
import pytest
import requests

from exporters.catalogue import self_
from exporters.clients import PLACES
from exporters.web.guard import Guard
from exporters.web.logins import MOST_OF_A_HOST, MOST_WAITING, Logins
from exporters.web.policy import Verdict
from tests.servers.exporter_process import Exporter, run_to_its_end

PASSWORD = "hunter2:ü/@ "
COST = 9  # some 40 ms; 200 of them take as long as a scrape may


# 200 at once, each with password after password, until a line comes; then what they were told, how often.
GUESSES = """
import base64, collections, json, socket, sys, threading, time

told, enough = collections.Counter(), threading.Event()

def guess(number):
    each = 0
    while not enough.is_set():
        each += 1
        name = base64.b64encode(f"prometheus:guess {number} {each}".encode()).decode()
        with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30) as client:
            client.sendall(f"GET /metrics HTTP/1.1\\r\\nAuthorization: Basic {name}\\r\\n\\r\\n".encode())
            answer = client.makefile("rb").read().split()
        told[answer[1].decode() if answer else "nothing"] += 1

threads = [threading.Thread(target=guess, args=(number,)) for number in range(200)]
for thread in threads:
    thread.start()
while told.total() < 200:
    time.sleep(0.01)
print("guessing", flush=True)
sys.stdin.readline()
enough.set()
for thread in threads:
    thread.join()
print(json.dumps(told))
"""


def hashed(password: str, cost: int = 4) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


def header(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


RIGHT = header("prometheus", PASSWORD)


@pytest.fixture
def web(tmp_path: Path) -> Path:
    file = tmp_path / "web.yml"
    users = {"prometheus": hashed(PASSWORD), "other": hashed("another").replace("$2b$", "$2y$")}
    file.write_text(json.dumps({"basic_auth_users": users}))  # JSON is YAML
    return file


@pytest.fixture
def exporter(tmp_path: Path, web: Path) -> Iterator[Exporter]:
    flags = ("--log.level", "debug", "--web.config.file", str(web), "--api.multiprocess-dir", str(tmp_path))
    exporter = Exporter(tmp_path, *flags)
    yield exporter
    exporter.stop()


def status(exporter: Exporter, authorization: str, path: str = "/metrics") -> int:
    return exporter.get(path, Authorization=authorization).status_code


@pytest.mark.parametrize(
    ("path", "found"),
    [("/metrics", 200), ("/metrics/api", 200), ("/", 200), ("/nothing", 404), ("/probe?target=x", 404),
     ("/-/reload", 405)],
)  # fmt: skip
def test_pages_are_for_users_alone(path: str, found: int, exporter: Exporter) -> None:
    assert status(exporter, RIGHT, path) == status(exporter, RIGHT, path) == found
    assert status(exporter, header("other", "another"), path) == found

    refused = exporter.get(path)
    assert (refused.status_code, refused.text) == (401, "a name and a password are expected\n")
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="obs-exporter", charset="UTF-8"'
    for wrong in (
        header("prometheus", "another"),
        header("prometheus", ""),
        header("", PASSWORD),
        header("stranger", PASSWORD),
        header("prometheus", f"{PASSWORD}x"),
        header("Prometheus", PASSWORD),
        f"Bearer {PASSWORD}",
        "Basic",
        "Basic not base64",
        f"Basic {base64.b64encode(b'no colon').decode()}",
        f"Basic {base64.b64encode(b'prometheus:a' + bytes(1)).decode()}",
        f"Basic {base64.b64encode(b'prometheus:' + b'a' * 100).decode()}",
    ):
        assert status(exporter, wrong, path) == status(exporter, wrong, path) == 401, wrong
    assert status(exporter, RIGHT, path) == found


def test_whether_it_lives_is_told_to_everybody(exporter: Exporter) -> None:
    assert exporter.get("/-/healthy").text == "healthy\n"
    assert exporter.get("/-/ready").text == "ready\n"


def test_who_may_not_read_may_not_change_either(exporter: Exporter) -> None:
    url = f"http://127.0.0.1:{exporter.port}/-/reload"
    assert requests.post(url, timeout=5).status_code == 401
    assert requests.post(url, timeout=5, headers={"Authorization": RIGHT}).status_code == 403  # it is off


def test_a_password_stands_nowhere_and_failures_are_told_once(exporter: Exporter, web: Path) -> None:
    for number in range(20):
        assert status(exporter, header("prometheus", f"guessed{number}")) == 401
    assert status(exporter, RIGHT) == 200

    assert status(exporter, "Basic eA==") == 401  # which is no name and password
    page = exporter.scrape(Authorization=RIGHT)
    counted = [page.of(self_.LOGINS, result=result) for result in self_.LOGIN_RESULT.values]
    assert counted == [2, 20, 0]

    written = exporter.written()
    assert written.count("client 127.0.0.1 gave a wrong name or password") == 1
    encoded = RIGHT.split()[1]
    for secret in (PASSWORD, quote(PASSWORD), encoded, "guessed", hashed(PASSWORD)[:4]):
        assert secret not in written


def test_a_changed_file_goes_for_the_next_client(exporter: Exporter, web: Path) -> None:
    assert status(exporter, RIGHT) == 200
    web.write_text(json.dumps({"basic_auth_users": {"prometheus": hashed("new")}}))
    assert status(exporter, RIGHT) == 401
    assert status(exporter, header("prometheus", "new")) == 200

    web.write_text(json.dumps({"basic_auth_users": {"prometheus": "hunter2"}}))
    assert status(exporter, header("prometheus", "new")) == 200
    web.write_text("basic_auth_users:\n")
    assert status(exporter, header("prometheus", "new")) == 200
    assert exporter.get("/metrics").status_code == 401
    assert exporter.written().count("stays in force") == 2
    assert "hunter2" not in exporter.written()


def test_who_was_seen_is_known_in_a_file_that_is_read_again(
    web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = json.loads(web.read_text())["basic_auth_users"] | {"gone": hashed("gone")}
    web.write_text(json.dumps({"basic_auth_users": users}))
    guard = Guard(web, True, logging.getLogger("test"))

    def checks(*logins: tuple[str, str]) -> list[Verdict]:
        now = guard.now().logins
        assert now is not None
        return [now.check(header(*login), "here") for login in logins]

    seen = ("prometheus", PASSWORD), ("other", "another"), ("gone", "gone")
    assert checks(*seen, ("prometheus", "wrong")) == [Verdict.YES] * 3 + [Verdict.NO]
    web.write_text(json.dumps({"basic_auth_users": users | {"other": hashed("new")} | {"late": hashed("x")}}))
    monkeypatch.setattr(bcrypt, "checkpw", lambda *_: False)  # computed now, all are wrong
    assert checks(*seen) == [Verdict.YES, Verdict.NO, Verdict.YES]

    del users["gone"]
    web.write_text(json.dumps({"basic_auth_users": users}))
    assert checks(*seen, ("late", "x")) == [Verdict.YES, Verdict.NO, Verdict.NO, Verdict.NO]


def test_a_refused_file_shows_until_it_is_mended(exporter: Exporter, web: Path) -> None:
    for users, loaded in (("hunter2", 0), (hashed(PASSWORD), 1)):
        web.write_text(json.dumps({"basic_auth_users": {"prometheus": users}}))
        assert exporter.scrape(Authorization=RIGHT).of(self_.CONFIG_LOADED) == loaded


def test_who_needs_no_password_needs_no_bcrypt(tmp_path: Path, web: Path) -> None:
    (tmp_path / "bcrypt.py").write_text("raise ModuleNotFoundError('gone', name='bcrypt')\n")
    given = {"PYTHONPATH": f"{tmp_path}:{Path.cwd()}"}
    folder = ("--api.multiprocess-dir", str(tmp_path))
    exporter = Exporter(tmp_path, *folder, **given)
    try:
        assert exporter.get("/metrics").status_code == 200
    finally:
        exporter.stop()

    done = run_to_its_end("--web.config.file", str(web), *folder, **given)

    assert done.returncode == 2
    assert done.stderr.startswith("obs-exporter: bcrypt is not installed; run: pip install ")


def ask(port: int, authorization: str, source: str = "127.0.0.1") -> int:
    """The status of an answer to a client at this address."""
    with socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0)) as client:
        client.sendall(f"GET /metrics HTTP/1.1\r\nAuthorization: {authorization}\r\n\r\n".encode())
        answer = client.makefile("rb").read()
    return int(answer.split()[1])


def test_those_who_guess_keep_nobody_waiting_who_knows(exporter: Exporter, web: Path) -> None:
    costly = {"prometheus": hashed(PASSWORD, COST), "late": hashed(PASSWORD, COST)}
    web.write_text(json.dumps({"basic_auth_users": costly}))
    assert ask(exporter.port, RIGHT) == 200
    program = [sys.executable, "-c", GUESSES, str(exporter.port)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as guessing:
        assert guessing.stdout is not None
        assert guessing.stdout.readline() == "guessing\n"
        known = [ask(exporter.port, RIGHT) for _ in range(20)]
        # Whom it has not seen waits behind a few, not behind all: other hosts have their own share.
        late = ask(exporter.port, header("late", PASSWORD), "127.0.0.2")
        told = json.loads(guessing.communicate("enough\n", timeout=60)[0])

    assert set(known) == {late} == {200}
    assert {"401", "429"} <= set(told) <= {"401", "429", "nothing"}  # to whom says nothing for long
    assert sum(told.values()) > 200


def test_the_same_password_is_computed_once_for_all_who_bring_it(monkeypatch: pytest.MonkeyPatch) -> None:
    logins = Logins({"prometheus": hashed(PASSWORD, COST)}, logging.getLogger("test"))
    asked: list[bytes] = []
    matches = logins._matches

    def counted(password: bytes, against: bytes) -> bool:
        asked.append(password)
        return matches(password, against)

    monkeypatch.setattr(logins, "_matches", counted)
    with ThreadPoolExecutor(MOST_OF_A_HOST) as pool:
        found = list(pool.map(lambda _: logins.check(RIGHT, "here"), range(MOST_OF_A_HOST)))

    assert found == [Verdict.YES] * MOST_OF_A_HOST
    assert asked == [PASSWORD.encode()]
    assert 2 * MOST_WAITING <= PLACES
