"""What several looks saw together, and at which times they look."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from dashboards.prove import Answer, Proof, Span, coming, past, seen
from dashboards.prove.looks import Wanted
from dashboards.stack import STACK

DATA, EMPTY = {"series": 1, "low": 2.0, "high": 3.0}, {}
FIRST, SECOND, *_ = [panel for board in STACK.boards for panel in board.panels if panel.kind == "graph"]
SPANS = [Span(start=0, end=end) for end in (40, 30, 20)]


def answer(values: dict[str, float], **more: object) -> Answer:
    return Answer(**{"ref": "A", "expr": "up", **values, **more})  # type: ignore[arg-type]


def proof(title: str, *answers: Answer, **more: str) -> Proof:
    return Proof(board="small", title=title, answers=answers, **more)  # type: ignore[arg-type]


class Looks:
    """Looks whose answers are known; remembers what each was asked."""

    def __init__(self, *looks: dict[str, Proof]) -> None:
        self.looks = iter(looks)
        self.asked: list[tuple[float, list[str]]] = []

    def __call__(self, span: Span, wanted: Wanted) -> list[Proof]:
        chosen = [panel.title for panel in (FIRST, SECOND) if wanted(panel)]
        self.asked.append((span.end, chosen))
        return [each for title, each in next(self.looks).items() if title in chosen]


def by_title(first: dict[str, float], second: dict[str, float]) -> dict[str, Proof]:
    return {
        panel.title: proof(panel.title, answer(values))
        for panel, values in ((FIRST, first), (SECOND, second))
    }


def test_what_any_look_saw_is_seen_and_only_the_rest_is_looked_at_again() -> None:
    looks = Looks(by_title(DATA, EMPTY), by_title(EMPTY, EMPTY), by_title(EMPTY, DATA))
    found = seen(looks, SPANS)
    assert [(each.title, each.verdict) for each in found] == [(FIRST.title, "data"), (SECOND.title, "data")]
    assert looks.asked == [
        (40, [FIRST.title, SECOND.title]),
        (30, [SECOND.title]),
        (20, [SECOND.title]),
    ]


def test_nothing_is_looked_at_again_once_all_is_well() -> None:
    def times() -> Iterator[Span]:
        yield SPANS[0]
        raise AssertionError

    assert [each.verdict for each in seen(Looks(by_title(DATA, DATA)), times())] == ["data", "data"]


def test_what_no_look_saw_is_told_at_the_end() -> None:
    found = seen(Looks(*3 * [by_title(DATA, EMPTY)]), SPANS)
    assert [each.verdict for each in found] == ["data", "EMPTY"]


@pytest.mark.parametrize(
    ("then", "now", "verdict"),
    [
        (answer(DATA), answer(EMPTY), "data"),
        (answer(EMPTY), answer({"low": 0.0, "high": 0.0}), "ZERO"),
        (answer({"low": 0.0, "high": 0.0}), answer(DATA), "data"),
        # What is no number at times is wrong at all times.
        (answer(DATA, nan=1), answer(DATA), "NaN"),
        (answer(DATA, infinite=1), answer(DATA), "Inf"),
        # What was asked in vain once, or too slowly, may have been asked of a busy server.
        (answer(EMPTY, error="timeout"), answer(DATA), "data"),
        (answer(DATA, seconds=9.0), answer(DATA, seconds=1.0), "data"),
        (answer(DATA, pretends=True, dark="redis does not answer"), answer(EMPTY), "data"),
        (answer(DATA, dark="redis does not answer"), answer(DATA, pretends=True, dark="no"), "PRETENDS"),
    ],
)
def test_two_looks_are_judged_as_one(then: Answer, now: Answer, verdict: str) -> None:
    merged = proof(FIRST.title, now, slow=2.0).with_range_of(proof(FIRST.title, then, slow=2.0))
    assert merged.verdict == verdict


def test_a_query_that_only_one_look_asked_is_kept() -> None:
    every, one = answer(DATA), answer(EMPTY, choice="one")
    for now, then in (((every,), (every, one)), ((every, one), (every,))):
        merged = proof(FIRST.title, *now).with_range_of(proof(FIRST.title, *then))
        assert [each.choice for each in merged.answers] == ["all", "one"]


def test_the_past_is_looked_at_backwards_and_not_beyond_its_beginning() -> None:
    now = time.time()
    spans = list(past(10, start=now - 12, end=now - 9.5, every=3))
    assert [round(now - each.end) for each in spans] == [0, 3, 6, 9]
    assert [round(each.seconds) for each in spans] == [10, 9, 6, 3]
    assert list(past(10, start=now - 2, end=now + 2, every=3)) == []


def test_what_is_coming_is_looked_at_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    def clock() -> float:
        return now

    monkeypatch.setattr(
        "dashboards.prove.looks.time", SimpleNamespace(time=clock, monotonic=clock, sleep=sleep)
    )
    spans = list(coming(10, start=997, within=2.5, every=1))
    assert [(each.start, each.end) for each in spans] == [(997, 1001), (997, 1002), (997, 1003)]
    (whole,) = coming(10, start=0, within=0.5, every=1)
    assert (whole.start, whole.end) == (994, 1004)
