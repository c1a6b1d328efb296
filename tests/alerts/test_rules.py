"""Every rule in promtool: each state is proven or excused, and each changed rule is noticed."""

from __future__ import annotations

import pytest

from alerts.cases import CASES
from alerts.model import Alert, State
from alerts.proof import run
from alerts.proof.mutations import mutants
from alerts.proof.plan import Plan
from alerts.rules import ALERTS

# Where a graver alert has several cases, it is the first that keeps the other one back.
BY_NAME = {case.alert.name: case for case in reversed(CASES)}
PLANS = [
    Plan(case, graver=BY_NAME[case.alert.yields_to.name] if case.alert.yields_to else None) for case in CASES
]
PLAYED = range(len(PLANS))


def named(index: int) -> str:
    return " ".join(filter(None, (CASES[index].alert.name, CASES[index].name)))


@pytest.fixture(scope="module")
def verdicts() -> list[run.Verdict]:
    return run.of_each(PLANS, run.verdict)


@pytest.fixture(scope="module")
def unnoticed() -> dict[str, set[str]]:
    """The changes of each rule that none of its cases notices."""
    found: dict[str, set[str]] = {}
    for plan, left in zip(PLANS, run.of_each(PLANS, run.survivors), strict=True):
        name = plan.case.alert.name
        found[name] = found.get(name, set(left)) & set(left)
    return found


@pytest.mark.parametrize("index", PLAYED, ids=named)
def test_a_rule_does_what_its_case_demands(index: int, verdicts: list[run.Verdict]) -> None:
    assert verdicts[index].failures == ()


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_each_state_of_each_rule_is_proven_or_excused(alert: Alert, verdicts: list[run.Verdict]) -> None:
    excused = {state for state, reason in alert.unproven.items() if reason.strip()}
    own = [verdicts[index].proven for index in PLAYED if CASES[index].alert is alert]
    proven = frozenset().union(*own)
    assert proven | excused == set(State)
    assert "prometheus" not in alert.engines or State.FIRING in proven


@pytest.mark.timeout(600)
@pytest.mark.parametrize("alert", dict.fromkeys(case.alert.name for case in CASES))
def test_a_change_of_a_rule_is_noticed_by_a_case(alert: str, unnoticed: dict[str, set[str]]) -> None:
    assert unnoticed[alert] == set()


def test_each_rule_is_changed_in_many_ways() -> None:
    changed = {plan.case.alert.name: {each.change for each in mutants(plan)} for plan in PLANS}
    assert all({"operator", "limit that fires later", "longer hold"} <= each for each in changed.values())
    assert {
        "limit included", "limit that fires sooner", "half the limit", "without guard 1", "no hold",
        "no keep", "errors_1h of 0", "without yielding to ApiErrorBudgetBurnFast",
    } <= changed["ApiErrorBudgetBurnSlow"]  # fmt: skip
    assert {'job!="api" of up changed', 'job!="api" of up dropped'} <= changed["TargetDown"]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_each_guard_holds_its_rule_back_in_a_case(alert: Alert) -> None:
    proven = [held.guard for case in CASES if case.alert is alert for held in case.held]
    assert all(any(guard is each for each in proven) for guard in alert.guards)
