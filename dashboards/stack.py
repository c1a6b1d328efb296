"""The one value that composes everything. A team changes it without a fork: ``--stack module:NAME``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from alerts.cases import CASES
from alerts.model import Alert, Engine
from alerts.notifications import NOTIFICATIONS, Notifications
from alerts.proof.model import Case
from alerts.render import RenderContext
from alerts.rules import ALERTS
from alerts.runbooks import first_action, runbook
from dashboards import cards
from dashboards.boards import BOARDS
from dashboards.errors import DefinitionError, StackError
from dashboards.faults import FAULTS
from dashboards.model import Board, Panel
from dashboards.places import AlertPlace
from dashboards.runbook_board import UID as RUNBOOKS_UID
from dashboards.runbook_board import runbook_board
from dashboards.targets import TARGETS, Targets
from dashboards.waiver import Waiver
from exporters.catalogue import CATALOGUE, Catalogue, Metric
from signals import kept
from signals.audit import RECORDINGS
from signals.levels import SERVICE_LEVELS
from signals.limits import LIMITS
from signals.limits.telemetry import SCRAPE_SHARE, SCRAPE_SLOW
from signals.model import Recording, Signal
from signals.numbers import Limit, Number, Objective
from signals.objectives import OBJECTIVES
from signals.promql import Context
from signals.slo import ServiceLevel

Kind = TypeVar("Kind")

AUDIT_UID = "backend-audit"
# A stat has no window of its own; a rule's default one makes panel and alert agree.
RULE_WINDOW = "5m"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Everything that is built.

    Attributes:
        boards: in the order in which one opens them; `backend-runbooks` is added.
        alerts: the rules.
        cases: what proves the rules, found by their names; a rule on one plain metric needs none.
        metrics: a team's own metrics, which join the catalogue.
        recordings: recording rules, beside those that follow from the service levels.
        levels: service levels, whose recordings are made; their alerts are given with the others.
        objectives, limits: numbers that replace those of the same key, everywhere they are read. An objective
            of a key of its own has a row on the board of the audit, if a signal is held to it.
        notifications: contact points and routes.
        targets: what Prometheus scrapes.
        retention: how long Prometheus keeps data, in days; a 30-day record does not fit in its default 15.
        identity: labels that are kept in every aggregation, variable and route.
        engine: who evaluates and notifies: ``grafana``, or ``prometheus`` with Alertmanager.
        time_scale: factor on intervals, windows and holds; 1 in production.
        grafana_url: where people open Grafana, for links in messages.
        folder: Grafana's folder of boards and rules.
        datasource_uid: Grafana's uid of Prometheus.
        runbooks: folders of a team's own runbooks, looked through before the project's.
        faults: what can be injected, by name; each panel's `moves` is one of them.
        waivers: what a check refuses and is right here, each with its reason.
        recorded_boards: whether boards read what rules record of the application's endpoints, in place of
            what is scraped: for so many endpoints and hosts that they would be slow otherwise.
    """

    boards: tuple[Board, ...] = BOARDS
    alerts: tuple[Alert, ...] = ALERTS
    cases: tuple[Case, ...] = CASES
    metrics: tuple[Metric, ...] = ()
    recordings: tuple[Recording, ...] = RECORDINGS
    levels: tuple[ServiceLevel, ...] = SERVICE_LEVELS
    objectives: tuple[Objective, ...] = OBJECTIVES
    limits: tuple[Limit, ...] = LIMITS
    notifications: Notifications = NOTIFICATIONS
    targets: Targets = TARGETS
    retention: int = 35
    identity: tuple[str, ...] = ("environment", "cluster")
    engine: Engine = "grafana"
    time_scale: float = 1.0
    grafana_url: str = "http://localhost:3000"
    folder: str = "backend"
    datasource_uid: str = "prometheus"
    runbooks: tuple[Path, ...] = ()
    faults: tuple[str, ...] = FAULTS
    waivers: tuple[Waiver, ...] = ()
    recorded_boards: bool = False

    @cached_property
    def numbers(self) -> Mapping[str, Number]:
        """Objectives and limits by key; the stack's own in place of the project's."""
        promised: tuple[Number, ...] = tuple(each for level in self.levels for each in level.numbers)
        slow = replace(SCRAPE_SLOW, value=SCRAPE_SHARE * self.scraped.timeout)
        own = (limit for limit in self.limits if limit is not SCRAPE_SLOW)
        given = (*promised, *OBJECTIVES, *LIMITS, slow, *self.objectives, *own)
        return {number.key: number for number in given}

    @cached_property
    def recorded(self) -> tuple[Recording, ...]:
        """Every recording rule, in the order of evaluation."""
        levels = (each for level in self.levels for each in level.recordings)
        boards = kept.RECORDINGS if self.recorded_boards else ()
        return (*self.recordings, *cards.recordings(self._boards), *levels, *boards)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Every metric that a query may name: the project's, the team's, and those that rules record."""
        return CATALOGUE.joined((*self.metrics, *(recording.metric for recording in self.recorded)))

    @property
    def loaded(self) -> tuple[Alert, ...]:
        """The rules that count here: all but those on an engine that does not notify."""
        return tuple(alert for alert in self.alerts if alert.notifier in (None, self.engine))

    @property
    def scraped(self) -> Targets:
        """What is scraped, on the stack's clock; Alertmanager too where it notifies."""
        targets = self.targets.scaled(self.time_scale)
        return targets.with_alertmanager() if self.engine == "prometheus" else targets

    @property
    def context(self) -> Context:
        """What fills the holes of queries, before a panel narrows it."""
        return Context(
            window=RULE_WINDOW,
            identity=self.identity,
            numbers=self.numbers,
            time_scale=self.time_scale,
            kept=kept.Reading() if self.recorded_boards else None,
            jobs=self.scraped.identities(self.identity),
        )

    @cached_property
    def all_boards(self) -> tuple[Board, ...]:
        """The boards, and the runbooks as one; each links to the others."""
        runbooks = self._runbook_board()
        boards = (*self._boards, runbooks)
        places = tuple(self._places(runbooks))
        return tuple(
            replace(board, neighbours=tuple(each for each in boards if each is not board), places=places)
            for board in boards
        )

    def _places(self, runbooks: Board) -> Iterator[AlertPlace]:
        """Of the alerts whose signal is on a board; the others `panel_of` refuses when they are rendered."""
        shown = {signal for board in self.boards for panel in board.panels for signal in panel.signals}
        for alert in self.alerts:
            if alert.signal in shown:
                board, panel = self.panel_of(alert.signal)
                runbook = runbooks.panel_id(alert.name)
                yield AlertPlace(
                    alert=alert.name,
                    book=runbooks.uid,
                    runbook=runbook,
                    board=board,
                    panel=panel,
                    targets=self.targets_of(alert.signal),
                )

    @cached_property
    def _boards(self) -> tuple[Board, ...]:
        """The boards, with a row for the team's own objectives on that of the audit."""
        known = {each.key for each in OBJECTIVES}
        own = tuple(each for each in self.objectives if each.key not in known)
        shown = [signal for board in self.boards for panel in board.panels for signal in panel.signals]
        signals = (*shown, *(alert.signal for alert in self.alerts))
        return tuple(
            cards.with_own(board, signals, own) if board.uid == AUDIT_UID else board for board in self.boards
        )

    def _runbook_board(self) -> Board:
        rules = self._rules(lambda _name: 0)
        return runbook_board(self.alerts, rules, lambda each: runbook(each, rules, folders=self.runbooks))

    @cached_property
    def rules(self) -> RenderContext:
        """What the renderers of alerts need."""
        board = self.all_boards[-1]
        return self._rules(board.panel_id)

    def _rules(self, runbook_panel_of: Callable[[str], int]) -> RenderContext:
        return RenderContext(
            panel_of=self.panel_of,
            targets_of=self.targets_of,
            runbook_panel_of=runbook_panel_of,
            action_of=lambda alert: first_action(alert, self.rules, folders=self.runbooks),
            identity=self.identity,
            numbers=self.numbers,
            jobs=self.scraped.identities(self.identity),
            time_scale=self.time_scale,
            grafana_url=self.grafana_url.rstrip("/"),
            folder=self.folder,
            datasource_uid=self.datasource_uid,
            runbook_board=RUNBOOKS_UID,
        )

    def panel_of(self, signal: Signal) -> tuple[str, int]:
        """The board and panel that show a signal: first those that draw its line, and of these the graphs.

        Of several signals a panel draws the first one's line; bars draw each. A graph shows since when.

        Raises:
            DefinitionError: no board shows it, so an alert on it would link nowhere.
        """
        found = self._panels_of.get(signal)
        if found is None:
            raise DefinitionError(
                f"no board shows the signal {signal.title!r}; an alert links to the panel of its signal; "
                "keep *Stack.boards among the boards, put the signal on one of yours, or leave the alert out"
            )
        board, panel = found
        return board.uid, board.panel_id(panel.title)

    def targets_of(self, signal: Signal) -> tuple[str, ...]:
        """Those of job and instance that the signal has, and that the reader of its board chooses."""
        return self._panels_of[signal][0].chosen(signal.query)

    @cached_property
    def _panels_of(self) -> Mapping[Signal, tuple[Board, Panel]]:
        def last(signal: Signal, panel: Panel) -> tuple[bool, bool]:
            return panel.kind != "bars" and panel.signals[0] is not signal, panel.kind != "graph"

        shown = [
            (last(signal, panel), signal, board, panel)
            for board in self.boards
            for panel in board.panels
            for signal in panel.signals
        ]
        # Of several the first comes last here, and stays.
        shown.sort(key=lambda each: each[0])
        return {signal: (board, panel) for _, signal, board, panel in reversed(shown)}


