"""How a panel is asked, and how its answer is judged."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from dashboards.errors import RefusedError
from dashboards.grafana import render_board
from dashboards.prometheus_api import Samples
from dashboards.prove import Answer, Proof, Span, filled, prove, report, variable_values
from dashboards.prove.dark import Dark
from dashboards.prove.states import Brings, Expected, faults, worded
from dashboards.prove.times import resolution, rounded
from dashboards.stack import STACK
from examples.demo.states import FIXED, STATES

HOUR, DAY = 3600.0, 86_400.0


@pytest.mark.parametrize(
    ("seconds", "points", "least", "step", "window"),
    [
        (HOUR, 720, 0, 15, 60),  # finer than a scrape: the scrape
        (HOUR, 720, 240, 240, 255),  # the panel's least interval, in place of it
        (HOUR, 720, 5, 5, 60),  # which may be shorter
        (6 * HOUR, 720, 0, 30, 60),
        (DAY, 720, 0, 120, 135),
        (DAY, 1440, 0, 60, 75),
        (7 * DAY, 360, 0, 1800, 1815),
        (30 * DAY, 240, 0, 10_800, 10_815),
    ],
)
def test_steps_and_windows_are_those_of_grafana(
    seconds: float, points: int, least: float, step: float, window: float
) -> None:
    found = resolution(Span(start=0, end=seconds), points=points, scrape=15, least=least)
    assert (found.step, found.rate_interval) == (step, window)


def test_a_query_may_have_a_step_of_its_own() -> None:
    found = resolution(Span(start=0, end=HOUR), points=1440, scrape=15, query=30)
    assert (found.interval, found.step, found.rate_interval) == (15, 30, 120)
    found = resolution(Span(start=0, end=7 * DAY), points=1440, scrape=15, query=30)
    assert found.step == 300


def test_browser_and_plugin_round_apart_at_a_bound() -> None:
    found = resolution(Span(start=0, end=45 * 720), points=720, scrape=15)
    assert (found.interval, found.step, found.rate_interval) == (60, 60, 75)
    assert (rounded(45), rounded(45, browser=True)) == (30, 60)


def test_no_range_has_more_points_than_prometheus_answers() -> None:
    found = resolution(Span(start=0, end=365 * DAY), points=100_000, scrape=1)
    assert found.span.seconds / found.step <= 11_000


def test_rounding_is_monotone_and_keeps_what_is_round() -> None:
    every = [rounded(seconds / 100) for seconds in range(1, 200_000, 7)]
    assert every == sorted(every)
    assert {rounded(each) for each in every} == set(every)


def test_a_range_is_aligned_to_its_step() -> None:
    assert Span(start=1003, end=1999).aligned(15) == Span(start=990, end=1995)


def test_grafana_s_own_variables_are_filled_whole() -> None:
    values = resolution(Span(start=0, end=HOUR), points=720, scrape=15).values
    text = "$__rate_interval ${__rate_interval} $__range $__range_s $__interval_ms $__range_ms"
    assert filled(text, values) == "1m 1m 3600s 3600 15000 3600000"


class Known:
    """A server that knows some labels, and answers each query with a series, or with none."""

    fills_ranges = False

    def __init__(self, *, silent: bool = False, instances: tuple[str, ...] = ("10.0.0.1:80", "b")) -> None:
        self.silent, self.instances = silent, list(instances)
        self.asked: list[tuple[str, float, float, float]] = []

    def label_values(self, selector: str, label: str, *_: float) -> list[str]:
        if label == "__name__":
            return [selector] if selector == "ALERTS" else []
        return {"job": ["api", "b"], "instance": self.instances}.get(label, ["it's"])

    def answer(self, _: object, expr: str, start: float, end: float, step: float) -> Samples:
        if expr.startswith("max("):  # who is down
            return [({}, [1.0])]
        self.asked.append((expr, start, end, step))
        if "blks_hit" in expr:
            raise RefusedError("too many samples")
        return [] if self.silent else [({}, [1.0])]


API = render_board(next(board for board in STACK.boards if board.uid == "backend-api"), STACK.context)


def test_a_value_that_is_chosen_is_escaped_as_grafana_does() -> None:
    every = variable_values(API, Known(), Span(start=0, end=HOUR))
    assert (every["job"], every["instance"], every["environment"]) == ("api", ".+", "it\\\\'s")
    one = variable_values(API, Known(), Span(start=0, end=HOUR), one=True)
    assert (one["job"], one["instance"]) == ("api", r"10\\.0\\.0\\.1:80")
    other = variable_values(API, Known(instances=("b.c\\d",)), Span(start=0, end=HOUR), one=True)
    assert other["instance"] == r"b\\.c\\\\d"


def test_of_several_values_the_liveliest_is_chosen() -> None:
    class Moving(Known):
        def answer(self, target: Any, expr: str, *more: float) -> Samples:
            super().answer(target, expr, *more)
            found = [({"instance": "a"}, [2.0]), ({"instance": "b"}, [7.0])]
            return found if "by (instance)" in expr else []

    source = Moving(instances=("a", "b", "gone"))
    one = variable_values(API, source, Span(start=0, end=HOUR), one=True)
    assert one["instance"] == "b"
    (asked,) = [expr for expr, *_ in source.asked if "by (instance)" in expr]
    assert asked.startswith("sum by (instance) (changes(obs_api_workers{")
    assert "[1h]) and obs_api_workers{" in asked


def test_a_value_that_is_given_is_chosen() -> None:
    source = Known()
    prove(
        STACK, source, Span(start=0, end=HOUR), whole=True, given={"environment": "prod", "instance": "a.b"}
    )
    asked = " ".join(expr for expr, *_ in source.asked)
    assert 'environment=~"prod"' in asked
    assert "it\\\\'s" in asked, "another variable has its first value"
    assert r'instance=~"a\\.b"' in asked, "of several a regular expression"
    assert 'instance="a.b"' in asked, "of one server itself"
    assert 'instance=~".+"' not in asked


def test_of_single_values_one_must_have_data() -> None:
    class Second(Known):
        def answer(self, *asked: Any) -> Samples:
            return [] if 'instance=~"a"' in asked[1] else super().answer(*asked)

    proofs = prove(STACK, Second(instances=("a", "b")), Span(start=0, end=HOUR), whole=True)
    narrow = [answer for each in proofs for answer in each.answers if answer.choice == "one"]
    assert {answer.state for answer in narrow if answer.ref != "instance"} <= {"data", "error"}
    assert any('instance=~"b"' in answer.expr for answer in narrow)
    proofs = prove(STACK, Second(instances=("a",)), Span(start=0, end=HOUR), whole=True)
    assert "empty" in {answer.state for each in proofs for answer in each.answers if answer.choice == "one"}


def test_everything_is_asked_on_all_and_on_one() -> None:
    source = Known()
    proofs = prove(STACK, source, Span(start=7, end=7 + HOUR), whole=True)

    panels = sum(panel.kind != "text" for board in STACK.all_boards for panel in board.panels)
    assert len(report.panels(proofs)) == panels
    narrowed = [each for each in proofs if each.what == "panel" and "backend-api" in each.board]
    assert {answer.choice for each in narrowed for answer in each.answers} == {"all", "one"}
    assert any('instance=~".+"' in expr for expr, *_ in source.asked)
    assert any(r'instance=~"10\\.0\\.0\\.1:80"' in expr for expr, *_ in source.asked)
    # Of a board without such variables both are one query.
    overview = [each for each in proofs if each.what == "panel" and each.board == "backend-overview"]
    assert {answer.choice for each in overview for answer in each.answers} == {"all"}
    assert [expr for expr, *_ in source.asked if re.search(r"\$\{?[a-z_]", expr)] == []
    # A graph ends at its last whole step, an instant query with the range.
    assert {7 + HOUR, HOUR} <= {end for _, _, end, _ in source.asked}
    assert {each.verdict for each in proofs if each.what == "variable"} == {"data"}
    refused = [each for each in proofs if each.verdict == "error"]
    assert refused
    assert {each.reason for each in refused} == {"too many samples"}


def test_an_annotation_may_be_silent_where_its_metric_is_there() -> None:
    proofs = prove(STACK, Known(silent=True), Span(start=0, end=HOUR), whole=True)
    told = {each.title: each.verdict for each in proofs if each.what == "annotation"}
    assert (told["Alerts"], told["Application started"]) == ("declared", "EMPTY")


def answer(*values: float, **more: object) -> Answer:
    found = Answer(ref="A", expr="x", series=len(values), low=min(values, default=None))
    return replace(found, high=max(values, default=None), **more)


@pytest.mark.parametrize(
    ("answers", "declared", "verdict"),
    [
        ([answer(1)], {}, "data"),
        ([answer(0)], {}, "ZERO"),
        ([answer(0)], {"zero": "none"}, "zero"),
        ([answer(0), answer(1)], {}, "data"),
        ([answer()], {}, "EMPTY"),
        ([answer()], {"zero": "none"}, "EMPTY"),
        ([answer(excuse="none yet")], {}, "declared"),
        ([answer(1), answer()], {}, "EMPTY"),
        ([answer(1), answer(excuse="none yet")], {}, "declared"),
        ([answer(1, excuse="none yet"), answer()], {}, "EMPTY"),  # the other one may be, and is not
        ([answer(excuse="none yet"), answer()], {}, "EMPTY"),
        ([answer(excuse="none yet"), answer(excuse="none now")], {}, "declared"),
        ([answer(1, nan=1)], {"zero": "none"}, "NaN"),
        ([answer(1, nan=1), answer(1, infinite=1)], {}, "Inf"),
        ([answer(excuse="none yet"), answer(error="refused", excuse="none yet")], {}, "error"),
        ([answer(1, seconds=2.0)], {}, "slow"),
        ([answer(0, seconds=2.0)], {"zero": "none"}, "slow"),
        ([answer(1, seconds=0.5)], {}, "data"),
        ([], {}, "EMPTY"),
        ([answer(due="the state fixed", excuse="none yet")], {}, "EMPTY"),
        ([answer(1, due="the state fixed"), answer(excuse="none yet")], {}, "declared"),
        ([answer(1, due="the state fixed")], {}, "data"),
        ([answer(dark="it is down", due="the state fixed")], {}, "blind"),
        ([answer(1), answer(dark="it is down")], {}, "data"),
        ([answer(), answer(dark="it is down")], {}, "EMPTY"),
        ([answer(1, dark="it is down")], {}, "data"),  # of before
        ([answer(0, dark="it is down", pretends=True)], {"zero": "none"}, "PRETENDS"),
        ([answer(1), answer(1, dark="it is down", pretends=True)], {}, "PRETENDS"),
    ],
)
def test_each_answer_is_judged_by_what_is_declared(
    answers: list[Answer], declared: dict[str, str], verdict: str
) -> None:
    proof = Proof(board="b", title="t", answers=tuple(answers), slow=1.0, **declared)
    assert proof.verdict == verdict
    assert proof.well is (verdict in ("data", "zero", "declared", "blind"))
    assert bool(proof.reason) is (verdict not in ("data", "NaN", "Inf"))


def test_what_is_slow_is_asked_again_and_the_faster_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("dashboards.prove.ask.time", SimpleNamespace(perf_counter=lambda: now))

    class Waking(Known):
        def answer(self, *asked: Any) -> Samples:
            nonlocal now
            found = super().answer(*asked)
            now += 0.2 if len(self.asked) == 1 else 0.01
            return found

    source = Waking()
    found, *_ = prove(
        STACK, source, Span(start=0, end=HOUR), wanted=lambda panel: panel.moves == "stop-api", slow=0.1
    )
    assert source.asked[0] == source.asked[1]
    assert source.asked[1] != source.asked[2]
    assert found.answers[0].seconds < 0.1
    assert found.verdict == "data"


def test_a_panel_about_a_fault_that_is_on_has_no_excuse() -> None:
    def excused(*on: str) -> set[str]:
        proofs = prove(STACK, Known(silent=True), Span(start=0, end=HOUR), brings=faults(on))
        return {each.title for each in proofs if each.verdict == "declared"}

    assert excused() - excused("errors") >= {"Firing alerts", "Exceptions by kind"}
    assert not excused("errors") & {
        panel.title for board in STACK.all_boards for panel in board.panels if panel.moves == "errors"
    }


def test_a_reason_excuses_its_query_and_no_other() -> None:
    class Lacking(Known):
        """Of each query that asks one of these metrics nothing is there."""

        def __init__(self, *metrics: str) -> None:
            super().__init__()
            self.metrics = metrics

        def label_values(self, selector: str, label: str, *more: float) -> list[str]:
            if label == "__name__":
                return [] if selector in self.metrics else [selector]
            return super().label_values(selector, label, *more)

        def answer(self, *asked: Any) -> Samples:
            return [] if any(name in asked[1] for name in self.metrics) else super().answer(*asked)

    def judged(*metrics: str) -> dict[str, str]:
        proofs = prove(STACK, Lacking(*metrics), Span(start=0, end=HOUR))
        return {each.title: f"{each.verdict}: {each.reason}".removesuffix(": ") for each in proofs}

    saturation, mix = "Saturation", "Mix of answers"
    slot = "pg_replication_slots_pg_wal_lsn_diff"
    some = judged(slot)
    assert some[saturation] == f"declared: {slot} is missing where there is no slot, or its log is gone"
    # Of a stack that notifies by Grafana nothing of Alertmanager is scraped.
    without = judged("alertmanager_config_last_reload_successful")
    assert without["Alertmanager's configuration"] == "declared: this stack scrapes nothing of alertmanager"
    others = judged(slot, "redis_memory_used_bytes", 'status=~"[23].."', 'status=~"2.."')
    assert re.fullmatch(r"EMPTY: [A-Z]: no reason declared", others[saturation])
    assert others[mix] == "EMPTY: A: no reason declared"


def test_what_looks_back_to_before_anything_was_seen_needs_no_reason() -> None:
    class Young(Known):
        def label_values(self, selector: str, label: str, *more: float) -> list[str]:
            return [selector] if label == "__name__" else super().label_values(selector, label, *more)

        def answer(self, *asked: Any) -> Samples:
            seldom = ":1h]" in asked[1]  # the last full hour was before
            gone = "obs_redis_unmatched_keys" in asked[1]
            return [] if seldom or gone or " offset " in asked[1] else super().answer(*asked)

    proofs = prove(STACK, Young(), Span(start=0, end=HOUR))
    told = {each.title: f"{each.verdict}: {each.reason}" for each in proofs}
    past = "declared: it looks back to a time in which nothing was seen, and has data without"
    assert told["Calls, now and before"] == told["Growth of a pattern"] == past
    little = "declared: yesterday at this time it had too little traffic to compare with"
    assert told["Traffic against other days"] == little
    assert told["Growth of keys of no pattern"] == "EMPTY: no reason declared", "nor has it data now"


def test_who_asks_only_whether_panels_answer_may_let_any_blank_one_pass() -> None:
    proofs = prove(STACK, Known(silent=True), Span(start=0, end=HOUR), brings=worded)
    told = {each.title: each.reason for each in proofs if each.verdict == "declared"}
    assert told["Cache hit ratio by prefix"] == "no function is cached"
    assert worded(next(STACK.boards[0].panels), None) == Expected(excuse="")


def test_a_reason_does_not_hold_where_the_state_brings_the_data() -> None:
    def judged(brings: Brings) -> dict[str, str]:
        proofs = prove(STACK, Known(silent=True), Span(start=0, end=HOUR), brings=brings)
        return {each.title: f"{each.verdict}: {each.reason}" for each in proofs}

    slots, raised = "Log kept for slots", "Exceptions by kind"
    fixed, slot = judged(STATES.brings(FIXED)), judged(STATES.brings(FIXED, ("inactive-slot", "errors")))
    assert fixed[slots] == "declared: nobody reads the log by a slot; seen in inactive-slot"
    assert slot[slots] == (
        "EMPTY: the fault inactive-slot brings it, so this is none: nobody reads the log by a slot; seen in "
        "inactive-slot"
    )
    assert fixed["Mean time of a command"] == "EMPTY: the state fixed brings it"
    assert fixed[raised].startswith("declared: ")
    assert slot[raised].startswith("EMPTY: the fault errors brings it, ")
    # Of many queries a panel lacks one.
    assert fixed["Saturation"].startswith("EMPTY: ")


def test_one_panel_in_twenty_may_be_empty_with_a_reason() -> None:
    full = [Proof(board="b", title=str(n), answers=(answer(1),)) for n in range(38)]
    empty = [Proof(board="b", title=f"e{n}", answers=(answer(excuse="none"),)) for n in range(3)]
    aside = [replace(each, what="annotation") for each in empty]
    partly = [replace(each, answers=(answer(1), answer(excuse="none"))) for each in empty]
    assert {each.verdict for each in partly} == {"declared"}
    about = [replace(each, moves="errors") for each in empty]
    assert report.excess([*full, *empty[:2], *aside, *partly, *about]) == ""
    assert "3 of 41 panels are empty, though each says why; expected at most 2, one in 20" in report.excess(
        [*full, *empty]
    )


def test_reports_say_the_same() -> None:
    proofs = [
        Proof(board="b", title="well", answers=(answer(1, 2), answer(1, choice="one"))),
        Proof(board="b", title="quiet", answers=(answer(excuse="none yet"),)),
        Proof(board="b", title="gone", answers=(answer(),), what="variable"),
        Proof(board="b", title="dark", answers=(replace(answer(), ref="D", dark="redis is down"),)),
    ]
    whys = {proofs[2].answers[0]: "metric absent: nobody emits it\x1b"}
    lines = list(report.matrix(proofs, {**whys}))
    assert lines[1].split() == ["data", "2/1", "0", "b:", "well"]
    assert "b: quiet: none yet" in lines[2]
    assert "metric absent: nobody emits it" in "".join(lines)
    rows = json.loads(json.dumps([report.row(each, whys) for each in proofs]))
    assert [row["verdict"] for row in rows] == ["data", "declared", "EMPTY", "blind"]
    assert [query["variables"] for query in rows[0]["queries"]] == ["all", "one"]
    wrong = report.excess(proofs)
    assert wrong
    few = ElementTree.fromstring(report.junit(proofs, 1.0, whys))  # noqa: S314 - our own
    assert (few.get("tests"), few.get("failures")) == ("4", "1")
    suite = ElementTree.fromstring(report.junit(proofs, 1.0, whys, wrong))  # noqa: S314 - our own
    counts = [suite.get(name) for name in ("tests", "failures", "skipped")]
    assert counts == ["5", "2", "2"], "the share of empty panels is a case of its own"
    skipped = [found.get("message") for found in suite.findall("./testcase/skipped")]
    assert skipped == ["none yet", "redis is down"], "what nobody can tell has not passed"
    (failed, _) = suite.findall("./testcase/failure/..")
    assert (failed.get("classname"), failed.get("name")) == ("b", "variable gone")
    assert report.summary(proofs) == (
        "3 panels, 1 variable: data 1, zero 0, declared 1, blind 1, ZERO 0, EMPTY 1, PRETENDS 0, NaN 0, "
        "Inf 0, error 0, slow 0; 5 queries in 0.0 s; not as declared: 1"
    )


def test_what_need_not_be_there_may_be_missing_and_is_told_by_nobody_while_the_exporter_is_down() -> None:
    panels = prove(STACK, Known(silent=True), Span(start=0, end=HOUR))
    reasons = {each.title: each.reason for each in panels}
    assert reasons["Clients waiting"] == "this stack scrapes nothing of pgbouncer"
    dark = Dark(stack=STACK, jobs={"exporter": 5.0}, servers={})
    assert dark.of("max(pgbouncer_up)") == ("the target of job 'exporter' is down", True)
