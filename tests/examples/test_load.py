"""What the load generator says it did is what the server saw."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import requests

from examples.demo.process import ROOT, free_port
from examples.demo.servers import Api
from examples.load import ENDPOINTS, Endpoint, Load


class Recorder(BaseHTTPRequestHandler):
    """Answers `/fail` with 500, `/drop` not at all, everything else with 200, and remembers the calls."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[Counter[str]] = Counter()
    slow = 0.0

    def do_GET(self) -> None:
        Recorder.seen[self.path] += 1
        time.sleep(Recorder.slow)
        if self.path == "/drop":
            self.close_connection = True
            return
        self.send_response(500 if self.path == "/fail" else 200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def recorder() -> Iterator[str]:
    Recorder.seen, Recorder.slow = Counter(), 0.0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def at(path: str, weight: float = 1) -> Endpoint:
    return Endpoint(handler=path, path=lambda _: path, weight=weight)


def test_every_call_is_counted_by_its_outcome_and_sent_once(recorder: str) -> None:
    paths = ("/fine", "/fail", "/drop")
    result = Load(recorder, rate=60, seconds=2, endpoints=[at(path) for path in paths]).run()
    seen = Recorder.seen
    assert seen.total() == result.sent > 60
    assert result.sent + result.unsent == 120
    assert set(seen) == set(paths)
    assert result.answers == {("GET", "/fine", 200): seen["/fine"], ("GET", "/fail", 500): seen["/fail"]}
    assert result.errors == {("GET", "/drop", "RemoteDisconnected"): seen["/drop"]}
    assert result.wire_bytes["GET", "/fine"] == 5 * seen["/fine"]
    assert len(result.durations["GET", "/fail"]) == seen["/fail"]


def test_the_same_seed_sends_the_same_calls(recorder: str) -> None:
    counts = []
    for seed in (1, 1, 2):
        Recorder.seen = Counter()
        endpoints = [at("/a"), at("/b", weight=3)]
        # Slow, so that a busy machine sends the last one too before the time is over.
        result = Load(recorder, rate=10, seconds=3, endpoints=endpoints, seed=seed).run()
        assert result.unsent == 0
        counts.append(Recorder.seen)
    assert counts[0] == counts[1] != counts[2]
    assert counts[0]["/b"] > counts[0]["/a"]


def test_a_slow_server_does_not_make_it_run_longer_than_its_time_and_a_last_answer(recorder: str) -> None:
    Recorder.slow = 0.4
    result = Load(recorder, rate=100, seconds=1.0, endpoints=[at("/fine")], connections=4).run()
    assert result.sent + result.unsent == 100
    assert result.unsent > 50, "4 connections at 0.4 s each cannot carry 100 requests a second"
    assert result.seconds < 3


def test_it_can_be_stopped_early(recorder: str) -> None:
    load = Load(recorder, rate=50, seconds=60, endpoints=[at("/fine")]).start()
    time.sleep(0.3)
    result = load.stop()
    assert 0 < result.sent < 100
    assert result.sent == Recorder.seen.total()


def test_a_refused_connection_is_an_error_not_an_exception() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = Load(url, rate=10, seconds=1, endpoints=[at("/fine")]).run()
    assert result.sent > 0
    assert result.errors == {("GET", "/fine", "ConnectionRefusedError"): result.sent}


def test_its_endpoints_are_the_backends_routes_and_all_of_them_answer(fixed: Api) -> None:
    routes = {
        (method.upper(), path)
        for path, methods in requests.get(f"{fixed.url}/openapi.json", timeout=5).json()["paths"].items()
        for method in methods
    }
    assert {(each.method, each.handler) for each in ENDPOINTS} == routes - {("GET", "/health")}
    # No more at once than one worker's pool holds, which is small here.
    result = Load(fixed.url, rate=100, seconds=3, connections=4).run()
    assert not result.errors
    assert {status for _, _, status in result.answers} == {200, 404}, result.lines()
    assert {key[:2] for key in result.answers} == {(each.method, each.handler) for each in ENDPOINTS}
    compressed = ("GET", "/api/factories")
    assert 0 < result.wire_bytes[compressed] < 0.3 * result.raw_bytes[compressed]


def test_the_command_prints_what_it_did_and_fails_on_errors(recorder: str) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "examples.load", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=30, check=False)

    good = run("--url", recorder, "--rate", "50", "--seconds", "0.4")
    assert (good.returncode, good.stderr) == (0, "")
    assert re.match(r"20 sent in 0\.\d s\n", good.stdout)
    assert run("--url", f"http://127.0.0.1:{free_port()}", "--rate", "9", "--seconds", "0.4").returncode == 1
    for wrong in (("--rate", "0"), ("--url", "example.com")):
        bad = run(*wrong)
        assert bad.returncode == 2
        assert f"{wrong[0]} is" in bad.stderr
        assert "expected" in bad.stderr
