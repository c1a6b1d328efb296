"""Why a query is empty, as far as rules and targets say it: asked of a server that is made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards.prometheus_api import Prometheus
from dashboards.prove import Answer, Proof, Span, prove
from dashboards.prove.why import why
from dashboards.stack import STACK, Stack
from examples.demo.states import STATES
from examples.own_stack.observability import STACK as OWN

SPAN = Span(start=1000, end=4600)
REMEMBERED = "job:http_response_wire_bytes:worst15m"
RATE = "job:http_requests:rate5m"
ONE = {"metric": {}, "value": [0, "1"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUp(Prometheus):
    """One that has nothing but what these begin with, and these rules and targets."""

    url: str = "http://made.up"
    there: tuple[str, ...] = ()
    rules: Sequence[Mapping[str, Any]] = ()
    targets: Sequence[Mapping[str, Any]] = ()
    began: str = ""
    asked: list[str] = field(default_factory=list)

    def _answer(self, _method: str, path: str, _kind: type, **more: Any) -> Any:
        self.asked.append(path)
        match path:
            case "rules":
                return {
                    "groups": [{"name": "g", "interval": 15.0, "rules": self.rules}] if self.rules else []
                }
            case "status/runtimeinfo":
                return {"startTime": self.began}
            case "targets":
                return {"activeTargets": self.targets}
            case "query" | "query_range":
                found = more["data"]["query"].startswith(self.there) if self.there else False
                return {"resultType": "vector", "result": [ONE] if found else []}
        return []


def told(server: MadeUp, expr: str, stack: Stack = STACK) -> str:
    answer = Answer(ref="A", expr=expr)
    proof = Proof(board="b", title="t", answers=(answer,))
    return str(why(proof, answer, stack, server, SPAN))


def test_a_recording_that_remembers_by_reading_itself_is_explained_by_what_it_records() -> None:
    every = [
        {"name": each.metric.name, "query": STACK.rules.record(each), "health": "ok"}
        for each in STACK.recorded
    ]
    server = MadeUp(rules=every)
    said = told(server, f"max({REMEMBERED}) / max({REMEMBERED} > 0)")
    assert said.startswith(
        f"no target: for {REMEMBERED}: for job:http_response_wire_bytes:mean5m: there is no "
    )
    assert "Prometheus scrapes no target of job 'api'" in said
    assert "has no value of before" not in said
    assert len(server.asked) < 500


def test_a_recording_is_explained_by_its_rule() -> None:
    assert "; what brings it: rule_files: [rules/*.yml]" in told(MadeUp(), RATE)
    other = {"name": "other", "query": "up", "health": "ok"}
    assert told(MadeUp(rules=[other]), RATE).startswith(
        f"no rule: there is no {RATE}, and no group of rules "
    )
    rule = {"name": RATE, "query": "sum(x)", "health": "ok"}
    assert told(MadeUp(rules=[rule], there=("sum(x)",)), RATE).startswith(
        f"not recorded yet: what the rule of {RATE} asks is there, and group g is evaluated every 15s, "
    )
    failing = {**rule, "health": "err", "lastError": "found duplicate series"}
    assert told(MadeUp(rules=[failing], there=("sum(x)",)), RATE) == (
        f"rule fails: the rule of {RATE} fails: found duplicate series; what brings it: the rule, by `build`"
    )


def test_a_metric_of_a_teams_own_that_nobody_scrapes_is_no_declared_gap() -> None:
    server = MadeUp(there=("up",), began="1970-01-01T00:06:30Z")
    assert told(server, "jobs_failed_total", OWN) == (
        "no target: there is no jobs_failed_total; this stack scrapes nothing of worker; what brings it: "
        "{targets: [HOST:PORT], labels: {kind: metrics, job: worker}} in targets/backend.yml"
    )
    failed = [each for each in prove(OWN, server, SPAN) if each.board == "backend-workers"]
    assert [(each.verdict, each.reason) for each in failed] == [("EMPTY", "no reason declared")] * 2


def test_a_target_that_is_not_scraped_yet_wants_time() -> None:
    target = {"labels": {"job": "api", "instance": "a:1"}, "lastError": ""}
    assert told(MadeUp(targets=[target]), "obs_api_workers") == (
        "not scraped yet: there is no obs_api_workers; a:1 of job 'api' is not scraped yet; what brings it: "
        "time: ask again in a minute"
    )
    assert told(MadeUp(), "obs_api_workers").startswith("no target: ")


def test_a_prometheus_that_has_just_begun_wants_time_and_its_panels_are_blind() -> None:
    young, old = MadeUp(began="1970-01-01T01:16:30.123456789Z"), MadeUp(began="1970-01-01T01:06:30Z")
    assert told(young, "pgbouncer_up") == (
        "not scraped yet: Prometheus began at 1970-01-01 01:16:30 UTC, and has "
        "scraped nothing yet; what brings it: time: ask again in a minute"
    )
    assert told(old, "pgbouncer_up").startswith("metric absent: ")
    early = "too early: nothing is scraped yet, and Prometheus began 10 s ago, 1970-01-01 01:16:30 UTC"
    for server, expected in ((young, {("blind", early)}), (old, {("EMPTY", "the state fixed brings it")})):
        proofs = prove(STACK, server, SPAN, brings=STATES.brings("fixed"))
        # No reason is known to hold yet, so that none is one too many either.
        assert ("declared" in {each.verdict for each in proofs}) is (server is old)
        found = {(each.verdict, each.reason) for each in proofs if each.title in ("Request rate", "Workers")}
        assert {(verdict, reason.removeprefix("A: ")) for verdict, reason in found} == expected
