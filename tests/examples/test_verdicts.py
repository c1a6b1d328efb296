"""Two engines' verdicts on canned sequences: what is alike passes, and each way to differ is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from alerts.model import Engine
from examples.demo.grafana_drills import Verdict
from examples.demo.grafana_report import verdicts_table
from examples.demo.verdicts import OWN_LABELS, TOLERANCE, Book

DOWN = {"alertname": "ApiDown", "job": "api"}
SLOW = {"alertname": "ApiSlow", "handler": "/a"}
OTHER = {**SLOW, "handler": "/b"}
Spell = tuple[dict[str, str], float, float]
Times = list[Spell]


def book(prometheus: Times, grafana: Times, waiting: Sequence[Spell] = ()) -> Book:
    """What looks once a second write down of alerts that fire from one time until before another.

    Those that wait do so in Prometheus.
    """
    found = Book(frozenset({"ApiDown", "ApiSlow"}))
    engines: dict[Engine, Times] = {"prometheus": prometheus, "grafana": grafana}
    for now in range(301):
        for engine, times in engines.items():
            waits = waiting if engine == "prometheus" else ()
            found.note(engine, now, *(at(now, each) for each in (times, waits)))
    return found


def at(now: int, times: Iterable[Spell]) -> list[dict[str, str]]:
    return [labels for labels, start, end in times if start <= now < end]


LATE = TOLERANCE + 1


@pytest.mark.parametrize(
    "grafana",
    [
        [(DOWN, 100, 200)],
        [(DOWN, 100 + TOLERANCE, 200 + TOLERANCE)],
        [(DOWN, 90, 190)],
        [(DOWN, 100, 140), (DOWN, 150, 200)],
        [(DOWN, 100, 200), (SLOW, 50, 50 + TOLERANCE)],
        [({**DOWN, "grafana_folder": "backend"}, 100, 200)],
        [(DOWN, 100, 200), ({"alertname": "OfGrafanaAlone"}, 0, 300)],
    ],
)
def test_what_is_alike_but_for_the_clock_is_no_difference(grafana: Times) -> None:
    assert "grafana_folder" in OWN_LABELS
    assert book([(DOWN, 100, 200)], grafana).differences(300) == []


@pytest.mark.parametrize(
    ("grafana", "told"),
    [
        ([], ['ApiDown{job="api"} fired for 100 s by prometheus alone']),
        ([(DOWN, 100 + LATE, 200)], [f"fired for {LATE:.0f} s by prometheus alone"]),
        ([(DOWN, 100, 200 - LATE)], [f"fired for {LATE:.0f} s by prometheus alone"]),
        ([(DOWN, 100 - LATE, 200)], [f"fired for {LATE:.0f} s by grafana alone"]),
        ([(DOWN, 100, 200 + LATE)], [f"fired for {LATE:.0f} s by grafana alone"]),
        ([(DOWN, 100, 130), (DOWN, 170, 200)], ["fired for 40 s by prometheus alone"]),
        ([(DOWN, 100, 200), (SLOW, 250, 301)], ['ApiSlow{handler="/a"} fired for 50 s by grafana alone']),
        ([({**DOWN, "job": "other"}, 100, 200)], ['job="api"', 'job="other"']),
    ],
)
def test_each_way_to_differ_is_told(grafana: Times, told: list[str]) -> None:
    found = book([(DOWN, 100, 200)], grafana).differences(300)
    assert len(found) == len(told)
    for line, words in zip(found, told, strict=True):
        assert words in line
        assert line.endswith(f"tolerated: {TOLERANCE:g}")


def test_who_looks_often_may_see_it_begin_anew_while_the_other_says_that_it_fires() -> None:
    swings: Times = [(DOWN, start, start + 9) for start in range(100, 200, 10)]
    assert book([(DOWN, 50, 100)], [(DOWN, 50, 200)], swings).differences(300) == []
    quiet: Times = [(DOWN, 150, 200)]
    (told,) = book([(DOWN, 50, 100)], [(DOWN, 50, 200)], quiet).differences(300)
    assert "fired for 50 s by grafana alone" in told


def test_the_same_alert_of_another_thing_is_another_verdict() -> None:
    found = book([(SLOW, 100, 200), (OTHER, 100, 200)], [(SLOW, 100, 200)])
    assert found.label_sets("ApiSlow") == 2
    assert [line.partition(" ")[0] for line in found.differences(300, name="ApiSlow")] == [
        'ApiSlow{handler="/b"}'
    ]
    assert found.differences(300, name="ApiDown") == []


def test_it_says_when_an_alert_fired_first_after_a_time() -> None:
    found = book([(DOWN, 20, 40), (DOWN, 100, 200)], [(DOWN, 110, 200)])
    assert found.fired("prometheus", "ApiDown", 50) == 100
    assert found.fired("grafana", "ApiDown", 50) == 110
    assert found.fired("grafana", "ApiSlow", 50) is None


def test_the_table_has_a_row_for_each_verdict_and_says_what_is_wrong() -> None:
    alike = Verdict(
        alert="ApiDown",
        drill="stop-api",
        fired={"prometheus": 5.4, "grafana": 12.0},
        delivered={"prometheus": 7.0, "grafana": 14.2},
        things=1,
        apart=6.6,
        problems=[],
    )
    never = Verdict(
        alert="ApiSlow",
        drill="slow",
        fired={"prometheus": 5.4, "grafana": None},
        delivered={"prometheus": 7.0, "grafana": None},
        things=2,
        apart=90,
        problems=["Grafana told nothing of a|b"],
    )
    rows = verdicts_table([alike, never])
    assert "| ApiDown | stop-api | 5 s | 12 s | 7 s | 14 s | 1 | 7 s | ok |" in rows
    assert "| ApiSlow | slow | 5 s | - | 7 s | - | 2 | 90 s | WRONG: Grafana told nothing of a/b |" in rows
