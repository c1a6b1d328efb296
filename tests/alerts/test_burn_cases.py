"""What `burn_alerts` makes of a team's own service level is proven without a case of the team's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alerts.cases.slo import CASES, burn_cases
from alerts.model import Alert, State
from alerts.rules import slo
from alerts.rules.slo import burn_alerts
from alerts.runbooks import SECTIONS
from dashboards.boards import BOARDS
from dashboards.model import Board, graph, row
from dashboards.rule_proof import Proof, prove
from dashboards.stack import STACK, Stack
from exporters.catalogue.labels import INSTANCE, JOB
from exporters.catalogue.postgres import COMMITS, DATNAME, ROLLBACKS
from signals.idioms import rate
from signals.levels import AVAILABILITY, SERVICE_LEVELS
from signals.limits.slo import BURN_1D, BURN_1H, BURN_3D, BURN_6H
from signals.numbers import RATIO, Limit
from signals.slo import DAY, ServiceLevel, Sli

PROMISED = Limit(key="promised", value=0.98, unit=RATIO, better="higher", why="One in fifty is tried again.")
KEPT = ServiceLevel(
    key="kept",
    title="Transactions",
    sli=Sli(bad=rate(ROLLBACKS, by=(DATNAME,)), total=rate(COMMITS, by=(DATNAME,))),
    target=PROMISED,
    act="Open the log.",
    window=14 * DAY,
    least_1h=replace(PROMISED, key="least_kept", value=37, unit=BURN_1H.unit),
)
FAST, SLOW = burn_alerts(KEPT, name="Kept", service="shop", what="Orders are lost")


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A stack with this level beside the project's."""
    runbook = "".join(f"## {each}\n1. Look.\n\n" for each in SECTIONS)
    for alert in (FAST, SLOW):
        (tmp_path / f"{alert.name}.md").write_text(runbook)
    shown = row("How fast?", graph(KEPT.fast, zero="none"), graph(KEPT.slow, zero="none"))
    board = Board(uid="kept", title="Kept", description="Us.", source="shop", anchor=None, rows=(shown,))
    return Stack(
        boards=(*BOARDS, board), alerts=(FAST, SLOW), levels=(*SERVICE_LEVELS, KEPT), runbooks=(tmp_path,)
    )


def proofs(stack: Stack, *alerts: Alert, mutate: bool = False) -> list[Proof]:
    return prove(replace(stack, alerts=alerts), mutate=mutate)


def test_a_level_of_a_team_needs_no_case_and_each_change_is_noticed(stack: Stack) -> None:
    assert KEPT.by == (JOB, INSTANCE, DATNAME)
    for proof in proofs(stack, FAST, SLOW, mutate=True):
        assert proof.failures == ()
        assert (proof.cases, set(proof.proven)) == (2, set(State))


def test_a_wrong_alert_of_a_level_is_told(stack: Stack) -> None:
    (loud,) = proofs(stack, replace(SLOW, yields_to=None))
    assert [told.partition(" at ")[0] for _, told in loud.failures] == [
        f"within {time}: it is silent where the graver one speaks:" for time in ("a day", "three days")
    ]
    (unguarded,) = proofs(stack, replace(FAST, guards=()))
    assert [state for state, _ in unguarded.failures] == ["case"]


@pytest.mark.parametrize("scale", [0.7, 1.3])
def test_a_case_follows_the_numbers_of_the_stack(stack: Stack, scale: float) -> None:
    """Those of the project, too: what is proven is what is loaded."""
    factors = (BURN_1H, BURN_6H, BURN_1D, BURN_3D)
    moved = replace(
        stack,
        limits=(
            *(replace(each, value=max(1, round(each.value * scale, 3))) for each in factors),
            replace(PROMISED, value=0.97),
            replace(KEPT.least_1h, value=51),
        ),
    )
    alerts = (FAST, SLOW, slo.API_ERROR_BUDGET_BURN_FAST, slo.API_ERROR_BUDGET_BURN_SLOW)
    for proof in proofs(moved, *alerts):
        assert proof.failures == ()
        assert proof.cases == 2


def test_the_messages_are_those_that_people_understand() -> None:
    said = "Availability of api: the error budget is spent {} times faster than it lasts, above {}."
    assert [case.summary for case in CASES[:4]] == [
        said.format(*each) for each in (("15", "6"), ("6.3", "6"), ("3.3", "1"), ("1.05", "1"))
    ]


def test_of_an_alert_on_anything_else_nothing_follows() -> None:
    assert [
        alert.name for alert in STACK.alerts if burn_cases(AVAILABILITY, alert)
    ] == ["ApiErrorBudgetBurnFast", "ApiErrorBudgetBurnSlow"]  # fmt: skip
