"""promtool's verdict on a case, and on every change of its rule."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from alerts.model import State
from alerts.proof.model import Demand, Group, ProofError
from alerts.proof.mutations import Mutant, decoy_groups, mutants
from alerts.proof.plan import Json, Plan
from alerts.proof.promtool import promtool

Asked = TypeVar("Asked")

# Where a demand failed: which one, when, and what was got.
FAILED = re.compile(r'# (\d+)", time: (\S+),\s+exp:.*\n\s+got: *(.*)')
TOLD = re.compile(r"alertname: (.*), time: (\S+), *\n\s+exp:((?:.*\n)*?)\s+got:((?:.*\n)*?.*\])")
FOUND = re.compile(r"(?:Labels:|summary=)(\{.*\}|\"(?:[^\"\\]|\\.)*\")")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A demand that a rule does not meet.

    Attributes:
        rule: its name.
        group: of the series played.
        state: what is not proven.
        says: what was expected, when, and what was got.
    """

    rule: str
    group: str
    state: State
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What promtool says of a case.

    Attributes:
        proven: the states that were demanded and met.
        failures: of the rule.
    """

    proven: frozenset[State]
    failures: tuple[Failure, ...]


def verdict(plan: Plan) -> Verdict:
    """Whether the rule does what its case demands.

    Raises:
        ProofError: promtool is missing, or takes no such file.
    """
    groups = list(plan.groups())
    asked, failures = _played(plan, groups, [plan.rule])
    failed = {failure.state for failure in failures}
    return Verdict(proven=frozenset(asked - failed), failures=tuple(failures))


def survivors(plan: Plan) -> list[str]:
    """The changes of the rule that its case does not notice.

    Raises:
        ProofError: as for `verdict`.
    """
    left = _unnoticed(plan, [plan.phases()], mutants(plan))
    rest = [group for group in plan.groups() if group.name not in ("phases", "calm")]
    left = _unnoticed(plan, rest, left) if rest and left else left
    return [mutant.change for mutant in left if not _noticed_beside_decoys(plan, mutant)]


def _noticed_beside_decoys(plan: Plan, mutant: Mutant) -> bool:
    """Whether a dropped matcher shows when there is something for it to keep out."""
    decoys = list(decoy_groups(plan, *mutant.dropped)) if mutant.dropped else []
    return bool(decoys) and not _unnoticed(plan, decoys, [mutant])


def _unnoticed(plan: Plan, groups: Sequence[Group], changed: Sequence[Mutant]) -> list[Mutant]:
    """A group in which the intact rule fails proves nothing of a changed one."""
    rules = [plan.rule, *(each.rule for each in changed)]
    extra = [each.at_limit for each in changed]
    _, failures = _played(plan, groups, rules, extra)
    void = {failure.group for failure in failures if failure.rule == plan.rule["alert"]}
    noticed = {failure.rule for failure in failures if failure.group not in void}
    return [each for each in changed if each.rule["alert"] not in noticed]


def _played(
    plan: Plan,
    groups: Sequence[Group],
    rules: Sequence[Json],
    extra: Sequence[Demand | None] = (),
) -> tuple[set[State], list[Failure]]:
    """The states asked for, and what failed.

    Args:
        plan: of the case.
        groups: what is played.
        rules: which are watched meanwhile, the intact one first.
        extra: what is demanded beside, of each rule but the first.
    """
    demands: list[tuple[str, str, Demand]] = []
    tests = []
    for group in groups:
        wanted = [(rule["alert"], each) for rule in rules for each in group.demands(rule["alert"])]
        if group.told is not None:
            if State.AT_LIMIT in plan.proven:
                wanted.append((rules[0]["alert"], plan.at_limit(plan.alert.condition, plan.context)))
            changed = zip(rules[1:], extra, strict=False)
            wanted += [(rule["alert"], each) for rule, each in changed if each is not None]
        first = len(demands)
        demands += [(name, group.name, each) for name, each in wanted]
        test: Json = {
            "interval": f"{round(plan.case.step * 1000)}ms",
            "input_series": group.series,
            "promql_expr_test": [_asked(each, first + index) for index, (_, each) in enumerate(wanted)],
        }
        if group.told is not None:
            names = [rule["alert"] for rule in rules]
            # A changed rule has nothing but its summary, which shows the value.
            messages = (plan.message(name, group.told, whole=name == names[0]) for name in names)
            test["alert_rule_test"] = list(messages)
        tests.append(test)
    more = [rule for group in groups for rule in group.rules]
    output = _promtool(tests, [*rules, *more], plan.clock.grid)
    failures = []
    for number, when, got in FAILED.findall(output):
        name, group_name, demand = demands[int(number)]
        says = f"{demand.says}: at {when} expected {demand.expected}, got {float(got.split()[-1]):g}"
        failures.append(Failure(rule=name, group=group_name, state=demand.state, says=says))
    for name, when, expected, got in TOLD.findall(output):
        lacking, found = _apart(FOUND.findall(expected), FOUND.findall(got))
        says = f"its message at {when}: expected {lacking}, got {found}"
        failures.append(Failure(rule=name, group="phases", state=State.FIRING, says=says))
    if not failures and "SUCCESS" not in output:
        raise ProofError(f"promtool takes no case of {plan.alert.name}: {' '.join(output.split())[:400]}")
    return {demand.state for _, _, demand in demands}, failures


def _asked(demand: Demand, number: int) -> Json:
    """A demand as promtool reads it; the number comes back where it fails."""
    samples = [{"labels": "{}", "value": demand.expected}]
    return {"expr": f"{demand.expr} # {number}", "eval_time": f"{demand.when}s", "exp_samples": samples}


def _apart(expected: list[str], got: list[str]) -> tuple[str, str]:
    """What was expected and what was got, without what is in both where something else is in each."""
    left = [each for each in expected if each not in got]
    right = [each for each in got if each not in expected]
    if not (left and right):
        left, right = expected, got
    return ", ".join(left) or "none", ", ".join(right) or "none"


def _promtool(tests: Sequence[Json], rules: Sequence[Json], grid: int) -> str:
    """What promtool prints of a file of tests."""
    document = {"rule_files": ["rule.yml"], "evaluation_interval": f"{grid}s", "tests": tests}
    with tempfile.TemporaryDirectory(prefix="promtool-") as name:
        folder = Path(name)
        (folder / "rule.yml").write_text(_yaml({"groups": [{"name": "one", "rules": rules}]}))
        (folder / "test.yml").write_text(_yaml(document))
        return promtool("test", "rules", str(folder / "test.yml")).stdout


def _yaml(value: Any) -> str:
    text: str = yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True, width=10**6)
    return text


def of_each(plans: Iterable[Plan], question: Callable[[Plan], Asked]) -> list[Asked]:
    """The answers, as many at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(question, plans))
