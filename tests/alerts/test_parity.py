"""Both engines come to one verdict: Grafana's query and threshold say what Prometheus' rule says.

Prometheus evaluates both queries. The threshold is applied as Grafana's `pkg/expr/threshold.go` does: it
compares each value as a float; a value that is not there has no verdict, and a rule without any is normal,
as its `noDataState` says.
"""

from __future__ import annotations

import json
import math
import operator
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from alerts import grafana, prometheus
from alerts.cases import CASES
from alerts.model import Alert
from alerts.proof.plan import CONTEXT, Plan
from alerts.proof.series import Level, Series, Tape
from alerts.render import RenderContext

Labels = frozenset[tuple[str, str]]
Asked = tuple[int, str]
STEP = 15
COMPARE = {"gt": operator.gt, "lt": operator.lt}
SAMPLE = re.compile(r'(\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\}) ([^\s,]+)')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
GOT = re.compile(r'# (\d+)\|(\w+)", time: .*\n\s+exp:.*\n\s+got: *(.*)')
# Beside the levels of a case: its limit, what is broken, nothing, and no series at all.
ODD = ("limit", "NaN", "Inf", "zero", "missing")
SCENARIOS = 6


def both(alert: Alert) -> bool:
    """Whether both engines evaluate it, and from series."""
    return len(alert.engines) == 2 and bool(alert.signal.query.metrics)


PLANS = [Plan(case) for case in {case.alert.name: case for case in CASES if both(case.alert)}.values()]
LONGEST = max(plan.clock.look for plan in PLANS)
STEPS = math.ceil(LONGEST / STEP) + 20
# When it is asked; promtool takes up samples as it evaluates, at the beginning and here.
END = f"{(STEPS - 1) * STEP}s"


@dataclass(frozen=True, kw_only=True)
class Forms:
    """A rule as each engine has it."""

    query: str
    compare: str
    limit: float
    rule: str


def forms(alert: Alert, context: RenderContext) -> Forms:
    value, threshold = grafana.rule_of(alert, context, 30)["data"]
    (condition,) = threshold["model"]["conditions"]
    assert threshold["model"]["expression"] == value["refId"]
    return Forms(
        query=value["model"]["expr"],
        compare=condition["evaluator"]["type"],
        limit=condition["evaluator"]["params"][0],
        rule=prometheus.rule_of(alert, context)["expr"],
    )


def values(series: Series, chosen: int | str, limit: float, steps: int) -> str:
    """One level for as long as the rules look back; a counter grows by it."""
    level: Level | str
    level = (
        series.levels[chosen]
        if isinstance(chosen, int)
        else {"limit": limit, "zero": 0.0}.get(chosen, chosen)
    )
    before = f"_x{STEPS - steps} "
    if level is None or level == "missing":
        return f"_x{STEPS}"
    if isinstance(level, str):
        # A counter that is no number is no counter of any exporter.
        return f"_x{STEPS}" if series.grows else before + " ".join([level] * steps)
    tape = Tape(series.grows)
    tape.go(level, steps)
    return before + tape.text


def evaluated(
    folder: Path, given_series: list[dict[str, str]], asked: Mapping[Asked, str]
) -> dict[Asked, dict[Labels, float]]:
    """What Prometheus answers, by label set."""
    tests = [{"expr": f"{text} # {index}|{form}", "eval_time": END, "exp_samples": []}
             for (index, form), text in asked.items()]  # fmt: skip
    group = {"interval": f"{STEP}s", "input_series": given_series, "promql_expr_test": tests}
    document = {"rule_files": [], "evaluation_interval": END, "tests": [group]}
    file = folder / "parity.yml"
    # JSON is YAML, and quicker to write.
    file.write_text(json.dumps(document))
    done = subprocess.run(
        ["promtool", "test", "rules", str(file)], check=False, capture_output=True, text=True
    )
    output = done.stdout + done.stderr
    assert ", err: " not in output, output[:2000]
    assert "SUCCESS" in output or "FAILED:\n    expr: " in output, output[:2000]
    return {(int(index), form): dict(samples(got)) for index, form, got in GOT.findall(output)}