STACK = Stack()


def load(reference: str) -> Stack:
    """The stack that ``module:NAME`` names.

    Raises:
        StackError: there is no such module or name, or it is no Stack.
    """
    return named(reference, Stack, option="--stack", example="mycompany.observability:STACK")


def named(reference: str, kind: type[Kind], *, option: str, example: str) -> Kind:
    """The value of this kind that ``module:NAME`` names, as given by an option of the command line.

    Raises:
        StackError: there is no such module or name, or it is something else.
    """
    module_name, _, name = reference.partition(":")
    if not module_name or not name:
        raise StackError(f"{option} {reference!r}: expected module:NAME, such as {example}")
    if str(Path.cwd()) not in sys.path:  # the console script leaves it out
        sys.path.insert(0, str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise StackError(
            f"{option} {reference!r}: no module named {error.name!r}; is its folder on PYTHONPATH?"
        ) from None
    value = getattr(module, name, None)
    if not isinstance(value, kind):
        known = sorted(key for key, value in vars(module).items() if isinstance(value, kind))
        found = (
            f"{name} is {type(value).__name__}"
            if hasattr(module, name)
            else f"there is no name {name} in {module_name}"
        )
        raise StackError(
            f"{option} {reference!r}: {found}; expected a {kind.__module__}.{kind.__name__}; "
            f"the module has {', '.join(known) or 'none'}"
        )
    return value
