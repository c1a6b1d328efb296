"""Ask a running Prometheus or Grafana everything that the boards ask.

Queries are taken from the rendered JSON and filled as Grafana fills them.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from dashboards.checks.promql import ParseError, parse, selectors
from dashboards.checks.times import seconds
from dashboards.errors import RefusedError
from dashboards.grafana import render_board
from dashboards.model import CLOCK, COLUMNS, Board, Panel
from dashboards.prove import variables
from dashboards.prove.absent import usual
from dashboards.prove.dark import Dark, darkness
from dashboards.prove.early import Early
from dashboards.prove.model import Answer, Choice, Proof, Source
from dashboards.prove.nothing import Nothing
from dashboards.prove.states import UNTOLD, Brings
from dashboards.prove.times import Resolution, Span, resolution
from dashboards.prove.variables import filled
from dashboards.stack import Stack

Json = dict[str, Any]
Values = Mapping[str, str]

# Of a board on a usual screen, in pixels.
WIDTH = 1440
# Values of a variable that are tried after the first.
MOST_OTHERS = 10
NOTHING_HAPPENED = "nothing happened in the time shown"
NO_PAST = "it looks back to a time in which nothing was seen, and has data without"
OFFSET = re.compile(r" offset [\w$]+")
# How far apart a subquery looks, at multiples of that: the first hour of all may hold none.
APART = re.compile(r"(?<=:)[\w$]+(?=\])")


def prove(
    stack: Stack,
    source: Source,
    span: Span,
    *,
    wanted: Callable[[Panel], bool] = lambda _: True,
    whole: bool = False,
    brings: Brings = UNTOLD,
    given: Mapping[str, str] = MappingProxyType({}),
    width: int = WIDTH,
    slow: float = math.inf,
) -> list[Proof]:
    """Ask every panel of every board. What only those could tell that are down must not be told.

    What is empty because it was scraped for the first time a moment ago is nobody's fault either.

    Args:
        stack: whose boards.
        source: that answers.
        span: the range shown.
        wanted: which panels are asked.
        whole: ask variables and annotations too, and panels also with the variables on a single value.
        brings: what is known of a panel's query in the state that the backend is in: what brings it, or
            why it may be empty.
        given: values that are chosen for variables, by name.
        width: of a board, in pixels.
        slow: seconds beyond which a query is too slow.

    Raises:
        StackError: the source does not answer.
    """
    found: list[Proof] = []
    known: dict[tuple[object, ...], Answer] = {}
    dark, early = darkness(stack, source, span), Early(stack, source, span)
    for board in stack.all_boards:
        asking = _Asking(stack, source, span, board, brings, dark, early, given, width, slow, known)
        chosen = [panel for panel in board.panels if panel.kind != "text" and wanted(panel)]
        if not chosen and not whole:
            continue
        if whole:
            found += asking.variables()
        found += [asking.panel(panel, whole=whole) for panel in chosen]
        if whole:
            found += asking.annotations()
    return found


class _Asking:
    """One board, whose variables are asked once."""

    def __init__(
        self,
        stack: Stack,
        source: Source,
        span: Span,
        board: Board,
        brings: Brings,
        dark: Dark,
        early: Early,
        given: Mapping[str, str],
        width: int,
        slow: float,
        known: dict[tuple[object, ...], Answer],
    ) -> None:
        self.stack, self.brings, self.dark, self.early = stack, brings, dark, early
        self.source, self.span, self.board, self.given = source, span, board, given
        self.width, self.slow, self.scrape, self.known = width, slow, stack.scraped.interval, known
        self.rendered = render_board(board, stack.context)
        self.drawn = {each["id"]: each for each in flat(self.rendered["panels"])}
        self.chosen: dict[Choice, list[variables.Variable]] = {
            "all": list(variables.asked(self.rendered, source, span, given=given))
        }

    def values(self, choice: Choice) -> Values:
        """What stands for each variable."""
        if choice not in self.chosen:
            self.chosen[choice] = list(
                variables.asked(self.rendered, self.source, self.span, one=choice == "one", given=self.given)
            )
        return {each.name: each.value for each in self.chosen[choice]}

    def variables(self) -> Iterator[Proof]:
        """What there is to choose, with those before on all and on one."""
        self.values("one")
        for every, one in zip(self.chosen["all"], self.chosen["one"], strict=True):
            asked = (every.answer,) if every.answer.expr == one.answer.expr else (every.answer, one.answer)
            answers = tuple(self._chosen_of(each) if each.state == "empty" else each for each in asked)
            yield self._proof(every.name, answers, what="variable")

    def _chosen_of(self, answer: Answer) -> Answer:
        """Why there may be nothing to choose from: what has the label is not there yet."""
        match = variables.LABEL_VALUES.match(answer.expr)
        absent = self._absent(match["selector"]) if match else None
        target = {"refId": answer.ref, "instant": True, "range": False, "format": "time_series"}
        scale = resolution(self.span, points=self.width, scrape=self.scrape)
        nothing = self._nothing(target, answer.choice, scale)
        answer = replace(answer, excuse=self._reasons(absent or set(), nothing))
        return self._or_early(answer, scale, match["selector"] if match else "")

    def panel(self, panel: Panel, *, whole: bool) -> Proof:
        """What a panel shows."""
        drawn = self.drawn[self.board.panel_id(panel.title)]
        answers: list[Answer] = []
        # A column of a scorecard is made of many queries, and tells of each that it is unknown.
        signals = () if panel.kind == "scorecard" else panel.shown
        for index, target in enumerate(drawn["targets"]):
            if target["refId"] == CLOCK:
                continue
            known = self.brings(panel, signals[index] if index < len(signals) else None)
            choices: tuple[Choice, ...] = ("all", "one") if whole else ("all",)
            exprs = {choice: filled(target["expr"], self.values(choice)) for choice in reversed(choices)}
            # Of two that are the same the first is asked: a query without variables, or with one value each.
            for expr, choice in {expr: choice for choice, expr in exprs.items()}.items():
                scale = self._resolution(drawn, target)
                answer = self._ask(target, expr, choice, scale)
                one = answer.state == "empty" and choice == "one"
                answer = self._other(target, scale) or answer if one else answer
                if answer.state == "empty":
                    excuse = known.excuse or ("" if known.due else self._usual(target, answer, scale))
                    answer = self._or_early(replace(answer, due=known.due, excuse=excuse), scale)
                answers.append(answer)
        answers.sort(key=lambda each: each.choice)
        if panel.kind == "scorecard":
            answers = [replace(each, dark="", pretends=False) for each in answers]
        return replace(self._proof(panel.title, tuple(answers)), zero=panel.zero, moves=panel.moves)

    def _other(self, target: Json, scale: Resolution) -> Answer | None:
        """What another single value gives where the first has nothing: not each endpoint has each thing."""
        chosen = self.values("one")
        for variable in self.chosen["one"]:
            if f"${variable.name}" not in target["expr"]:
                continue
            for other in variable.others[:MOST_OTHERS]:
                expr = filled(target["expr"], {**chosen, variable.name: other})
                answer = self._ask(target, expr, "one", scale)
                if answer.state != "empty":
                    return answer
        return None

    def annotations(self) -> Iterator[Proof]:
        """What is drawn over all graphs. Nothing may have happened, but what would tell it must be there."""
        for annotation in self.rendered["annotations"]["list"]:
            asked = annotation.get("target", {})
            if "expr" not in asked:
                continue
            expr = filled(asked["expr"], self.values("all"))
            scale = resolution(
                self.span,
                points=self.width,
                scrape=self.scrape,
                query=seconds(asked.get("interval")) or 0,
            )
            target = {**asked, "refId": annotation["name"], "instant": False}
            target |= {"range": True, "format": "time_series"}
            answer = self._ask(target, expr, "all", scale)
            if answer.state == "empty":
                absent = self._absent(answer.expr)
                excuse = NOTHING_HAPPENED if absent == set() else ""
                if absent:
                    excuse = self._reasons(absent, self._nothing(target, "all", scale))
                answer = replace(answer, excuse=excuse)
                answer = answer if excuse else self._or_early(answer, scale)
            yield self._proof(annotation["name"], (answer,), what="annotation")

    def _absent(self, expr: str) -> set[str] | None:
        """Which metrics of a query the server has not; None where it does not say."""
        try:
            names = {each.name for each in selectors(parse(expr))}
            start, end = self.span.start, self.span.end
            return {each for each in names if not self.source.label_values(each, "__name__", start, end)}
        except (ParseError, RefusedError):
            return None

    def _usual(self, target: Json, answer: Answer, scale: Resolution) -> str:
        """Why a query may be empty by what it asks for.

        What the catalogue lets be missing, what is 0 so that there is no share of it, or a past.
        """
        nothing = self._nothing(target, answer.choice, scale)
        if absent := self._absent(answer.expr):
            return self._reasons(absent, nothing)
        if zero := nothing.divided(answer.expr):
            return zero
        now = APART.sub("", OFFSET.sub("", answer.expr))
        if now == answer.expr or self._ask(target, now, answer.choice, scale).state == "empty":
            return ""
        return NO_PAST

    def _reasons(self, absent: Collection[str], nothing: Nothing) -> str:
        # Each that is missing needs one.
        reasons = [self._missing(name, nothing) for name in sorted(absent)]
        return "; ".join(dict.fromkeys(reasons)) if all(reasons) else ""

    def _or_early(self, answer: Answer, scale: Resolution, expr: str = "") -> Answer:
        # An empty answer, which nobody can give yet: nor is a reason for being empty known to hold.
        if answer.dark:
            return answer
        return replace(answer, dark=self.early.of(filled(expr or answer.expr, scale.values), scale.step))

    def _nothing(self, target: Json, choice: Choice, scale: Resolution) -> Nothing:
        return Nothing(lambda expr: self._ask(target, expr, choice, scale).state, self.stack.catalogue)

    def _missing(self, name: str, nothing: Nothing) -> str:
        """Why a metric may be missing; one that a rule records, as what the rule reads may be."""
        metric = self.stack.catalogue.find(name)
        if metric is None:
            return ""
        rule = next((each for each in self.stack.recorded if each.metric == metric), None)
        if rule is None:
            return usual(metric, self.stack, nothing)
        expr = self.stack.rules.record(rule)
        if absent := self._absent(expr):
            return self._reasons(absent - {name}, nothing)
        return nothing.divided(expr)

    def _proof(self, title: str, answers: tuple[Answer, ...], **more: Any) -> Proof:
        return Proof(board=self.board.uid, title=title, answers=answers, slow=self.slow, **more)

    def _resolution(self, drawn: Json, target: Json) -> Resolution:
        return resolution(
            self.span,
            points=drawn.get("maxDataPoints") or max(1, self.width * drawn["gridPos"]["w"] // COLUMNS),
            scrape=self.scrape,
            least=seconds(drawn.get("interval")) or 0,
            query=seconds(target.get("interval")) or 0,
        )

    def _ask(self, target: Json, expr: str, choice: Choice, scale: Resolution) -> Answer:
        if not self.source.fills_ranges:
            expr = filled(expr, scale.values)
        # What stands on several boards, such as an annotation, is asked once.
        same = (expr, target["instant"], target["format"], scale.step, scale.interval)
        if same in self.known:
            return replace(self.known[same], ref=target["refId"], choice=choice)
        answer = self._once(target, expr, choice, scale)
        # What is slow once may have waited for another.
        again = self._once(target, expr, choice, scale) if answer.seconds > self.slow else answer
        best = min(answer, again, key=lambda each: (bool(each.error), each.seconds))
        self.known[same] = best = self._lit(target, best, scale)
        return best

    def _lit(self, target: Json, answer: Answer, scale: Resolution) -> Answer:
        """The answer with who could tell it and is down; what was told before is no pretence."""
        dark, alone = self.dark.of(filled(answer.expr, scale.values))
        if answer.state == "empty" or not alone:
            return replace(answer, dark=dark if answer.state == "empty" else "")
        last = {**target, "instant": True, "range": False}
        now = answer if target["instant"] else self._once(last, answer.expr, answer.choice, scale)
        return replace(answer, dark=dark, pretends=now.state not in ("empty", "error"))

    def _once(self, target: Json, expr: str, choice: Choice, scale: Resolution) -> Answer:
        shown = self.span if target["instant"] else self.span.aligned(scale.step)
        answer = Answer(
            ref=target["refId"],
            expr=expr,
            choice=choice,
            instant=target["instant"],
            asked=shown,
            step=scale.step,
        )
        began = time.perf_counter()
        try:
            samples = self.source.answer(target, expr, shown.start, shown.end, scale.step)
        except RefusedError as error:
            return replace(answer, error=str(error), seconds=time.perf_counter() - began)
        numbers = [value for _, series in samples for value in series]
        finite = [value for value in numbers if math.isfinite(value)]
        return replace(
            answer,
            series=len(samples),
            low=min(finite, default=None),
            high=max(finite, default=None),
            nan=sum(map(math.isnan, numbers)),
            infinite=sum(map(math.isinf, numbers)),
            seconds=time.perf_counter() - began,
        )


def flat(panels: list[Json]) -> Iterator[Json]:
    """Every panel, those of collapsed rows too."""
    for panel in panels:
        yield panel
        yield from flat(panel.get("panels", []))
