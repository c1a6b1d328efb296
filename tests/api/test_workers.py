"""Four workers of real servers add up, whatever becomes of each of them."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from examples.demo.process import wait_until
from tests.api.servers import COMMANDS, WORKERS, Served, kill, serve

REQUESTS = 120
CLIENTS = 8
KILLS = 3


@pytest.mark.parametrize("kind", COMMANDS)
def test_totals_are_exact_and_gauges_live_through_the_death_of_workers(
    kind: str, database: str, tmp_path: Path
) -> None:
    with serve(kind, database, tmp_path) as served:
        sent = served.load("/query", REQUESTS)
        assert sent == REQUESTS
        measured(served, sent)
        seen = [sent]
        for victim in sorted(served.pids())[:2]:
            kill(victim)
            wait_until(
                lambda: len(served.pids() - {victim}) == WORKERS,  # noqa: B023
                "another takes its place",
                timeout=60,
            )
            served.wait_for("obs_api_workers", WORKERS)
            sent += served.load("/query", REQUESTS)
            measured(served, sent)
            served.wait_for("http_requests_total", sent, method="GET", handler="/query", status="200")
            seen.append(sent)
        page = served.samples()

        assert seen == [REQUESTS, 2 * REQUESTS, 3 * REQUESTS]
        assert page.get("db_queries_per_request_sum", handler="/query") == 2 * sent
        assert page.get("db_query_duration_seconds_count", operation="select") == 2 * sent
        assert page.get("db_client_connection_use_time_seconds_count", pool="default") == sent
        assert page.get("http_request_duration_seconds_count", method="GET", handler="/query") == sent
        assert page.get("http_requests_in_progress") == 0
        assert page.get("db_client_connection_max", pool="default") == WORKERS * 3
        assert page.get("db_client_connection_count", pool="default", state="used") == 0
        assert page.get("obs_api_workers_configured") == WORKERS
        assert page.get("obs_api_info", version="1.0") == 1
        assert page.get("obs_instrumentation_errors_total", site="request") == 0
        # Two dead workers left no file behind; a preloading master has a slot of its own.
        slots = {name.rpartition("_")[2] for name in served.files()}
        assert len(slots) == WORKERS + ("preloading" in kind)


def measured(served: Served, requests: int) -> None:
    """Until the last thing that a request leaves is there, which is a moment after its answer."""
    served.wait_for("db_queries_per_request_sum", 2 * requests, handler="/query")


def test_a_worker_killed_under_load_costs_no_count(database: str, tmp_path: Path) -> None:
    answered: list[int] = []
    lost: list[str] = []
    stop = threading.Event()

    with serve("uvicorn", database, tmp_path) as served:

        def client() -> None:
            while not stop.is_set():
                try:
                    answered.append(served.ask("/query")[0])
                except (OSError, http.client.HTTPException) as error:
                    lost.append(repr(error))

        def counted() -> float:
            return served.samples().total("http_requests_total", handler="/query")

        seen = []
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [pool.submit(client) for _ in range(CLIENTS)]
            try:
                for _ in range(KILLS):
                    reached = len(answered) + 40
                    wait_until(lambda: len(answered) >= reached, "requests are answered")  # noqa: B023
                    kill(min(served.pids()))
                    # Whatever a client has by now was counted before it got it.
                    known = len(answered)
                    seen.append(counted())
                    assert seen[-1] >= known
                    served.wait_for("obs_api_workers", WORKERS)
            finally:
                stop.set()
            for each in clients:
                each.result()
        served.wait_for("http_requests_in_progress", 0)
        seen.append(counted())

    assert seen == sorted(seen), "a total shrank"
    assert set(answered) == {200}
    assert len(answered) <= seen[-1] <= len(answered) + len(lost), (
        "only what was in flight may be counted too"
    )
    assert len(lost) <= CLIENTS * KILLS


def test_what_a_killed_worker_was_doing_is_no_longer_in_progress(database: str, tmp_path: Path) -> None:
    with serve("uvicorn", database, tmp_path) as served:
        first = served.samples().get("obs_api_start_time_seconds")
        hanging = [threading.Thread(target=_ask_in_vain, args=(served, f"/hang/{name}")) for name in "ab"]
        for thread in hanging:
            thread.start()
        wait_until(lambda: all((tmp_path / name).exists() for name in "ab"), "both requests hang")
        served.wait_for("http_requests_in_progress", 2)
        hung = {int((tmp_path / name).read_text()) for name in "ab"}
        assert served.samples().get("obs_api_worker_requests_in_progress") == 3 - len(hung)
        for pid in hung:
            kill(pid)
        for thread in hanging:
            thread.join()
        served.wait_for("http_requests_in_progress", 0)
        served.wait_for("obs_api_worker_requests_in_progress", 0)
        served.wait_for("obs_api_workers", WORKERS)
        last = served.samples().get("obs_api_start_time_seconds")
        assert first is not None
        assert last is not None
        assert first < last, "the youngest worker is a new one"

        # Each worker computes its value once; the rest are hits.
        assert served.load("/cached", 40) == 40
        page = served.samples()
        misses = page.get("cache_requests_total", prefix="answers", result="miss")
        hits = page.get("cache_requests_total", prefix="answers", result="hit")
        assert misses is not None
        assert hits is not None
        assert 1 <= misses <= WORKERS
        assert hits + misses == 40

        # The page needs no worker: not while all are frozen, and not when all are dead.
        workers = served.pids()
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        assert served.samples().get("obs_api_workers") == WORKERS
        served.server.signal_group(signal.SIGKILL)
        wait_until(lambda: served.samples().get("obs_api_workers") == 0, "no worker is left")
        assert time.monotonic() - began < 5
        assert served.samples().total("http_requests_total", handler="/cached") == 40


def _ask_in_vain(served: Served, path: str) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        served.ask(path)


@pytest.mark.parametrize("kind", ["uvicorn", "gunicorn with uvicorn's worker"])
def test_several_workers_without_a_directory_are_refused(kind: str, database: str, tmp_path: Path) -> None:
    with serve(kind, database, tmp_path, shared=False) as served:
        wait_until(lambda: "the server runs 4 workers" in served.server.log.read_text(), served.server.tail())
        assert "set PROMETHEUS_MULTIPROC_DIR to a local directory" in served.server.log.read_text()
