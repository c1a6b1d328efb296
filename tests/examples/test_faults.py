"""Each fault breaks what it says, at the server or in the application, and heals without a trace."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import fields
from pathlib import Path

import psycopg
import pytest
import requests

from dashboards.stack import STACK
from examples.demo.chain import Ports
from examples.demo.process import ROOT, wait_until
from examples.demo.servers import Api
from examples.faults import FAULTS, Fault, FaultError, Targets, injected, make
from examples.faults.process import family, spawned
from exporters.api.page import ApiPage
from tests.examples.conftest import count, statuses


def test_panels_are_about_the_faults_that_are_here() -> None:
    stopped = {name.removeprefix("stop-") for name in STACK.faults if name.startswith("stop-")}
    assert set(STACK.faults) == {*FAULTS, *(f"stop-{server}" for server in stopped)} - {"stop-server"}
    assert stopped == {field.name for field in fields(Ports)} - {"webhook", "grafana_webhook"}


def seconds(api: Api, path: str) -> float:
    began = time.perf_counter()
    requests.get(api.url + path, timeout=10).raise_for_status()
    return time.perf_counter() - began


def test_a_slow_endpoint_is_slow_in_every_worker_and_alone(fixed: Api, targets: Targets) -> None:
    path = "/api/requests?status=pending"
    with injected(make("slow-endpoint", targets, handler="/api/requests", delay=0.3)):
        wait_until(lambda: min(seconds(fixed, path) for _ in range(5)) >= 0.3, "both workers slow")
        assert seconds(fixed, "/api/factories/F001/config") < 0.3
    wait_until(lambda: max(seconds(fixed, path) for _ in range(8)) < 0.3, "both workers fast again")


def test_a_slow_statement_is_slow_in_postgresql(
    fixed: Api, targets: Targets, database: psycopg.Connection
) -> None:
    sleeps = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query ~ 'pg_sleep'"
    before = count(database, sleeps)
    with injected(make("slow-endpoint", targets, handler="/api/requests", delay=0.2, at="database")):
        wait_until(lambda: seconds(fixed, "/api/requests") >= 0.2, "slow")
    assert count(database, sleeps) > before


def test_errors_are_500s_on_one_route_in_every_worker(fixed: Api, targets: Targets) -> None:
    with injected(make("errors", targets, handler="/api/employees/{employee_id}")):
        wait_until(lambda: statuses(fixed, "/api/employees/1") == {500}, "both workers failing")
        assert statuses(fixed, "/api/factories/F001/config") == {200}
    wait_until(lambda: statuses(fixed, "/api/employees/1") == {200}, "both workers healed")


def test_nplusone_asks_the_same_again_and_again(
    fixed: Api, targets: Targets, database: psycopg.Connection
) -> None:
    asked = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE query ~ '^SELECT full_name FROM'"

    def ask() -> bool:
        before = count(database, asked)
        requests.get(f"{fixed.url}/api/factories", timeout=10).raise_for_status()
        return count(database, asked) - before == 7

    with injected(make("nplusone", targets, handler="/api/factories", queries=7)):
        wait_until(ask, "7 more statements")


def test_two_faults_of_the_application_heal_one_by_one(fixed: Api, targets: Targets) -> None:
    first = make("errors", targets, handler="/api/requests")
    second = make("nplusone", targets)
    with injected(second):
        with injected(first):
            wait_until(lambda: statuses(fixed, "/api/requests") == {500}, "failing")
        wait_until(lambda: statuses(fixed, "/api/requests") == {200}, "healed")
        assert "nplusone" in Path(targets.fault_file).read_text()


def test_a_blocked_loop_holds_up_other_routes(fixed: Api, targets: Targets) -> None:
    """Two workers: enough calls at once that each of them is blocked."""

    def slowest() -> float:
        with ThreadPoolExecutor(12) as pool:
            blockers = [pool.submit(requests.get, f"{fixed.url}/api/requests", timeout=20) for _ in range(6)]
            others = [pool.submit(seconds, fixed, "/health") for _ in range(6)]
            wait([*blockers, *others])
        return max(each.result() for each in others)

    assert slowest() < 1.5
    with injected(make("block-loop", targets, handler="/api/requests", delay=1.5)):
        wait_until(lambda: slowest() > 1.5, "a route that does nothing has to wait")


def test_clients_that_never_end_their_request_keep_it_in_progress(fixed: Api, targets: Targets) -> None:
    folder = Path(fixed.env["PROMETHEUS_MULTIPROC_DIR"])

    def in_progress() -> float:
        page = ApiPage(folder).render().decode()
        return sum(float(value) for value in re.findall(r"^http_requests_in_progress\S* (\S+)", page, re.M))

    with injected(make("slow-clients", targets, connections=30)):
        wait_until(lambda: in_progress() >= 30, "in progress")
    wait_until(lambda: in_progress() < 5, "gone")


def test_a_large_answer_is_large_on_the_wire(fixed: Api, targets: Targets) -> None:
    def size() -> int:
        answer = requests.get(f"{fixed.url}/api/factories", timeout=10, stream=True)
        assert answer.headers["Content-Encoding"] == "gzip"
        return len(answer.raw.read(decode_content=False))

    before = max(size() for _ in range(6))
    with injected(make("large-response", targets, size=1_000_000)):
        wait_until(lambda: min(size() for _ in range(6)) > 700_000, "both workers")
    wait_until(lambda: max(size() for _ in range(6)) <= before, "as before")


def test_answers_are_no_longer_compressed(fixed: Api, targets: Targets) -> None:
    def encodings() -> set[str]:
        answers = [requests.get(f"{fixed.url}/api/factories", timeout=10) for _ in range(8)]
        return {each.headers.get("Content-Encoding", "identity") for each in answers}

    assert encodings() == {"gzip"}
    with injected(make("lose-compression", targets)):
        wait_until(lambda: encodings() == {"identity"}, "both workers")
    wait_until(lambda: encodings() == {"gzip"}, "both workers again")


def test_pools_are_held_in_turns(targets: Targets, database: psycopg.Connection) -> None:
    held = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'backend' AND state = 'idle in transaction'"
    )
    with injected(make("hold-connections", targets, connections=4, on_seconds=0.6, off_seconds=0.6)):
        for _ in range(2):
            wait_until(lambda: count(database, held) == 8, "held")
            wait_until(lambda: count(database, held) == 0, "let go")


def test_held_pools_let_requests_time_out(fixed: Api, targets: Targets, database: psycopg.Connection) -> None:
    """Two workers of 2 + 2 connections each."""
    leaked = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'backend' AND state = 'idle in transaction'"
    )
    with injected(make("hold-connections", targets, connections=4)):
        wait_until(lambda: count(database, leaked) == 8, "8 connections held")
        assert statuses(fixed, "/api/requests", times=2) == {500}
    wait_until(lambda: count(database, leaked) == 0, "connections given back")
    assert statuses(fixed, "/api/requests") == {200}


def frozen(pid: int) -> set[str]:
    return {Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[0] for each in family(pid)}


@pytest.mark.parametrize("server", ["api", "postgres", "redis"])
def test_a_stopped_server_stands_still_with_all_its_children(targets: Targets, server: str) -> None:
    pid = targets.processes[server]
    assert "T" not in frozen(pid)
    with injected(make(f"stop-{server}", targets)):
        wait_until(lambda: frozen(pid) == {"T"}, "every process stopped")
    assert "T" not in frozen(pid)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("stop-world", "no server 'world'; expected one of api, postgres, redis"),
        ("flood", "no fault 'flood'"),
    ],
)
def test_an_unknown_fault_or_server_is_named(targets: Targets, name: str, message: str) -> None:
    with pytest.raises(FaultError, match=message):
        make(name, targets)


def test_a_fault_heals_though_the_drill_fails() -> None:
    class Recorded:
        calls: list[str]

        def __init__(self) -> None:
            self.calls = []

        def inject(self) -> None:
            self.calls.append("inject")

        def heal(self) -> None:
            self.calls.append("heal")

    fault: Fault = (recorded := Recorded())
    with pytest.raises(ZeroDivisionError), injected(fault):
        print(1 / 0)
    assert recorded.calls == ["inject", "heal"]


def run(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "examples.faults", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, None])
def test_the_command_injects_and_heals_at_the_end_of_its_time_or_at_a_signal(
    fixed: Api, targets: Targets, tmp_path: Path, end: signal.Signals | None
) -> None:
    chain = tmp_path / "chain.json"
    targets.save(chain)
    assert chain.stat().st_mode & 0o077 == 0
    limit = () if end else ("--seconds", "0.5")
    process = run("errors", "--chain", str(chain), "--handler", "/api/requests", *limit)
    assert process.stdout
    assert "errors is on" in process.stdout.readline()
    assert '"errors": {"handler": "/api/requests"}' in Path(targets.fault_file).read_text()
    if end:
        process.send_signal(end)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "errors is healed\n", "")
    assert "errors" not in Path(targets.fault_file).read_text()


@pytest.mark.parametrize("content", [None, "{]", '{"unknown": 1}'])
def test_the_command_says_what_is_wrong_with_its_file(tmp_path: Path, content: str | None) -> None:
    chain = tmp_path / "chain.json"
    if content is not None:
        chain.write_text(content)
    out, err = (process := run("errors", "--chain", str(chain))).communicate(timeout=10)
    assert (process.returncode, out) == (2, "")
    assert err.startswith(f"error: {chain}: ")
    assert "examples.demo --stay" in err


def test_a_lost_worker_is_replaced_when_its_parent_goes_on(targets: Targets, fixed: Api) -> None:
    def workers() -> int:
        return sum(spawned(pid) for pid in family(targets.processes["api"]))

    before = workers()
    with injected(make("lose-worker", targets)):
        wait_until(lambda: workers() == before - 1, "a worker is gone")
        assert requests.get(f"{fixed.url}/health", timeout=10).status_code == 200
    wait_until(lambda: workers() == before, "it is replaced")
