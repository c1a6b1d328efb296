"""A scraper with little time: what it is told, and what it does to the others."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from examples.demo.databases import Postgres
from examples.demo.process import wait_until
from exporters.catalogue import postgres as catalogue
from exporters.catalogue import self_
from exporters.collectors.backoff import PAUSE_SHARE
from exporters.collectors.base import Family
from exporters.collectors.postgres import PostgresBackend
from exporters.collectors.postgres.run import Run
from exporters.scrape import Scraper, seconds_for
from exporters.server import Server
from tests.servers.exporter_support import Samples, parse, samples
from tests.servers.failure_support import NAMES, assert_down, assert_well, failing, locked
from tests.servers.postgres_support import LOG, admin, collect, frozen, sessions


@pytest.fixture
def scraper(backend: PostgresBackend) -> Scraper:
    """Pages of a PostgreSQL to which a session is open."""
    assert_well(collect(backend))
    return Scraper([backend], LOG)


def scrape(scraper: Scraper, limit: str = "10") -> Samples:
    """The page for a scraper with this time limit, in seconds."""
    return parse(scraper.page(seconds_for(limit)).decode())


@contextmanager
def hasty(scraper: Scraper) -> Iterator[list[bytes]]:
    """A client that has no time asks again and again; gives its pages."""
    pages: list[bytes] = []
    end = threading.Event()

    def ask() -> None:
        while not end.wait(0.02):
            pages.append(scraper.page(seconds_for("0.001")))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield pages
    finally:
        end.set()
        thread.join()


def test_one_scrapers_short_limit_makes_no_server_down_for_another(
    server: Postgres, scraper: Scraper
) -> None:
    (session,) = sessions(server)
    with ThreadPoolExecutor(2) as pool:
        with frozen(server):
            short = pool.submit(scrape, scraper, "1")
            time.sleep(0.1)
            long = pool.submit(scrape, scraper, "10")
            time.sleep(0.7)
        assert_down(short.result())
        assert_well(long.result())
    assert [pid for pid, _ in sessions(server)] == [session[0]]


def test_a_client_without_time_disturbs_nobody(server: Postgres, scraper: Scraper) -> None:
    with hasty(scraper) as its_own:
        pages = [scrape(scraper) for _ in range(20)]
        wait_until(lambda: len(its_own) > 20, "pages of the client without time")
    assert {page.of(catalogue.UP) for page in pages} == {1}
    assert {page.of(self_.CONNECTS, backend="postgres", result="ok") for page in pages} == {1}
    assert len(sessions(server)) == 1


def test_a_short_limit_costs_the_answers_that_are_late_and_no_other(
    server: Postgres, scraper: Scraper
) -> None:
    with locked(server, "jobs"):  # for which the exporter waits 0.5 s
        page = scrape(scraper, "1")
        again = scrape(scraper, "1")
    assert page.of(catalogue.UP) == again.of(catalogue.UP) == 1
    assert "postgres.expected_indexes" in failing(page)
    assert not failing(page) & {"postgres.server", "postgres.settings", "postgres.activity", "postgres.locks"}
    assert catalogue.ACTIVITY.name in page.names()
    assert_well(scrape(scraper))


def test_what_was_answered_before_is_no_answer_to_a_scraper_without_time(
    server: Postgres, scraper: Scraper
) -> None:
    assert_well(scrape(scraper))
    with frozen(server):
        assert_down(scrape(scraper, "1"))
        assert scrape(scraper, "0.001").of(catalogue.UP) == 0


def test_a_collection_that_has_just_ended_is_no_server_that_is_down(
    backend: PostgresBackend, scraper: Scraper, monkeypatch: pytest.MonkeyPatch
) -> None:
    families, handed = backend._families, threading.Event()

    def at_its_end() -> list[Family]:
        found = families()
        if threading.current_thread() is not threading.main_thread():
            handed.wait(5)  # nobody has this yet, and nothing more is asked
        return found

    monkeypatch.setattr(backend, "_families", at_its_end)
    page = scrape(scraper, "1.5")
    handed.set()
    assert_well(page)


def test_nothing_is_known_of_a_collection_that_has_not_begun_or_of_one_before_it(
    server: Postgres, backend: PostgresBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_well(collect(backend))
    now = time.monotonic()
    assert samples(backend.so_far(now)) == {(catalogue.UP.name, frozenset()): 0}

    ask, known = backend._due, list[Samples]()

    def due() -> list[Run]:
        known.append(samples(backend.so_far(now)))
        return ask()

    monkeypatch.setattr(backend, "_due", due)
    with admin(server) as session:
        session.execute("SELECT pg_terminate_backend(%s, 5000)", [sessions(server)[0][0]])
    assert_well(collect(backend))
    of_a_new_session = known[-1]  # when it has said who it is, and nothing else
    assert of_a_new_session.of(catalogue.UP) == 1
    assert catalogue.START_TIME.name in of_a_new_session.names()
    assert catalogue.ACTIVITY.name not in of_a_new_session.names()
    # Of texts nothing is asked here, which does not fail.
    of_texts = {"postgres.statement_texts", "postgres.index_candidates"}
    assert failing(of_a_new_session) == NAMES - {"postgres.server"} - of_texts


def test_scrapers_that_hang_up_during_a_lock_leave_one_session_however_many_they_are(
    server: Postgres, scraper: Scraper
) -> None:
    web = Server("127.0.0.1", 0, {"/metrics": scraper.page}, "test", LOG)
    web.start()
    host, port = web.address.split(":")
    seen = set[int]()
    began = time.monotonic()
    try:
        with locked(server, "jobs"):
            for _ in range(20):
                with socket.create_connection((host, int(port)), timeout=5) as client:
                    client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
                    seen.add(len(sessions(server)))
            page = scrape(scraper)
            seen.add(len(sessions(server)))
        assert page.of(catalogue.UP) == 1
        assert failing(page) == {"postgres.expected_indexes"}
        assert page.of(self_.CONNECTS, backend="postgres", result="ok") == 1
        assert seen == {1}
        # What failed again and again is left alone for half the time of that, the longer the busier we are.
        rests = PAUSE_SHARE * (time.monotonic() - began)
        wait_until(lambda: not failing(scrape(scraper)), "an end of the rest", timeout=rests + 2)
        assert_well(scrape(scraper))
    finally:
        web.stop(1)
