"""The proof of a stack's rules: each with its cases through promtool, and what is not proven of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from alerts.cases import CASES
from alerts.cases.slo import burn_cases
from alerts.model import Alert, State
from alerts.proof import run
from alerts.proof.derive import NotDerivedError, derived
from alerts.proof.model import Case
from alerts.proof.mutations import mutants
from alerts.proof.plan import NUMBERS, SCRAPED, Plan
from alerts.proof.series import place_of
from alerts.render import RenderContext
from dashboards import junit
from dashboards.checks.finding import Finding, listed, nearest
from dashboards.errors import StackError
from dashboards.stack import Stack
from signals.numbers import Number, spoken

CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is proven of an alert.

    Attributes:
        alert: its name.
        cases: how many were played.
        proven: the states.
        excused: the states that its definition excuses, with the reason.
        failures: by the state that is not proven, what is wrong.
        changes: how many changes of its rule were played; `unnoticed` of them no case notices.
    """

    alert: str
    cases: int
    proven: tuple[State, ...]
    excused: Mapping[State, str]
    failures: tuple[tuple[str, str], ...]
    changes: int = 0

    @property
    def unnoticed(self) -> int:
        """How many changes of the rule no case notices."""
        return sum(state == CHANGE for state, _ in self.failures)

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures


def prove(
    stack: Stack, names: Sequence[str] = (), *, mutate: bool = False, findings: Sequence[Finding] = ()
) -> list[Proof]:
    """Play the cases of the stack's alerts, on the clock of production.

    Args:
        stack: with its alerts and cases.
        names: of the alerts; by default all.
        mutate: whether each change of a rule must be noticed too, where its cases hold as they are.
        findings: of the checks: what `build` refuses is not proven.

    Raises:
        ProofError: promtool is missing, or takes no such file.
    """
    alerts = [alert for alert in stack.alerts if not names or alert.name in names]
    chosen = {alert.name: _plans(stack, alert) for alert in alerts}
    plans = [plan for found in chosen.values() for plan in found.plans]
    verdicts = dict(zip(map(id, plans), run.of_each(plans, run.verdict), strict=True))
    # A case that fails as it is notices nothing.
    sound = [plan for plan in plans if mutate and not verdicts[id(plan)].failures]
    left = dict(zip(map(id, sound), run.of_each(sound, run.survivors), strict=True))
    return [
        _proof(
            alert,
            chosen[alert.name],
            [verdicts[id(plan)] for plan in chosen[alert.name].plans],
            [set(left.get(id(plan), ())) for plan in chosen[alert.name].plans if mutate],
            _refused(alert, findings),
            {each.change for plan in chosen[alert.name].plans if id(plan) in left for each in mutants(plan)},
        )
        for alert in alerts
    ]