def samples(text: str) -> Iterator[tuple[Labels, float]]:
    for labels, value in SAMPLE.findall(text):
        named = frozenset(pair for pair in LABEL.findall(labels) if pair[0] != "__name__")
        yield named, float(value)


Draw = list[list[list[int | str]]]


@st.composite
def worlds(draw: st.DrawFn) -> Draw:
    """For each rule some scenarios, and in each a level for every series."""
    # The two levels beside the limit twice. One choice each: Hypothesis takes a few thousand at most.
    level: st.SearchStrategy[int | str] = st.sampled_from((0, 1, 1, 2, 2, 3, *ODD))
    return [
        [[draw(level) for _ in plan.case.series] for _ in range(SCENARIOS)] for plan in PLANS
    ]  # fmt: skip


def played(world: Draw) -> list[dict[str, str]]:
    found = []
    for index, (plan, scenarios) in enumerate(zip(PLANS, world, strict=True)):
        limit = plan.context.number(plan.alert.threshold).value
        steps = math.ceil(plan.clock.look / STEP) + 10
        for number, chosen in enumerate(scenarios):
            place = {"environment": f"rule-{index}", "cluster": f"scenario-{number}"}
            for series, level in zip(plan.case.series, chosen, strict=True):
                found.append(series.written(place, values(series, level, limit, steps)))
    return found


def verdicts(
    folder: Path, world: Draw, contexts: list[RenderContext]
) -> Iterator[tuple[Plan, Forms, dict[Labels, float], set[Labels]]]:
    """Of each rule its two forms, the values that Grafana reads, and where Prometheus' rule holds."""
    found = [forms(plan.alert, context) for plan, context in zip(PLANS, contexts, strict=True)]
    asked = {(index, "value"): each.query for index, each in enumerate(found)}
    asked |= {(index, "rule"): each.rule for index, each in enumerate(found)}
    answers = evaluated(folder, played(world), asked)
    for index, (plan, each) in enumerate(zip(PLANS, found, strict=True)):
        yield plan, each, answers.get((index, "value"), {}), set(answers.get((index, "rule"), {}))


def threshold(form: Forms, value: float) -> bool:
    """Grafana's verdict on one value; a comparison with NaN is false in Go as it is here."""
    return bool(COMPARE[form.compare](value, form.limit))


def at(plan: Plan, value: float) -> RenderContext:
    """The limit of the rule moved to a value."""
    number = plan.alert.threshold
    return replace(CONTEXT, numbers={**CONTEXT.numbers, number.key: replace(number, value=value)})


@pytest.mark.timeout(900)
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # A smaller counterexample would take minutes; the alert is named, and its series are in the file.
    phases=(Phase.reuse, Phase.generate),
)
@given(world=worlds(), pick=st.integers(min_value=0))
def test_both_engines_agree_on_any_series_and_at_every_limit(
    tmp_path_factory: pytest.TempPathFactory, world: Draw, pick: int
) -> None:
    folder = tmp_path_factory.mktemp("parity")
    contexts = []
    for plan, form, values_found, rule in verdicts(folder, world, [CONTEXT] * len(PLANS)):
        assert {labels for labels, value in values_found.items() if threshold(form, value)} == rule, (
            plan.alert.name
        )
        finite = sorted(value for value in values_found.values() if math.isfinite(value) and value >= 0)
        contexts.append(at(plan, finite[pick % len(finite)]) if finite else CONTEXT)
    # Once more, with a limit that one of the values is exactly at.
    for plan, form, values_found, rule in verdicts(folder, world, contexts):
        assert {labels for labels, value in values_found.items() if threshold(form, value)} == rule, (
            plan.alert.name
        )


def test_the_series_reach_every_side_of_the_limits(tmp_path: Path) -> None:
    world: Draw = [
        [[level] * len(plan.case.series) for level in (0, 2, "NaN", "Inf", "limit", "missing")]
        for plan in PLANS
    ]
    fired = broken = quiet = 0
    for _, form, found, rule in verdicts(tmp_path, world, [CONTEXT] * len(PLANS)):
        fired += bool(rule)
        broken += any(math.isnan(value) for value in found.values())
        quiet += any(not threshold(form, value) for value in found.values())
    assert fired > len(PLANS) * 0.8
    assert quiet > len(PLANS) * 0.6
    assert broken > 3
