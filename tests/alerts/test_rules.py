"""Every rule in promtool: quiet, quiet at its limit, firing, resolved; and each changed rule is noticed."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alerts.cases import CASES
from alerts.model import Alert, RenderContext, State
from alerts.proof import plan, run
from alerts.proof.model import Case
from alerts.rules import ALERTS

Key = tuple[int, str]
INTACT = "intact"
PROCESSES = 2


def variants() -> dict[Key, tuple[Case, Alert, RenderContext]]:
    """Each case with its rule, and with each changed one."""
    found: dict[Key, tuple[Case, Alert, RenderContext]] = {}
    for index, case in enumerate(CASES):
        found[index, INTACT] = (case, case.alert, plan.CONTEXT)
        for name, alert, context in plan.mutations(case):
            found[index, name] = (case, alert, context)
    return found


VARIANTS = variants()
MUTATED = [key for key in VARIANTS if key[1] != INTACT]


def named(key: Key) -> str:
    case = CASES[key[0]]
    return " ".join(filter(None, (case.alert.name, case.name, key[1])))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[Key, Path]:
    """The test file of each variant, beside its rule."""
    root = tmp_path_factory.mktemp("promtool")
    return {
        key: run.write(root / str(number), *variant) for number, (key, variant) in enumerate(VARIANTS.items())
    }


@pytest.fixture(scope="module")
def verdicts(files: dict[Key, Path]) -> Mapping[Path, str]:
    """What promtool says of all of them."""
    paths = list(files.values())
    with ThreadPoolExecutor(PROCESSES) as pool:
        parts = pool.map(run.judge, [paths[start::PROCESSES] for start in range(PROCESSES)])
        return {path: verdict for part in parts for path, verdict in part.items()}


@pytest.mark.parametrize("index", range(len(CASES)), ids=lambda index: named((index, INTACT)))
def test_a_rule_is_quiet_quiet_at_its_limit_firing_and_resolved(
    index: int, files: dict[Key, Path], verdicts: Mapping[Path, str]
) -> None:
    assert verdicts[files[index, INTACT]] == ""


@pytest.mark.parametrize("key", MUTATED, ids=named)
def test_a_case_notices_a_changed_rule(
    key: Key, files: dict[Key, Path], verdicts: Mapping[Path, str]
) -> None:
    verdict = verdicts[files[key]]
    assert "FAILED" in verdict
    assert "got:" in verdict, "it fails for what the rule does, not for how the file is written"


def test_prometheus_loads_every_changed_rule(files: dict[Key, Path]) -> None:
    rules = [str(path.parent / "rule.yml") for path in files.values()]
    done = subprocess.run(["promtool", "check", "rules", *rules], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_each_state_of_each_rule_is_proven_or_excused(alert: Alert) -> None:
    excused = {state for state, reason in alert.unproven.items() if reason.strip()}
    proven = {state for case in CASES if case.alert is alert for state, *_ in plan.demands(case.alert)}
    assert proven | excused == set(State)
    assert "prometheus" not in alert.engines or State.FIRING in proven


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_each_guard_holds_its_rule_back_in_a_case(alert: Alert) -> None:
    proven = [held.guard for case in CASES if case.alert is alert for held in case.held]
    assert all(any(guard is each for each in proven) for guard in alert.guards)
