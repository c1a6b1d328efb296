"""Every rule in promtool: each state is proven or excused, and each change of a rule is noticed."""

from __future__ import annotations

import pytest

from alerts.cases import CASES
from alerts.model import State
from alerts.proof.mutations import mutants
from alerts.proof.plan import Plan
from alerts.rules import ALERTS
from dashboards import rule_proof
from dashboards.stack import STACK

Proofs = dict[str, rule_proof.Proof]


@pytest.fixture(scope="module")
def proofs() -> Proofs:
    return {proof.alert: proof for proof in rule_proof.prove(STACK, mutate=True)}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_rule_is_proven_and_its_cases_notice_each_change(alert: object, proofs: Proofs) -> None:
    proof = proofs[getattr(alert, "name", "")]
    assert proof.failures == ()
    assert set(proof.proven) | set(proof.excused) == set(State)


def test_each_rule_that_prometheus_evaluates_is_seen_firing(proofs: Proofs) -> None:
    silent = [each.name for each in ALERTS if State.FIRING not in proofs[each.name].proven]
    assert silent == [each.name for each in ALERTS if "prometheus" not in each.engines]


def test_each_rule_is_changed_in_many_ways() -> None:
    changed: dict[str, set[str]] = {}
    for case in CASES:
        changed.setdefault(case.alert.name, set()).update(each.change for each in mutants(Plan(case)))
    assert all({"operator", "limit that fires later", "longer hold"} <= each for each in changed.values())
    assert {
        "limit included", "limit that fires sooner", "half the limit", "without guard 1", "shorter hold",
        "no keep", "errors_1d of 0", "without yielding to ApiErrorBudgetBurnFast",
    } <= changed["ApiErrorBudgetBurnSlow"]  # fmt: skip
    assert {
        'job!~"api|api-health|exporter" of up changed',
        'job!~"api|api-health|exporter" of up dropped',
    } <= changed["TargetDown"]
