"""A backend that breaks its promises costs its own metrics, and only for as long as it does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from examples.demo.process import wait_until
from exporters import scrape
from exporters.catalogue import redis as catalogue
from exporters.collectors.base import Family
from exporters.scrape import WRITING_SECONDS, Scraper

LOG = logging.getLogger("test")
# For what is there at once on a machine that has time, and for what is never there.
SECONDS, SHORT = 20.0, 0.2
UP, DOWN = b"\nredis_up 1\n", b"\nredis_up 0\n"


def up(_deadline: float) -> list[Family]:
    return [Family(catalogue.UP, [()], [1])]


class Scripted:
    """A backend that does what `act` says."""

    name = "redis"

    def __init__(self, act: Callable[[float], list[Family]]) -> None:
        self.act = act
        self.calls = 0

    def collect(self, deadline: float) -> list[Family]:
        self.calls += 1
        return self.act(deadline)

    def close(self) -> None:
        """Nothing is open."""


def test_a_backend_that_raises_is_down_and_asked_again_in_the_next_scrape(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_deadline: float) -> list[Family]:
        raise RuntimeError("broken")

    backend = Scripted(fail)
    scraper = Scraper([backend], LOG)

    first = scraper.page(SECONDS)
    backend.act = up
    second = scraper.page(SECONDS)

    assert DOWN in first
    assert UP in second
    assert "collect() raised" in caplog.text
    assert b"broken" not in first


def test_a_backend_that_is_stuck_is_down_in_time_and_not_asked_twice_at_once() -> None:
    release = threading.Event()

    def stuck(deadline: float) -> list[Family]:
        assert release.wait(60)
        return up(deadline)

    backend = Scripted(stuck)
    scraper = Scraper([backend], LOG)

    started = time.monotonic()
    pages = [scraper.page(SHORT), scraper.page(SHORT)]
    assert time.monotonic() - started < 20, "it was waited for"
    assert backend.calls == 1
    assert all(DOWN in page for page in pages)

    release.set()
    assert UP in scraper.page(SECONDS)
    assert UP in scraper.page(SECONDS)


def test_dropped_series_add_up_from_page_to_page() -> None:
    twice = Scripted(lambda _deadline: [Family(catalogue.UP, [(), ()], [1, 1])])
    scraper = Scraper([twice], LOG)

    assert b'dropped_series_total{reason="duplicate"} 1\n' in scraper.page(SECONDS)
    assert b'dropped_series_total{reason="duplicate"} 2\n' in scraper.page(SECONDS)


def test_a_scrape_with_a_short_limit_ends_no_collection_that_others_wait_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scrape, "ANSWER_SECONDS", 60.0)
    given, release = list[float](), threading.Event()

    def slow(deadline: float) -> list[Family]:
        given.append(deadline - time.monotonic())
        assert release.wait(60)
        return up(deadline)

    scraper = Scraper([Scripted(slow)], LOG)

    for hasty in (0.0005, SHORT):
        release.clear()
        assert DOWN in scraper.page(hasty)
        before = time.monotonic()
        release.set()
        assert UP in scraper.page(SECONDS, before)
    assert all(seconds > 30 for seconds in given)
    assert len(given) == 2


class Answering(Scripted):
    """One whose first answer is there before the rest."""

    found: Callable[[Sequence[Family]], None]

    def so_far(self, _since: float) -> list[Family]:
        return [Family(catalogue.UP, [()], [1]), Family(catalogue.HITS, [()], [7])]


def test_a_scraper_that_cannot_wait_for_all_answers_gets_those_that_are_there() -> None:
    release = threading.Event()

    def stuck(deadline: float) -> list[Family]:
        assert release.wait(60)
        return up(deadline)

    backend = Answering(stuck)
    backend.found = lambda _: None
    scraper = Scraper([backend], LOG)

    page = scraper.page(SHORT)
    release.set()

    assert UP in page
    assert b"\nredis_keyspace_hits_total 7\n" in page
    assert b"redis_keyspace_hits_total" not in scraper.page(SECONDS)


def test_what_an_answer_holds_is_written_while_the_next_is_waited_for() -> None:
    labels = Gate(())
    labels.opened.set()
    family = Family(catalogue.HITS, labels, [8])

    def collect(deadline: float) -> list[Family]:
        backend.found([family])
        assert labels.reached.is_set()
        labels.opened.clear()  # whoever writes it again stands still
        return [*up(deadline), family]

    backend = Answering(collect)
    backend.found = lambda _: None
    scraper = Scraper([backend], LOG)

    assert b"\nredis_keyspace_hits_total 8\n" in scraper.page(SECONDS)
    labels.opened.set()


class Gate(list[Any]):
    """Labels that can be read when the gate is open: until then the page is being written."""

    def __init__(self, *rows: tuple[str, ...]) -> None:
        super().__init__(rows)
        self.reached, self.opened = threading.Event(), threading.Event()

    def __iter__(self) -> Iterator[Any]:
        self.reached.set()
        assert self.opened.wait(60)
        return super().__iter__()


def test_ten_scrapers_get_one_page_of_one_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    labels, release, joined = Gate(()), threading.Event(), threading.Semaphore(0)
    landed = scrape._Flight.landed

    def counted(flight: Any, deadline: float) -> bool:
        joined.release()
        return landed(flight, deadline)

    monkeypatch.setattr(scrape._Flight, "landed", counted)
    monkeypatch.setattr(scrape, "WRITING_SECONDS", 60.0)

    def collect(_deadline: float) -> list[Family]:
        assert release.wait(60)
        return [Family(catalogue.UP, labels, [1])]

    backend = Scripted(collect)
    scraper = Scraper([backend], LOG)
    with ThreadPoolExecutor(10) as pool:

        def ask() -> list[Future[bytes]]:
            asked = [pool.submit(scraper.page, SECONDS) for _ in range(5)]
            assert all(joined.acquire(timeout=60) for _ in asked)
            return asked

        early = ask()
        release.set()
        assert labels.reached.wait(60)  # somebody writes it
        late = ask()
        labels.opened.set()
        pages = [one.result() for one in early + late]

    assert UP in pages[0]
    assert all(page is pages[0] for page in pages)
    assert backend.calls == 1
    assert scraper.page(SECONDS) is not pages[0]
    assert backend.calls == 2


def test_who_asked_before_a_collection_landed_shares_it_however_late_his_turn_comes() -> None:
    backend = Scripted(lambda _: [Family(catalogue.UP, [()], [1])])
    scraper = Scraper([backend], LOG)
    began = time.monotonic()
    page = scraper.page(SECONDS, began)
    time.sleep(2 * WRITING_SECONDS)
    assert scraper.page(SECONDS, began) is page
    assert backend.calls == 1
    assert scraper.page(SECONDS, time.monotonic()) is not page
    assert backend.calls == 2


def test_a_collection_for_which_nobody_waited_is_not_the_next_scrapes_own() -> None:
    release = threading.Event()

    def late(_deadline: float) -> list[Family]:
        assert release.wait(60)
        return [Family(catalogue.UP, [()], [1])]

    backend = Scripted(late)
    scraper = Scraper([backend], LOG)
    assert DOWN in scraper.page(0.05)
    current = scraper._flights[0]._current
    release.set()
    assert current
    wait_until(current._done.is_set, "it has landed")
    time.sleep(2 * WRITING_SECONDS)

    assert UP in scraper.page(SECONDS)
    assert backend.calls == 2
