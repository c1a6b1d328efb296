"""What a backend shows in each state that it can be brought into: there no reason for being empty holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from string import ascii_uppercase

from dashboards.checks.finding import listed, nearest
from dashboards.errors import StackError
from dashboards.grammar import EMPTY_SHARE
from dashboards.model import Panel
from dashboards.prove.model import Proof
from dashboards.stack import Stack, named
from signals.model import Signal
from signals.promql import Query


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known of a query before it is asked.

    Attributes:
        due: what brings its data, such as the name of the state; empty where nothing is known to.
        excuse: why it may be empty.
    """

    due: str = ""
    excuse: str = ""


Brings = Callable[[Panel, Signal | None], Expected]
Place = tuple[str, str, str]


def faults(on: Collection[str]) -> Brings:
    """A fault that is on brings the panels about it; of the rest of the backend nothing is known."""

    def bring(panel: Panel, signal: Signal | None) -> Expected:
        due = f"the fault {panel.moves}" if panel.moves in on else ""
        return Expected(due, signal.empty if signal else panel.no_value)

    return bring


# Of a backend of which nobody tells what it has.
UNTOLD = faults(())


def worded(panel: Panel, _: Signal | None) -> Expected:
    """Any panel that says what it means to be blank may be: for who asks whether it answers at all."""
    return Expected(excuse=panel.no_value)


def moving(stack: Stack) -> frozenset[str]:
    """The faults that its panels are about."""
    return frozenset(panel.moves for board in stack.all_boards for panel in board.panels if panel.moves)


def require_faults(on: Collection[str], known: Collection[str]) -> None:
    """Let faults pass that are known: of another one no panel would be asked for more.

    Raises:
        StackError: one is unknown.
    """
    for name in on:
        if name not in known:
            hint = nearest(name, known) or f"They are {listed(known)}."
            raise StackError(
                f"--fault {name!r}: neither a panel nor --states knows it; expected a fault that one does. "
                f"{hint}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Signals that are not there in every state.

    Attributes:
        signals: whose queries give nothing.
        why: they do.
        shown_in: the states and faults that bring them; without any no state does.
    """

    signals: tuple[Signal, ...]
    why: str
    shown_in: tuple[str, ...] = ()

    @property
    def says(self) -> str:
        """Why, and where one looks for it in place of this state."""
        return f"{self.why}; {'seen in ' + listed(self.shown_in) if self.shown_in else 'seen in no state'}"


@dataclass(frozen=True, kw_only=True)
class States:
    """The states of a backend. All that its panels ask is there in each, but for what is lacking.

    Attributes:
        names: of the states.
        faults: of what can be broken, in any of them.
        lacking: what some states do not show.
    """

    names: tuple[str, ...]
    faults: tuple[str, ...] = ()
    lacking: tuple[Lacking, ...] = ()

    @property
    def unseen(self) -> Mapping[Query, str]:
        """What no state shows, and why."""
        return {
            signal.query: each.why for each in self.lacking if not each.shown_in for signal in each.signals
        }

    def brings(self, state: str, on: Collection[str] = ()) -> Brings:
        """What must be there in a state.

        Args:
            state: its name.
            on: the faults that are on.

        Raises:
            StackError: there is no such state.
        """
        if state not in self.names:
            raise StackError(
                f"--state {state!r}: there is no such state; expected one of {listed(self.names)}. "
                f"{nearest(state, self.names)}".rstrip()
            )
        lacking = {signal.query: each for each in self.lacking for signal in each.signals}

        def bring(_: Panel, signal: Signal | None) -> Expected:
            entry = lacking.get(signal.query) if signal else None
            if entry is None or state in entry.shown_in:
                return Expected(f"the state {state}")
            fault = next((f"the fault {each}" for each in entry.shown_in if each in on), "")
            return Expected(fault, entry.says)

        return bring

    def problems(self, stack: Stack) -> Iterator[str]:
        """What cannot be right, whatever the backend shows."""
        panels = [panel for board in stack.all_boards for panel in board.panels if panel.kind != "text"]
        shown = {signal.query for panel in panels for signal in panel.shown}
        known = (*self.names, *self.faults)
        queries: list[Query] = []
        for each in self.lacking:
            for signal in each.signals:
                if signal.query in queries:
                    yield f"{signal.title!r} is lacking twice; expected one entry; drop the other"
                if signal.query not in shown:
                    yield f"{signal.title!r} is lacking, but no panel shows it; drop it"
                queries.append(signal.query)
            for name in each.shown_in:
                if name not in known:
                    yield (
                        f"{each.signals[0].title!r} is shown in {name!r}, which is no state or fault; "
                        f"expected one of {listed(known)}. {nearest(name, known)}".rstrip()
                    )
            if not each.why.strip():
                yield f"{each.signals[0].title!r} is lacking without a reason; say why"
        yield from _groundless(panels, queries)
        about = [
            panel.title for panel in panels if any(signal.query in self.unseen for signal in panel.shown)
        ]
        if len(about) > len(panels) * EMPTY_SHARE:
            yield (
                f"{len(about)} of {len(panels)} panels ask what no state shows; expected at most one in "
                f"{EMPTY_SHARE.denominator}; bring their data, or leave them out: {listed(about)}"
            )

    def disproved(self, proofs: Iterable[Proof], stack: Stack) -> Iterator[str]:
        """What looks at any state show, though no state is said to.

        Args:
            proofs: what was seen.
            stack: whose boards were asked.
        """
        shown = {
            (proof.board, proof.title, answer.ref)
            for proof in proofs
            for answer in proof.answers
            if answer.state in ("data", "zero")
        }
        for place, signal in _asked(stack):
            if place in shown and signal.query in self.unseen:
                yield (
                    f"{place[0]}: {place[1]}: {signal.title!r} has data, so this is no reason: "
                    f"{self.unseen[signal.query]}; say in which states it is shown"
                )


def _groundless(panels: Iterable[Panel], lacking: Collection[Query]) -> Iterator[str]:
    """Reasons for being empty of what each state shows."""
    signals = (signal for panel in panels for signal in panel.shown if signal.query not in lacking)
    for title, reason in dict.fromkeys((each.title, each.empty) for each in signals if each.empty):
        yield (
            f"{title!r} may be empty, as {reason!r}, though every state shows it; expected no reason for "
            "what must be there; drop it, or say in which states it is lacking"
        )


def _asked(stack: Stack) -> Iterator[tuple[Place, Signal]]:
    """Each query of each panel; of a scorecard a column is made of many."""
    for board in stack.all_boards:
        for panel in board.panels:
            if panel.kind not in ("text", "scorecard"):
                for ref, signal in zip(ascii_uppercase, panel.shown, strict=False):
                    yield (board.uid, panel.title, ref), signal


def load(reference: str) -> States:
    """The states that ``module:NAME`` names.

    Raises:
        StackError: there is no such module or name, or it holds something else.
    """
    return named(reference, States, option="--states", example="mycompany.states:STATES")