def require(stack: Stack, names: Sequence[str]) -> None:
    """Let names pass that the stack's alerts have.

    Raises:
        StackError: one is unknown.
    """
    known = [alert.name for alert in stack.alerts]
    for name in names:
        if name not in known:
            hint = nearest(name, known) or "`list alerts` names them all."
            raise StackError(f"there is no alert {name!r} in the stack; expected one of its names. {hint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """What is played of an alert; where that is nothing, why.

    Attributes:
        plans: what is played.
        lacking: why there is none.
        beside: the project's numbers that its levels stand beside, and the stack's, where these are others.
    """

    plans: tuple[Plan, ...] = ()
    lacking: str = ""
    beside: str = ""


def _plans(stack: Stack, alert: Alert) -> _Chosen:
    own = [case for case in stack.cases if case.alert.name == alert.name]
    jobs = dict.fromkeys(SCRAPED, place_of(stack.identity))
    context = replace(stack.rules, time_scale=1.0, jobs=jobs)
    excused = set(State) <= set(alert.unproven)
    moved = [
        number
        for number in dict.fromkeys(alert.condition.numbers)
        if number.key in NUMBERS and context.number(number).value != NUMBERS[number.key].value
    ]
    if moved:  # what a stack brings is written beside its own numbers
        own = [case for case in own if case not in CASES] or own
    plans = tuple(Plan(replace(case, alert=alert), context, _graver(stack, alert)) for case in own)
    if own and (not moved or own[0] not in CASES):
        return _Chosen(plans=plans)
    if burning := _burning(stack, alert, context):
        graver = next(iter(_burning(stack, alert.yields_to, context)), None) if alert.yields_to else None
        return _Chosen(plans=tuple(Plan(case, context, graver) for case in burning))
    try:
        return _Chosen(plans=() if excused else (Plan(derived(alert, context), context),))
    except NotDerivedError as error:
        why = str(error)
    if own:
        plans = tuple(_retold(plan) for plan in plans)
        return _Chosen(plans=plans, beside=", ".join(_moved(NUMBERS[each.key], context) for each in moved))
    return _Chosen(
        lacking=f"it has no case, and none follows from its definition: {why}; expected one; give "
        "Stack(cases=(*Stack.cases, Case(alert=…))), as in alerts/cases"
    )


def _burning(stack: Stack, alert: Alert, context: RenderContext) -> list[Case]:
    """Of an alert on the budget of one of the stack's service levels."""
    return [case for level in stack.levels for case in burn_cases(level, alert, context)]


def _moved(number: Number, context: RenderContext) -> str:
    here = context.number(number)
    return f"{number.key!r} of {spoken(number.value, number.unit)}, not {spoken(here.value, here.unit)}"


def _retold(plan: Plan) -> Plan:
    """With the stack's limit in its message, which ends with it."""
    known = NUMBERS.get(plan.alert.threshold.key, plan.alert.threshold)
    told, here = (spoken(each.value, each.unit) for each in (known, plan.context.number(known)))
    before, found, after = plan.case.summary.rpartition(told)
    return replace(plan, case=replace(plan.case, summary=f"{before}{here}{after}" if found else after))


def _graver(stack: Stack, alert: Alert) -> Case | None:
    graver = alert.yields_to
    found = [case for case in stack.cases if graver and case.alert.name == graver.name]
    return next((case for case in found if case not in CASES), next(iter(found), None))


def _proof(
    alert: Alert,
    chosen: _Chosen,
    verdicts: Sequence[run.Verdict],
    left: Sequence[set[str]],
    refused: Sequence[str],
    changes: Collection[str],
) -> Proof:
    met = frozenset(chain.from_iterable(verdict.proven for verdict in verdicts))
    failed = list(_failed(chosen, verdicts))
    wrong = {state for state, _ in failed}
    demanded = met | {State(state) for state in wrong}
    if failed:
        left = ()
    if chosen.beside and failed:
        failed = [("case", _misplaced(chosen.beside, *failed[0]))]
    failures = [*(("build", said) for said in refused), *failed, *_missing(alert, chosen, demanded)]
    if left:
        failures += [
            (CHANGE, f"no case notices this change of the rule: {change}")
            for change in sorted(set.intersection(*left))
        ]
    wrong |= {state for state, _ in failures}
    return Proof(
        alert=alert.name,
        cases=len(chosen.plans),
        proven=() if refused else tuple(each for each in State if each in met and each.value not in wrong),
        excused=alert.unproven,
        failures=tuple(failures),
        changes=0 if failed else len(changes),
    )


def _refused(alert: Alert, findings: Sequence[Finding]) -> list[str]:
    """What keeps `build` from writing the alert, or a recording that it reads; one of each check."""
    read = {f"record {metric.name}" for query in alert.queries for metric in query.metrics}
    found = {
        finding.rule: f"{finding.where}: {finding.message}. {finding.fix}".rstrip() + f" [{finding.rule}]"
        for finding in reversed(findings)
        if finding.level == "error" and finding.where in {f"alert {alert.name}", *read}
    }
    return [found[rule] for rule in sorted(found)]


def _misplaced(beside: str, state: str, says: str) -> str:
    return (
        f"its case is written beside the project's {beside} as in the stack, where it fails ({state}: "
        f"{says}); expected one beside the stack's; give Stack(cases=(*Stack.cases, Case(alert=…))), as in "
        "alerts/cases"
    )


def _failed(chosen: _Chosen, verdicts: Sequence[run.Verdict]) -> Iterator[tuple[str, str]]:
    for plan, verdict in zip(chosen.plans, verdicts, strict=True):
        name = f"{plan.case.name}: " if plan.case.name else ""
        for failure in verdict.failures:
            yield failure.state.value, f"{name}{failure.says}"


def _missing(alert: Alert, chosen: _Chosen, demanded: frozenset[State]) -> Iterator[tuple[str, str]]:
    """What nothing demands, though the definition does not excuse it."""
    if chosen.lacking:
        yield "case", chosen.lacking
        return
    for state in State:
        if state not in demanded and not alert.unproven.get(state, "").strip():
            yield state.value, "no case proves it; expected one, or a reason in the alert's unproven"
    for wrong in dict.fromkeys(_strange(chosen)):
        yield "case", wrong
    held = [each.guard for plan in chosen.plans for each in plan.case.held]
    for index, guard in enumerate(alert.guards):
        if guard not in held:
            yield State.FIRING.value, f"no case is held back by guard {index + 1}; give it a Held"


def _strange(chosen: _Chosen) -> Iterator[str]:
    """Series that no emitter writes."""
    for plan in chosen.plans:
        for series in plan.case.series:
            known = series.metric.label_names(series.name)
            # What is recorded declares those that Prometheus adds to all others.
            given = series.all_labels.keys() - ({"job", "instance"} - known)
            for name in sorted(given ^ known):
                said = "has no label" if name in given else "is played without its label"
                yield f"{series.name} {said} {name!r}; expected {listed(known)}; correct the case"


def row(proof: Proof) -> dict[str, Any]:
    """A proof as JSON."""
    return {
        "alert": proof.alert,
        "well": proof.well,
        "cases": proof.cases,
        "proven": [state.value for state in proof.proven],
        "excused": {state.value: reason for state, reason in proof.excused.items()},
        "changes": proof.changes,
        "failures": [{"state": state, "message": message} for state, message in proof.failures],
    }


def table(proofs: Sequence[Proof]) -> Iterator[str]:
    """One line an alert: what is proven, and what is not; then one for each failure."""
    width = max((len(proof.alert) for proof in proofs), default=0)
    for proof in proofs:
        reasons: dict[str, list[str]] = {}
        for state in State:
            if state in proof.excused:
                reasons.setdefault(proof.excused[state], []).append(state.value)
        excuses = "; ".join(f"not {', '.join(states)}: {reason}" for reason, states in reasons.items())
        states = ", ".join(proof.proven) if len(proof.proven) < len(State) else f"all {len(State)} states"
        told = "  ".join(filter(None, (states or "nothing", excuses)))
        yield f"{proof.alert:{width}}  {told}"
        yield from (f"{proof.alert:{width}}  NOT {state}: {message}" for state, message in proof.failures)


def report(proofs: Sequence[Proof], seconds: float) -> bytes:
    """A report that build servers read: one test for each state of each alert."""
    return junit.report("alerts", [case for proof in proofs for case in _cases(proof)], seconds)


def _cases(proof: Proof) -> Iterator[junit.Case]:
    failed: dict[str, list[str]] = {}
    for state, message in proof.failures:
        failed.setdefault(state, []).append(message)
    excused = {str(state): reason for state, reason in proof.excused.items()}
    for state in dict.fromkeys((*map(str, proof.proven), *excused, *failed)):
        skipped = "" if state in map(str, proof.proven) else excused.get(state, "")
        yield junit.Case(of=proof.alert, name=state, failures=failed.get(state, ()), skipped=skipped)
