"""The proof itself: a rule that is wrong in one way is told so, by the state in which it is wrong."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from alerts.cases import CASES
from alerts.model import Alert, State
from alerts.proof import run
from alerts.proof.derive import NotDerivedError, derived
from alerts.proof.model import Case, ProofError
from alerts.proof.plan import CONTEXT, Plan
from alerts.proof.series import counter
from alerts.rules import ALERTS, redis
from exporters.catalogue import redis as metrics
from signals.idioms import promql, select
from signals.numbers import Limit
from signals.promql import Query

EVICTED = select(metrics.EVICTED)
BY = "(<by:job,instance>)"


def case_of(name: str) -> Case:
    return next(case for case in CASES if case.alert.name == name)


def queried(text: str, alert: Alert = redis.REDIS_REJECTED_CONNECTIONS, **changed: object) -> Alert:
    """The alert with another query, and no guard."""
    query = Query(text, (metrics.REJECTED,), (), ("job", "instance"))
    return replace(alert, signal=replace(alert.signal, query=query), guards=(), **changed)  # type: ignore[arg-type]  # fields of it


REJECTED = select(metrics.REJECTED)
WRONG = [
    ("a total is no growth", f"max by {BY} ({REJECTED})", State.COLD_START),
    ("a total is no growth", f"max by {BY} ({REJECTED})", State.RESOLVED),
    ("a reset is no growth", f"max by {BY} (abs(delta({REJECTED}[<window>])))", State.RESET),
    ("standing still", f"sum by {BY} (rate({REJECTED}[<window>])) == bool 0", State.NO_TRAFFIC),
    ("standing still", f"sum by {BY} (rate({REJECTED}[<window>])) == bool 0", State.QUIET),
    ("the sum of all", f"sum by (job) (increase({REJECTED}[<window>]))", State.FIRING),
]


@pytest.mark.parametrize(("fault", "text", "state"), WRONG)
def test_a_wrong_rule_is_told_by_the_state_in_which_it_is_wrong(fault: str, text: str, state: State) -> None:
    case = replace(case_of("RedisRejectedConnections"), alert=queried(text), held=())
    found = run.verdict(Plan(case))
    assert state in {failure.state for failure in found.failures}, fault
    assert state not in found.proven


def test_a_rule_that_speaks_over_a_graver_one_is_told() -> None:
    case, graver = case_of("PostgresConnectionsHigh"), case_of("PostgresConnectionsCritical")
    loud = replace(case.alert, yields_to=None)
    told = [each.says for each in run.verdict(Plan(replace(case, alert=loud), graver=graver)).failures]
    speaks = "it is silent while PostgresConnectionsCritical speaks"
    (found,) = [each for each in told if each.startswith(speaks)]
    assert found.endswith(" expected 0, got 1")


def test_a_case_that_never_comes_near_its_limit_lets_changes_pass() -> None:
    case = case_of("RedisRejectedConnections")
    far = replace(case, series=(case.series[0], counter(metrics.REJECTED, 0, 0, 1000, 0)), held=case.held)
    assert "limit that fires later" in run.survivors(Plan(far))
    assert run.survivors(Plan(case)) == []


def test_a_message_is_compared_word_for_word() -> None:
    case = case_of("RedisDown")
    (failure,) = run.verdict(Plan(replace(case, summary="Redis is down."))).failures
    assert failure.state is State.FIRING
    assert '"Redis is down."' in failure.says
    assert "has answered nothing for 1 min" in failure.says


def test_without_promtool_nothing_is_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shutil.which("promtool")
    monkeypatch.setattr("alerts.proof.promtool.PROMTOOL", "no-promtool")
    with pytest.raises(ProofError, match="apt-get install prometheus"):
        run.verdict(Plan(case_of("RedisDown")))


def test_what_promtool_cannot_read_is_no_proof() -> None:
    broken = replace(case_of("RedisDown"), alert=queried("sum by (", redis.REDIS_DOWN))
    with pytest.raises(ProofError, match="promtool takes no case of RedisDown"):
        run.verdict(Plan(broken))


def derivable(alert: Alert) -> bool:
    try:
        return bool(derived(alert, CONTEXT))
    except NotDerivedError:
        return False


PLAIN = [alert for alert in ALERTS if derivable(alert)]


def test_many_rules_are_plain() -> None:
    assert {"RedisMaxmemoryLow", "ExporterSeriesDropped", "PostgresTempFiles", "RedisBlockedClients"} <= {
        alert.name for alert in PLAIN
    }


@pytest.mark.parametrize("alert", PLAIN, ids=lambda alert: alert.name)
def test_a_derived_case_proves_what_a_written_one_does(alert: Alert) -> None:
    plan = Plan(derived(alert, CONTEXT))
    found = run.verdict(plan)
    assert found.failures == ()
    assert found.proven == set(State)


@pytest.mark.timeout(600)
def test_a_derived_case_notices_each_change() -> None:
    names = ("ExporterSeriesDropped", "RedisMaxmemoryLow", "PostgresTempFiles", "RedisBlockedClients")
    plans = [Plan(derived(alert, CONTEXT)) for alert in PLAIN if alert.name in names]
    assert run.of_each(plans, run.survivors) == [[]] * len(names)


@pytest.mark.parametrize(("hold", "keep"), [(30, 0), (300, 30)])
def test_a_time_of_less_than_a_minute_is_noticed(hold: float, keep: float) -> None:
    alert = next(alert for alert in PLAIN if alert.name == "RedisBlockedClients")
    assert run.survivors(Plan(derived(replace(alert, hold=hold, keep=keep), CONTEXT))) == []


def test_a_derived_case_follows_the_limit() -> None:
    alert = next(alert for alert in ALERTS if alert.name == "RedisMaxmemoryLow")
    number = alert.threshold
    moved = replace(CONTEXT, numbers={number.key: replace(number, value=number.value * 2)})
    before, after = (derived(alert, context).series[0].levels for context in (CONTEXT, moved))
    assert [later / earlier for earlier, later in zip(before, after, strict=True)] == [2, 2, 2, 2]  # type: ignore[operator]  # numbers
    assert run.verdict(Plan(derived(alert, moved), moved)).failures == ()


def test_what_is_more_than_one_metric_is_not_derived() -> None:
    ratio = next(alert for alert in ALERTS if alert.name == "RedisHitRatioLow")
    with pytest.raises(NotDerivedError, match="'Keyspace hit ratio' is more than one gauge"):
        derived(ratio, CONTEXT)
    guarded = replace(redis.REDIS_BLOCKED_CLIENTS, guards=(promql("{raw} > 3", raw=metrics.CLIENTS),))
    with pytest.raises(NotDerivedError, match=r"its guard .* is more than a gauge that is 1"):
        derived(guarded, CONTEXT)
    assert isinstance(ratio.threshold, Limit)
