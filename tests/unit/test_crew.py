"""Whatever is given to a crew is done, at once, by no more threads than that needs."""

from __future__ import annotations

import random
import threading
import time

import pytest

from examples.demo.process import wait_until
from exporters.crew import MOST_IDLE, Crew


def threads(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())


def test_what_comes_at_once_is_done_at_once_and_what_comes_later_by_the_same_threads() -> None:
    crew, name = Crew("test.at_once"), "test.at_once"
    for _ in range(3):
        together = threading.Barrier(5)
        for _ in range(4):
            crew.do(lambda together=together: together.wait(5) and None)  # type: ignore[misc]
        together.wait(5)
        wait_until(lambda: crew._idle == 4, "all wait for more")
        assert threads(name) == 4


def test_of_many_threads_few_wait_for_more() -> None:
    crew, name, together = Crew("test.few"), "test.few", threading.Barrier(31)
    for _ in range(30):
        crew.do(lambda: together.wait(5) and None)  # type: ignore[arg-type]
    assert threads(name) == 30
    together.wait(5)
    wait_until(lambda: threads(name) == MOST_IDLE, "the others end")


def test_a_disbanded_crew_keeps_nobody_and_still_does_what_it_is_given() -> None:
    crew, name, together = Crew("test.disbanded"), "test.disbanded", threading.Barrier(4)
    for _ in range(3):
        crew.do(lambda: together.wait(5) and None)  # type: ignore[arg-type]
    together.wait(5)
    wait_until(lambda: crew._idle == 3, "all wait for more")
    ready, done = threading.Event(), threading.Event()
    crew.do(lambda: ready.wait(5) and None)  # type: ignore[arg-type]
    crew.disband()
    wait_until(lambda: threads(name) == 1, "who waits ends")
    ready.set()
    crew.do(done.set)
    assert done.wait(5)
    wait_until(lambda: threads(name) == 0, "who was at work ends too")


def test_a_thread_without_work_ends_and_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporters.crew.KEPT_SECONDS", 0.001)
    crew, done, chance = Crew("test.ends"), list[int](), random.Random(1)  # noqa: S311  no secret
    for number in range(500):
        crew.do(lambda number=number: done.append(number))  # type: ignore[misc]
        time.sleep(chance.uniform(0.0008, 0.0014))  # about when it gives up
    wait_until(lambda: len(done) == 500, "all is done")
    wait_until(lambda: threads("test.ends") == 0, "they end")
    assert sorted(done) == list(range(500))
